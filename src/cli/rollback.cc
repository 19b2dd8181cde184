#include "cli/commands.h"
#include "cli/follow.h"
#include "cli/question.h"
#include "report/plan_text.h"
#include "report/text.h"

namespace pgbelay::cli {

namespace {

// The steps that cannot be undone stop a rollback before it begins: half of it would be neither the old schema nor the new one.
void pass_points_of_no_return(const plan::Plan& plan) {
    if (plan.refusals.empty()) {
        return;
    }
    const plan::Refusal& first = plan.refusals.front();
    base::Error error(base::ErrorCode::refused, first.message);
    std::vector<std::string> others;
    for (std::size_t i = 1; i < plan.refusals.size(); ++i) {
        others.push_back(base::to_string(plan.refusals[i].place) + ": " + plan.refusals[i].message);
    }
    throw error.at(first.place).detail(report::join(others, "\n")).hint(first.hint);
}

bool agreed(const Context& context, engine::Target& target, const engine::RollbackPlan& rollback) {
    const Console& console = context.console;
    const bool asks = !context.common.yes;
    if (asks || (console.stdout_is_for_people() && !console.quiet())) {
        const report::Surroundings surroundings{target.describe(), target.facts().version_text, {}, {}};
        console.say(report::plan_text(rollback.plan, surroundings, console.style()) + "\n");
    }
    for (const std::string& loss : rollback.loses_data) {
        console.say(report::labelled_in(report::Ink::bad, "", "loses data: " + loss, console.style(), {0, 1}));
    }
    return !asks ||
           ask(console, rollback_question(rollback.run, report::steps_to_run(rollback.plan), target.describe(), target.conninfo().source()),
               context.interrupts.stop());
}

}  // namespace

int run(const Rollback& command, const Context& context) {
    engine::Target target = open_target(context);
    pass_gates(engine::check_replicas(target));
    const engine::RollbackPlan rollback = engine::plan_rollback(target, command.run);
    pass_points_of_no_return(rollback.plan);
    if (!agreed(context, target, rollback)) {
        throw base::Error(base::ErrorCode::refused, "not confirmed: nothing was changed");
    }
    base::heed(target.stop());
    return follow(context, target, true, [&](const engine::Sink& sink, const engine::Confirmer& confirmer) {
        return engine::rollback(target, rollback, run_options(context, target, engine::OnFailure::stop, confirmer), sink);
    });
}

}  // namespace pgbelay::cli
