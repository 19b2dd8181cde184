#include "cli/follow.h"

#include "cli/exit_status.h"
#include "cli/question.h"
#include "cli/sinks.h"
#include "report/deploy_json.h"
#include "report/summary.h"
#include "runbook/blockers.h"

#include <fmt/core.h>

namespace pgbelay::cli {

namespace {

// The person at the terminal, below the display of the run. Without one only --confirm does.
engine::Confirmer confirmer_for(const Context& context, Sinks& sinks) {
    engine::Confirmer confirmer{.given = context.common.confirmations};
    if (can_ask(context.console)) {
        confirmer.ask = [&context, &sinks](const plan::Step& step, const std::function<void()>& look) {
            sinks.step_aside();
            return ask_who_confirms(context.console, step, context.interrupts.stop(), look);
        };
    }
    return confirmer;
}

// The work, with what nobody planned for turned into a report: the summary and the exit status need one either way.
engine::RunReport carried_out(const Context& context, const Work& work, Sinks& sinks) {
    try {
        return work([&sinks](const engine::Event& event) { sinks.show(event); }, confirmer_for(context, sinks));
    } catch (const base::Error& error) {
        if (sinks.run() == 0) {
            throw;
        }
        engine::RunReport report;
        report.run = sinks.run();
        report.result = error.code() == base::ErrorCode::interrupted ? engine::RunResult::interrupted : engine::RunResult::stopped;
        report.changed = sinks.step_begun();
        report.error = error;
        return report;
    }
}

// How to reach the same database again, as far as it can be said without a secret.
std::string again(const engine::Target& target) {
    const std::string& source = target.conninfo().source();
    return source == "--db" || source.starts_with("target ") ? " --db URL" : "";
}

report::Ending ending_of(const engine::RunReport& report, const engine::Target& target, base::Millis took, bool rollback) {
    report::Ending ending;
    ending.took = took;
    if (report.run != 0) {
        ending.go_on = fmt::format("pgbelay resume {}{}", report.run, again(target));
        ending.undo = rollback ? "" : fmt::format("pgbelay rollback {}{}", report.run, again(target));
    }
    return ending;
}

}  // namespace

engine::RunOptions run_options(const Context& context, engine::Target& target, engine::OnFailure on_failure,
                               const engine::Confirmer& confirmer) {
    engine::RunOptions options;
    options.confirmer = confirmer;
    if (!context.common.blockers.empty()) {
        options.blockers = runbook::read_blockers(context.common.blockers, {"--blockers", 0, 0});
    }
    options.on_failure = on_failure;
    options.url_source = target.conninfo().source();
    return options;
}

int follow(const Context& context, engine::Target& target, bool rollback_asked, const Work& work) {
    const base::Deadline began = base::Clock::now();
    Sinks sinks(context.console);
    const engine::RunReport report = carried_out(context, work, sinks);
    const auto took = std::chrono::duration_cast<base::Millis>(base::Clock::now() - began);
    sinks.finish(
        report::deploy_json(report),
        report::summary_text(report, ending_of(report, target, took, rollback_asked || report.was_rollback), context.console.style()));
    if (report.error && !context.console.json()) {
        context.console.error(*report.error);
    }
    Outcome outcome;
    outcome.result = report.result;
    outcome.changed = report.changed;
    outcome.verified = report.verification_failures.empty();
    if (report.error) {
        outcome.error = report.error->code();
    }
    outcome.rollback_asked = rollback_asked || report.was_rollback;
    outcome.signal = context.interrupts.signal();
    return exit_status(outcome);
}

}  // namespace pgbelay::cli
