#include "analysis/alter_table.h"

#include "analysis/alter_table_parts.h"
#include "analysis/create_index.h"
#include "analysis/relation_facts.h"
#include "analysis/tree_util.h"
#include "sql/quote.h"
#include "sql/tree.h"

#include <fmt/format.h>

#include <algorithm>

namespace pgbelay::analysis {

using sql::quote_identifier;

std::string AlterTable::alter() const {
    return fmt::format("ALTER TABLE {}{} ", recurses ? "" : "ONLY ", sql::quote_name(table));
}

void AlterTable::because(std::string reason) {
    if (std::find(reasons.begin(), reasons.end(), reason) == reasons.end()) {
        reasons.push_back(std::move(reason));
    }
}

void AlterTable::refuse(std::string message, std::string hint) {
    if (!analysis.refusal) {
        analysis.refusal = Refusal{std::move(message), std::move(hint)};
    }
}

bool AlterTable::replaces(const std::string& constraint_name) const {
    if (dropped_constraints.contains(constraint_name)) {
        return true;
    }
    return ctx.in_group && base != nullptr && base->constraint(constraint_name) != nullptr && constraint(constraint_name) == nullptr;
}

std::string without_tail(const std::string& sql) {
    const auto tokens = significant_tokens(sql);
    return tokens.empty() ? sql : sql.substr(0, tokens.back().end);
}

void with_parsed(const std::string& head, const std::string& piece, const std::function<void(const PgQuery__AlterTableCmd&)>& use) {
    const auto parsed = sql::parse(head + " " + piece);
    const auto* tree = std::get_if<sql::Tree>(&parsed);
    if (tree == nullptr || tree->size() != 1) {
        return;
    }
    const PgQuery__Node& node = tree->statement();
    if (node.node_case != PG_QUERY__NODE__NODE_ALTER_TABLE_STMT || node.alter_table_stmt->n_cmds != 1) {
        return;
    }
    use(*node.alter_table_stmt->cmds[0]->alter_table_cmd);
}

std::string hoist_obstacle(const AlterTable& work, const std::vector<std::string>& columns) {
    for (const std::string& column : columns) {
        if (work.added_columns.contains(column)) {
            return fmt::format("column {} is added by the same statement", column);
        }
        if (work.retyped_columns.contains(column)) {
            return fmt::format("the same statement changes the type of column {}", column);
        }
    }
    return not_hoistable(work.ctx, work.table, columns);
}

bool only_new_empty(const AlterTable& work, const std::vector<std::string>& columns) {
    std::vector<std::string> others;
    for (const std::string& column : columns) {
        if (work.retyped_columns.contains(column)) {
            return false;
        }
        const auto added = work.added_columns.find(column);
        if (added == work.added_columns.end()) {
            others.push_back(column);
        } else if (!added->second) {
            return false;
        }
    }
    if (others.size() == columns.size()) {
        return only_new_empty_columns(work.ctx, work.table, columns);
    }
    return not_hoistable(work.ctx, work.table, others).empty() || only_new_empty_columns(work.ctx, work.table, others);
}

namespace {

bool fills_rows(const PgQuery__ColumnDef& column) {
    if (column.type_name != nullptr && is_serial(*column.type_name)) {
        return true;
    }
    for (std::size_t i = 0; i < column.n_constraints; ++i) {
        const auto type = column.constraints[i]->constraint->contype;
        if (type == PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT || type == PG_QUERY__CONSTR_TYPE__CONSTR_IDENTITY ||
            type == PG_QUERY__CONSTR_TYPE__CONSTR_GENERATED) {
            return true;
        }
    }
    return false;
}

void note_names(AlterTable& work, const PgQuery__AlterTableCmd& command) {
    if (command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_DropConstraint) {
        work.dropped_constraints.insert(text(command.name));
    }
    if (command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_AlterColumnType) {
        work.retyped_columns.insert(text(command.name));
    }
    if (command.subtype != PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn) {
        return;
    }
    const PgQuery__ColumnDef& column = *command.def->column_def;
    const std::string name = text(column.colname);
    if (work.column(name) == nullptr || work.dropped_columns.contains(name)) {
        work.added_columns[name] = !fills_rows(column);
    }
}

AlterTable read(const sql::Statement& statement, const Context& ctx) {
    AlterTable work{statement, ctx, *statement.node().alter_table_stmt};
    const QualifiedName written = name_of(work.node.relation);
    work.table = found_name(ctx.now, written);
    work.now = ctx.now.find(work.table);
    work.base = ctx.base.find(work.table);
    work.recurses = work.node.relation->inh != 0;
    work.partitioned = is_partitioned(ctx, work.table);
    work.tiny = is_tiny(ctx, work.table);
    const sql::AlterTablePieces cut = sql::cut_alter_table(statement.sql, work.node);
    const bool is_cut = cut.pieces.size() == work.node.n_cmds;
    work.head = is_cut ? cut.head : std::string();
    // The server drops before it adds, whatever the order in which they are written (ATRewriteCatalogs, tablecmds.c).
    for (std::size_t i = 0; i < work.node.n_cmds; ++i) {
        if (work.node.cmds[i]->alter_table_cmd->subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_DropColumn) {
            work.dropped_columns.insert(text(work.node.cmds[i]->alter_table_cmd->name));
        }
    }
    for (std::size_t i = 0; i < work.node.n_cmds; ++i) {
        const PgQuery__AlterTableCmd* command = work.node.cmds[i]->alter_table_cmd;
        work.subcommands.push_back({command, is_cut ? cut.pieces[i] : std::string()});
        note_names(work, *command);
    }
    return work;
}

std::string verb_of(const PgQuery__AlterTableCmd& command) {
    const std::string name = text(command.name);
    switch (command.subtype) {
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn: return "add column " + text(command.def->column_def->colname);
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropColumn: return "drop column " + name;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AddConstraint: {
            const std::string constraint = text(command.def->constraint->conname);
            return constraint.empty() ? "add constraint" : "add constraint " + constraint;
        }
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropConstraint: return "drop constraint " + name;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ValidateConstraint: return "validate constraint " + name;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetNotNull: return "set not null " + name;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropNotNull: return "drop not null " + name;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AlterColumnType: return "alter type of " + name;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ColumnDefault: return "default of " + name;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AttachPartition: return "attach " + name_of(command.def->partition_cmd->name).name;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DetachPartition: return "detach " + name_of(command.def->partition_cmd->name).name;
        default: return "change";
    }
}

std::string name_for_people(const AlterTable& work) {
    const std::string first = "alter " + work.table.name + ": " + verb_of(*work.subcommands.front().node);
    if (work.subcommands.size() == 1) {
        return first;
    }
    return fmt::format("{} and {} more", first, work.subcommands.size() - 1);
}

// What a person should know who runs `SELECT *` through prepared statements.
void add_notes(AlterTable& work) {
    for (const Subcommand& subcommand : work.subcommands) {
        const auto type = subcommand.node->subtype;
        const bool changes_rows = type == PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn || type == PG_QUERY__ALTER_TABLE_TYPE__AT_DropColumn ||
                                  type == PG_QUERY__ALTER_TABLE_TYPE__AT_AlterColumnType;
        if (!changes_rows || is_fresh(work.ctx, work.table)) {
            continue;
        }
        work.analysis.notes.push_back(
            fmt::format("prepared statements that SELECT * from {} fail once with \"cached plan must not change result type\"",
                        sql::quote_name(work.table)));
        return;
    }
}

void drop_if_exists(AlterTable& work, const Subcommand& subcommand, bool present, const char* what) {
    if (present || !subcommand.node->missing_ok || work.now == nullptr || !work.ctx.now.loaded) {
        keep(work, subcommand);
        return;
    }
    work.skipped.push_back(fmt::format("{} {} of {} is not there", what, text(subcommand.node->name), sql::quote_name(work.table)));
    work.edited = true;
}

// SET LOGGED, SET TABLESPACE, SET ACCESS METHOD, SET EXPRESSION: short on a small table only.
void keep_unless_rewritten(AlterTable& work, const Subcommand& subcommand) {
    Facts facts;
    add_effects(work, *subcommand.node, facts);
    if (work.tiny || facts.rewrites.empty()) {
        return keep(work, subcommand);
    }
    work.refuse(fmt::format("this writes all of {} anew under ACCESS EXCLUSIVE", sql::quote_name(work.table)),
                fmt::format("do it in a window in which the table may stand still: {}", kAsWrittenWayOut));
}

void decide(AlterTable& work, const Subcommand& subcommand) {
    const std::string name = text(subcommand.node->name);
    switch (subcommand.node->subtype) {
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn: add_column(work, subcommand); break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AddConstraint: add_constraint(work, subcommand); break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ValidateConstraint: validate_constraint(work, subcommand); break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetNotNull: set_not_null(work, subcommand); break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AlterColumnType: alter_type(work, subcommand); break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AttachPartition: attach_partition(work, subcommand); break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DetachPartition: detach_partition(work, subcommand); break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropColumn: drop_if_exists(work, subcommand, work.column(name) != nullptr, "column"); break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropConstraint:
            drop_if_exists(work, subcommand, work.constraint(name) != nullptr, "constraint");
            break;
        default: keep_unless_rewritten(work, subcommand); break;
    }
}

// The one statement that is left of the author's.
Run kept_run(const AlterTable& work) {
    Run run;
    std::vector<std::string> pieces;
    std::vector<Inverse> inverses;
    bool transactional = true;
    for (const Kept& kept : work.kept) {
        pieces.push_back(without_tail(kept.sql));
        for (const RelationLock& lock : kept.locks) {
            add_lock(run.locks, lock);
        }
        for (const QualifiedName& name : kept.scans) {
            add_name(run.scans, name);
        }
        run.condition.facts.insert(run.condition.facts.end(), kept.condition.facts.begin(), kept.condition.facts.end());
        inverses.push_back(kept.inverse);
        transactional = transactional && kept.transactional;
    }
    run.name = fmt::format("alter {}: {}", work.table.name, work.kept.front().name);
    if (work.kept.size() > 1) {
        run.name += fmt::format(" and {} more", work.kept.size() - 1);
    }
    run.sql = work.edited ? fmt::format("{} {}", work.head, fmt::join(pieces, ", ")) : work.statement.sql;
    run.method = transactional ? Method::transaction : Method::drop_concurrently;
    run.inverse = combine(inverses);
    run.table = work.table;
    run.finish_with = finish_of(work);
    return run;
}

void assemble(AlterTable& work) {
    Analysis& analysis = work.analysis;
    if (analysis.refusal) {
        return;
    }
    const auto append = [&](const std::vector<Run>& runs) { analysis.runs.insert(analysis.runs.end(), runs.begin(), runs.end()); };
    append(work.before);
    append(work.first);
    if (!work.kept.empty()) {
        analysis.runs.push_back(kept_run(work));
    }
    append(work.inside);
    append(work.after);
    analysis.why = fmt::format("{}", fmt::join(work.reasons, "; "));
    analysis.rewritten = !(analysis.runs.size() == 1 && analysis.runs.front().sql == work.statement.sql);
    if (analysis.runs.empty()) {
        analysis.skip = fmt::format("{}", fmt::join(work.skipped, "; "));
        analysis.rewritten = false;
        analysis.notes.clear();  // nothing of what they speak of happens
        return;
    }
    analysis.notes.insert(analysis.notes.end(), work.skipped.begin(), work.skipped.end());
}

bool is_ordinary(const AlterTable& work) {
    if (work.node.objtype != PG_QUERY__OBJECT_TYPE__OBJECT_TABLE) {
        return false;
    }
    return work.now == nullptr || work.now->kind == 'r' || work.now->kind == 'p';
}

}  // namespace

void keep(AlterTable& work, const Subcommand& subcommand) {
    Facts effects;
    add_effects(work, *subcommand.node, effects);
    Kept kept{.sql = subcommand.sql,
              .name = verb_of(*subcommand.node),
              .locks = effects.locks,
              .scans = effects.scans,
              .transactional = effects.transactional,
              .condition = condition_of(work, *subcommand.node),
              .inverse = inverse_of(work, *subcommand.node)};
    if (kept.inverse.possible && kept.inverse.as_written) {
        work.analysis.notes.push_back(kept.inverse.why);
    }
    if (subcommand.node->subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_DropColumn && kept.inverse.possible && !kept.inverse.sql.empty()) {
        work.analysis.notes.push_back(fmt::format("{}.{} holds nothing but NULL; undone, it comes back behind the other columns",
                                                  sql::quote_name(work.table), quote_identifier(text(subcommand.node->name))));
    }
    if (subcommand.node->subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_AddConstraint) {
        const PgQuery__Constraint& constraint = *subcommand.node->def->constraint;
        if (text(constraint.conname).empty() && text(constraint.indexname).empty()) {
            const std::string name = constraint_name(work, constraint);
            kept.name = "add constraint " + name;
            kept.inverse.sql = {work.alter() + "DROP CONSTRAINT " + quote_identifier(name)};
            kept.condition.facts = {catalog::ConstraintIs{work.table, name, contype(constraint), {}, !constraint.skip_validation}};
        }
    }
    work.kept.push_back(std::move(kept));
}

Analysis analyze_alter_table(const sql::Statement& statement, const Context& ctx) {
    AlterTable work = read(statement, ctx);
    Analysis& analysis = work.analysis;
    analysis.name = name_for_people(work);
    for (const Subcommand& subcommand : work.subcommands) {
        add_effects(work, *subcommand.node, analysis.facts);
    }
    if (work.now == nullptr && ctx.now.loaded && work.node.missing_ok) {
        analysis.facts = {};
        analysis.skip = sql::quote_name(work.table) + " is not there";
        return analysis;
    }
    if (!analysis.facts.transactional && ctx.in_group) {
        analysis.refusal =
            Refusal{"DETACH PARTITION CONCURRENTLY cannot run inside a transaction", "move it out of the BEGIN … COMMIT group"};
        return analysis;
    }
    add_notes(work);
    const bool safe_forms = ctx.rewrite && is_ordinary(work) && !work.head.empty();
    for (const Subcommand& subcommand : work.subcommands) {
        if (safe_forms) {
            decide(work, subcommand);
        } else {
            keep(work, subcommand);
        }
    }
    if (!ctx.rewrite) {
        work.because("as the author asked");
    }
    assemble(work);
    return analysis;
}

}  // namespace pgbelay::analysis
