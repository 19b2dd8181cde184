#include "catalog/apply_internal.h"
#include "catalog/overload.h"
#include "catalog/tree_util.h"
#include "sql/quote.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pgbelay::catalog {

namespace {

void add_type(Catalog& catalog, const QualifiedName& written, char kind, std::vector<std::string> labels = {}) {
    Type type;
    type.name = catalog.resolve_new(written);
    type.kind = kind;
    type.labels = std::move(labels);
    type.owner = catalog.role;
    type.created_by_plan = true;
    catalog.types.insert_or_assign(type.name, std::move(type));
}

void create_domain(const PgQuery__CreateDomainStmt& statement, Catalog& catalog) {
    Type type;
    type.name = catalog.resolve_new(name_of(statement.n_domainname, statement.domainname));
    type.kind = 'd';
    type.owner = catalog.role;
    if (statement.type_name != nullptr) {
        type.base_type = type_name(*statement.type_name, &catalog);
    }
    for (std::size_t i = 0; i < statement.n_constraints; ++i) {
        const auto* constraint = as_constraint(statement.constraints[i]);
        type.domain_constrained =
            type.domain_constrained || (constraint != nullptr && (constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_CHECK ||
                                                                  constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL));
    }
    catalog.types.insert_or_assign(type.name, std::move(type));
}

void alter_domain(const PgQuery__AlterDomainStmt& statement, Catalog& catalog) {
    const auto* type = catalog.find_type(name_of(statement.n_type_name, statement.type_name));
    const auto what = text(statement.subtype);
    if (type != nullptr && (what == "C" || what == "O")) {
        catalog.types.at(type->name).domain_constrained = true;
    }
}

void alter_enum(const PgQuery__AlterEnumStmt& statement, Catalog& catalog) {
    const auto* type = catalog.find_type(name_of(statement.n_type_name, statement.type_name));
    if (type == nullptr) {
        return;
    }
    auto& labels = catalog.types.at(type->name).labels;
    const auto label = text(statement.new_val);
    if (!text(statement.old_val).empty()) {
        std::replace(labels.begin(), labels.end(), text(statement.old_val), label);
        return;
    }
    if (std::find(labels.begin(), labels.end(), label) != labels.end()) {
        return;
    }
    auto where = std::find(labels.begin(), labels.end(), text(statement.new_val_neighbor));
    if (where != labels.end() && statement.new_val_is_after) {
        ++where;
    }
    labels.insert(where, label);
}

// As pg_get_functiondef() begins: a later statement of the plan may have to put it back over its successor.
std::string replaceable(std::string_view sql, bool replaces) {
    constexpr std::string_view kCreate = "CREATE";
    return replaces || sql.size() < kCreate.size() ? std::string(sql) : fmt::format("CREATE OR REPLACE{}", sql.substr(kCreate.size()));
}

void create_function(const PgQuery__CreateFunctionStmt& statement, std::string_view sql, Catalog& catalog) {
    Function function;
    function.name = catalog.resolve_new(name_of(statement.n_funcname, statement.funcname));
    function.kind = statement.is_procedure ? 'p' : 'f';
    function.owner = catalog.role;
    std::string arguments;
    for (std::size_t i = 0; i < statement.n_parameters; ++i) {
        const auto& parameter = *statement.parameters[i]->function_parameter;
        if (parameter.mode == PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_TABLE || parameter.arg_type == nullptr) {
            continue;
        }
        const auto name = text(parameter.name);
        arguments += arguments.empty() ? "" : ", ";
        arguments += parameter.mode == PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_OUT        ? "OUT "
                     : parameter.mode == PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_INOUT    ? "INOUT "
                     : parameter.mode == PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_VARIADIC ? "VARIADIC "
                                                                                                : "";
        arguments += name.empty() ? "" : sql::quote_identifier(name) + " ";
        arguments += type_name(*parameter.arg_type, &catalog);
    }
    function.identity_arguments = arguments;
    function.argument_types = argument_types(statement, catalog);
    function.definition = replaceable(sql, statement.replace);
    for (std::size_t i = 0; i < statement.n_options; ++i) {
        const auto* option = statement.options[i]->node_case == PG_QUERY__NODE__NODE_DEF_ELEM ? statement.options[i]->def_elem : nullptr;
        if (option != nullptr && text(option->defname) == "volatility") {
            function.volatility = string_of(option->arg).empty() ? 'v' : string_of(option->arg).front();
        }
    }
    if (const Function* former = find_function(catalog, statement)) {
        // Owner, grants and comment survive a replacement.
        function.oid = former->oid;
        function.owner = former->owner;
        function.acl = former->acl;
        function.comment = former->comment;
    }
    auto& overloads = catalog.functions[function.name];
    std::erase_if(overloads, [&](const Function& other) { return other.argument_types == function.argument_types; });
    overloads.push_back(std::move(function));
}

// OWNED BY t.c, or NONE.
void own_sequence(Relation& sequence, std::size_t n, PgQuery__Node* const* options, const Catalog& catalog) {
    for (std::size_t i = 0; i < n; ++i) {
        const auto* option = options[i]->node_case == PG_QUERY__NODE__NODE_DEF_ELEM ? options[i]->def_elem : nullptr;
        if (option == nullptr || text(option->defname) != "owned_by" || option->arg == nullptr ||
            option->arg->node_case != PG_QUERY__NODE__NODE_LIST) {
            continue;
        }
        const auto& parts = *option->arg->list;
        if (parts.n_items < 2) {
            sequence.sequence_owner_column.clear();
            continue;
        }
        const auto table = catalog.resolve(name_of(parts.n_items - 1, parts.items));
        sequence.sequence_owner_column = sql::quote_name(table) + "." + sql::quote_identifier(string_of(parts.items[parts.n_items - 1]));
    }
}

void alter_sequence(const PgQuery__AlterSeqStmt& statement, Catalog& catalog) {
    if (auto* sequence = writable(catalog, name_of(statement.sequence))) {
        own_sequence(*sequence, statement.n_options, statement.options, catalog);
        catalog.note_owner(sequence->name);
    }
}

void create_sequence(const PgQuery__CreateSeqStmt& statement, Catalog& catalog) {
    Relation sequence;
    sequence.name = catalog.resolve_new(name_of(statement.sequence));
    if (catalog.relations.contains(sequence.name)) {
        return;
    }
    sequence.kind = 'S';
    sequence.owner = catalog.role;
    sequence.created_by_plan = true;
    own_sequence(sequence, statement.n_options, statement.options, catalog);
    catalog.add(std::move(sequence));
}

void create_trigger(const PgQuery__CreateTrigStmt& statement, std::string_view sql, Catalog& catalog) {
    auto* table = writable(catalog, name_of(statement.relation));
    if (table == nullptr) {
        return;
    }
    const auto name = text(statement.trigname);
    const auto same = [&](const Trigger& trigger) { return trigger.name == name; };
    if (const auto found = std::find_if(table->triggers.begin(), table->triggers.end(), same); found != table->triggers.end()) {
        found->definition = std::string(sql);
        return;
    }
    table->triggers.own().push_back({name, std::string(sql), 'O', std::nullopt});
}

void create_policy(const PgQuery__CreatePolicyStmt& statement, std::string_view sql, Catalog& catalog) {
    if (auto* table = writable(catalog, name_of(statement.table))) {
        table->policies.own().push_back({text(statement.policy_name), std::string(sql), std::nullopt});
    }
}

void comment_on_column(const PgQuery__Node& object, const std::optional<std::string>& comment, Catalog& catalog) {
    if (object.node_case != PG_QUERY__NODE__NODE_LIST || object.list->n_items < 2) {
        return;
    }
    const auto count = object.list->n_items;
    auto* table = writable(catalog, name_of(count - 1, object.list->items));
    if (table == nullptr) {
        return;
    }
    for (auto& column : table->columns) {
        if (column.name == string_of(object.list->items[count - 1])) {
            column.comment = comment;
        }
    }
}

void comment(const PgQuery__CommentStmt& statement, Catalog& catalog) {
    if (statement.object == nullptr) {
        return;
    }
    const auto value = text(statement.comment);
    const auto set = value.empty() ? std::nullopt : std::optional(value);
    if (statement.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA) {
        catalog.schema_comments.erase(string_of(statement.object));
        if (set) {
            catalog.schema_comments[string_of(statement.object)] = *set;
        }
        return;
    }
    if (statement.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN) {
        comment_on_column(*statement.object, set, catalog);
        return;
    }
    const bool relation =
        statement.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_TABLE || statement.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_VIEW ||
        statement.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_INDEX || statement.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW ||
        statement.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE;
    if (relation) {
        if (auto* found = writable(catalog, name_of_list(statement.object))) {
            found->comment = set;
        }
    }
}

void create_schema(const PgQuery__CreateSchemaStmt& statement, std::string_view sql, Catalog& catalog) {
    auto name = text(statement.schemaname);
    if (name.empty() && statement.authrole != nullptr) {
        name = text(statement.authrole->rolename);
    }
    catalog.schemas.insert(name);
    if (statement.if_not_exists == 0) {
        catalog.schemas_of_plan.insert(name);
    }
    if (statement.n_schema_elts == 0) {
        return;
    }
    // Elements without a schema of their own are made in the new one.
    const auto path = std::exchange(catalog.search_path, {name});
    for (std::size_t i = 0; i < statement.n_schema_elts; ++i) {
        const auto& element = *statement.schema_elts[i];
        if (element.node_case == PG_QUERY__NODE__NODE_CREATE_STMT) {
            apply_create_table(*element.create_stmt, sql, catalog, 'r');
        } else if (element.node_case == PG_QUERY__NODE__NODE_VIEW_STMT) {
            apply_create_view(*element.view_stmt, sql, catalog);
        } else if (element.node_case == PG_QUERY__NODE__NODE_INDEX_STMT) {
            apply_create_index(*element.index_stmt, catalog);
        } else if (element.node_case == PG_QUERY__NODE__NODE_CREATE_SEQ_STMT) {
            create_sequence(*element.create_seq_stmt, catalog);
        }
    }
    catalog.search_path = path;
}

void publish(const std::string& publication, std::size_t n, PgQuery__Node* const* objects, bool add, Catalog& catalog) {
    for (std::size_t i = 0; i < n; ++i) {
        const auto* table =
            objects[i]->node_case == PG_QUERY__NODE__NODE_PUBLICATION_OBJ_SPEC ? objects[i]->publication_obj_spec->pubtable : nullptr;
        auto* relation = table == nullptr || table->relation == nullptr ? nullptr : writable(catalog, name_of(table->relation));
        if (relation != nullptr) {
            erase(relation->publications, publication);
            if (add) {
                relation->publications.own().push_back(publication);
            }
        }
    }
}

void alter_publication(const PgQuery__AlterPublicationStmt& alter, Catalog& catalog) {
    const auto name = text(alter.pubname);
    if (alter.action == PG_QUERY__ALTER_PUBLICATION_ACTION__AP_SetObjects) {
        for (const auto& [key, relation] : Map<QualifiedName, Relation>(catalog.relations)) {
            if (std::find(relation.publications.begin(), relation.publications.end(), name) != relation.publications.end()) {
                erase(catalog.relations.at(key).publications, name);
            }
        }
    }
    publish(name, alter.n_pubobjects, alter.pubobjects, alter.action != PG_QUERY__ALTER_PUBLICATION_ACTION__AP_DropObjects, catalog);
}

void create_statistics(const PgQuery__CreateStatsStmt& create, Catalog& catalog) {
    const auto written = name_of(create.n_defnames, create.defnames);
    const auto* of = create.n_relations == 1 ? create.relations[0] : nullptr;
    auto* table = of == nullptr || of->node_case != PG_QUERY__NODE__NODE_RANGE_VAR ? nullptr : writable(catalog, name_of(of->range_var));
    if (table != nullptr && !written.empty() && !catalog.find_statistics(written)) {
        table->statistics.own().push_back(catalog.resolve_new(written));
    }
}

}  // namespace

void apply_object(const PgQuery__Node& statement, std::string_view sql, Catalog& catalog) {
    switch (statement.node_case) {
        case PG_QUERY__NODE__NODE_CREATE_PUBLICATION_STMT: {
            const auto& create = *statement.create_publication_stmt;
            publish(text(create.pubname), create.n_pubobjects, create.pubobjects, true, catalog);
            break;
        }
        case PG_QUERY__NODE__NODE_ALTER_PUBLICATION_STMT: alter_publication(*statement.alter_publication_stmt, catalog); break;
        case PG_QUERY__NODE__NODE_CREATE_ENUM_STMT: {
            const auto& created = *statement.create_enum_stmt;
            add_type(catalog, name_of(created.n_type_name, created.type_name), 'e', strings_of(created.n_vals, created.vals));
            break;
        }
        case PG_QUERY__NODE__NODE_COMPOSITE_TYPE_STMT: add_type(catalog, name_of(statement.composite_type_stmt->typevar), 'c'); break;
        case PG_QUERY__NODE__NODE_CREATE_RANGE_STMT:
            add_type(catalog, name_of(statement.create_range_stmt->n_type_name, statement.create_range_stmt->type_name), 'r');
            break;
        case PG_QUERY__NODE__NODE_CREATE_DOMAIN_STMT: create_domain(*statement.create_domain_stmt, catalog); break;
        case PG_QUERY__NODE__NODE_ALTER_DOMAIN_STMT: alter_domain(*statement.alter_domain_stmt, catalog); break;
        case PG_QUERY__NODE__NODE_ALTER_ENUM_STMT: alter_enum(*statement.alter_enum_stmt, catalog); break;
        case PG_QUERY__NODE__NODE_CREATE_FUNCTION_STMT: create_function(*statement.create_function_stmt, sql, catalog); break;
        case PG_QUERY__NODE__NODE_CREATE_SEQ_STMT: create_sequence(*statement.create_seq_stmt, catalog); break;
        case PG_QUERY__NODE__NODE_ALTER_SEQ_STMT: alter_sequence(*statement.alter_seq_stmt, catalog); break;
        case PG_QUERY__NODE__NODE_CREATE_SCHEMA_STMT: create_schema(*statement.create_schema_stmt, sql, catalog); break;
        case PG_QUERY__NODE__NODE_CREATE_EXTENSION_STMT: catalog.extensions.insert(text(statement.create_extension_stmt->extname)); break;
        case PG_QUERY__NODE__NODE_CREATE_TRIG_STMT: create_trigger(*statement.create_trig_stmt, sql, catalog); break;
        case PG_QUERY__NODE__NODE_CREATE_STATS_STMT: create_statistics(*statement.create_stats_stmt, catalog); break;
        case PG_QUERY__NODE__NODE_CREATE_POLICY_STMT: create_policy(*statement.create_policy_stmt, sql, catalog); break;
        case PG_QUERY__NODE__NODE_RULE_STMT:
            if (auto* table = writable(catalog, name_of(statement.rule_stmt->relation))) {
                erase_if(table->rules, [&](const Rule& rule) { return rule.name == text(statement.rule_stmt->rulename); });
                table->rules.own().push_back({.name = text(statement.rule_stmt->rulename), .definition = std::string(sql)});
            }
            break;
        case PG_QUERY__NODE__NODE_COMMENT_STMT: comment(*statement.comment_stmt, catalog); break;
        default: break;
    }
}

}  // namespace pgbelay::catalog
