#include "report/render.h"
#include "cli/commands.h"
#include "cli/exit_status.h"

#include <algorithm>

namespace pgbelay::cli {

namespace {

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
    // That something is there already cannot be said of a database that nobody has seen: then nothing is taken for known.
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
