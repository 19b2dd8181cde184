#include "report/render.h"
#include "cli/commands.h"
#include "cli/exit_status.h"

#include <algorithm>

namespace pgbelay::cli {

namespace {

bool only_drops(const plan::Step& step) {
    return std::ranges::all_of(step.condition.facts, [](const auto& fact) { return std::holds_alternative<catalog::Absent>(fact); });
}

plan::Plan undo_of(const plan::Plan& plan, const catalog::Catalog& after) {
    std::set<int> all;
    for (const plan::Step& step : plan.steps) {
        all.insert(step.n);
    }
    const plan::RollbackRunbook rollback = plan::rollback_runbook(plan, all, false);
    if (!rollback.refusals.empty()) {
        plan::Plan refused;
        refused.refusals = rollback.refusals;
        return refused;
    }
    plan::Plan undo = plan::make_rollback_plan(rollback, after, {});
    // What is there, and what is not, cannot be said of a database that nobody has seen: IF EXISTS is left to find out, and where something
    // would be taken for there still, nothing is taken for known.
    for (plan::Step& step : undo.steps) {
        if (step.skip && only_drops(step)) {
            step.skip.reset();
            step.locks.push_back({.relation = step.index, .mode = catalog::LockMode::access_exclusive});
            step.sends.front().takes_strong_lock = true;
        }
    }
    if (std::ranges::any_of(undo.steps, [](const plan::Step& step) { return step.skip.has_value(); })) {
        undo = plan::make_rollback_plan(rollback, catalog::Catalog::unknown(plan.server_major), {});
    }
    return undo;
}

}  // namespace

int run(const Render& command, const Context& context) {
    const runbook::Runbook runbook = read_runbook(command.paths, context);
    catalog::Catalog after;
    const plan::Plan plan =
        plan_with_or_without(context, runbook, {.as_written = command.as_written, .stop = &context.interrupts.stop(), .after = &after})
            .plan;
    context.console.document(report::plain_runbook(plan, undo_of(plan, after)));
    return kDone;
}

}  // namespace pgbelay::cli
