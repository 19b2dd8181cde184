#include "catalog/apply_internal.h"
#include "catalog/names.h"
#include "catalog/rows.h"
#include "catalog/tree_util.h"
#include "catalog/walk.h"
#include "sql/quote.h"
#include "sql/tokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pgbelay::catalog {

namespace {

// Bits of TableLikeClause::options (nodes/parsenodes.h, TableLikeOption).
constexpr unsigned kLikeConstraints = 1U << 2;
constexpr unsigned kLikeDefaults = 1U << 3;
constexpr unsigned kLikeGenerated = 1U << 4;
constexpr unsigned kLikeIdentity = 1U << 5;
constexpr unsigned kLikeIndexes = 1U << 6;

Relation new_relation(const PgQuery__RangeVar& written, char kind, const Catalog& catalog) {
    Relation relation;
    const auto persistence = text(written.relpersistence);
    relation.persistence = persistence.empty() ? 'p' : persistence.front();
    const bool temporary = relation.persistence == 't' && text(written.schemaname).empty();
    relation.name = temporary ? QualifiedName{kTemporarySchema, text(written.relname)} : catalog.resolve_new(name_of(&written));
    relation.kind = kind;
    relation.owner = catalog.role;
    relation.created_by_plan = true;
    relation.access_method = kind == 'r' || kind == 'm' ? "heap" : "";
    return relation;
}

// A copy of an index for another table, under the name that the server gives it.
void copy_index(const Index& source, const QualifiedName& table, bool partition, Catalog& catalog) {
    Index copy = source;
    copy.oid = {};
    copy.table = table;
    auto columns = copy.keys;
    std::replace(columns.begin(), columns.end(), std::string(), std::string("expr"));
    columns.insert(columns.end(), copy.included.begin(), copy.included.end());
    const auto kind = source.primary               ? IndexNameKind::primary_key
                      : source.exclusion           ? IndexNameKind::exclusion
                      : !source.constraint.empty() ? IndexNameKind::unique_constraint
                                                   : IndexNameKind::plain;
    copy.name = {table.schema, choose_index_name(catalog, table, columns, kind)};
    copy.parent = partition ? std::optional(source.name) : std::nullopt;
    const auto* relation = catalog.find(table);
    copy.partitioned = relation != nullptr && relation->kind == 'p';
    if (!source.constraint.empty()) {
        copy.constraint = copy.name.name;
        Constraint constraint;
        constraint.type = source.primary ? 'p' : source.exclusion ? 'x' : 'u';
        constraint.name = copy.name.name;
        constraint.index = copy.name.name;
        constraint.columns = source.keys;
        constraint.inherited = partition;
        catalog.taken_constraint_names.insert(copy.name);
        catalog.relations.at(table).constraints.push_back(std::move(constraint));
    }
    catalog.add_index(table, std::move(copy));
}

void copy_columns(const PgQuery__TableLikeClause& like, const Relation& source, Relation& relation) {
    for (auto column : source.columns) {
        if ((like.options & kLikeDefaults) == 0 && column.generated == 0) {
            column.default_expression.reset();
        }
        if ((like.options & kLikeGenerated) == 0 && column.generated != 0) {
            column.generated = 0;
            column.default_expression.reset();
        }
        if ((like.options & kLikeIdentity) == 0) {
            column.identity = 0;
        }
        column.acl.reset();
        relation.columns.push_back(std::move(column));
    }
}

void copy_constraints(const PgQuery__TableLikeClause& like, const Relation& source, const QualifiedName& table, Catalog& catalog) {
    if ((like.options & kLikeConstraints) != 0) {
        for (const auto& constraint : source.constraints) {
            if (constraint.type == 'c') {
                catalog.relations.at(table).constraints.push_back(constraint);
            }
        }
    }
    if ((like.options & kLikeIndexes) != 0) {
        for (const auto& index : source.indexes) {
            copy_index(index, table, false, catalog);
        }
    }
}

void inherit_columns(const Relation& parent, Relation& relation) {
    for (const auto& column : parent.columns) {
        if (relation.column(column.name) == nullptr) {
            relation.columns.push_back(column);
        }
    }
}

// Checks (and, for a partition, indexes and foreign keys) that come from a parent.
void inherit_constraints(const Relation& parent, const QualifiedName& child, bool partition, Catalog& catalog) {
    for (auto constraint : parent.constraints) {
        if (constraint.type != 'c' && constraint.type != 'n' && !(partition && constraint.type == 'f')) {
            continue;
        }
        constraint.inherited = true;
        if (constraint.references) {
            if (auto* referenced = writable(catalog, *constraint.references)) {
                referenced->referenced_by.own().push_back({child, constraint.name});
            }
        }
        catalog.relations.at(child).constraints.push_back(std::move(constraint));
    }
    if (partition) {
        for (const auto& index : parent.indexes) {
            copy_index(index, child, true, catalog);
        }
    }
}

struct Elements {
    std::vector<NewConstraint> constraints;
    std::vector<const PgQuery__TableLikeClause*> likes;
};

Elements read_elements(const PgQuery__CreateStmt& statement, std::string_view sql, Relation& relation, Catalog& catalog) {
    Elements elements;
    for (std::size_t i = 0; i < statement.n_table_elts; ++i) {
        const auto* node = statement.table_elts[i];
        if (node->node_case == PG_QUERY__NODE__NODE_COLUMN_DEF) {
            const auto inline_constraints = constraints_of(*node->column_def);
            elements.constraints.insert(elements.constraints.end(), inline_constraints.begin(), inline_constraints.end());
            relation.columns.push_back(make_column(*node->column_def, relation.name, sql, catalog));
        } else if (const auto* constraint = as_constraint(node)) {
            elements.constraints.push_back({constraint, ""});
        } else if (node->node_case == PG_QUERY__NODE__NODE_TABLE_LIKE_CLAUSE) {
            elements.likes.push_back(node->table_like_clause);
            if (const auto* source = catalog.find(name_of(node->table_like_clause->relation))) {
                copy_columns(*node->table_like_clause, *source, relation);
            }
        }
    }
    for (std::size_t i = 0; i < statement.n_constraints; ++i) {
        if (const auto* constraint = as_constraint(statement.constraints[i])) {
            elements.constraints.push_back({constraint, ""});
        }
    }
    relation.columns.shrink_to_fit();  // there may be many tables
    return elements;
}

// CREATE TABLE drops NOT VALID: the table is empty, so that the server marks its constraints as valid.
void mark_valid(Relation& relation) {
    for (auto& constraint : relation.constraints) {
        constraint.validated = true;
        if (constraint.definition.ends_with(" NOT VALID")) {
            constraint.definition.resize(constraint.definition.size() - std::string_view(" NOT VALID").size());
        }
    }
}

// The columns of a query's result, as far as its target list tells.
std::vector<Column> target_columns(const PgQuery__Node* query) {
    std::vector<Column> columns;
    if (query == nullptr || query->node_case != PG_QUERY__NODE__NODE_SELECT_STMT) {
        return columns;
    }
    const auto* select = query->select_stmt;
    while (select->larg != nullptr) {
        select = select->larg;
    }
    for (std::size_t i = 0; i < select->n_target_list; ++i) {
        if (select->target_list[i]->node_case != PG_QUERY__NODE__NODE_RES_TARGET) {
            continue;
        }
        const auto& target = *select->target_list[i]->res_target;
        Column column;
        column.name = text(target.name).empty() ? expression_name(target.val) : text(target.name);
        columns.push_back(std::move(column));
    }
    return columns;
}

// The bytes of a view's query: what follows the first AS outside of parentheses, without `WITH … CHECK OPTION` or `WITH … DATA`.
std::string query_text(std::string_view sql) {
    std::size_t begin = 0;
    std::size_t end = 0;
    int depth = 0;
    for (const auto& token : sql::scan(sql)) {
        if (token.comment) {
            continue;
        }
        depth += token.text == "(" ? 1 : token.text == ")" ? -1 : 0;
        if (begin == 0) {
            begin = depth == 0 && token.keyword && token.text == "as" ? token.end : 0;
            continue;
        }
        // A WITH that begins the query is a common table expression; one behind it is an option.
        if (end != 0 && depth == 0 && token.keyword && token.text == "with") {
            break;
        }
        end = token.end;
    }
    auto text = sql.substr(begin, end > begin ? end - begin : 0);
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    return std::string(text);
}

void link_view(const QualifiedName& view, const PgQuery__Node* query, Catalog& catalog) {
    if (query == nullptr) {
        return;
    }
    walk(query->base, [&](const ProtobufCMessage& message) {
        if (message.descriptor == &pg_query__range_var__descriptor) {
            auto* source = writable(catalog, name_of(&reinterpret_cast<const PgQuery__RangeVar&>(message)));
            if (source != nullptr && source->name != view &&
                std::find(source->dependent_views.begin(), source->dependent_views.end(), view) == source->dependent_views.end()) {
                source->dependent_views.own().push_back(view);
            }
        }
        return true;
    });
}

}  // namespace

Relation* writable(Catalog& catalog, const QualifiedName& name) {
    const auto* found = catalog.find(name);
    return found == nullptr ? nullptr : &catalog.relations.at(found->name);
}

const PgQuery__Constraint* as_constraint(const PgQuery__Node* node) {
    return node->node_case == PG_QUERY__NODE__NODE_CONSTRAINT ? node->constraint : nullptr;
}

void apply_create_table(const PgQuery__CreateStmt& statement, std::string_view sql, Catalog& catalog, char kind) {
    if (statement.relation == nullptr) {
        return;
    }
    auto relation = new_relation(*statement.relation, statement.partspec != nullptr ? 'p' : kind, catalog);
    if (catalog.relations.contains(relation.name)) {
        return;
    }
    const auto name = relation.name;
    relation.tablespace = text(statement.tablespacename);
    relation.is_partition = statement.partbound != nullptr;
    relation.partition_bound = relation.is_partition && statement.partbound->is_default ? "DEFAULT" : "";
    std::vector<QualifiedName> parents;
    for (std::size_t i = 0; i < statement.n_inh_relations; ++i) {
        if (const auto* parent = catalog.find(name_of(statement.inh_relations[i]->range_var))) {
            inherit_columns(*parent, relation);
            parents.push_back(parent->name);
            relation.parent = parent->name;
        }
    }
    auto elements = read_elements(statement, sql, relation, catalog);
    catalog.add(std::move(relation));
    for (const auto& parent : parents) {
        const Relation source = catalog.relations.at(parent);
        inherit_constraints(source, name, statement.partbound != nullptr, catalog);
        catalog.relations.at(parent).children.own().push_back(name);
    }
    for (const auto* like : elements.likes) {
        if (const auto* source = catalog.find(name_of(like->relation))) {
            copy_constraints(*like, Relation(*source), name, catalog);
        }
    }
    add_constraints(std::move(elements.constraints), name, catalog);
    mark_valid(catalog.relations.at(name));
}

void apply_create_table_as(const PgQuery__CreateTableAsStmt& statement, std::string_view sql, Catalog& catalog) {
    if (statement.into == nullptr || statement.into->rel == nullptr) {
        return;
    }
    const bool matview = statement.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW;
    auto relation = new_relation(*statement.into->rel, matview ? 'm' : 'r', catalog);
    if (catalog.relations.contains(relation.name)) {
        return;
    }
    relation.populated = !statement.into->skip_data;
    // A table filled by its own CREATE is not empty; how large it is nobody knows before it runs.
    relation.created_by_plan = true;
    relation.rows_of_plan = relation.populated && may_yield_rows(catalog, statement.query);
    relation.rows_for_certain = relation.populated && surely_yields_rows(statement.query);
    relation.columns = target_columns(statement.query);
    relation.view_definition = matview ? query_text(sql) : std::string();
    const auto name = relation.name;
    catalog.add(std::move(relation));
    if (matview) {
        link_view(name, statement.query, catalog);
    }
}

void apply_select_into(const PgQuery__SelectStmt& statement, Catalog& catalog) {
    if (statement.into_clause == nullptr || statement.into_clause->rel == nullptr) {
        return;
    }
    auto relation = new_relation(*statement.into_clause->rel, 'r', catalog);
    if (!catalog.relations.contains(relation.name)) {
        relation.rows_of_plan = true;
        catalog.add(std::move(relation));
    }
}

void apply_create_view(const PgQuery__ViewStmt& statement, std::string_view sql, Catalog& catalog) {
    if (statement.view == nullptr) {
        return;
    }
    auto relation = new_relation(*statement.view, 'v', catalog);
    relation.columns = target_columns(statement.query);
    relation.view_definition = query_text(sql);
    const auto name = relation.name;
    if (auto* existing = writable(catalog, name)) {
        if (statement.replace && existing->kind == 'v') {
            existing->view_definition = std::move(relation.view_definition);
            existing->columns = std::move(relation.columns);
        }
    } else {
        catalog.add(std::move(relation));
    }
    link_view(name, statement.query, catalog);
}

}  // namespace pgbelay::catalog
