#include "catalog/apply_internal.h"
#include "catalog/names.h"
#include "catalog/tree_util.h"
#include "catalog/walk.h"
#include "sql/quote.h"

#include <fmt/format.h>

#include <algorithm>

namespace pgbelay::catalog {

namespace {

std::string quoted(const std::vector<std::string>& columns) {
    std::vector<std::string> names;
    std::transform(columns.begin(), columns.end(), std::back_inserter(names), sql::quote_identifier);
    return fmt::format("({})", fmt::join(names, ", "));
}

// The order in which the server gives names: checks with the table, then keys (primary first), then foreign keys.
int rank(PgQuery__ConstrType type) {
    switch (type) {
        case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY: return 2;
        case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE:
        case PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION: return 3;
        case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN: return 4;
        default: return 1;
    }
}

std::vector<std::string> key_columns(const NewConstraint& added) {
    if (!added.column.empty()) {
        return {added.column};
    }
    return strings_of(added.node->n_keys, added.node->keys);
}

void set_not_null(Relation& table, const std::vector<std::string>& columns) {
    for (auto& column : table.columns) {
        column.not_null = column.not_null || std::find(columns.begin(), columns.end(), column.name) != columns.end();
    }
}

void note_constraint(Catalog& catalog, Relation& table, Constraint constraint) {
    if (table.constraint(constraint.name) != nullptr) {
        return;  // the server refuses it, or a DO block looks before
    }
    catalog.taken_constraint_names.insert({table.name.schema, constraint.name});
    append_exactly(table.constraints, std::move(constraint));
}

void add_check(const NewConstraint& added, Relation& table, Catalog& catalog) {
    Constraint constraint;
    constraint.type = 'c';
    constraint.columns = columns_in(added.node->raw_expr);
    constraint.validated = !added.node->skip_validation;
    constraint.no_inherit = added.node->is_no_inherit;
    constraint.name = text(added.node->conname);
    if (constraint.name.empty()) {
        const auto addition = constraint.columns.size() == 1 ? constraint.columns.front() : std::string();
        constraint.name = choose_constraint_name(catalog, table.name, addition, "check");
    }
    const auto* expression = added.node->raw_expr;
    if (expression != nullptr && expression->node_case == PG_QUERY__NODE__NODE_NULL_TEST && constraint.columns.size() == 1 &&
        expression->null_test->nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NOT_NULL) {
        constraint.expression = fmt::format("({} IS NOT NULL)", sql::quote_identifier(constraint.columns.front()));
        constraint.definition = fmt::format("CHECK ({}){}", *constraint.expression, constraint.validated ? "" : " NOT VALID");
    }
    note_constraint(catalog, table, std::move(constraint));
}

Index index_of(const NewConstraint& added, const Relation& table, const Catalog& catalog) {
    const bool primary = added.node->contype == PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY;
    Index index;
    index.table = table.name;
    index.unique = true;
    index.primary = primary;
    index.method = "btree";
    index.immediate = !added.node->deferrable;
    index.nulls_not_distinct = added.node->nulls_not_distinct;
    index.tablespace = text(added.node->indexspace);
    index.keys = key_columns(added);
    index.included = strings_of(added.node->n_including, added.node->including);
    index.partitioned = table.kind == 'p';
    index.name = {table.name.schema, text(added.node->conname)};
    if (index.name.name.empty()) {
        auto columns = index.keys;
        columns.insert(columns.end(), index.included.begin(), index.included.end());
        index.name.name =
            choose_index_name(catalog, table.name, columns, primary ? IndexNameKind::primary_key : IndexNameKind::unique_constraint);
    }
    index.constraint = index.name.name;
    index.canonical = fmt::format("UNIQUE USING btree {}", quoted(index.keys));
    if (!index.included.empty()) {
        index.canonical += fmt::format(" INCLUDE {}", quoted(index.included));
    }
    return index;
}

// ADD CONSTRAINT … USING INDEX: the index is there and takes the constraint's name.
void adopt_index(const NewConstraint& added, Relation& table, Catalog& catalog) {
    const QualifiedName old_name{table.name.schema, text(added.node->indexname)};
    const auto wanted = text(added.node->conname).empty() ? old_name.name : text(added.node->conname);
    move_relation(catalog, old_name, {old_name.schema, wanted});
    for (auto& index : table.indexes) {
        if (index.name.name == wanted) {
            index.primary = added.node->contype == PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY;
            index.constraint = wanted;
            index.immediate = !added.node->deferrable;
        }
    }
}

void add_key(const NewConstraint& added, Relation& table, Catalog& catalog) {
    const bool primary = added.node->contype == PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY;
    Constraint constraint;
    constraint.type = primary ? 'p' : 'u';
    constraint.deferrable = added.node->deferrable;
    constraint.deferred = added.node->initdeferred;
    if (!text(added.node->indexname).empty()) {
        adopt_index(added, table, catalog);
        constraint.name = text(added.node->conname).empty() ? text(added.node->indexname) : text(added.node->conname);
        const auto* index = table.index(constraint.name);
        constraint.columns = index == nullptr ? std::vector<std::string>{} : index->keys;
    } else {
        auto index = index_of(added, table, catalog);
        constraint.name = index.name.name;
        constraint.columns = index.keys;
        catalog.add_index(table.name, std::move(index));
        catalog.relations.at({table.name.schema, constraint.name}).created_by_plan = true;
    }
    constraint.index = constraint.name;
    constraint.definition = fmt::format("{} {}", primary ? "PRIMARY KEY" : "UNIQUE", quoted(constraint.columns));
    if (primary) {
        set_not_null(table, constraint.columns);
    }
    note_constraint(catalog, table, std::move(constraint));
}

void add_exclusion(const NewConstraint& added, Relation& table, Catalog& catalog) {
    Index index;
    index.table = table.name;
    index.exclusion = true;
    index.method = text(added.node->access_method).empty() ? "btree" : text(added.node->access_method);
    index.has_default_options = false;
    for (std::size_t i = 0; i < added.node->n_exclusions; ++i) {
        const auto* pair = added.node->exclusions[i];
        if (pair->node_case == PG_QUERY__NODE__NODE_LIST && pair->list->n_items > 0 &&
            pair->list->items[0]->node_case == PG_QUERY__NODE__NODE_INDEX_ELEM) {
            const auto& element = *pair->list->items[0]->index_elem;
            index.keys.push_back(element.expr != nullptr ? expression_name(element.expr) : text(element.name));
        }
    }
    index.name = {table.name.schema, text(added.node->conname)};
    if (index.name.name.empty()) {
        index.name.name = choose_index_name(catalog, table.name, index.keys, IndexNameKind::exclusion);
    }
    index.constraint = index.name.name;
    Constraint constraint;
    constraint.type = 'x';
    constraint.name = index.constraint;
    constraint.index = index.constraint;
    constraint.columns = index.keys;
    catalog.add_index(table.name, std::move(index));
    note_constraint(catalog, table, std::move(constraint));
}

std::vector<std::string> primary_key(const Relation* table) {
    if (table != nullptr) {
        for (const auto& constraint : table->constraints) {
            if (constraint.type == 'p') {
                return constraint.columns;
            }
        }
    }
    return {};
}

char action(const char* written) {
    const auto value = text(written);
    return value.empty() ? 'a' : value.front();
}

std::string action_text(std::string_view event, char code) {
    switch (code) {
        case 'r': return fmt::format(" ON {} RESTRICT", event);
        case 'c': return fmt::format(" ON {} CASCADE", event);
        case 'n': return fmt::format(" ON {} SET NULL", event);
        case 'd': return fmt::format(" ON {} SET DEFAULT", event);
        default: return {};
    }
}

void add_foreign_key(const NewConstraint& added, Relation& table, Catalog& catalog) {
    Constraint constraint;
    constraint.type = 'f';
    constraint.columns =
        added.column.empty() ? strings_of(added.node->n_fk_attrs, added.node->fk_attrs) : std::vector<std::string>{added.column};
    constraint.references = catalog.resolve(name_of(added.node->pktable));
    constraint.referenced_columns = strings_of(added.node->n_pk_attrs, added.node->pk_attrs);
    if (constraint.referenced_columns.empty()) {
        constraint.referenced_columns = primary_key(catalog.find(*constraint.references));
    }
    constraint.on_update = action(added.node->fk_upd_action);
    constraint.on_delete = action(added.node->fk_del_action);
    constraint.match = text(added.node->fk_matchtype).empty() ? 's' : added.node->fk_matchtype[0];
    constraint.deferrable = added.node->deferrable;
    constraint.deferred = added.node->initdeferred;
    // On a table that is still empty in the same statement, NOT VALID has no meaning and is dropped by CREATE TABLE.
    constraint.validated = !added.node->skip_validation;
    constraint.name = text(added.node->conname);
    if (constraint.name.empty()) {
        constraint.name = choose_constraint_name(catalog, table.name, name_addition(constraint.columns), "fkey");
    }
    constraint.definition = fmt::format("FOREIGN KEY {} REFERENCES {}{}{}{}{}{}{}{}", quoted(constraint.columns),
                                        sql::quote_name(*constraint.references), quoted(constraint.referenced_columns),
                                        constraint.match == 'f' ? " MATCH FULL" : "", action_text("UPDATE", constraint.on_update),
                                        action_text("DELETE", constraint.on_delete), constraint.deferrable ? " DEFERRABLE" : "",
                                        constraint.deferred ? " INITIALLY DEFERRED" : "", constraint.validated ? "" : " NOT VALID");
    if (auto* referenced = writable(catalog, *constraint.references)) {
        append_exactly(referenced->referenced_by.own(), {table.name, constraint.name});
    }
    note_constraint(catalog, table, std::move(constraint));
}

void add_not_null(const NewConstraint& added, Relation& table, Catalog& catalog) {
    const auto columns = key_columns(added);
    set_not_null(table, columns);
    // Not-null constraints have rows, and so names, of their own from 18 on.
    if (catalog.server_major < 18 || columns.size() != 1) {
        return;
    }
    Constraint constraint;
    constraint.type = 'n';
    constraint.columns = columns;
    constraint.name = text(added.node->conname);
    if (constraint.name.empty()) {
        constraint.name = choose_constraint_name(catalog, table.name, columns.front(), "not_null");
    }
    note_constraint(catalog, table, std::move(constraint));
}

void add_constraint(const NewConstraint& added, Relation& table, Catalog& catalog) {
    switch (added.node->contype) {
        case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK: add_check(added, table, catalog); break;
        case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY:
        case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE: add_key(added, table, catalog); break;
        case PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION: add_exclusion(added, table, catalog); break;
        case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN: add_foreign_key(added, table, catalog); break;
        case PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL: add_not_null(added, table, catalog); break;
        default: break;
    }
}

}  // namespace

void add_constraints(std::vector<NewConstraint> constraints, const QualifiedName& table, Catalog& catalog) {
    std::stable_sort(constraints.begin(), constraints.end(),
                     [](const auto& a, const auto& b) { return rank(a.node->contype) < rank(b.node->contype); });
    for (const auto& added : constraints) {
        if (auto* relation = writable(catalog, table)) {
            add_constraint(added, *relation, catalog);
        }
    }
}

void drop_constraint(Catalog& catalog, Relation& table, const std::string& name) {
    const auto* found = table.constraint(name);
    if (found == nullptr) {
        return;
    }
    const Constraint gone = *found;
    catalog.taken_constraint_names.erase({table.name.schema, name});
    std::erase_if(table.constraints, [&](const Constraint& constraint) { return constraint.name == name; });
    if (gone.references) {
        if (auto* referenced = writable(catalog, *gone.references)) {
            erase_if(referenced->referenced_by, [&](const ForeignKeyIn& key) { return key.table == table.name && key.constraint == name; });
        }
    }
    if (!gone.index.empty() && gone.type != 'f') {
        drop_index({table.name.schema, gone.index}, catalog);
    }
    for (const auto& child : std::vector<QualifiedName>(table.children)) {
        auto* below = writable(catalog, child);
        if (const auto* inherited = below == nullptr ? nullptr : below->constraint(name); inherited != nullptr && inherited->inherited) {
            drop_constraint(catalog, *below, name);
        }
    }
    if (gone.type == 'n') {
        for (auto& column : table.columns) {
            column.not_null = column.not_null && (gone.columns.empty() || column.name != gone.columns.front());
        }
    }
}

void drop_foreign_keys_on(const Index& index, Catalog& catalog) {
    for (const auto& key : catalog.foreign_keys_on(index).value_or(std::vector<ForeignKeyIn>{})) {
        if (auto* other = writable(catalog, key.table)) {
            drop_constraint(catalog, *other, key.constraint);
        }
    }
}

void drop_column(Catalog& catalog, Relation& table, const std::string& name) {
    const auto uses = [&](const std::vector<std::string>& columns) {
        return std::find(columns.begin(), columns.end(), name) != columns.end();
    };
    std::vector<std::string> constraints;
    for (const auto& constraint : table.constraints) {
        if (uses(constraint.columns)) {
            constraints.push_back(constraint.name);
        }
    }
    for (const auto& constraint : constraints) {
        drop_constraint(catalog, table, constraint);
    }
    std::vector<QualifiedName> indexes;
    for (const auto& index : table.indexes) {
        if (mentions(index, name)) {
            indexes.push_back(index.name);
        }
    }
    for (const auto& index : indexes) {
        catalog.remove_index(index);
    }
    for (const auto& sequence : catalog.sequences_of(table.name, name)) {
        catalog.remove(sequence);
    }
    std::erase_if(table.columns, [&](const Column& column) { return column.name == name; });
}

}  // namespace pgbelay::catalog
