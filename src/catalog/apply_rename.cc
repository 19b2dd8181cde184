#include "catalog/apply_internal.h"
#include "catalog/overload.h"
#include "catalog/tree_util.h"
#include "sql/quote.h"

#include <algorithm>
#include <utility>

namespace pgbelay::catalog {

namespace {

void replace_name(std::vector<QualifiedName>& names, const QualifiedName& from, const QualifiedName& to) {
    std::replace(names.begin(), names.end(), from, to);
}

// Everything in other relations that names `from`.
void follow(Relation& relation, const QualifiedName& from, const QualifiedName& to) {
    replace_name(relation.children, from, to);
    replace_name(relation.dependent_views, from, to);
    if (relation.parent == from) {
        relation.parent = to;
    }
    for (auto& key : relation.referenced_by) {
        if (key.table == from) {
            key.table = to;
        }
    }
    for (auto& constraint : relation.constraints) {
        if (constraint.references && constraint.references->schema == from.schema && constraint.referenced_index == from.name) {
            constraint.referenced_index = to.name;
        }
        if (constraint.references == from) {
            constraint.references = to;
            // Its printed form names the table: unknown until the server prints it again.
            constraint.definition.clear();
        }
    }
    const auto owner_prefix = sql::quote_name(from) + ".";
    if (relation.sequence_owner_column.starts_with(owner_prefix)) {
        relation.sequence_owner_column = sql::quote_name(to) + "." + relation.sequence_owner_column.substr(owner_prefix.size());
    }
}

void move_index(Catalog& catalog, const QualifiedName& from, const QualifiedName& to) {
    for (auto& [name, relation] : catalog.relations) {
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
}

void rename_string(std::vector<std::string>& names, const std::string& from, const std::string& to) {
    std::replace(names.begin(), names.end(), from, to);
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
        rename_string(index.keys, from, to);
        rename_string(index.included, from, to);
        index.definition.clear();
        index.canonical.clear();
    }
    for (auto& constraint : relation->constraints) {
        if (std::find(constraint.columns.begin(), constraint.columns.end(), from) != constraint.columns.end()) {
            rename_string(constraint.columns, from, to);
            constraint.definition.clear();
            constraint.expression.clear();
        }
    }
    for (const auto& key : std::vector<ForeignKeyIn>(relation->referenced_by)) {
        if (auto* other = writable(catalog, key.table)) {
            for (auto& constraint : other->constraints) {
                if (constraint.name == key.constraint) {
                    rename_string(constraint.referenced_columns, from, to);
                    constraint.definition.clear();
                }
            }
        }
    }
    const auto owned_by = sql::quote_name(relation->name) + ".";
    for (auto& [name, sequence] : catalog.relations) {
        if (sequence.sequence_owner_column == owned_by + sql::quote_identifier(from)) {
            sequence.sequence_owner_column = owned_by + sql::quote_identifier(to);
        }
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
    for (auto& [name, relation] : catalog.relations) {
        for (auto& column : relation.columns) {
            column.type = column.type == old_text ? new_text : column.type == old_text + "[]" ? new_text + "[]" : column.type;
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
            auto& overloads = catalog.functions.at(function.name);
            overloads.erase(overloads.begin() + (found - overloads.data()));
            function.name.name = to;
            function.definition.clear();
            catalog.functions[function.name].push_back(std::move(function));
        }
    }
}

}  // namespace

void move_relation(Catalog& catalog, const QualifiedName& from, const QualifiedName& to) {
    const auto found = catalog.relations.find(from);
    if (found == catalog.relations.end() || from == to) {
        return;
    }
    auto entry = catalog.relations.extract(found);
    entry.key() = to;
    entry.mapped().name = to;
    const bool index = entry.mapped().kind == 'i' || entry.mapped().kind == 'I';
    std::vector<QualifiedName> indexes;
    for (auto& own : entry.mapped().indexes) {
        own.table = to;
        own.definition.clear();
        if (from.schema != to.schema) {
            indexes.push_back(own.name);
        }
    }
    catalog.relations.insert(std::move(entry));
    catalog.taken_relation_names.erase(from);
    catalog.taken_relation_names.insert(to);
    if (index) {
        move_index(catalog, from, to);
        return;
    }
    for (auto& [name, relation] : catalog.relations) {
        follow(relation, from, to);
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
            move_relation(catalog, key, {schema, key.name});
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
