#include "catalog/apply_internal.h"
#include "catalog/overload.h"
#include "catalog/tree_util.h"
#include "sql/quote.h"
#include "sql/statement.h"

#include <algorithm>

namespace pgbelay::catalog {

namespace {

// Foreign keys that point at the table: DROP TABLE … CASCADE takes them along.
void drop_incoming_keys(const Relation& table, Catalog& catalog) {
    for (const auto& key : std::vector<ForeignKeyIn>(table.referenced_by)) {
        if (auto* other = writable(catalog, key.table)) {
            drop_constraint(catalog, *other, key.constraint);
        }
    }
}

void drop_owned_sequences(const QualifiedName& table, Catalog& catalog) {
    for (const auto& name : catalog.sequences_of(table)) {
        catalog.remove(name);
    }
}

void drop_relation(const QualifiedName& name, bool cascade, Catalog& catalog) {
    const auto* found = catalog.find(name);
    if (found == nullptr) {
        return;
    }
    const Relation gone = *found;
    if (gone.kind == 'i' || gone.kind == 'I') {
        if (const auto* index = catalog.find_index(gone.name); cascade && index != nullptr) {
            drop_foreign_keys_on(*index, catalog);
        }
        drop_index(gone.name, catalog);
        return;
    }
    if (cascade) {
        drop_incoming_keys(gone, catalog);
        for (const auto& view : gone.dependent_views) {
            drop_relation(view, true, catalog);
        }
    }
    for (const auto& child : gone.children) {
        drop_relation(child, cascade, catalog);
    }
    drop_owned_sequences(gone.name, catalog);
    catalog.remove(gone.name);
}

void drop_schema(const std::string& schema, Catalog& catalog) {
    std::vector<QualifiedName> inside;
    for (const auto& [name, relation] : catalog.relations) {
        if (name.schema == schema && relation.kind != 'i' && relation.kind != 'I') {
            inside.push_back(name);
        }
    }
    for (const auto& name : inside) {
        drop_relation(name, true, catalog);
    }
    erase_if(catalog.types, [&](const QualifiedName& name) { return name.schema == schema; });
    erase_if(catalog.functions, [&](const QualifiedName& name) { return name.schema == schema; });
    catalog.schemas.erase(schema);
    catalog.schemas_of_plan.erase(schema);
}

void drop_type(const QualifiedName& written, bool cascade, Catalog& catalog) {
    const auto* type = catalog.find_type(written);
    if (type == nullptr) {
        return;
    }
    const auto name = type->name;
    const auto printed = sql::quote_name(name);
    if (cascade) {
        for (const auto& [key, relation] : Map<QualifiedName, Relation>(catalog.relations)) {
            for (const auto& column : relation.columns) {
                if (column.type == printed || column.type == printed + "[]") {
                    drop_column(catalog, catalog.relations.at(key), column.name);
                }
            }
        }
    }
    catalog.types.erase(name);
}

// CASCADE takes those along that call it.
void drop_triggers_of(const QualifiedName& function, Catalog& catalog) {
    const auto calls_it = [&](const Trigger& trigger) {
        const auto read = sql::read_statement(trigger.definition);
        const auto* parsed = read.kind == "CreateTrigStmt" ? read.node().create_trig_stmt : nullptr;
        const auto* called = parsed == nullptr ? nullptr : catalog.find_functions(name_of(parsed->n_funcname, parsed->funcname));
        return called != nullptr && !called->empty() && called->front().name == function;
    };
    for (const auto& [name, relation] : Map<QualifiedName, Relation>(catalog.relations)) {
        if (std::any_of(relation.triggers.begin(), relation.triggers.end(), calls_it)) {
            erase_if(catalog.relations.at(name).triggers, calls_it);
        }
    }
}

void drop_function(const PgQuery__Node& object, bool cascade, Catalog& catalog) {
    if (object.node_case != PG_QUERY__NODE__NODE_OBJECT_WITH_ARGS) {
        return;
    }
    const Function* function = find_function(catalog, *object.object_with_args);
    if (function == nullptr) {
        return;
    }
    const QualifiedName name = function->name;
    if (cascade) {
        drop_triggers_of(name, catalog);
    }
    const auto place = function - catalog.find_functions(name)->data();
    auto& overloads = catalog.functions.at(name);
    overloads.erase(overloads.begin() + place);
    if (overloads.empty()) {
        catalog.functions.erase(name);
    }
}

// TRIGGER, POLICY and RULE: the last word is the object's name, those before it the table's.
void drop_member(const PgQuery__Node& object, PgQuery__ObjectType type, Catalog& catalog) {
    if (object.node_case != PG_QUERY__NODE__NODE_LIST || object.list->n_items < 2) {
        return;
    }
    const auto count = object.list->n_items;
    auto* table = writable(catalog, name_of(count - 1, object.list->items));
    if (table == nullptr) {
        return;
    }
    const auto name = string_of(object.list->items[count - 1]);
    if (type == PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER) {
        erase_if(table->triggers, [&](const Trigger& trigger) { return trigger.name == name; });
    } else if (type == PG_QUERY__OBJECT_TYPE__OBJECT_POLICY) {
        erase_if(table->policies, [&](const Policy& policy) { return policy.name == name; });
    } else {
        erase_if(table->rules, [&](const Rule& rule) { return rule.name == name; });
    }
}

void drop_statistics(const QualifiedName& written, Catalog& catalog) {
    if (const auto found = catalog.find_statistics(written)) {
        erase(catalog.relations.at(found->table).statistics, found->name);
    }
}

}  // namespace

void apply_drop(const PgQuery__DropStmt& statement, Catalog& catalog) {
    const bool cascade = statement.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
    for (std::size_t i = 0; i < statement.n_objects; ++i) {
        const auto& object = *statement.objects[i];
        switch (statement.remove_type) {
            case PG_QUERY__OBJECT_TYPE__OBJECT_TABLE:
            case PG_QUERY__OBJECT_TYPE__OBJECT_VIEW:
            case PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW:
            case PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE:
            case PG_QUERY__OBJECT_TYPE__OBJECT_FOREIGN_TABLE:
            case PG_QUERY__OBJECT_TYPE__OBJECT_INDEX: drop_relation(name_of_list(&object), cascade, catalog); break;
            case PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA: drop_schema(string_of(&object), catalog); break;
            case PG_QUERY__OBJECT_TYPE__OBJECT_EXTENSION: catalog.extensions.erase(string_of(&object)); break;
            case PG_QUERY__OBJECT_TYPE__OBJECT_TYPE:
            case PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN:
                if (object.node_case == PG_QUERY__NODE__NODE_TYPE_NAME) {
                    drop_type(name_of(object.type_name->n_names, object.type_name->names), cascade, catalog);
                }
                break;
            case PG_QUERY__OBJECT_TYPE__OBJECT_FUNCTION:
            case PG_QUERY__OBJECT_TYPE__OBJECT_PROCEDURE:
            case PG_QUERY__OBJECT_TYPE__OBJECT_ROUTINE: drop_function(object, cascade, catalog); break;
            case PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER:
            case PG_QUERY__OBJECT_TYPE__OBJECT_POLICY:
            case PG_QUERY__OBJECT_TYPE__OBJECT_RULE: drop_member(object, statement.remove_type, catalog); break;
            case PG_QUERY__OBJECT_TYPE__OBJECT_STATISTIC_EXT: drop_statistics(name_of_list(&object), catalog); break;
            default: break;
        }
    }
}

}  // namespace pgbelay::catalog
