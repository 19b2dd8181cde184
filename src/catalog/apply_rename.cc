#include "catalog/apply_internal.h"
#include "catalog/overload.h"
#include "catalog/tree_util.h"
#include "sql/quote.h"

#include <algorithm>
#include <utility>

namespace pgbelay::catalog {

namespace {

template <class Names, class Name>
void replace_name(Names& names, const Name& from, const Name& to) {
    std::replace(names.begin(), names.end(), from, to);
}

// Everything in other relations that names `from`.
void follow(Relation& relation, const QualifiedName& from, const QualifiedName& to) {
    replace_name(relation.children, from, to);
    replace_name(relation.dependent_views, from, to);
    if (relation.parent == from) {
        relation.parent = to;
    }
    if (relation.index_of == from) {
        relation.index_of = to;
    }
    for (auto& key : relation.referenced_by) {
        if (key.table == from) {
            key.table = to;
        }
    }
    for (auto& constraint : relation.constraints) {
        if (constraint.references == from) {
            constraint.references = to;
            // Its printed form names the table: unknown until the server prints it again.
            constraint.definition.clear();
        }
    }
    const auto owner_prefix = sql::quote_name(from) + ".";
    if (relation.sequence_owner_column->starts_with(owner_prefix)) {
        relation.sequence_owner_column = sql::quote_name(to) + "." + relation.sequence_owner_column->substr(owner_prefix.size());
    }
}

// In the entry of the index's own table, or of one below it.
void move_index(Catalog& catalog, Relation& relation, const QualifiedName& from, const QualifiedName& to) {
    for (auto& index : relation.indexes) {
        if (index.parent == from) {
            index.parent = to;
        }
        if (index.name != from) {
            continue;
        }
        index.name = to;
        index.definition.clear();
        for (auto& constraint : relation.constraints) {
            if (constraint.index == from.name && !index.constraint.empty()) {
                catalog.taken_constraint_names.erase({relation.name.schema, constraint.name});
                constraint.index = to.name;
                constraint.name = to.name;
                catalog.taken_constraint_names.insert({relation.name.schema, to.name});
            }
        }
        index.constraint = index.constraint.empty() ? "" : to.name;
    }
}

void move_index(Catalog& catalog, const QualifiedName& table, const QualifiedName& from, const QualifiedName& to) {
    auto* relation = writable(catalog, table);
    if (relation == nullptr) {
        return;
    }
    move_index(catalog, *relation, from, to);
    for (const auto& key : std::vector<ForeignKeyIn>(relation->referenced_by)) {
        auto* referencing = writable(catalog, key.table);
        for (std::size_t i = 0; referencing != nullptr && i < referencing->constraints.size(); ++i) {
            auto& constraint = referencing->constraints[i];
            if (constraint.references == table && constraint.referenced_index == from.name) {
                constraint.referenced_index = to.name;
            }
        }
    }
    for (const auto& child : std::vector<QualifiedName>(relation->children)) {
        if (auto* below = writable(catalog, child)) {
            move_index(catalog, *below, from, to);
        }
    }
}

// Text made from the column's name is forgotten rather than edited: the server prints it again.
void rename_column(Catalog& catalog, const QualifiedName& table, const std::string& from, const std::string& to) {
    auto* relation = writable(catalog, table);
    if (relation == nullptr) {
        return;
    }
    for (auto& column : relation->columns) {
        column.name = column.name == from ? to : column.name;
    }
    for (auto& index : relation->indexes) {
        replace_name(index.keys, from, to);
        replace_name(index.included, from, to);
        index.definition.clear();
        index.canonical.clear();
    }
    for (auto& constraint : relation->constraints) {
        if (std::find(constraint.columns.begin(), constraint.columns.end(), from) != constraint.columns.end()) {
            replace_name(constraint.columns, from, to);
            constraint.definition.clear();
            constraint.expression.clear();
        }
    }
    for (const auto& key : std::vector<ForeignKeyIn>(relation->referenced_by)) {
        if (auto* other = writable(catalog, key.table)) {
            for (auto& constraint : other->constraints) {
                if (constraint.name == key.constraint) {
                    replace_name(constraint.referenced_columns, from, to);
                    constraint.definition.clear();
                }
            }
        }
    }
    for (const auto& name : catalog.sequences_of(relation->name, from)) {
        catalog.relations.at(name).sequence_owner_column = sql::quote_name(relation->name) + "." + sql::quote_identifier(to);
        catalog.note_owner(name);
    }
    for (const auto& child : std::vector<QualifiedName>(relation->children)) {
        rename_column(catalog, child, from, to);
    }
}

void rename_constraint(Catalog& catalog, Relation& table, const std::string& from, const std::string& to) {
    for (auto& constraint : table.constraints) {
        if (constraint.name != from) {
            continue;
        }
        catalog.taken_constraint_names.erase({table.name.schema, from});
        catalog.taken_constraint_names.insert({table.name.schema, to});
        constraint.name = to;
        if (auto* referenced = constraint.references ? writable(catalog, *constraint.references) : nullptr) {
            for (auto& key : referenced->referenced_by) {
                key.constraint = key.table == table.name && key.constraint == from ? to : key.constraint;
            }
        }
        if (!constraint.index.empty()) {
            const QualifiedName old_index{table.name.schema, std::exchange(constraint.index, to)};
            move_relation(catalog, old_index, {old_index.schema, to});
        }
        return;
    }
}

void move_type(Catalog& catalog, const QualifiedName& written, const QualifiedName& to) {
    const auto* type = catalog.find_type(written);
    if (type == nullptr) {
        return;
    }
    auto moved = *type;
    const auto old_text = sql::quote_name(moved.name);
    const auto new_text = sql::quote_name(to);
    catalog.types.erase(QualifiedName(moved.name));
    moved.name = to;
    catalog.types.insert_or_assign(to, std::move(moved));
    for (const auto& [name, relation] : Map<QualifiedName, Relation>(catalog.relations)) {
        for (std::size_t i = 0; i < relation.columns.size(); ++i) {
            const auto& now = relation.columns[i].type;
            if (now == old_text || now == old_text + "[]") {
                catalog.relations.at(name).columns[i].type = now == old_text ? new_text : new_text + "[]";
            }
        }
    }
}

void rename_schema(Catalog& catalog, const std::string& from, const std::string& to) {
    std::vector<QualifiedName> inside;
    for (const auto& [name, relation] : catalog.relations) {
        if (name.schema == from) {
            inside.push_back(name);
        }
    }
    for (const auto& name : inside) {
        move_relation(catalog, name, {to, name.name});
    }
    catalog.schemas.erase(from);
    catalog.schemas.insert(to);
    if (catalog.schemas_of_plan.erase(from) > 0) {
        catalog.schemas_of_plan.insert(to);
    }
}

void rename_member(const PgQuery__RenameStmt& statement, Relation& table) {
    const auto from = text(statement.subname);
    const auto to = text(statement.newname);
    for (auto& trigger : table.triggers) {
        if (statement.rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER && trigger.name == from) {
            trigger.name = to;
            trigger.definition.clear();
        }
    }
    for (auto& policy : table.policies) {
        if (statement.rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_POLICY && policy.name == from) {
            policy.name = to;
            policy.definition.clear();
        }
    }
}

void rename_named_object(const PgQuery__RenameStmt& statement, Catalog& catalog) {
    const auto to = text(statement.newname);
    if (statement.rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA) {
        rename_schema(catalog, text(statement.subname), to);
        return;
    }
    if (statement.object == nullptr) {
        return;
    }
    if (statement.rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_TYPE || statement.rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN) {
        const auto written = name_of_list(statement.object);
        const auto* type = catalog.find_type(written);
        move_type(catalog, written, {type == nullptr ? catalog.resolve_new(written).schema : type->name.schema, to});
        return;
    }
    if (statement.object->node_case == PG_QUERY__NODE__NODE_OBJECT_WITH_ARGS) {
        if (const auto* found = find_function(catalog, *statement.object->object_with_args)) {
            auto function = *found;
            const auto place = found - catalog.find_functions(function.name)->data();
            auto& overloads = catalog.functions.at(function.name);
            overloads.erase(overloads.begin() + place);
            function.name.name = to;
            function.definition.clear();
            catalog.functions[function.name].push_back(std::move(function));
        }
    }
}

}  // namespace

void move_relation(Catalog& catalog, const QualifiedName& from, const QualifiedName& to) {
    const auto* found = catalog.relations.find(from);
    if (found == nullptr || from == to) {
        return;
    }
    const auto others = catalog.that_name(*found);
    Relation moved = *found;
    moved.name = to;
    std::vector<QualifiedName> indexes;
    for (auto& own : moved.indexes) {
        own.table = to;
        own.definition.clear();
        if (from.schema != to.schema) {
            indexes.push_back(own.name);
        }
    }
    const auto index_of = moved.kind == 'i' || moved.kind == 'I' ? moved.index_of : QualifiedName{};
    catalog.relations.erase(from);
    catalog.relations.insert_or_assign(to, std::move(moved));
    catalog.taken_relation_names.erase(from);
    catalog.taken_relation_names.insert(to);
    catalog.note_owner(to);
    if (!index_of.empty()) {
        move_index(catalog, index_of, from, to);
        return;
    }
    for (const auto& other : others) {
        // It may name itself.
        auto& relation = catalog.relations.at(other == from ? to : other);
        follow(relation, from, to);
        catalog.note_owner(relation.name);
    }
    for (const auto& name : indexes) {
        move_relation(catalog, name, {to.schema, name.name});
    }
}

void apply_rename(const PgQuery__RenameStmt& statement, Catalog& catalog) {
    const auto to = text(statement.newname);
    if (statement.relation == nullptr) {
        rename_named_object(statement, catalog);
        return;
    }
    auto* relation = writable(catalog, name_of(statement.relation));
    if (relation == nullptr) {
        return;
    }
    const auto key = relation->name;
    switch (statement.rename_type) {
        case PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN:
        case PG_QUERY__OBJECT_TYPE__OBJECT_ATTRIBUTE: rename_column(catalog, key, text(statement.subname), to); break;
        case PG_QUERY__OBJECT_TYPE__OBJECT_TABCONSTRAINT: rename_constraint(catalog, *relation, text(statement.subname), to); break;
        case PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER:
        case PG_QUERY__OBJECT_TYPE__OBJECT_POLICY: rename_member(statement, *relation); break;
        case PG_QUERY__OBJECT_TYPE__OBJECT_RULE: break;
        default: move_relation(catalog, key, {key.schema, to}); break;
    }
}

void apply_set_schema(const PgQuery__AlterObjectSchemaStmt& statement, Catalog& catalog) {
    const auto schema = text(statement.newschema);
    if (statement.relation != nullptr) {
        if (const auto* relation = catalog.find(name_of(statement.relation))) {
            const auto key = relation->name;
            const auto sequences = catalog.sequences_of(key);
            move_relation(catalog, key, {schema, key.name});
            for (const auto& name : sequences) {
                move_relation(catalog, name, {schema, name.name});
            }
        }
        return;
    }
    if (statement.object != nullptr &&
        (statement.object_type == PG_QUERY__OBJECT_TYPE__OBJECT_TYPE || statement.object_type == PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN)) {
        const auto written = name_of_list(statement.object);
        move_type(catalog, written, {schema, written.name});
    }
}

}  // namespace pgbelay::catalog
