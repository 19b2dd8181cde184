#include "catalog/apply_internal.h"
#include "catalog/overload.h"
#include "catalog/tree_util.h"
#include "sql/quote.h"
#include "sql/statement.h"
#include "sql/tokens.h"

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

// The text with another name, schema and all, behind the first of the words: "TRIGGER t" as "TRIGGER u".
std::string with_name_behind(const std::string& definition, const std::vector<std::vector<std::string_view>>& words,
                             const std::string& name) {
    auto tokens = sql::scan(definition);
    std::erase_if(tokens, [](const sql::Token& token) { return token.comment; });
    for (std::size_t at = 0; at < tokens.size(); ++at) {
        for (const auto& wanted : words) {
            const bool here = at + wanted.size() < tokens.size() &&
                              std::equal(
                                  wanted.begin(), wanted.end(), tokens.begin() + static_cast<std::ptrdiff_t>(at),
                                  [](std::string_view word, const sql::Token& token) { return token.keyword && token.text == word; });
            if (here) {
                const std::size_t first = at + wanted.size();
                std::size_t last = first;
                while (last + 2 < tokens.size() && tokens[last + 1].text == ".") {
                    last += 2;
                }
                return definition.substr(0, tokens[first].begin) + name + definition.substr(tokens[last].end);
            }
        }
    }
    return {};
}

// nextval('s') in the defaults of the table; text that names it otherwise is left alone.
void follow_sequence(Catalog& catalog, Relation& table, const QualifiedName& from, const QualifiedName& to) {
    for (auto& column : table.columns) {
        if (!column.default_expression || column.default_expression->find("nextval(") == std::string::npos) {
            continue;
        }
        std::string& expression = *column.default_expression;
        for (const auto& token : sql::scan(expression)) {
            const bool string = token.text.size() > 2 && token.text.front() == '\'' && token.text.back() == '\'';
            auto named = string ? sql::read_name(token.text.substr(1, token.text.size() - 2)) : QualifiedName{};
            if (!named.empty() && (named.schema.empty() ? catalog.resolve_new(named) : named) == from) {
                expression.replace(token.begin, token.end - token.begin, sql::quote_literal(sql::quote_name(to)));
                break;
            }
        }
    }
}

// One that belongs to a column is looked for in that column's table, any other one everywhere.
void follow_sequence(Catalog& catalog, const QualifiedName& from, const QualifiedName& to, const std::string& owner) {
    for (const auto& [name, relation] : Map<QualifiedName, Relation>(catalog.relations)) {
        const bool concerned = relation.kind == 'r' || relation.kind == 'p';
        if (concerned && (owner.empty() || owner.starts_with(sql::quote_name(name) + "."))) {
            follow_sequence(catalog, catalog.relations.at(name), from, to);
        }
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

// Triggers name the function that they call, by whatever name it has.
void follow_function(Catalog& catalog, const QualifiedName& from, const QualifiedName& to) {
    for (const auto& [name, relation] : Map<QualifiedName, Relation>(catalog.relations)) {
        for (std::size_t i = 0; i < relation.triggers.size(); ++i) {
            const auto read = sql::read_statement(relation.triggers[i].definition);
            const auto* trigger = read.kind == "CreateTrigStmt" ? read.node().create_trig_stmt : nullptr;
            const auto* called = trigger == nullptr ? nullptr : catalog.find_functions(name_of(trigger->n_funcname, trigger->funcname));
            if (called != nullptr && !called->empty() && called->front().name == from) {
                auto& definition = catalog.relations.at(name).triggers.own()[i].definition;
                definition = with_name_behind(definition, {{"execute", "function"}, {"execute", "procedure"}}, sql::quote_name(to));
            }
        }
    }
}

void move_function(Catalog& catalog, const Function& found, const QualifiedName& to) {
    const auto from = found.name;
    auto function = found;
    follow_function(catalog, from, to);
    std::erase_if(catalog.functions.at(from), [&](const Function& other) { return other.argument_types == function.argument_types; });
    if (catalog.functions.at(from).empty()) {
        catalog.functions.erase(from);
    }
    function.name = to;
    function.definition = with_name_behind(function.definition, {{"function"}, {"procedure"}}, sql::quote_name(to));
    catalog.functions[to].push_back(std::move(function));
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
    for (const auto& [name, type] : Map<QualifiedName, Type>(catalog.types)) {
        if (name.schema == from) {
            move_type(catalog, name, {to, name.name});
        }
    }
    for (const auto& [name, overloads] : Map<QualifiedName, std::vector<Function>>(catalog.functions)) {
        for (const auto& function : name.schema == from ? overloads : std::vector<Function>{}) {
            move_function(catalog, function, {to, name.name});
        }
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
            trigger.definition = with_name_behind(trigger.definition, {{"trigger"}}, sql::quote_identifier(to));
        }
    }
    for (auto& policy : table.policies) {
        if (statement.rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_POLICY && policy.name == from) {
            policy.name = to;
            policy.definition = with_name_behind(policy.definition, {{"policy"}}, sql::quote_identifier(to));
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
            move_function(catalog, Function(*found), {found->name.schema, to});
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
    const bool is_sequence = moved.kind == 'S';
    const std::string owner = moved.sequence_owner_column;
    catalog.relations.erase(from);
    catalog.relations.insert_or_assign(to, std::move(moved));
    catalog.taken_relation_names.erase(from);
    catalog.taken_relation_names.insert(to);
    catalog.note_owner(to);
    if (!index_of.empty()) {
        move_index(catalog, index_of, from, to);
        return;
    }
    if (is_sequence) {
        follow_sequence(catalog, from, to, owner);
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
    if (statement.object != nullptr && statement.object->node_case == PG_QUERY__NODE__NODE_OBJECT_WITH_ARGS) {
        if (const auto* found = find_function(catalog, *statement.object->object_with_args)) {
            move_function(catalog, Function(*found), {schema, found->name.name});
        }
    }
    if (statement.object != nullptr &&
        (statement.object_type == PG_QUERY__OBJECT_TYPE__OBJECT_TYPE || statement.object_type == PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN)) {
        const auto written = name_of_list(statement.object);
        move_type(catalog, written, {schema, written.name});
    }
}

}  // namespace pgbelay::catalog
