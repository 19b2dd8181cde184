#include "cli/commands.h"
#include "cli/exit_status.h"
#include "cli/follow.h"
#include "cli/notifier.h"
#include "cli/question.h"
#include "report/deploy_json.h"
#include "report/plan_text.h"
#include "report/text.h"

namespace pgbelay::cli {

namespace {

// Shows the plan and asks, unless the person said yes beforehand.
bool agreed(const Context& context, engine::Target& target, const engine::Prepared& prepared) {
    const Console& console = context.console;
    const bool asks = !context.common.yes;
    if (asks || (console.stdout_is_for_people() && !console.quiet())) {
        console.say(report::plan_text(prepared.plan, surroundings_of(target, prepared), console.style()) + "\n");
    }
    if (!asks) {
        return true;
    }
    const std::vector<std::string> final_steps = report::points_of_no_return(prepared.plan);
    if (!final_steps.empty()) {
        const std::string words = "Cannot be undone without loss: " + report::join(final_steps, ", ");
        console.say(report::join(report::wrap(words, console.style().columns), "\n") + "\n");
    }
    return ask(console, deploy_question(report::steps_to_run(prepared.plan), target.describe(), target.conninfo().source()),
               context.interrupts.stop());
}

bool is_of_the_command_line(base::ErrorCode code) {
    return code == base::ErrorCode::usage || code == base::ErrorCode::input || code == base::ErrorCode::interrupted;
}

int deploy(const Deploy& command, const Context& context, const runbook::Runbook& runbook) {
    engine::Target target = open_target(context, runbook.targets, runbook.replicas);
    pass_gates(engine::check_target(target));
    engine::Prepared prepared = engine::prepare(target, runbook, {command.as_written});
    pass_gates(check_deployment(context, target, runbook, prepared, Looking::to_deploy));
    if (report::steps_to_run(prepared.plan) > 0 && !agreed(context, target, prepared)) {
        throw base::Error(base::ErrorCode::refused, "not confirmed: nothing was changed");
    }
    base::heed(target.stop());
    Notifier notifier(runbook.notifications, runbook.name);
    const int status = follow(context, target, false, [&](const engine::Sink& sink, const engine::Confirmer& confirmer) {
        const engine::Sink also_told = [&](const engine::Event& event) {
            notifier.take(event);
            for (const std::string& failure : notifier.failures()) {
                sink(engine::Notice{.text = "notify: " + failure, .warning = true});
            }
            sink(event);
        };
        return engine::deploy(target, prepared.plan, run_options(context, target, command.on_failure, confirmer), also_told);
    });
    for (const std::string& failure : notifier.finish()) {
        context.console.say("notify: " + failure + "\n");
    }
    return status;
}

}  // namespace

int run(const Deploy& command, const Context& context) {
    if (command.dry_run) {
        return run(Plan{command.paths, command.as_written}, context);
    }
    const runbook::Runbook runbook = read_runbook(command.paths, context);
    try {
        return deploy(command, context, runbook);
    } catch (const base::Error& error) {
        // Whoever reads the JSON of a deployment finds its result there, also when no run was begun.
        if (context.console.format() != Format::json || is_of_the_command_line(error.code())) {
            throw;
        }
        engine::RunReport report;
        report.result = engine::RunResult::refused;
        report.digest = runbook.digest;
        report.error = error;
        context.console.json_document(report::deploy_json(report));
        return exit_status(error.code(), context.interrupts.signal());
    }
}

}  // namespace pgbelay::cli
