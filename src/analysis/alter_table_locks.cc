#include "analysis/alter_table_parts.h"
#include "analysis/relation_facts.h"
#include "analysis/tree_util.h"

#include <algorithm>
#include <array>

namespace pgbelay::analysis {

namespace {

// AlterTableGetRelOptionsLockLevel(): those of access/common/reloptions.c that are not ShareUpdateExclusiveLock.
LockMode option_lock_level(const PgQuery__Node* list) {
    static constexpr std::array kStrong = {"user_catalog_table",     "security_barrier", "security_invoker", "check_option",   "fastupdate",
                                           "gin_pending_list_limit", "buffering",        "autosummarize",    "pages_per_range"};
    if (list == nullptr || list->node_case != PG_QUERY__NODE__NODE_LIST) {
        return LockMode::access_exclusive;
    }
    for (std::size_t i = 0; i < list->list->n_items; ++i) {
        const std::string option = text(list->list->items[i]->def_elem->defname);
        if (std::find(kStrong.begin(), kStrong.end(), option) != kStrong.end()) {
            return LockMode::access_exclusive;
        }
    }
    return LockMode::share_update_exclusive;
}

LockMode constraint_lock_level(const PgQuery__Node* definition) {
    const bool foreign = definition != nullptr && definition->node_case == PG_QUERY__NODE__NODE_CONSTRAINT &&
                         definition->constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN;
    return foreign ? LockMode::share_row_exclusive : LockMode::access_exclusive;
}

}  // namespace

namespace {

// A primary key makes its columns NOT NULL, which concerns everything below (ATPrepSetNotNull, also with ONLY).
bool key_has_nullable(const AlterTable& work, const PgQuery__Constraint& constraint) {
    return std::ranges::any_of(constraint_columns(constraint), [&](const std::string& name) {
        const catalog::Column* column = work.column(name);
        return column != nullptr && !column->not_null;
    });
}

Below below_new_constraint(const AlterTable& work, const PgQuery__Constraint& constraint) {
    const Below recursion = work.recurses ? Below::all : Below::none;
    switch (constraint.contype) {
        case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK: return constraint.is_no_inherit ? Below::none : recursion;
        case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY:
            return work.partitioned && work.recurses ? Below::all : key_has_nullable(work, constraint) ? Below::all : Below::none;
        case PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL: return recursion;
        default: return work.partitioned || work.ctx.now.server_major >= 18 ? recursion : Below::none;
    }
}

}  // namespace

bool sets_expression(const PgQuery__AlterTableCmd& command) {
    const ProtobufCEnumDescriptor& types = pg_query__alter_table_type__descriptor;
    for (unsigned i = 0; i < types.n_values; ++i) {
        if (types.values[i].value == static_cast<int>(command.subtype)) {
            return std::string_view(types.values[i].name) == "AT_SetExpression";
        }
    }
    return false;
}

namespace {

// ENABLE and DISABLE TRIGGER in all their forms.
bool switches_trigger(PgQuery__AlterTableType type) {
    switch (type) {
        case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableTrig:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableAlwaysTrig:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableReplicaTrig:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableTrigAll:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableTrigUser:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableTrig:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableTrigAll:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableTrigUser: return true;
        default: return false;
    }
}

Reason constraint_lock_reason(const PgQuery__Node* definition) {
    if (definition == nullptr || definition->node_case != PG_QUERY__NODE__NODE_CONSTRAINT) {
        return Reason::alters_table;
    }
    switch (definition->constraint->contype) {
        case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN: return Reason::adds_foreign_key;
        case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY:
        case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE:
        case PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION: return Reason::adds_key;
        default: return Reason::adds_constraint;
    }
}

}  // namespace

Reason lock_reason(const PgQuery__AlterTableCmd& command) {
    if (switches_trigger(command.subtype)) {
        return Reason::switches_trigger;
    }
    switch (command.subtype) {
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn: return Reason::adds_column;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropColumn: return Reason::drops_column;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AlterColumnType: return Reason::changes_type;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetAccessMethod:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetTableSpace:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetLogged:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetUnLogged: return Reason::moves_table;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetStorage: return Reason::changes_column_storage;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AddConstraint: return constraint_lock_reason(command.def);
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropConstraint:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropNotNull: return Reason::drops_constraint;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ValidateConstraint: return Reason::validates_constraint;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableRule:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableAlwaysRule:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableReplicaRule:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableRule: return Reason::changes_rule;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ChangeOwner: return Reason::changes_owner;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_GenericOptions:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AlterColumnGenericOptions: return Reason::changes_foreign_options;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableRowSecurity:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableRowSecurity:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ForceRowSecurity:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_NoForceRowSecurity: return Reason::switches_row_security;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ColumnDefault:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AlterConstraint:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ReplicaIdentity:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetNotNull:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AddIdentity:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropIdentity:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetIdentity:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropExpression:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetCompression: return Reason::changes_what_writes_do;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AddInherit:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropInherit: return Reason::changes_inheritance;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AddOf:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropOf: return Reason::changes_row_type;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetStatistics:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ClusterOn:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropCluster:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetOptions:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ResetOptions: return Reason::changes_planning;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetRelOptions:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ResetRelOptions: return Reason::changes_options;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AttachPartition: return Reason::attaches_partition;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DetachPartition:
            return command.def->partition_cmd->concurrent ? Reason::detaches_concurrently : Reason::detaches_partition;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DetachPartitionFinalize: return Reason::finishes_detaching;
        default: return Reason::alters_table;
    }
}

LockMode lock_level(const PgQuery__AlterTableCmd& command) {
    if (switches_trigger(command.subtype)) {
        return LockMode::share_row_exclusive;
    }
    switch (command.subtype) {
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetStatistics:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ClusterOn:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropCluster:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetOptions:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ResetOptions:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ValidateConstraint:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AttachPartition:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DetachPartitionFinalize: return LockMode::share_update_exclusive;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DetachPartition:
            return command.def->partition_cmd->concurrent ? LockMode::share_update_exclusive : LockMode::access_exclusive;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetRelOptions:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ResetRelOptions: return option_lock_level(command.def);
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AddConstraint: return constraint_lock_level(command.def);
        default: return LockMode::access_exclusive;
    }
}

bool stays_on_the_table(PgQuery__AlterTableType type) {
    switch (type) {
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ChangeOwner:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ClusterOn:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropCluster:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetLogged:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetUnLogged:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetAccessMethod:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetTableSpace:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetRelOptions:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ResetRelOptions:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ReplaceRelOptions:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableRule:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableAlwaysRule:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableReplicaRule:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableRule:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AddInherit:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropInherit:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AddOf:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropOf:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ReplicaIdentity:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableRowSecurity:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableRowSecurity:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ForceRowSecurity:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_NoForceRowSecurity:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_GenericOptions:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AttachPartition:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DetachPartition:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DetachPartitionFinalize: return true;
        default: return false;
    }
}

Below below_of(const AlterTable& work, const PgQuery__AlterTableCmd& command) {
    const Below recursion = work.recurses ? Below::all : Below::none;
    if (switches_trigger(command.subtype)) {
        return work.partitioned ? recursion : Below::none;
    }
    switch (command.subtype) {
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropColumn:
            // With ONLY the children keep the column, as one of their own (ATExecDropColumn).
            return work.recurses ? Below::all : Below::children;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropConstraint: {
            const catalog::Constraint* constraint = work.constraint(text(command.name));
            const bool inherited = constraint == nullptr || work.partitioned || constraint->type == 'c' || constraint->type == 'n';
            return !inherited || (constraint != nullptr && constraint->no_inherit && constraint->type == 'c') ? Below::none
                   : work.recurses                                                                            ? Below::all
                   : constraint != nullptr && constraint->type == 'c'                                         ? Below::children
                                                                                                              : Below::none;
        }
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ValidateConstraint: {
            const catalog::Constraint* constraint = work.constraint(text(command.name));
            return constraint != nullptr && constraint->no_inherit && constraint->type == 'c' ? Below::none : recursion;
        }
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AddConstraint: return below_new_constraint(work, *command.def->constraint);
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AddIdentity:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetIdentity:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropIdentity: return work.partitioned ? recursion : Below::none;
        default: return stays_on_the_table(command.subtype) ? Below::none : recursion;
    }
}

LockMode child_lock_level(const AlterTable& work, const PgQuery__AlterTableCmd& command, LockMode mode) {
    if (command.subtype != PG_QUERY__ALTER_TABLE_TYPE__AT_AddConstraint || work.ctx.now.server_major >= 18) {
        return mode;
    }
    const auto type = command.def->constraint->contype;
    const bool key = type == PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE || type == PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION;
    if (type == PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY && !key_has_nullable(work, *command.def->constraint)) {
        return LockMode::share;
    }
    // One that can be deferred has a trigger on every partition.
    return !key ? mode : command.def->constraint->deferrable ? LockMode::share_row_exclusive : LockMode::share;
}

std::vector<RelationLock> table_locks(const AlterTable& work, LockMode mode, bool recurses) {
    std::vector<RelationLock> locks = {lock_on(work.ctx, work.table, mode)};
    if (!recurses) {
        return locks;
    }
    for (const QualifiedName& child : descendants(work.ctx, work.table)) {
        add_lock(locks, lock_on(work.ctx, child, mode));
    }
    return locks;
}

}  // namespace pgbelay::analysis
