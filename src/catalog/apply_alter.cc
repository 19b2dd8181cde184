#include "catalog/apply_internal.h"
#include "catalog/names.h"
#include "catalog/tree_util.h"
#include "sql/quote.h"
#include "sql/tokens.h"

#include <algorithm>
#include <utility>

namespace pgbelay::catalog {

namespace {

Column* writable_column(Relation& table, const std::string& name) {
    const auto found = std::find_if(table.columns.begin(), table.columns.end(), [&](const Column& column) { return column.name == name; });
    return found == table.columns.end() ? nullptr : &*found;
}

// Keeps the tables below in step, as ALTER TABLE without ONLY does.
template <class Change>
void on_columns(Catalog& catalog, const QualifiedName& table, const std::string& name, const Change& change) {
    auto* relation = writable(catalog, table);
    if (relation == nullptr) {
        return;
    }
    if (auto* column = writable_column(*relation, name)) {
        change(*column);
    }
    for (const auto& child : std::vector<QualifiedName>(relation->children)) {
        on_columns(catalog, child, name, change);
    }
}

void add_column(const PgQuery__AlterTableCmd& command, const QualifiedName& table, std::string_view sql, Catalog& catalog) {
    if (command.def == nullptr || command.def->node_case != PG_QUERY__NODE__NODE_COLUMN_DEF) {
        return;
    }
    const auto& definition = *command.def->column_def;
    auto* relation = writable(catalog, table);
    if (relation == nullptr || relation->column(text(definition.colname)) != nullptr) {
        return;
    }
    auto column = make_column(definition, table, sql, catalog);
    column.all_null = !column.default_expression && column.generated == 0 && column.identity == 0;
    column.created_by_plan = true;
    relation = writable(catalog, table);
    append_exactly(relation->columns, column);
    for (const auto& child : std::vector<QualifiedName>(relation->children)) {
        if (auto* below = writable(catalog, child); below != nullptr && below->column(column.name) == nullptr) {
            append_exactly(below->columns, column);
        }
    }
    add_constraints(constraints_of(definition), table, catalog);
}

void alter_type(const PgQuery__AlterTableCmd& command, const QualifiedName& table, Catalog& catalog) {
    if (command.def == nullptr || command.def->node_case != PG_QUERY__NODE__NODE_COLUMN_DEF ||
        command.def->column_def->type_name == nullptr) {
        return;
    }
    const auto& definition = *command.def->column_def;
    const auto type = type_name(*definition.type_name, &catalog);
    const auto collation = definition.coll_clause == nullptr
                               ? std::string()
                               : sql::quote_name(name_of(definition.coll_clause->n_collname, definition.coll_clause->collname));
    on_columns(catalog, table, text(command.name), [&](Column& column) {
        column.type = type;
        column.collation = collation;
    });
}

void validate(const std::string& name, Relation& table) {
    for (auto& constraint : table.constraints) {
        if (constraint.name == name) {
            constraint.validated = true;
            if (constraint.definition.ends_with(" NOT VALID")) {
                constraint.definition.resize(constraint.definition.size() - std::string_view(" NOT VALID").size());
            }
        }
    }
}

// Of triggers or rules: the one by that name, or all.
template <class Member>
void set_state(Rare<std::vector<Member>>& members, const std::string& name, char state) {
    for (auto& member : members) {
        if (name.empty() || member.name == name) {
            member.enabled = state;
        }
    }
}

void replica_identity(const PgQuery__AlterTableCmd& command, Relation& table) {
    if (command.def == nullptr || command.def->node_case != PG_QUERY__NODE__NODE_REPLICA_IDENTITY_STMT) {
        return;
    }
    const auto& statement = *command.def->replica_identity_stmt;
    const auto kind = text(statement.identity_type);
    table.replica_identity = kind.empty() ? 'd' : kind.front();
    for (auto& index : table.indexes) {
        index.replica_identity = table.replica_identity == 'i' && index.name.name == text(statement.name);
    }
}

// Those that say the column's name go with it under CASCADE, and what is made from them.
void drop_views_on(Catalog& catalog, const QualifiedName& table, const std::string& column) {
    const auto* relation = catalog.find(table);
    const std::string quoted = sql::quote_identifier(column);
    std::vector<QualifiedName> gone;
    for (const auto& name : relation == nullptr ? std::vector<QualifiedName>{} : *relation->dependent_views) {
        const auto* view = catalog.find(name);
        if (view != nullptr && view->view_definition->find(quoted) != std::string::npos) {
            gone.push_back(name);
        }
    }
    for (std::size_t i = 0; i < gone.size(); ++i) {
        const auto* view = catalog.find(gone[i]);
        const auto above = view == nullptr ? std::vector<QualifiedName>{} : *view->dependent_views;
        gone.insert(gone.end(), above.begin(), above.end());
        catalog.remove(gone[i]);
    }
}

void attach_partition(const PgQuery__AlterTableCmd& command, const QualifiedName& table, Catalog& catalog) {
    if (command.def == nullptr || command.def->node_case != PG_QUERY__NODE__NODE_PARTITION_CMD) {
        return;
    }
    auto* child = writable(catalog, name_of(command.def->partition_cmd->name));
    auto* parent = writable(catalog, table);
    if (child == nullptr || parent == nullptr || parent->kind == 'I') {
        return;
    }
    child->parent = parent->name;
    child->is_partition = true;
    if (const auto* bound = command.def->partition_cmd->bound; bound != nullptr && bound->is_default) {
        child->partition_bound = "DEFAULT";
    }
    parent->children.own().push_back(child->name);
}

void detach(Relation* child, Relation* parent) {
    if (child != nullptr && parent != nullptr) {
        child->parent.reset();
        child->is_partition = false;
        // It keeps what it had from its parent, as its own.
        for (auto& constraint : child->constraints) {
            constraint.inherited = false;
        }
        erase(parent->children, child->name);
    }
}

void attach_inheritance(const PgQuery__AlterTableCmd& command, const QualifiedName& table, Catalog& catalog, bool add) {
    if (command.def == nullptr || command.def->node_case != PG_QUERY__NODE__NODE_RANGE_VAR) {
        return;
    }
    auto* parent = writable(catalog, name_of(command.def->range_var));
    auto* child = writable(catalog, table);
    if (parent == nullptr || child == nullptr) {
        return;
    }
    if (!add) {
        detach(child, parent);
        return;
    }
    child->parent = parent->name;
    parent->children.own().push_back(child->name);
}

void set_owner(const PgQuery__AlterTableCmd& command, Relation& table, const Catalog& catalog) {
    if (command.newowner != nullptr) {
        const auto role = text(command.newowner->rolename);
        table.owner = role.empty() ? catalog.role : role;
    }
}

void add_identity(const PgQuery__AlterTableCmd& command, const QualifiedName& table, Catalog& catalog) {
    Relation sequence;
    sequence.name = {table.schema, choose_relation_name(catalog, table.schema, table.name, text(command.name), "seq", false)};
    sequence.kind = 'S';
    sequence.sequence_owner_column = sql::quote_name(table) + "." + sql::quote_identifier(text(command.name));
    sequence.created_by_plan = true;
    catalog.add(std::move(sequence));
    on_columns(catalog, table, text(command.name), [&](Column& column) {
        const auto* constraint = command.def == nullptr ? nullptr : as_constraint(command.def);
        const auto when = constraint == nullptr ? std::string() : text(constraint->generated_when);
        column.identity = when.empty() ? 'a' : when.front();
    });
}

void drop_identity(const std::string& column, const QualifiedName& table, Catalog& catalog) {
    if (const auto sequences = catalog.sequences_of(table, column); !sequences.empty()) {
        catalog.remove(sequences.front());
    }
    on_columns(catalog, table, column, [](Column& changed) { changed.identity = 0; });
}

// The expression of `ALTER COLUMN c SET DEFAULT expression`: the tree has no place for it.
std::string default_of(std::string_view subcommand) {
    for (const auto& token : sql::scan(subcommand)) {
        if (token.keyword && token.text == "default") {
            auto rest = subcommand.substr(token.end);
            rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n"), rest.size()));
            return std::string(rest);
        }
    }
    return {};
}

// Subcommands on columns; false when it is none of them.
bool alter_column(const PgQuery__AlterTableCmd& command, const QualifiedName& table, std::string_view sql, std::string_view written,
                  Catalog& catalog) {
    const auto name = text(command.name);
    switch (command.subtype) {
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn: add_column(command, table, sql, catalog); return true;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropColumn:
            if (command.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE) {
                drop_views_on(catalog, table, name);
            }
            drop_column(catalog, *writable(catalog, table), name);
            return true;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AlterColumnType: alter_type(command, table, catalog); return true;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetNotNull:
            on_columns(catalog, table, name, [](Column& column) { column.not_null = true; });
            return true;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropNotNull:
            on_columns(catalog, table, name, [](Column& column) { column.not_null = false; });
            return true;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ColumnDefault:
            on_columns(catalog, table, name, [&](Column& column) {
                column.default_expression = command.def == nullptr ? std::nullopt : std::optional(default_of(written));
            });
            return true;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetStatistics:
            on_columns(catalog, table, name, [&](Column& column) { column.statistics_target = integer_of(command.def).value_or(-1); });
            return true;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropExpression:
            on_columns(catalog, table, name, [](Column& column) {
                column.generated = 0;
                column.default_expression.reset();
            });
            return true;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AddIdentity: add_identity(command, table, catalog); return true;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropIdentity: drop_identity(name, table, catalog); return true;
        default: return false;
    }
}

bool alter_member_state(const PgQuery__AlterTableCmd& command, Relation& table) {
    const auto name = text(command.name);
    switch (command.subtype) {
        case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableTrig: set_state(table.triggers, name, 'O'); return true;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableAlwaysTrig: set_state(table.triggers, name, 'A'); return true;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableReplicaTrig: set_state(table.triggers, name, 'R'); return true;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableTrig: set_state(table.triggers, name, 'D'); return true;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableTrigUser: set_state(table.triggers, "", 'O'); return true;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableTrigUser: set_state(table.triggers, "", 'D'); return true;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableTrigAll:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableTrigAll:
            table.keys_are_off = command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_DisableTrigAll;
            set_state(table.triggers, "", table.keys_are_off ? 'D' : 'O');
            return true;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableRule: set_state(table.rules, name, 'O'); return true;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableAlwaysRule: set_state(table.rules, name, 'A'); return true;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableReplicaRule: set_state(table.rules, name, 'R'); return true;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableRule: set_state(table.rules, name, 'D'); return true;
        default: return false;
    }
}

// `ADD CONSTRAINT` on a partitioned or inherited table gives its children the same check.
void add_constraint(const PgQuery__AlterTableCmd& command, const QualifiedName& table, Catalog& catalog) {
    const auto* constraint = command.def == nullptr ? nullptr : as_constraint(command.def);
    if (constraint != nullptr) {
        add_constraints({{constraint, ""}}, table, catalog);
    }
}

void drop_constraint(const PgQuery__AlterTableCmd& command, Relation& table, Catalog& catalog) {
    const auto name = text(command.name);
    const auto* constraint = table.constraint(name);
    const auto* index = constraint == nullptr ? nullptr : table.index(constraint->index);
    if (index != nullptr && command.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE) {
        drop_foreign_keys_on(Index(*index), catalog);
    }
    drop_constraint(catalog, table, name);
}

void alter_rest(const PgQuery__AlterTableCmd& command, Relation& table, Catalog& catalog) {
    const auto key = table.name;
    switch (command.subtype) {
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AddConstraint: add_constraint(command, key, catalog); break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropConstraint: drop_constraint(command, table, catalog); break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ValidateConstraint: validate(text(command.name), table); break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ReplicaIdentity: replica_identity(command, table); break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableRowSecurity: table.row_security = true; break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableRowSecurity: table.row_security = false; break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ForceRowSecurity: table.force_row_security = true; break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_NoForceRowSecurity: table.force_row_security = false; break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetLogged: table.persistence = 'p'; break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetUnLogged: table.persistence = 'u'; break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetTableSpace: table.tablespace = text(command.name); break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ChangeOwner: set_owner(command, table, catalog); break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AttachPartition: attach_partition(command, key, catalog); break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DetachPartition:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DetachPartitionFinalize:
            if (command.def != nullptr && command.def->node_case == PG_QUERY__NODE__NODE_PARTITION_CMD) {
                detach(writable(catalog, name_of(command.def->partition_cmd->name)), &table);
            }
            break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AddInherit: attach_inheritance(command, key, catalog, true); break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropInherit: attach_inheritance(command, key, catalog, false); break;
        default: break;
    }
}

// The server's passes (tablecmds.c, AlterTablePass): drops come before types, types before columns, columns before constraints.
int pass(PgQuery__AlterTableType type) {
    switch (type) {
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropColumn:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropConstraint: return 0;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AlterColumnType: return 1;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn: return 2;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AddConstraint: return 4;
        default: return 3;
    }
}

}  // namespace

void apply_alter_table(const PgQuery__AlterTableStmt& statement, std::string_view sql, Catalog& catalog) {
    const auto* found = catalog.find(name_of(statement.relation));
    if (found == nullptr) {
        return;
    }
    const auto key = found->name;
    const auto pieces = sql::cut_alter_table(sql, statement).pieces;
    std::vector<std::pair<const PgQuery__AlterTableCmd*, std::string>> commands;
    for (std::size_t i = 0; i < statement.n_cmds; ++i) {
        if (statement.cmds[i]->node_case == PG_QUERY__NODE__NODE_ALTER_TABLE_CMD) {
            commands.emplace_back(statement.cmds[i]->alter_table_cmd, i < pieces.size() ? pieces[i] : std::string());
        }
    }
    std::stable_sort(commands.begin(), commands.end(),
                     [](const auto& a, const auto& b) { return pass(a.first->subtype) < pass(b.first->subtype); });
    for (const auto& [command, written] : commands) {
        auto* table = writable(catalog, key);
        if (table == nullptr) {
            return;
        }
        if (!alter_column(*command, key, sql, written, catalog) && !alter_member_state(*command, *table)) {
            alter_rest(*command, *table, catalog);
        }
    }
}

}  // namespace pgbelay::catalog
