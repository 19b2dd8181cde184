#include "analysis/alter_table_parts.h"

#include "analysis/index_definition.h"
#include "analysis/relation_facts.h"
#include "analysis/restore.h"
#include "analysis/tree_util.h"
#include "analysis/type_change.h"
#include "sql/quote.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace pgbelay::analysis {

using sql::quote_identifier;
using sql::quote_literal;
using sql::quote_name;

namespace {

Inverse impossible(std::string why) {
    return {.possible = false, .why = std::move(why)};
}

Inverse unknown_before(const AlterTable& work) {
    return impossible("what " + sql::quote_name(work.table) + " looked like before is not known");
}

Inverse statement(std::string sql) {
    return {.sql = {std::move(sql)}};
}

// ALTER TABLE, or the word that fits the relation's kind.
std::string alter_word(const AlterTable& work) {
    switch (work.node.objtype) {
        case PG_QUERY__OBJECT_TYPE__OBJECT_INDEX: return "ALTER INDEX ";
        case PG_QUERY__OBJECT_TYPE__OBJECT_VIEW: return "ALTER VIEW ";
        case PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE: return "ALTER SEQUENCE ";
        case PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW: return "ALTER MATERIALIZED VIEW ";
        case PG_QUERY__OBJECT_TYPE__OBJECT_FOREIGN_TABLE: return "ALTER FOREIGN TABLE ";
        case PG_QUERY__OBJECT_TYPE__OBJECT_TYPE: return "ALTER TYPE ";
        default: return "ALTER TABLE ";
    }
}

std::string alter(const AlterTable& work) {
    const bool of_type = work.node.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_TYPE;  // which knows no ONLY
    return alter_word(work) + (work.recurses || of_type ? "" : "ONLY ") + quote_name(work.table) + " ";
}

std::string alter_column(const AlterTable& work, const std::string& column) {
    return alter(work) + "ALTER COLUMN " + quote_identifier(column) + " ";
}

Inverse of_default(const AlterTable& work, const catalog::Column& column) {
    const std::string head = alter_column(work, column.name);
    return statement(column.default_expression ? head + "SET DEFAULT " + *column.default_expression : head + "DROP DEFAULT");
}

// Undoing it writes the table anew, for which nothing gentler is known.
Inverse rewriting(const AlterTable& work, Inverse inverse) {
    if (!work.tiny) {
        inverse.as_written = true;
        inverse.why +=
            fmt::format("{}undoing it writes {} anew under ACCESS EXCLUSIVE", inverse.why.empty() ? "" : "; ", quote_name(work.table));
    }
    return inverse;
}

Inverse of_type(const AlterTable& work, const PgQuery__AlterTableCmd& command, const catalog::Column& column) {
    const std::string to = type_name(*command.def->column_def->type_name, &work.ctx.now);
    const bool lossless = type_change_is_lossless(to, column.type);
    std::string sql = alter_column(work, column.name) + "TYPE " + column.type;
    if (!column.collation.empty()) {
        sql += " COLLATE " + *column.collation;
    }
    if (!lossless) {
        sql += fmt::format(" USING {}::{}", quote_identifier(column.name), column.type);
    }
    Inverse inverse = statement(std::move(sql));
    if (!lossless) {
        inverse.loses_data = true;
        inverse.why = fmt::format("{} read as {} may lose what {} cannot hold", to, column.type, column.type);
        inverse.loss_in = work.table;
        inverse.loss_column = column.name;
    }
    return type_change_rewrites(work.ctx.now, to, column.type) ? rewriting(work, std::move(inverse)) : inverse;
}

Inverse of_storage(const AlterTable& work, const catalog::Column& column) {
    static const std::map<char, std::string> names = {{'p', "PLAIN"}, {'e', "EXTERNAL"}, {'m', "MAIN"}, {'x', "EXTENDED"}};
    const auto name = names.find(column.storage);
    return name == names.end() ? unknown_before(work) : statement(alter_column(work, column.name) + "SET STORAGE " + name->second);
}

// ` (START WITH 10 …)` of the column's own sequence, without the type, which is the column's.
std::string sequence_options(const AlterTable& work, const catalog::Column& column) {
    const auto sequences = work.ctx.now.sequences_of(work.table, column.name);
    if (sequences.empty()) {
        return {};
    }
    std::string options = work.ctx.now.relations.at(sequences.front()).sequence_definition;
    if (const std::size_t rest = options.find(' ', 3); options.starts_with("AS ")) {
        options = rest == std::string::npos ? "" : options.substr(rest + 1);
    }
    return fmt::format(" (SEQUENCE NAME {}{}{})", quote_name(sequences.front()), options.empty() ? "" : " ", options);
}

Inverse of_identity(const AlterTable& work, const PgQuery__AlterTableCmd& command, const catalog::Column& column) {
    const std::string head = alter_column(work, column.name);
    const std::string kind = column.identity == 'a' ? "ALWAYS" : "BY DEFAULT";
    if (command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_AddIdentity) {
        return statement(head + "DROP IDENTITY");
    }
    if (command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_DropIdentity) {
        Inverse inverse = statement(head + "ADD GENERATED " + kind + " AS IDENTITY" + sequence_options(work, column));
        inverse.loses_data = true;
        inverse.why = "the identity's sequence begins anew";
        return inverse;
    }
    const PgQuery__Node* options = command.def;
    const bool only_kind = options != nullptr && options->node_case == PG_QUERY__NODE__NODE_LIST && options->list->n_items == 1 &&
                           text(options->list->items[0]->def_elem->defname) == "generated";
    return only_kind ? statement(head + "SET GENERATED " + kind) : impossible("the sequence's position before is not kept");
}

// `name=value` pairs as the catalog keeps them.
std::map<std::string, std::string> parse_options(const std::vector<std::string>& options) {
    std::map<std::string, std::string> parsed;
    for (const std::string& option : options) {
        const std::size_t equals = option.find('=');
        parsed[option.substr(0, equals)] = equals == std::string::npos ? "" : option.substr(equals + 1);
    }
    return parsed;
}

// SET what was set, RESET what was not.
Inverse of_options(const std::string& head, const PgQuery__Node* list, const std::vector<std::string>& before) {
    if (list == nullptr || list->node_case != PG_QUERY__NODE__NODE_LIST) {
        return impossible("the options before are not known");
    }
    const auto values = parse_options(before);
    std::vector<std::string> set;
    std::vector<std::string> reset;
    for (std::size_t i = 0; i < list->list->n_items; ++i) {
        const PgQuery__DefElem& option = *list->list->items[i]->def_elem;
        const std::string space = text(option.defnamespace);
        const std::string name = text(option.defname);
        const std::string qualified = space.empty() ? quote_identifier(name) : quote_identifier(space) + "." + quote_identifier(name);
        const auto value = values.find(space.empty() ? name : space + "." + name);
        if (value == values.end()) {
            reset.push_back(qualified);
        } else {
            set.push_back(qualified + " = " + quote_literal(value->second));
        }
    }
    Inverse inverse;
    if (!set.empty()) {
        inverse.sql.push_back(fmt::format("{}SET ({})", head, fmt::join(set, ", ")));
    }
    if (!reset.empty()) {
        inverse.sql.push_back(fmt::format("{}RESET ({})", head, fmt::join(reset, ", ")));
    }
    return inverse;
}

std::string trigger_state(char enabled) {
    switch (enabled) {
        case 'D': return "DISABLE TRIGGER ";
        case 'R': return "ENABLE REPLICA TRIGGER ";
        case 'A': return "ENABLE ALWAYS TRIGGER ";
        default: return "ENABLE TRIGGER ";
    }
}

Inverse of_triggers(const AlterTable& work, const std::string& name) {
    Inverse inverse;
    for (const catalog::Trigger& trigger : work.now->triggers) {
        if (name.empty() || trigger.name == name) {
            inverse.sql.push_back(alter(work) + trigger_state(trigger.enabled) + quote_identifier(trigger.name));
        }
    }
    if (inverse.sql.empty() && !name.empty()) {
        return unknown_before(work);
    }
    return inverse;
}

Inverse of_replica_identity(const AlterTable& work) {
    switch (work.now->replica_identity) {
        case 'f': return statement(alter(work) + "REPLICA IDENTITY FULL");
        case 'n': return statement(alter(work) + "REPLICA IDENTITY NOTHING");
        case 'i': break;
        default: return statement(alter(work) + "REPLICA IDENTITY DEFAULT");
    }
    for (const catalog::Index& index : work.now->indexes) {
        if (index.replica_identity) {
            return statement(alter(work) + "REPLICA IDENTITY USING INDEX " + quote_identifier(index.name.name));
        }
    }
    return unknown_before(work);
}

Inverse of_cluster(const AlterTable& work) {
    for (const catalog::Index& index : work.now->indexes) {
        if (index.clustered) {
            return statement(alter(work) + "CLUSTER ON " + quote_identifier(index.name.name));
        }
    }
    return statement(alter(work) + "SET WITHOUT CLUSTER");
}

Inverse of_inherit(const AlterTable& work, const PgQuery__AlterTableCmd& command) {
    const bool adds = command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_AddInherit;
    const QualifiedName parent = found_name(work.ctx.now, name_of(command.def->range_var));
    return statement(alter(work) + (adds ? "NO INHERIT " : "INHERIT ") + quote_name(parent));
}

Inverse of_deferrability(const AlterTable& work, const std::string& name) {
    const catalog::Constraint* constraint = work.constraint(name);
    if (constraint == nullptr) {
        return unknown_before(work);
    }
    std::string state = constraint->deferrable ? " DEFERRABLE" : " NOT DEFERRABLE";
    if (constraint->deferrable) {
        state += constraint->deferred ? " INITIALLY DEFERRED" : " INITIALLY IMMEDIATE";
    }
    return statement(alter(work) + "ALTER CONSTRAINT " + quote_identifier(name) + state);
}

Inverse of_add_column(const AlterTable& work, const PgQuery__ColumnDef& column) {
    const std::string name = text(column.colname);
    if (work.column(name) != nullptr && !work.dropped_columns.contains(name)) {
        return {};  // IF NOT EXISTS found it: nothing was done
    }
    const bool of_type = work.node.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_TYPE;
    Inverse inverse = statement(alter(work) + (of_type ? "DROP ATTRIBUTE " : "DROP COLUMN ") + quote_identifier(name));
    inverse.loses_data = true;
    inverse.why = fmt::format("what was written to {}.{} since", sql::quote_name(work.table), name);
    if (!of_type) {
        inverse.loss_in = work.table;
        inverse.loss_column = name;
    }
    return inverse;
}

// A view on the table that groups: it may leave columns out of GROUP BY because of the primary key. Empty when there is none.
std::string grouping_view(const AlterTable& work) {
    for (const QualifiedName& name : work.now->dependent_views) {
        const catalog::Relation* view = work.ctx.now.find(name);
        if (view == nullptr || view->view_definition->find("GROUP BY") != std::string::npos) {
            return quote_name(name);
        }
    }
    return {};
}

Inverse of_drop_constraint(const AlterTable& work, const PgQuery__AlterTableCmd& command) {
    const catalog::Constraint* constraint = work.constraint(text(command.name));
    if (constraint == nullptr) {
        return command.missing_ok ? Inverse{} : unknown_before(work);
    }
    if (constraint->definition.empty()) {
        return impossible("the constraint's definition is not known");
    }
    Inverse inverse{.sql = recreate_constraint(*work.now, *constraint)};
    if (constraint->type == 'x' && !work.tiny) {
        inverse.as_written = true;
        inverse.why = fmt::format("undoing it builds {} while {} stands still", quote_identifier(constraint->name), quote_name(work.table));
    }
    if (command.behavior != PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE) {
        return inverse;
    }
    const catalog::Index* index = work.now->index(constraint->index);
    if (index == nullptr) {
        return constraint->index.empty() ? inverse : impossible("what stands on the constraint, and goes with CASCADE, is not known");
    }
    if (const std::string view = grouping_view(work); constraint->type == 'p' && !view.empty()) {
        return impossible(fmt::format("{} may stand on the primary key, and CASCADE drops it then", view));
    }
    Inverse keys = recreate_foreign_keys_on(work.ctx.now, *index);
    inverse.possible = keys.possible;
    inverse.why = keys.why;
    inverse.sql.insert(inverse.sql.end(), keys.sql.begin(), keys.sql.end());
    return inverse;
}

// What DROP COLUMN takes along without being asked: indexes and constraints of the table over the column.
Inverse recreate_what_uses(const AlterTable& work, const std::string& column) {
    const auto uses = [&](const std::vector<std::string>& columns) { return std::ranges::find(columns, column) != columns.end(); };
    Inverse whole;
    for (const catalog::Index& index : work.now->indexes) {
        if (!index.constraint.empty() || !uses(columns_of_index(index))) {
            continue;
        }
        Inverse inverse = recreate_index(index);
        whole.possible = whole.possible && inverse.possible;
        whole.sql.insert(whole.sql.end(), inverse.sql.begin(), inverse.sql.end());
    }
    for (const catalog::Constraint& constraint : work.now->constraints) {
        if (uses(constraint.columns)) {
            const std::vector<std::string> sql = recreate_constraint(*work.now, constraint);
            whole.sql.insert(whole.sql.end(), sql.begin(), sql.end());
        }
    }
    return whole;
}

// A column of NULLs comes back with all that was set on it, behind the other columns.
Inverse recreate_column(const AlterTable& work, const catalog::Column& column) {
    const std::string head = alter_column(work, column.name);
    const std::string collate = column.collation.empty() ? "" : " COLLATE " + *column.collation;
    // The default comes afterwards: beside ADD COLUMN it would fill the rows.
    Inverse inverse = statement(fmt::format("{}ADD COLUMN {} {}{}", alter(work), quote_identifier(column.name), column.type, collate));
    if (column.default_expression) {
        inverse.sql.push_back(head + "SET DEFAULT " + *column.default_expression);
    }
    if (column.statistics_target >= 0) {
        inverse.sql.push_back(fmt::format("{}SET STATISTICS {}", head, column.statistics_target));
    }
    if (column.storage == 'e' || (column.storage == 'm' && !column.type.starts_with("numeric"))) {
        inverse.sql.push_back(head + (column.storage == 'e' ? "SET STORAGE EXTERNAL" : "SET STORAGE MAIN"));
    }
    if (!column.compression.empty()) {
        inverse.sql.push_back(head + "SET COMPRESSION " + *column.compression);
    }
    for (const std::string& option : column.options) {
        inverse.sql.push_back(fmt::format("{}SET ({})", head, option));
    }
    if (column.comment) {
        inverse.sql.push_back(
            restore_comment(fmt::format("COLUMN {}.{}", quote_name(work.table), quote_identifier(column.name)), column.comment));
    }
    for (std::string& grant : restore_column_grants(work.table, column)) {
        inverse.sql.push_back(std::move(grant));
    }
    const Inverse along = recreate_what_uses(work, column.name);
    inverse.possible = along.possible;
    inverse.why = "the column comes back behind the others";
    inverse.sql.insert(inverse.sql.end(), along.sql.begin(), along.sql.end());
    return inverse;
}

// Whether dropping it loses nothing, and takes along nothing but what is known.
bool can_come_back(const AlterTable& work, const PgQuery__AlterTableCmd& command, const catalog::Column& column) {
    return column.all_null && !column.not_null && column.generated == 0 && column.identity == 0 && !work.writes_before() &&
           work.now->children.empty() && !work.now->parent && command.behavior != PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
}

Inverse of_drop_column(const AlterTable& work, const PgQuery__AlterTableCmd& command) {
    const std::string name = text(command.name);
    if (work.now != nullptr && work.column(name) == nullptr && command.missing_ok) {
        return {};
    }
    if (const catalog::Column* column = work.column(name); column != nullptr && can_come_back(work, command, *column)) {
        if (Inverse inverse = recreate_column(work, *column); inverse.possible) {
            return inverse;
        }
    }
    Inverse inverse = impossible(fmt::format("dropping {}.{} loses its data", sql::quote_name(work.table), name));
    inverse.loses_data = true;
    inverse.loss_in = work.table;
    inverse.loss_column = name;
    return inverse;
}

Inverse of_add_constraint(const AlterTable& work, const PgQuery__Constraint& constraint) {
    const std::string index = text(constraint.indexname);
    const std::string name = text(constraint.conname).empty() ? index : text(constraint.conname);
    if (name.empty()) {
        return {};  // the caller, which knows the name that is chosen, fills it in
    }
    Inverse inverse = statement(alter(work) + "DROP CONSTRAINT " + quote_identifier(name));
    const catalog::Index* adopted = work.now == nullptr || index.empty() ? nullptr : work.now->index(index);
    if (adopted == nullptr) {
        return inverse;
    }
    // The index that was there before goes with the constraint, and comes back under its own name.
    for (std::string& sql : recreate_index(*adopted).sql) {
        inverse.sql.push_back(std::move(sql));
    }
    return inverse;
}

Inverse of_tablespace(const AlterTable& work) {
    return rewriting(work, statement(alter(work) + "SET TABLESPACE " +
                                     quote_identifier(work.now->tablespace.empty() ? "pg_default" : *work.now->tablespace)));
}

// What concerns one column and its state in the catalog.
Inverse of_column(const AlterTable& work, const PgQuery__AlterTableCmd& command) {
    const std::string name = text(command.name);
    const catalog::Column* column = work.column(name);
    if (column == nullptr) {
        return unknown_before(work);
    }
    const std::string head = alter_column(work, name);
    switch (command.subtype) {
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ColumnDefault: return of_default(work, *column);
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropNotNull: return column->not_null ? statement(head + "SET NOT NULL") : Inverse{};
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetNotNull: return column->not_null ? Inverse{} : statement(head + "DROP NOT NULL");
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetStatistics:
            return statement(fmt::format("{}SET STATISTICS {}", head, column->statistics_target));
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetStorage: return of_storage(work, *column);
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetCompression:
            return statement(head + "SET COMPRESSION " + (column->compression.empty() ? "default" : *column->compression));
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetOptions:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ResetOptions: return of_options(head, command.def, column->options);
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AlterColumnType: return of_type(work, command, *column);
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AddIdentity:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetIdentity:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropIdentity: return of_identity(work, command, *column);
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropExpression: return impossible("an expression cannot be given back to an existing column");
        default:
            return column->default_expression ? rewriting(work, statement(head + "SET EXPRESSION AS (" + *column->default_expression + ")"))
                                              : unknown_before(work);
    }
}

Inverse of_owner(const AlterTable& work, const PgQuery__AlterTableCmd& command) {
    const catalog::Relation& now = *work.now;
    const std::string on = (now.kind == 'S' ? "SEQUENCE " : "TABLE ") + quote_name(now.name);
    const std::string to = command.newowner == nullptr ? std::string() : text(command.newowner->rolename);
    std::string head = alter(work);
    head.pop_back();  // its blank
    return {.sql = restore_owner(head, on, now.owner, now.acl, to)};
}

// What concerns the relation as a whole; `work.now` is known.
Inverse of_relation(const AlterTable& work, const PgQuery__AlterTableCmd& command) {
    const catalog::Relation& now = *work.now;
    switch (command.subtype) {
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetRelOptions:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ResetRelOptions: return of_options(alter(work), command.def, now.options);
        case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableTrig:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableAlwaysTrig:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableReplicaTrig:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableTrig: return of_triggers(work, text(command.name));
        case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableTrigAll:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableTrigUser:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableTrigUser: return of_triggers(work, {});
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableTrigAll: {
            Inverse inverse = statement(alter(work) + "ENABLE TRIGGER ALL");  // foreign keys' own triggers too
            for (std::string& sql : of_triggers(work, {}).sql) {
                inverse.sql.push_back(std::move(sql));
            }
            return inverse;
        }
        case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableRowSecurity:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableRowSecurity:
            return statement(alter(work) + (now.row_security ? "ENABLE" : "DISABLE") + " ROW LEVEL SECURITY");
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ForceRowSecurity:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_NoForceRowSecurity:
            return statement(alter(work) + (now.force_row_security ? "FORCE" : "NO FORCE") + " ROW LEVEL SECURITY");
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ReplicaIdentity: return of_replica_identity(work);
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ChangeOwner: return now.owner.empty() ? unknown_before(work) : of_owner(work, command);
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ClusterOn:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropCluster: return of_cluster(work);
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetTableSpace: return of_tablespace(work);
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetLogged:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetUnLogged:
            return rewriting(work, statement(alter(work) + (now.persistence == 'u' ? "SET UNLOGGED" : "SET LOGGED")));
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetAccessMethod:
            return now.access_method.empty()
                       ? unknown_before(work)
                       : rewriting(work, statement(alter(work) + "SET ACCESS METHOD " + quote_identifier(*now.access_method)));
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DetachPartitionFinalize: return impossible("the partition was detached before");
        default: return impossible("what it changes is not kept");
    }
}

bool concerns_a_column(PgQuery__AlterTableType type) {
    switch (type) {
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ColumnDefault:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropNotNull:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetNotNull:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetStorage:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetCompression:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetOptions:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ResetOptions:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AlterColumnType:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AddIdentity:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetIdentity:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropIdentity:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropExpression: return true;
        default: return false;
    }
}

// ALTER INDEX i ALTER COLUMN 2 SET STATISTICS n, or a table's column by name.
Inverse of_statistics(const AlterTable& work, const PgQuery__AlterTableCmd& command) {
    if (command.num == 0) {
        return of_column(work, command);
    }
    const catalog::Index* index = work.ctx.now.find_index(work.table);
    if (index == nullptr) {
        return unknown_before(work);
    }
    const auto target = index->statistics->find(command.num);
    return statement(fmt::format("ALTER INDEX {} ALTER COLUMN {} SET STATISTICS {}", quote_name(work.table), command.num,
                                 target == index->statistics.end() ? -1 : target->second));
}

}  // namespace

Inverse inverse_of(const AlterTable& work, const PgQuery__AlterTableCmd& command) {
    switch (command.subtype) {
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn: return of_add_column(work, *command.def->column_def);
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropColumn: return of_drop_column(work, command);
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AddConstraint: return of_add_constraint(work, *command.def->constraint);
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropConstraint: return of_drop_constraint(work, command);
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ValidateConstraint: return {.why = "a validated constraint is left validated"};
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AlterConstraint: return of_deferrability(work, text(command.def->constraint->conname));
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AttachPartition:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DetachPartition: return partition_inverse(work, command);
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AddInherit:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropInherit: return of_inherit(work, command);
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AddOf: return statement(alter(work) + "NOT OF");
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetStatistics: return of_statistics(work, command);
        default: break;
    }
    if (concerns_a_column(command.subtype) || sets_expression(command)) {
        return of_column(work, command);
    }
    return work.now == nullptr ? unknown_before(work) : of_relation(work, command);
}

Inverse combine(const std::vector<Inverse>& inverses) {
    Inverse whole;
    std::vector<std::string> reasons;
    int losses = 0;
    for (auto inverse = inverses.rbegin(); inverse != inverses.rend(); ++inverse) {
        whole.possible = whole.possible && inverse->possible;
        whole.sql.insert(whole.sql.end(), inverse->sql.begin(), inverse->sql.end());
        whole.as_written = whole.as_written || inverse->as_written;
        whole.in_parts = whole.in_parts || inverse->in_parts;
        if (!inverse->why.empty() && (!inverse->possible || inverse->loses_data || inverse->as_written)) {
            reasons.push_back(inverse->why);
        }
        if (!inverse->loses_data) {
            continue;
        }
        whole.loses_data = true;
        whole.loss_in = inverse->loss_in;
        // Of several columns only the whole table can be looked at: nothing is lost when it is empty.
        whole.loss_column = ++losses == 1 ? inverse->loss_column : std::string();
    }
    if (!whole.possible) {
        whole.sql.clear();
    }
    whole.why = fmt::format("{}", fmt::join(reasons, "; "));
    return whole;
}

}  // namespace pgbelay::analysis
