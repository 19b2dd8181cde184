#include "pg/catalog_loader.h"

#include "base/error.h"
#include "pg/catalog_rows.h"

#include <queries/pg.h>

#include <algorithm>
#include <set>
#include <utility>

namespace pgbelay::pg {

using catalog::Catalog;
using catalog::Oid;
using catalog::Relation;
using sql::QualifiedName;

namespace {

// The server cancels a query of ours after 30 s (load_under_path.sql); this is for a server that does not answer at all.
constexpr std::chrono::seconds kQueryTime{35};
// As many bytes of a table's name as the server keeps in the names that it chooses for what belongs to the table.
constexpr std::size_t kPrefixBytes = 20;

struct NameArrays {
    std::string schemas;
    std::string names;
};

NameArrays to_arrays(const std::vector<QualifiedName>& names) {
    std::vector<std::string> schemas;
    std::vector<std::string> plain;
    for (const QualifiedName& name : names) {
        schemas.push_back(name.schema);
        plain.push_back(name.name);
    }
    return {to_array(schemas), to_array(plain)};
}

std::string prefix_of(const std::string& name) {
    std::size_t end = std::min(name.size(), kPrefixBytes);
    while (end < name.size() && end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0U) == 0x80U) {
        --end;  // not in the middle of a character
    }
    return name.substr(0, end);
}

// The first name past all those that begin with `prefix`, in the order of "C"; "" when its last byte has no successor.
std::string past(std::string prefix) {
    if (prefix.empty() || static_cast<unsigned char>(prefix.back()) >= 0x7FU) {
        return "";
    }
    ++prefix.back();
    return prefix;
}

// Reads everything in one transaction that sees one state of the catalog.
class Loader {
public:
    Loader(Connection& connection, const LoadRequest& request) : connection_(connection), request_(request) {
        if (connection.in_transaction()) {
            throw base::Error(base::ErrorCode::internal, "the catalog is loaded in a transaction of its own");
        }
    }

    Catalog load() {
        ask(queries::kLoadBegin, {});
        try {
            load_all();
        } catch (const base::Error&) {
            if (connection_.alive()) {
                connection_.try_query(queries::kEndTransaction);
            }
            throw;
        }
        ask(queries::kLoadEnd, {});
        for (const NullCheck& check : request_.null_checks) {
            look_for_values(check);
        }
        return std::move(catalog_);
    }

private:
    Result ask(const Query& query, const Params& params) { return connection_.query_until(query, params, base::in(kQueryTime), nullptr); }

    void load_all() {
        resolve();
        // From here on every name in a definition comes out qualified, whatever the user's search_path.
        ask(queries::kLoadUnderPath, {"pg_catalog", ""});
        add_reached();
        load_relations();
        // Of a database in which nothing that is named is there yet, nothing more need be asked.
        if (!relations_.empty()) {
            load_columns();
            load_indexes();
            load_constraints();
            load_attachments();
            load_links();
            load_publications();
            load_sequences();
            hand_over_relations();
        }
        load_functions();
        load_types();
        load_taken_names();
    }

    void resolve() {
        const std::string& path = request_.search_path.empty() ? connection_.default_search_path() : request_.search_path;
        ask(queries::kLoadUnderPath, {path, request_.role});
        const NameArrays wanted = to_arrays(request_.relations);
        const Result row = ask(queries::kLoadResolved, {wanted.schemas, wanted.names});
        catalog_.server_major = connection_.major();
        catalog_.loaded = true;
        catalog_.search_path = from_array(row.text(0, 0));
        catalog_.role = row.text(0, 1);
        for (std::string& schema : from_array(row.text(0, 2))) {
            catalog_.schemas.insert(std::move(schema));
        }
        for (std::string& extension : from_array(row.text(0, 3))) {
            catalog_.extensions.insert(std::move(extension));
        }
        const std::vector<std::string> comments = from_array(row.text(0, 4));  // name, comment, name, comment
        for (std::size_t i = 0; i + 1 < comments.size(); i += 2) {
            catalog_.schema_comments[comments[i]] = comments[i + 1];
        }
        oids_ = row.text(0, 5);
        catalog_.time_zone = row.text(0, 6);
        catalog_.bootstrap_role = row.text(0, 7);
    }

    void add_reached() {
        const Reached& reached = request_.reached;
        if (reached.empty()) {
            return;
        }
        const NameArrays types = to_arrays(reached.types);
        const NameArrays functions = to_arrays(reached.functions);
        const NameArrays statistics = to_arrays(reached.statistics);
        const Result rows = ask(queries::kLoadUsers, {to_array(reached.schemas), to_array(reached.owners), types.schemas, types.names,
                                                      functions.schemas, functions.names, to_array(reached.publications),
                                                      to_array(catalog_.search_path), statistics.schemas, statistics.names});
        std::vector<std::string> all = from_array(oids_);
        for (int row = 0; row < rows.rows(); ++row) {
            all.push_back(rows.text(row, 0));
        }
        oids_ = to_array(all);
    }

    void load_relations() {
        const Result closure = ask(queries::kLoadClosure, {oids_});
        std::vector<std::string> all;
        for (int row = 0; row < closure.rows(); ++row) {
            all.push_back(closure.text(row, 0));
        }
        oids_ = to_array(all);
        const Result rows = ask(queries::kLoadRelations, {oids_});
        for (int row = 0; row < rows.rows(); ++row) {
            Relation relation = read_relation(rows, row);
            relations_.emplace(relation.oid, std::move(relation));
        }
    }

    // The relation that column `column` of a row belongs to; null when it went away between two queries.
    Relation* owner(const Result& rows, int row, int column = 0) {
        const auto found = relations_.find(read_oid(rows, row, column));
        return found == relations_.end() ? nullptr : &found->second;
    }

    template <class Read>
    void each(const Query& query, int owner_column, Read read) {
        const Result rows = ask(query, {oids_});
        for (int row = 0; row < rows.rows(); ++row) {
            if (Relation* relation = owner(rows, row, owner_column); relation != nullptr) {
                read(*relation, rows, row);
            }
        }
    }

    void load_columns() {
        each(queries::kLoadColumns, 0,
             [](Relation& relation, const Result& rows, int row) { relation.columns.push_back(read_column(rows, row)); });
    }

    void load_indexes() {
        each(queries::kLoadIndexes, 1, [](Relation& relation, const Result& rows, int row) {
            catalog::Index index = read_index(rows, row);
            index.table = relation.name;
            relation.indexes.push_back(std::move(index));
        });
    }

    void load_constraints() {
        each(queries::kLoadConstraints, 0,
             [](Relation& relation, const Result& rows, int row) { relation.constraints.push_back(read_constraint(rows, row)); });
    }

    void load_attachments() {
        each(queries::kLoadTriggers, 0, [](Relation& relation, const Result& rows, int row) {
            relation.triggers.own().push_back({rows.text(row, 1), rows.text(row, 2), rows.text(row, 3)[0], rows.maybe(row, 4)});
        });
        each(queries::kLoadPolicies, 0, [](Relation& relation, const Result& rows, int row) {
            relation.policies.own().push_back({rows.text(row, 1), rows.text(row, 2), rows.maybe(row, 3)});
        });
        each(queries::kLoadRules, 0, [](Relation& relation, const Result& rows, int row) {
            relation.rules.own().push_back({rows.text(row, 1), rows.text(row, 2), rows.text(row, 3)[0], rows.maybe(row, 4)});
        });
    }

    void load_links() {
        each(queries::kLoadLinks, 0, [](Relation& relation, const Result& rows, int row) {
            const std::string kind = rows.text(row, 1);
            QualifiedName other{rows.text(row, 2), rows.text(row, 3)};
            if (kind == "referenced by") {
                relation.referenced_by.own().push_back({std::move(other), rows.text(row, 4)});
            } else if (kind == "child") {
                relation.children.own().push_back(std::move(other));
            } else if (kind == "view") {
                relation.dependent_views.own().push_back(std::move(other));
            } else if (kind == "statistics") {
                relation.statistics.own().push_back(std::move(other));
            } else if (!relation.parent) {
                relation.parent = std::move(other);
            }
        });
    }

    void load_publications() {
        const auto add = [](Relation& relation, const Result& rows, int row) { relation.publications.own().push_back(rows.text(row, 1)); };
        each(queries::kLoadPublications, 0, add);
        if (connection_.major() >= 15) {
            each(queries::kLoadPublicationsOfSchemas, 0, [&](Relation& relation, const Result& rows, int row) {
                const std::string name = rows.text(row, 1);
                if (std::find(relation.publications.begin(), relation.publications.end(), name) == relation.publications.end()) {
                    add(relation, rows, row);
                }
            });
        }
    }

    void load_sequences() {
        each(queries::kLoadSequences, 0, [](Relation& relation, const Result& rows, int row) {
            relation.sequence_definition = rows.text(row, 1);
            relation.sequence_owner_column = rows.text(row, 2);
        });
    }

    void hand_over_relations() {
        for (auto& [oid, relation] : relations_) {
            if (relation.kind != 'i' && relation.kind != 'I') {
                catalog_.add(std::move(relation));
            }
        }
        // Over the ones that add() derived from the tables' indexes: these have their storage parameters and owners too.
        for (auto& [oid, relation] : relations_) {
            if (relation.kind == 'i' || relation.kind == 'I') {
                const auto* derived = catalog_.relations.find(relation.name);
                relation.index_of = derived == nullptr ? QualifiedName{} : derived->index_of;
                catalog_.relations.insert_or_assign(relation.name, relation);
            }
        }
    }

    void load_functions() {
        if (request_.functions.empty()) {
            return;
        }
        const NameArrays wanted = to_arrays(request_.functions);
        const Result rows = ask(queries::kLoadFunctions, {wanted.schemas, wanted.names, to_array(catalog_.search_path)});
        for (int row = 0; row < rows.rows(); ++row) {
            catalog::Function function = read_function(rows, row);
            catalog_.functions[function.name].push_back(std::move(function));
        }
    }

    void load_types() {
        if (request_.types.empty() && relations_.empty()) {
            return;
        }
        const NameArrays wanted = to_arrays(request_.types);
        const Result rows = ask(queries::kLoadTypes, {wanted.schemas, wanted.names, to_array(catalog_.search_path), oids_});
        for (int row = 0; row < rows.rows(); ++row) {
            catalog::Type type = read_type(rows, row);
            catalog_.types.insert_or_assign(type.name, std::move(type));
        }
    }

    void load_taken_names() {
        std::set<std::string> schemas(catalog_.search_path.begin(), catalog_.search_path.end());
        std::set<std::string> prefixes;
        for (const auto& [name, relation] : catalog_.relations) {
            schemas.insert(name.schema);
            prefixes.insert(prefix_of(name.name));
        }
        for (const QualifiedName& name : request_.relations) {
            if (!name.schema.empty()) {
                schemas.insert(name.schema);
            }
            prefixes.insert(prefix_of(name.name));
        }
        std::vector<std::string> ends;
        for (const std::string& prefix : prefixes) {
            ends.push_back(past(prefix));
        }
        const Result rows = ask(queries::kLoadTakenNames,
                                {to_array({schemas.begin(), schemas.end()}), to_array({prefixes.begin(), prefixes.end()}), to_array(ends)});
        for (int row = 0; row < rows.rows(); ++row) {
            auto& names = rows.text(row, 0) == "r" ? catalog_.taken_relation_names : catalog_.taken_constraint_names;
            names.insert({rows.text(row, 1), rows.text(row, 2)});
        }
    }

    // In a transaction of its own, and for a second at most: a look that is not finished by then leaves the column as one with values.
    void look_for_values(const NullCheck& check) {
        const Relation* found = catalog_.find(check.relation);
        if (found == nullptr || found->column(check.column) == nullptr) {
            return;
        }
        const Result made = ask(queries::kNullCheckQuery, {found->name.schema, found->name.name, check.column});
        if (made.rows() == 0) {
            return;
        }
        const std::string sql = made.text(0, 0);
        ask(queries::kLoadBegin, {});
        ask(queries::kNullCheckLimits, {});
        const Outcome outcome = connection_.try_query(Query{"null_check", sql});
        ask(queries::kEndTransaction, {});
        const auto* answer = std::get_if<Result>(&outcome);
        for (catalog::Column& column : catalog_.relations.at(found->name).columns) {
            column.all_null = column.all_null || (column.name == check.column && answer != nullptr && answer->boolean(0, 0));
        }
    }

    Connection& connection_;
    const LoadRequest& request_;
    Catalog catalog_;
    std::string oids_;  // oid[] of the relations that are loaded
    std::map<Oid, Relation> relations_;
};

}  // namespace

Catalog load_catalog(Connection& connection, const LoadRequest& request) {
    return Loader(connection, request).load();
}

bool has_user_objects(Connection& connection) {
    return connection.query(queries::kHasUserObjects).boolean(0, 0);
}

}  // namespace pgbelay::pg
