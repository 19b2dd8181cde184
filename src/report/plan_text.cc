#include "report/plan_text.h"

#include "report/gates.h"
#include "report/measures.h"
#include "report/text.h"
#include "report/why.h"

#include <fmt/core.h>

#include <algorithm>

namespace pgbelay::report {

namespace {

constexpr Column kColumn{2, 10};

// What a lock does to the application, in the words that matter at night.
std::string_view harm(catalog::LockMode mode) {
    if (mode == catalog::LockMode::access_exclusive) {
        return "blocks reads and writes";
    }
    return catalog::blocks_the_application(mode) ? "blocks writes" : "";
}

std::string lock_text(const analysis::RelationLock& lock) {
    const std::string_view blocks = harm(lock.mode);
    return fmt::format("{} on {}{}{}", catalog::sql_name(lock.mode), relation(lock.relation).get<std::string>(), blocks.empty() ? "" : ": ",
                       blocks);
}

std::vector<std::string> names_of(const std::vector<sql::QualifiedName>& names) {
    std::vector<std::string> out;
    for (const sql::QualifiedName& name : names) {
        out.push_back(relation(name).get<std::string>());
    }
    return out;
}

std::string locks_and_scans(const std::vector<analysis::RelationLock>& locks, const std::vector<sql::QualifiedName>& rewrites,
                            const std::vector<sql::QualifiedName>& scans) {
    std::vector<std::string> parts;
    for (const analysis::RelationLock& lock : strongest(locks)) {
        parts.push_back(lock_text(lock));
    }
    if (!rewrites.empty()) {
        parts.push_back("rewrites " + join(names_of(rewrites), ", "));
    }
    if (!scans.empty()) {
        parts.push_back("reads all of " + join(names_of(scans), ", "));
    }
    return join(parts, "; ");
}

std::string sql_block(std::string_view label, std::string_view sql, const Style& style) {
    return labelled_lines(label, sql_lines(sql, style.columns - kColumn.indent - kColumn.label, style), style, kColumn);
}

std::string how(const analysis::Run& run) {
    switch (run.method) {
        case analysis::Method::build:
        case analysis::Method::drop_concurrently: return "concurrently";
        case analysis::Method::attach: return "one transaction each; partitions that came meanwhile are found and done, too";
        case analysis::Method::validate: return "in a transaction of its own";
        case analysis::Method::repeatable: return "outside a transaction; may be repeated";
        case analysis::Method::once: return "outside a transaction; its end cannot be seen in the catalog";
        case analysis::Method::transaction: break;
    }
    switch (run.phase) {
        case analysis::Phase::before: return "before its group";
        case analysis::Phase::after: return "after its group";
        case analysis::Phase::inside: break;
    }
    return "";
}

std::string runs_text(const plan::StatementPlan& statement, const Style& style) {
    std::string out;
    for (const analysis::Run& run : statement.runs) {
        const bool as_written = !statement.rewritten && statement.runs.size() == 1;
        if (as_written) {
            out += labelled("runs", "as written", style, kColumn);
        } else {
            out += sql_block("runs", run.sql, style);
        }
        std::vector<std::string> parts;
        if (!how(run).empty()) {
            parts.push_back(how(run));
        }
        const std::string locks = locks_and_scans(run.locks, {}, run.scans);
        if (!as_written && !locks.empty()) {
            parts.push_back(locks);
        }
        if (!parts.empty()) {
            out += labelled("", join(parts, "; "), style, kColumn);
        }
    }
    return out;
}

std::string undo_text(const plan::StatementPlan& statement, const Style& style) {
    if (!statement.undone_by.empty()) {
        return labelled("undo", "the author's own: " + statement.undone_by, style, kColumn);
    }
    if (!statement.inverse) {
        return labelled_in(Ink::bad, "undo",
                           "POINT OF NO RETURN: " + (statement.no_inverse_why.empty() ? "nothing undoes it" : statement.no_inverse_why),
                           style, kColumn);
    }
    std::string out;
    for (const std::string& sql : *statement.inverse) {
        out += sql_block(out.empty() ? "undo" : "", sql, style);
    }
    if (statement.loses_data) {
        out += labelled_in(Ink::bad, "", "loses data: what is gone does not come back, and what came since is dropped", style, kColumn);
    }
    return out;
}

std::string statement_text(const plan::Plan& plan, const StepIndex& steps, const plan::StatementPlan& statement,
                           const Surroundings& surroundings, const Style& style) {
    std::string out = paint(style, Ink::strong, base::to_string(statement.place)) + "\n";
    out += sql_block("written", statement.sql, style);
    if (statement.session) {
        return out + "\n";
    }
    const std::string locks = locks_and_scans(statement.facts.locks, statement.facts.rewrites, statement.facts.scans);
    const bool refused = std::any_of(plan.refusals.begin(), plan.refusals.end(), [&](const plan::Refusal& r) {
        return r.place.line >= statement.place.line && r.place.file == statement.place.file;
    });
    if (statement.facts.opaque && !refused) {
        out += labelled_in(Ink::warning, "", "not understood: its locks and effects are not known", style, kColumn);
    } else if (!statement.facts.opaque && !locks.empty()) {
        out += labelled("", locks, style, kColumn);
    }
    out += why_text(statement, style);
    if (!statement.when.empty()) {
        out += sql_block("when", statement.when, style);
    }
    if (statement.skip) {
        out += labelled("skipped", *statement.skip, style, kColumn);
    } else {
        out += runs_text(statement, style);
    }
    if (!statement.why.empty()) {
        out += labelled("why", statement.why, style, kColumn);
    }
    for (const std::string& note : statement.notes) {
        out += labelled("note", note, style, kColumn);
    }
    for (const std::string& who : in_the_way_of(steps, statement, surroundings)) {
        out += labelled_in(Ink::warning, "in way", who, style, kColumn);
    }
    if (statement.skip) {
        return out + "\n";
    }
    if (!statement.condition.empty()) {
        out += labelled("after", statement.condition.describe(), style, kColumn);
    }
    if (!statement.runs.empty()) {
        out += undo_text(statement, style);
    }
    return out + "\n";
}

std::string fences_text(const plan::Plan& plan, const Style& style) {
    if (plan.fences == 0) {
        return "";
    }
    const auto total = static_cast<std::size_t>(plan.fences);
    const std::size_t others = std::min(plan.documentation.size(), total);
    std::string text = fmt::format("{} of {} fences run", total - others, total);
    if (others > 0) {
        text += "; documentation: " + join(plan.documentation, ", ");
    }
    return join(wrap(text, style.columns), "\n") + "\n\n";
}

std::string heading(const plan::Plan& plan, const Surroundings& surroundings, const Style& style) {
    std::string text = plan.name.empty() ? "Plan" : fmt::format("Plan of {}", one_line(plan.name));
    if (surroundings.target.empty()) {
        text += ", without a database: unknown tables count as large";
    } else {
        text += fmt::format(" for {}, PostgreSQL {}", surroundings.target, surroundings.server);
    }
    text += fmt::format(": {}, {} to run", count(static_cast<std::int64_t>(plan.statements.size()), "statement"),
                        count(steps_to_run(plan), "step"));
    return join(wrap(text, style.columns), "\n") + "\n\n";
}

std::string_view step_kind(const plan::Step& step) {
    switch (step.kind) {
        case plan::StepKind::transaction: return step.long_running ? "may run for long" : "one transaction";
        case plan::StepKind::concurrent: return "concurrently";
        case plan::StepKind::attach: return "one by one";
        case plan::StepKind::repeatable: return "may be repeated";
        case plan::StepKind::once: return "runs once";
        case plan::StepKind::check: return "check, read only";
        case plan::StepKind::attempt: return "try, rolled back";
        case plan::StepKind::confirm: return "a person confirms";
    }
    return "";
}

// What a person needs to know of a step besides its name: what to confirm, and when it may begin.
std::string more_of(const plan::Step& step, const Style& style) {
    std::string out;
    for (const std::string& line : step.lines) {
        out += labelled("-", line, style, {6, 2});
    }
    if (step.waits()) {
        out += labelled("", not_before_words(step), style, {5, 1});
    }
    if (step.timeout.count() != 0) {
        out += labelled("", "done within " + base::format_duration(step.timeout), style, {5, 1});
    }
    return out;
}

std::string steps_text(const plan::Plan& plan, const Style& style) {
    if (plan.steps.empty()) {
        return "Nothing to run.\n\n";
    }
    constexpr int kKind = 18;
    std::string out = "Steps, in this order:\n";
    for (const plan::Step& step : plan.steps) {
        const std::string kind(step.skip ? "already there" : step_kind(step));
        const std::string name = shorten(one_line(step.name), style.columns - 7 - kKind, style);
        out += fmt::format("{:>4}  {} {}\n", step.n, pad(name, style.columns - 7 - kKind), kind);
        out += more_of(step, style);
    }
    return out + "\n";
}

std::string refusals_text(const plan::Plan& plan, const Style& style) {
    if (plan.refusals.empty()) {
        return "";
    }
    std::string out = paint(style, Ink::bad, "Refused, nothing runs:") + "\n";
    for (const plan::Refusal& refusal : plan.refusals) {
        const std::string where = base::to_string(refusal.place);
        out += labelled("", (where.empty() ? "" : where + ": ") + refusal.message, style, {1, 1});
        if (!refusal.hint.empty()) {
            out += labelled("hint:", refusal.hint, style, {4, 6});
        }
    }
    return out + "\n";
}

std::string notes_text(const plan::Plan& plan, const Surroundings& surroundings, const Style& style) {
    std::string out;
    for (const std::string& path : surroundings.already_deployed) {
        out += labelled("deployed", path + ": already, unchanged", style, kColumn);
    }
    for (const std::string& note : plan.notes) {
        out += labelled("note", note, style, kColumn);
    }
    return out.empty() ? out : out + "\n";
}

}  // namespace

std::string not_before_words(const plan::Step& step) {
    if (!step.not_before.empty()) {
        return "not before " + step.not_before;
    }
    return step.not_before_after == 0
               ? ""
               : fmt::format("not before {} after step {}", base::format_duration(step.not_before_delay), step.not_before_after);
}

int steps_to_run(const plan::Plan& plan) {
    return static_cast<int>(std::count_if(plan.steps.begin(), plan.steps.end(), [](const plan::Step& step) { return !step.skip; }));
}

std::vector<std::string> points_of_no_return(const plan::Plan& plan) {
    std::vector<std::string> out;
    for (const plan::Step& step : plan.steps) {
        const bool lost = std::any_of(step.inverses.begin(), step.inverses.end(),
                                      [](const analysis::Inverse& inverse) { return !inverse.possible || inverse.loses_data; });
        if (lost && !step.skip && !plan.undone_by_author(step)) {
            out.push_back(fmt::format("step {} ({})", step.n, one_line(step.name)));
        }
    }
    return out;
}

std::string plan_text(const plan::Plan& plan, const Surroundings& surroundings, const Style& style) {
    std::string out = fences_text(plan, style) + heading(plan, surroundings, style);
    const StepIndex steps(plan);
    for (const plan::StatementPlan& statement : plan.statements) {
        out += statement_text(plan, steps, statement, surroundings, style);
    }
    out += notes_text(plan, surroundings, style);
    out += gates_text(worth_saying(plan.gates), style);
    out += steps_text(plan, style);
    out += planned_measures_text(plan, style);
    out += refusals_text(plan, style);
    out += fmt::format("digest       {}\n", plan.digest);
    out += fmt::format("plan digest  {}\n", plan.plan_digest);
    return out;
}

}  // namespace pgbelay::report
