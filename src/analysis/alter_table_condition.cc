// What holds once a subcommand of ALTER TABLE is done.
#include "analysis/alter_table_parts.h"

#include "analysis/index_definition.h"
#include "analysis/relation_facts.h"
#include "analysis/tree_util.h"
#include "sql/quote.h"

#include <algorithm>

namespace pgbelay::analysis {

namespace {

// Indexes and constraints go with their column: what an earlier statement of the plan said of them ends here.
catalog::Condition without_column(const AlterTable& work, const std::string& column) {
    catalog::Condition gone{.facts = {catalog::Absent{catalog::Absent::What::column, work.table, column}}};
    for (const catalog::Index& index : work.now == nullptr ? std::vector<catalog::Index>{} : work.now->indexes) {
        if (std::ranges::count(columns_of_index(index), column) > 0) {
            gone.facts.push_back(catalog::Absent{catalog::Absent::What::index, index.name, {}});
        }
    }
    for (const catalog::Constraint& constraint : work.now == nullptr ? std::vector<catalog::Constraint>{} : work.now->constraints) {
        if (std::ranges::count(constraint.columns, column) > 0) {
            gone.facts.push_back(catalog::Absent{catalog::Absent::What::constraint, work.table, constraint.name});
        }
    }
    return gone;
}

}  // namespace

catalog::Condition condition_of(const AlterTable& work, const PgQuery__AlterTableCmd& command) {
    const std::string name = text(command.name);
    switch (command.subtype) {
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn: {
            const PgQuery__ColumnDef& column = *command.def->column_def;
            const bool known = column.type_name != nullptr && is_known_type(*column.type_name, work.ctx.now);
            const std::string type = known || (column.type_name != nullptr && is_serial(*column.type_name))
                                         ? type_name(*column.type_name, &work.ctx.now)
                                         : std::string();
            return {.facts = {catalog::ColumnIs{work.table, text(column.colname), type, false}}};
        }
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropColumn: return without_column(work, name);
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AddConstraint: {
            const PgQuery__Constraint& constraint = *command.def->constraint;
            const std::string conname = text(constraint.conname);
            if (conname.empty()) {
                return {};
            }
            return {.facts = {catalog::ConstraintIs{work.table, conname, contype(constraint), {}, constraint.skip_validation == 0}}};
        }
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropConstraint:
            return {.facts = {catalog::Absent{catalog::Absent::What::constraint, work.table, name}}};
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ValidateConstraint: return {.facts = {catalog::ConstraintIs{work.table, name, 0, {}, true}}};
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetNotNull: return {.facts = {catalog::ColumnIs{work.table, name, {}, true}}};
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AttachPartition:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DetachPartition:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DetachPartitionFinalize: {
            if (work.node.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_INDEX) {
                return {};
            }
            const QualifiedName child = found_name(work.ctx.now, name_of(command.def->partition_cmd->name));
            return {.facts = {catalog::PartitionIs{child, work.table, command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_AttachPartition}}};
        }
        // Says nothing by itself, but ends what an earlier SET NOT NULL said.
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropNotNull: return {.facts = {catalog::ColumnIs{work.table, name, {}, false}}};
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AlterColumnType: {
            const PgQuery__TypeName& type = *command.def->column_def->type_name;
            const bool known = is_known_type(type, work.ctx.now);
            return {.facts = {catalog::ColumnIs{work.table, name, known ? type_name(type, &work.ctx.now) : std::string(), false}}};
        }
        default: return {};
    }
}

}  // namespace pgbelay::analysis
