#include "plan/planner.h"

#include "analysis/code.h"
#include "base/digest.h"
#include "catalog/apply.h"
#include "plan/plan_json.h"
#include "runbook/checksums.h"
#include "sql/large_stack.h"
#include "sql/quote.h"

#include <fmt/core.h>
#include <fmt/format.h>
#include <pg_query/pg_query.pb-c.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace pgbelay::plan {

namespace {

std::vector<std::string> inverse_of(const std::vector<analysis::Run>& runs, bool& possible, bool& loses_data) {
    std::vector<std::string> sql;
    for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
        possible = possible && run->inverse.possible;
        loses_data = loses_data || run->inverse.loses_data;
        sql.insert(sql.end(), run->inverse.sql.begin(), run->inverse.sql.end());
    }
    return sql;
}

std::string reasons_for_no_inverse(const std::vector<analysis::Run>& runs) {
    std::vector<std::string> reasons;
    for (const auto& run : runs) {
        if (!run.inverse.possible && !run.inverse.why.empty()) {
            reasons.push_back(run.inverse.why);
        }
    }
    return fmt::format("{}", fmt::join(reasons, "; "));
}

void fill(StatementPlan& shown, const analysis::Analysis& analysis) {
    shown.session = false;
    shown.facts = analysis.facts;
    shown.runs = analysis.runs;
    shown.why = analysis.why;
    shown.rewritten = analysis.rewritten;
    shown.notes = analysis.notes;
    shown.skip = analysis.skip;
    for (const auto& run : analysis.runs) {
        shown.condition.facts.insert(shown.condition.facts.end(), run.condition.facts.begin(), run.condition.facts.end());
    }
    shown.condition = lasting({shown.condition});
    bool possible = true;
    auto inverse = inverse_of(analysis.runs, possible, shown.loses_data);
    if (possible) {
        shown.inverse = std::move(inverse);
    } else {
        shown.no_inverse_why = reasons_for_no_inverse(analysis.runs);
    }
}

// The relation that a statement changes and that must be there for it; nothing for all other statements.
std::optional<catalog::QualifiedName> changed_relation(const sql::Statement& statement) {
    if (statement.opaque()) {
        return std::nullopt;
    }
    const PgQuery__Node& node = statement.node();
    const PgQuery__RangeVar* relation = nullptr;
    switch (node.node_case) {
        case PG_QUERY__NODE__NODE_ALTER_TABLE_STMT:
            // A composite type is not loaded as a relation.
            relation = node.alter_table_stmt->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_TYPE ? nullptr : node.alter_table_stmt->relation;
            break;
        case PG_QUERY__NODE__NODE_INDEX_STMT: relation = node.index_stmt->relation; break;
        case PG_QUERY__NODE__NODE_CREATE_TRIG_STMT: relation = node.create_trig_stmt->relation; break;
        case PG_QUERY__NODE__NODE_INSERT_STMT: relation = node.insert_stmt->relation; break;
        case PG_QUERY__NODE__NODE_UPDATE_STMT: relation = node.update_stmt->relation; break;
        case PG_QUERY__NODE__NODE_DELETE_STMT: relation = node.delete_stmt->relation; break;
        default: break;
    }
    if (relation == nullptr) {
        return std::nullopt;
    }
    return catalog::QualifiedName{relation->schemaname, relation->relname};
}

// Logical replication carries rows, not DDL (manual, section "Logical Replication: Restrictions").
void note_publications(StatementPlan& shown, const catalog::Catalog& catalog) {
    for (const auto& lock : shown.facts.locks) {
        const auto* relation = catalog.find(lock.relation);
        if (relation != nullptr && lock.mode == catalog::LockMode::access_exclusive && !relation->publications.empty()) {
            shown.notes.push_back(fmt::format("{} is published by {}: subscribers do not get this change by themselves",
                                              sql::display(lock.relation), fmt::join(relation->publications, ", ")));
        }
    }
}

std::string ledger_checksum(const runbook::File& file) {
    switch (file.layout) {
        case runbook::Layout::prisma: return runbook::prisma_checksum(file.raw_checksum_source);
        case runbook::Layout::flyway: return std::to_string(runbook::flyway_checksum(file.raw_checksum_source));
        default: return "";
    }
}

// Whether it may overtake others: an index build, but for one whose `when` an earlier step of its statement answers.
bool overtakes(const Step& step) {
    return step.kind == StepKind::concurrent && !step.skip && step.when.empty() && !step.index.empty() && !step.table.empty() &&
           std::ranges::none_of(step.condition.facts, [](const auto& f) { return std::holds_alternative<catalog::Absent>(f); });
}

// Builds in a row may run side by side where they are on different tables; everything else keeps the author's order.
void order_steps(Plan& plan) {
    std::vector<int> builds;  // since the last step that waits for all before it
    int barrier = 0;
    for (Step& step : plan.steps) {
        if (barrier > 0) {
            step.after.push_back(barrier);
        }
        if (step.skip) {
            continue;  // nothing is done
        }
        if (!overtakes(step)) {
            step.after = builds.empty() ? step.after : std::exchange(builds, {});
            barrier = step.n;
            continue;
        }
        // A file without a key is what undoes a step; it is undone when the last step of its file has ended.
        const bool closes = step.last_of_file && plan.files.at(static_cast<std::size_t>(step.file)).key.empty();
        for (const int n : builds) {
            const Step& earlier = plan.steps.at(static_cast<std::size_t>(n - 1));
            if (earlier.table == step.table || (closes && earlier.file == step.file)) {
                step.after.push_back(n);
            }
        }
        builds.push_back(step.n);
    }
}

}  // namespace

Planner::Planner(const runbook::Runbook& runbook, catalog::Catalog catalog, PlanOptions options)
    : runbook_(runbook), catalog_(std::move(catalog)), options_(std::move(options)), defaults_(catalog_) {}

Plan Planner::make() {
    plan_.name = runbook_.name;
    plan_.digest = runbook_.digest;
    plan_.server_major = catalog_.server_major;
    plan_.limits = runbook_.limits;
    plan_.on_breach = runbook_.on_breach;
    plan_.blockers = runbook_.blockers;
    plan_.document = runbook_.document;
    plan_.documentation = runbook_.documentation;
    plan_.fences = runbook_.fences;
    for (const auto& file : runbook_.files) {
        plan_.files.push_back({.path = file.path,
                               .key = file.key,
                               .digest = file.digest,
                               .text = file.text,
                               .layout = file.layout,
                               .version = file.version,
                               .description = file.description,
                               .checksum = ledger_checksum(file)});
    }
    for (std::size_t i = 0; i < runbook_.items.size(); ++i) {
        const auto& item = runbook_.items[i];
        if (item.file >= 0 && options_.skip_files.contains(runbook_.files.at(static_cast<std::size_t>(item.file)).key)) {
            continue;
        }
        if (item.file != file_) {
            finish_file(file_);
            file_ = item.file;
            // A tool runs each file in a session of its own; psql -f of several files does so, too.
            context_ = {};
        }
        take_item(item);
    }
    finish_file(file_);
    plan_.trailing_echoes = std::move(echoes_);
    if (std::ranges::all_of(plan_.sections, [](const Section& section) { return section.title.empty(); })) {
        plan_.sections.clear();
    }
    seal();
    if (options_.after != nullptr) {
        *options_.after = catalog_;
    }
    return std::move(plan_);
}

void Planner::take_item(const runbook::Item& item) {
    const std::size_t first_step = plan_.steps.size();
    if (const auto* sql = std::get_if<runbook::SqlItem>(&item.what); sql != nullptr) {
        take_sql(item, *sql);
        set_times(*sql, first_step);
    } else if (const auto* check = std::get_if<runbook::CheckItem>(&item.what); check != nullptr) {
        take_check(item, *check);
    } else if (const auto* attempt = std::get_if<runbook::TryItem>(&item.what); attempt != nullptr) {
        take_try(item, *attempt);
    } else if (const auto* measure = std::get_if<runbook::MeasureItem>(&item.what); measure != nullptr) {
        take_measure(item, *measure);
    } else {
        take_confirm(item, std::get<runbook::ConfirmItem>(item.what));
    }
    ends_[item.name] = static_cast<int>(plan_.steps.size());
    note_place(item, first_step);
}

void Planner::take_sql(const runbook::Item& item, const runbook::SqlItem& sql) {
    runbook::Layout layout = runbook::Layout::plain;
    if (item.file >= 0) {
        auto& file = plan_.files.at(static_cast<std::size_t>(item.file));
        layout = file.layout;
        for (const auto& statement : sql.rollback) {
            file.rollback.push_back(statement.sql);
        }
        if (!sql.rollback.empty()) {
            file.rollback_in_one_transaction = sql.rollback_rule == runbook::TransactionRule::whole_file;
            file.rollback_from = sql.rollback_from;
        }
    }
    undone_by_ = sql.rollback.empty() ? "" : sql.rollback_from;
    show(sql.statements);
    const Grouping grouping = group(sql.statements, sql.rule, layout);
    plan_.refusals.insert(plan_.refusals.end(), grouping.refusals.begin(), grouping.refusals.end());
    for (const auto& g : grouping.groups) {
        take_group(g);
    }
    echoes_.insert(echoes_.end(), sql.trailing_echoes.begin(), sql.trailing_echoes.end());
}

// Every statement is shown, BEGIN and COMMIT included; those that the groups analyse are filled in later.
void Planner::show(const std::vector<sql::Statement>& statements) {
    for (const auto& statement : statements) {
        StatementPlan shown;
        shown.n = statement.n;
        shown.place = statement.place;
        shown.kind = statement.kind;
        shown.sql = statement.sql;
        shown.session = true;
        shown_[&statement] = plan_.statements.size();
        plan_.statements.push_back(std::move(shown));
    }
}

StatementPlan& Planner::shown(const sql::Statement& statement) {
    return plan_.statements.at(shown_.at(&statement));
}

bool Planner::take_session_statement(const sql::Statement& statement, const Group& group, std::vector<Member>& members) {
    const Folded folded = fold(statement, context_);
    const auto send = [&](std::string sql) {
        members.push_back({.statement = &statement, .context = context_, .local_setting = std::move(sql)});
    };
    switch (folded.effect) {
        case SessionEffect::none: return false;
        case SessionEffect::superseded: shown(statement).notes.push_back(folded.word); break;
        case SessionEffect::refused: plan_.refusals.push_back({statement.place, folded.word, "remove it from the migration"}); break;
        case SessionEffect::local:
            if (!group.one_transaction) {
                shown(statement).notes.emplace_back("SET LOCAL outside of a transaction has no effect");
            } else if (!fold_local(statement, context_) || !members.empty()) {
                send(statement.sql);
            }
            break;
        case SessionEffect::folded:
            fold(statement, after_group_);
            // Before the first statement of a group the context carries it; later it must take effect just there.
            if (members.empty()) {
                break;
            }
            if (auto local = as_local(statement); local) {
                send(std::move(*local));
            } else {
                plan_.refusals.push_back({statement.place, "this setting cannot be reset in the middle of a transaction",
                                          "set the value that is meant, or move it before BEGIN"});
            }
            break;
    }
    return true;
}

Refusal refusal_of_opaque(const sql::Statement& statement, int server_major) {
    base::Place place = statement.syntax_error ? statement.place_at(statement.syntax_error->offset) : statement.place;
    std::string message = statement.syntax_error ? statement.syntax_error->message : "the statement cannot be read";
    return {place, std::move(message),
            server_major == 0 ? "mend the statement; if it is the syntax of a newer server, name that with --db" : "mend the statement"};
}

Refusal refusal_of_when(const sql::Statement& statement) {
    return {statement.place, "`-- pgbelay: when` does not work inside of a transaction with other statements",
            "move the statement out of the group"};
}

void Planner::refuse_opaque(const sql::Statement& statement) {
    if (catalog_.server_major <= sql::parser_major()) {
        plan_.refusals.push_back(refusal_of_opaque(statement, catalog_.server_major));
    }
}

// A table that is not there would be found by the server in the middle of the run; the catalog knows it now. Not where an earlier
// statement may have made it in a way that cannot be seen (a DO block, a function, a temporary table).
void Planner::refuse_unknown_relation(const sql::Statement& statement, const analysis::Analysis& analysis) {
    const bool seen = hidden_effects_;
    hidden_effects_ = hidden_effects_ || analysis.facts.opaque || statement.kind == "DoStmt" || statement.kind == "CallStmt" ||
                      statement.kind == "SelectStmt";
    // `when` may be asking just for the table.
    if (seen || !catalog_.loaded || analysis.skip || analysis.refusal || statement.directive("when")) {
        return;
    }
    const auto target = changed_relation(statement);
    if (!target || target->schema.starts_with("pg_") || catalog_.find(*target) != nullptr) {
        return;
    }
    plan_.refusals.push_back({statement.place, fmt::format("relation {} does not exist", sql::display(*target)),
                              fmt::format("mend the name or its schema (search_path is {})", fmt::join(catalog_.search_path, ", "))});
}

// What the server would refuse in the middle of the run. Whether rows are in the way is for the checks of the data.
void Planner::refuse_failure(const sql::Statement& statement, const analysis::Analysis& analysis) {
    const bool of_rows = analysis.facts.fails && analysis.facts.fails->sqlstate == "23502";
    const bool refused = std::ranges::find(plan_.refusals, statement.place, &Refusal::place) != plan_.refusals.end();
    if (!analysis.facts.fails || options_.undoes || of_rows || refused || analysis.rewritten || !catalog_.loaded || analysis.skip ||
        statement.directive("when")) {
        return;
    }
    plan_.refusals.push_back({statement.place,
                              fmt::format("{} (SQLSTATE {})", analysis.facts.fails->message, analysis.facts.fails->sqlstate),
                              "the server would refuse it: mend the statement"});
}

Planner::Member Planner::analyse(const sql::Statement& statement, const Group& group, const catalog::Catalog& base) {
    base::heed(options_.stop);
    analysis::Context context{.base = base, .now = catalog_};
    context.in_group = group.one_transaction;
    context.rewrite = !options_.as_written && !statement.directive("as-written");
    context.written = written_;
    context.tiny = runbook_.limits.tiny;
    context.temporary_prefix = options_.temporary_prefix;
    analysis::Analysis analysis = analysis::analyze(statement, context);

    if (statement.opaque()) {
        refuse_opaque(statement);
    }
    // The grouping may have refused it already, with both lines.
    if (analysis.refusal && std::ranges::find(plan_.refusals, statement.place, &Refusal::place) == plan_.refusals.end()) {
        plan_.refusals.push_back({statement.place, analysis.refusal->message, analysis.refusal->hint});
    }
    const bool all_seen = !hidden_effects_;
    refuse_unknown_relation(statement, analysis);
    if (all_seen) {
        refuse_failure(statement, analysis);
    }
    if (statement.directive("when") && group.one_transaction) {
        plan_.refusals.push_back(refusal_of_when(statement));
    }
    written_.insert(analysis.facts.writes.begin(), analysis.facts.writes.end());

    if (!analysis.skip) {
        row_uses_.take(statement, analysis.facts, catalog_);
    }
    fill(shown(statement), analysis);
    shown(statement).facts = after_code_.facts(statement, context, analysis.facts);
    shown(statement).estimate = estimate(catalog_, shown(statement).facts, statement.kind);
    shown(statement).estimate.until_commit = group.one_transaction;
    shown(statement).when = statement.directive("when").value_or("");
    shown(statement).undone_by = undone_by_;
    note_publications(shown(statement), base);
    catalog::apply(statement, catalog_);
    analysis::note_filled(analysis.facts, catalog_);
    after_code_.apply(statement, analysis.facts, catalog_);
    return {.statement = &statement,
            .may_change_rows = may_change_rows(statement, analysis.facts),
            .context = context_,
            .runs = std::move(analysis.runs),
            .name = std::move(analysis.name),
            .skip = std::move(analysis.skip),
            .why = std::move(analysis.why)};
}

void Planner::take_group(const Group& group) {
    std::vector<Member> members;
    written_.clear();
    // Hoisted runs see the database as it is before the group; a copy is made only where the two can differ.
    std::optional<catalog::Catalog> before;
    if (group.one_transaction) {
        before = catalog_;
    }
    if (group.begin != nullptr) {
        echoes_.insert(echoes_.end(), group.begin->echoes.begin(), group.begin->echoes.end());
    }
    after_group_ = context_;
    for (const auto* statement : group.statements) {
        put_in_effect(context_, defaults_, catalog_);
        if (before) {
            put_in_effect(context_, defaults_, *before);
        }
        echoes_.insert(echoes_.end(), statement->echoes.begin(), statement->echoes.end());
        if (take_session_statement(*statement, group, members)) {
            continue;
        }
        members.push_back(analyse(*statement, group, before ? *before : catalog_));
    }
    arrange(group, members);
    if (group.end != nullptr) {
        echoes_.insert(echoes_.end(), group.end->echoes.begin(), group.end->echoes.end());
    }
    if (group.one_transaction) {
        catalog_.forget_temporary();
        after_code_.forget_temporary();
    }
    // SET LOCAL ends here.
    context_ = std::exchange(after_group_, {});
}

// The last step of a file carries its ledger row; a file without any step gets an empty one for it.
void Planner::finish_file(int file) {
    if (file < 0) {
        return;
    }
    const auto last = std::ranges::find(plan_.steps.rbegin(), plan_.steps.rend(), file, &Step::file);
    if (last != plan_.steps.rend()) {
        last->last_of_file = true;
        return;
    }
    Step step;
    step.n = static_cast<int>(plan_.steps.size()) + 1;
    step.name = fmt::format("record {}", plan_.files.at(static_cast<std::size_t>(file)).path);
    step.place.file = plan_.files.at(static_cast<std::size_t>(file)).path;
    step.file = file;
    step.last_of_file = true;
    step.echoes = std::exchange(echoes_, {});
    plan_.steps.push_back(std::move(step));
}

void Planner::seal() {
    order_steps(plan_);
    plan_.tables = row_uses_.tables(catalog_);
    plan_.mentioned = row_uses_.mentioned();
    nlohmann::json steps = nlohmann::json::array();
    for (const auto& step : plan_.steps) {
        steps.push_back(step);
        steps.back().erase("reads");  // a table that has grown makes no other plan
    }
    for (const auto& measurement : plan_.measurements) {
        steps.push_back(measurement);
    }
    plan_.plan_digest = base::sha256(steps.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

Plan make_plan(const runbook::Runbook& runbook, const catalog::Catalog& catalog, const PlanOptions& options) {
    Plan plan;
    // Statements are cut and parsed again here and there.
    sql::on_large_stack([&] { plan = Planner(runbook, catalog, options).make(); });
    return plan;
}

}  // namespace pgbelay::plan
