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
    plan::Plan plan;
    catalog::Catalog after;
    const engine::PrepareOptions options{.as_written = command.as_written, .stop = &context.interrupts.stop(), .after = &after};
    if (names_a_database(context)) {
        engine::Target target = open_target(context, runbook.targets, runbook.replicas);
        plan = engine::prepare(target, runbook, options).plan;
    } else {
        plan = engine::prepare_offline(runbook, options);
    }
    context.console.document(report::plain_runbook(plan, undo_of(plan, after)));
    return kDone;
}

}  // namespace pgbelay::cli
