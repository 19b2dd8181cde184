// The steps of a runbook that only look, try or ask, the times that an author sets, and the sections that steps stand in.
#include "plan/planner.h"

#include "catalog/apply.h"

#include <algorithm>
#include <utility>

namespace pgbelay::plan {

Step& Planner::new_step_of(const runbook::Item& item, StepKind kind) {
    Step step;
    step.n = static_cast<int>(plan_.steps.size()) + 1;
    step.name = item.name;
    step.place = item.place;
    step.kind = kind;
    step.context = context_;
    step.file = item.file;
    step.echoes = std::exchange(echoes_, {});
    plan_.steps.push_back(std::move(step));
    return plan_.steps.back();
}

void Planner::take_check(const runbook::Item& item, const runbook::CheckItem& check) {
    Step& step = new_step_of(item, StepKind::check);
    step.sends.push_back({.sql = check.statement.sql, .place = check.statement.place, .statement = check.statement.n});
    step.expects = check.expects;
    step.record = check.record;
}

void Planner::take_confirm(const runbook::Item& item, const runbook::ConfirmItem& confirm) {
    new_step_of(item, StepKind::confirm).lines = confirm.lines;
}

void Planner::take_measure(const runbook::Item& item, const runbook::MeasureItem& measure) {
    if (measure.statement.opaque()) {
        refuse_opaque(measure.statement);
    }
    plan_.measurements.push_back({.name = item.name, .place = item.place, .context = context_, .gauge = measure.gauge});
}

// Analysed for its locks alone: the catalog stays as it is, since nothing of a try does.
void Planner::take_try(const runbook::Item& item, const runbook::TryItem& attempt) {
    Step& step = new_step_of(item, StepKind::attempt);
    step.expects = attempt.expects;
    step.timeout = attempt.timeout;
    catalog::Catalog before = catalog_;
    put_in_effect(context_, defaults_, before);
    catalog::Catalog now = before;
    for (const sql::Statement& statement : attempt.statements) {
        analysis::Context context{.base = before, .now = now};
        context.in_group = true;
        context.rewrite = false;
        context.tiny = runbook_.limits.tiny;
        const analysis::Analysis analysis = analysis::analyze(statement, context);
        if (statement.opaque()) {
            refuse_opaque(statement);
        } else if (!analysis.facts.transactional) {
            plan_.refusals.push_back(
                {statement.place, "this cannot run in a transaction, and so cannot be tried and rolled back", "leave it out of the try"});
        }
        const bool strong =
            std::ranges::any_of(analysis.facts.locks, [](const auto& lock) { return catalog::blocks_the_application(lock.mode); });
        step.sends.push_back({.sql = statement.sql,
                              .place = statement.place,
                              .statement = statement.n,
                              .copy_data = statement.copy_data,
                              .takes_strong_lock = strong});
        for (const auto& lock : analysis.facts.locks) {
            if (catalog::blocks_the_application(lock.mode)) {
                step.locks.push_back(lock);
            }
        }
        catalog::apply(statement, now);
    }
}

// A time to wait for holds for what is first sent of the item; all that follows it stands behind it.
void Planner::set_times(const runbook::SqlItem& sql, std::size_t first_step) {
    for (std::size_t i = first_step; i < plan_.steps.size(); ++i) {
        plan_.steps[i].timeout = sql.timeout;
    }
    const auto first = std::find_if(plan_.steps.begin() + static_cast<std::ptrdiff_t>(first_step), plan_.steps.end(),
                                    [](const Step& step) { return !step.skip; });
    if (first == plan_.steps.end() || !sql.not_before.given()) {
        return;
    }
    first->not_before = sql.not_before.at;
    if (!sql.not_before.after.empty()) {
        first->not_before_after = ends_.at(sql.not_before.after);
        first->not_before_delay = sql.not_before.delay;
    }
}

// Where its steps stand in the runbook: their fence, and their section.
void Planner::note_place(const runbook::Item& item, std::size_t first_step) {
    if (item.place.file == runbook_.document.path) {
        for (std::size_t i = first_step; i < plan_.steps.size(); ++i) {
            plan_.steps[i].fence = plan_.steps[i].place.file == item.place.file ? base::Place{} : item.place;
        }
    }
    const int last = static_cast<int>(plan_.steps.size());
    const int before = plan_.sections.empty() ? 0 : plan_.sections.back().last;
    if (last == before) {
        return;
    }
    if (plan_.sections.empty() || plan_.sections.back().title != item.section) {
        plan_.sections.push_back({.title = item.section});
    }
    plan_.sections.back().last = last;
}

const Section* Plan::section_of(int n) const {
    const auto found = std::ranges::find_if(sections, [n](const Section& section) { return n <= section.last; });
    return found == sections.end() ? nullptr : &*found;
}

}  // namespace pgbelay::plan
