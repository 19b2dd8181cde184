#include "analysis/alter_table_parts.h"
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

bool sets_expression(const PgQuery__AlterTableCmd& command) {
    const ProtobufCEnumDescriptor& types = pg_query__alter_table_type__descriptor;
    for (unsigned i = 0; i < types.n_values; ++i) {
        if (types.values[i].value == static_cast<int>(command.subtype)) {
            return std::string_view(types.values[i].name) == "AT_SetExpression";
        }
    }
    return false;
}

LockMode lock_level(const PgQuery__AlterTableCmd& command) {
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
        case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableTrig:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableAlwaysTrig:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableReplicaTrig:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableTrigAll:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableTrigUser:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableTrig:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableTrigAll:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableTrigUser: return LockMode::share_row_exclusive;
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

LockMode child_lock_level(const AlterTable& work, const PgQuery__AlterTableCmd& command, LockMode mode) {
    if (command.subtype != PG_QUERY__ALTER_TABLE_TYPE__AT_AddConstraint || work.ctx.now.server_major >= 18) {
        return mode;
    }
    const auto type = command.def->constraint->contype;
    const bool key = type == PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE || type == PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION;
    return key ? LockMode::share : mode;
}

}  // namespace pgbelay::analysis
