#include "catalog/apply_internal.h"
#include "catalog/names.h"
#include "catalog/tree_util.h"
#include "catalog/walk.h"
#include "sql/quote.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace pgbelay::catalog {

namespace {

bool plain_element(const PgQuery__IndexElem& element) {
    return element.n_collation == 0 && element.n_opclass == 0 && element.ordering != PG_QUERY__SORT_BY_DIR__SORTBY_DESC &&
           element.nulls_ordering != PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_FIRST;
}

// The canonical form is known only for the plainest of indexes; the server's own printing is needed for the rest.
std::string canonical_of(const Index& index) {
    if (index.has_expressions || !index.has_default_options || index.predicate) {
        return {};
    }
    const auto list = [](const std::vector<std::string>& columns) {
        std::string joined;
        for (const auto& column : columns) {
            joined += (joined.empty() ? "" : ", ") + sql::quote_identifier(column);
        }
        return "(" + joined + ")";
    };
    auto form = fmt::format("{}USING {} {}", index.unique ? "UNIQUE " : "", index.method, list(index.keys));
    if (!index.included.empty()) {
        form += " INCLUDE " + list(index.included);
    }
    return form + (index.nulls_not_distinct ? " NULLS NOT DISTINCT" : "");
}

Index make_index(const PgQuery__IndexStmt& statement, const Relation& table, const std::string& name, const Catalog& catalog) {
    Index index;
    index.table = table.name;
    index.unique = statement.unique;
    index.nulls_not_distinct = statement.nulls_not_distinct;
    index.method = text(statement.access_method).empty() ? "btree" : text(statement.access_method);
    index.tablespace = text(statement.table_space);
    index.partitioned = table.kind == 'p';
    for (std::size_t i = 0; i < statement.n_index_params; ++i) {
        const auto& element = *statement.index_params[i]->index_elem;
        index.keys.push_back(text(element.name));
        index.has_expressions = index.has_expressions || element.expr != nullptr;
        index.has_default_options = index.has_default_options && plain_element(element);
    }
    for (std::size_t i = 0; i < statement.n_index_including_params; ++i) {
        index.included.own().push_back(text(statement.index_including_params[i]->index_elem->name));
    }
    if (statement.where_clause != nullptr) {
        index.predicate = "";
        index.mentioned = columns_in(statement.where_clause);
    }
    for (std::size_t i = 0; i < statement.n_index_params; ++i) {
        if (const auto* expression = statement.index_params[i]->index_elem->expr) {
            const auto more = columns_in(expression);
            index.mentioned.own().insert(index.mentioned.end(), more.begin(), more.end());
        }
    }
    if (statement.n_options == 0) {
        index.canonical = canonical_of(index);
    }
    index.name = {table.name.schema, name};
    if (index.name.name.empty()) {
        index.name.name = choose_index_name(catalog, table.name, index_column_names(statement), IndexNameKind::plain);
    }
    return index;
}

// A partition's index that the new parent takes in: whole, of nobody yet, and of the same definition.
Index* fitting(Relation& partition, const Index& parent) {
    for (auto& index : partition.indexes) {
        if (!parent.canonical.empty() && index.canonical == parent.canonical && !index.parent && (index.valid || index.partitioned)) {
            return &index;
        }
    }
    return nullptr;
}

void add_to_partitions(const PgQuery__IndexStmt& statement, const QualifiedName& table, const QualifiedName& parent, Catalog& catalog) {
    for (const auto& child : std::vector<QualifiedName>(catalog.find(table)->children)) {
        auto* partition = writable(catalog, child);
        if (partition == nullptr || partition->kind == 'f') {
            continue;
        }
        auto index = make_index(statement, *partition, {}, catalog);
        if (auto* there = fitting(*partition, index)) {
            there->parent = parent;
            there->valid = true;
            index.name = there->name;
        } else {
            index.parent = parent;
            const auto name = index.name;
            catalog.add_index(child, index);
            catalog.relations.at(name).created_by_plan = true;
        }
        if (catalog.find(child)->kind == 'p') {
            add_to_partitions(statement, child, index.name, catalog);
        }
    }
}

}  // namespace

void drop_index(const QualifiedName& name, Catalog& catalog) {
    const auto* dropped = catalog.find_index(name);
    // Looked for only where there can be any.
    std::vector<Index> children;
    if (dropped == nullptr || dropped->partitioned || catalog.loaded) {
        for (const auto& [key, relation] : catalog.relations) {
            std::copy_if(relation.indexes.begin(), relation.indexes.end(), std::back_inserter(children),
                         [&](const Index& index) { return index.parent == name; });
        }
    }
    for (const auto& child : children) {
        if (auto* table = writable(catalog, child.table); table != nullptr && !child.constraint.empty()) {
            drop_constraint(catalog, *table, child.constraint);
        } else {
            drop_index(child.name, catalog);
        }
    }
    catalog.remove_index(name);
}

void apply_create_index(const PgQuery__IndexStmt& statement, Catalog& catalog) {
    const auto* table = catalog.find(name_of(statement.relation));
    if (table == nullptr) {
        return;
    }
    const auto table_name = table->name;
    const bool recurses = statement.relation->inh && table->kind == 'p';
    auto index = make_index(statement, *table, text(statement.idxname), catalog);
    const auto name = index.name;
    if (catalog.relations.contains(name)) {
        // One that waits for its partitions' is completed by the plan (analysis/create_index.cc).
        if (auto* there = catalog.find_index(name); recurses && there != nullptr && there->table == table_name && !there->valid) {
            add_to_partitions(statement, table_name, name, catalog);
        }
        return;
    }
    index.valid = recurses || table->kind != 'p' || table->children.empty();
    catalog.add_index(table_name, std::move(index));
    catalog.relations.at(name).created_by_plan = true;
    if (recurses) {
        add_to_partitions(statement, table_name, name, catalog);
    }
}

}  // namespace pgbelay::catalog
