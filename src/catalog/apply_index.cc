#include "catalog/apply_internal.h"
#include "catalog/names.h"
#include "catalog/tree_util.h"
#include "sql/quote.h"

#include <fmt/format.h>

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

Index make_index(const PgQuery__IndexStmt& statement, const Relation& table, const Catalog& catalog) {
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
        index.included.push_back(text(statement.index_including_params[i]->index_elem->name));
    }
    if (statement.where_clause != nullptr) {
        index.predicate = "";
    }
    if (statement.n_options == 0) {
        index.canonical = canonical_of(index);
    }
    index.name = {table.name.schema, text(statement.idxname)};
    if (index.name.name.empty()) {
        index.name.name = choose_index_name(catalog, table.name, index_column_names(statement), IndexNameKind::plain);
    }
    return index;
}

}  // namespace

void apply_create_index(const PgQuery__IndexStmt& statement, Catalog& catalog) {
    const auto* table = catalog.find(name_of(statement.relation));
    if (table == nullptr) {
        return;
    }
    auto index = make_index(statement, *table, catalog);
    const auto name = index.name;
    if (catalog.relations.contains(name)) {
        return;
    }
    const auto table_name = table->name;
    const auto children = statement.relation->inh && table->kind == 'p' ? table->children : std::vector<QualifiedName>{};
    catalog.add_index(table_name, std::move(index));
    catalog.relations.at(name).created_by_plan = true;
    for (const auto& child : children) {
        if (const auto* partition = catalog.find(child)) {
            auto part = make_index(statement, *partition, catalog);
            part.name.name = choose_index_name(catalog, partition->name, index_column_names(statement), IndexNameKind::plain);
            part.parent = name;
            catalog.add_index(partition->name, std::move(part));
        }
    }
}

}  // namespace pgbelay::catalog
