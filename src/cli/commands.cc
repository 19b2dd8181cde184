#include "cli/commands.h"

#include "cli/exit_status.h"
#include "cli/target_choice.h"
#include "engine/data_look.h"
#include "engine/requirements.h"
#include "engine/window_gate.h"
#include "pg/conninfo.h"
#include "report/plan_text.h"

#include <cstdlib>
#include <exception>
#include <iterator>
#include <string>
#include <utility>

namespace pgbelay::cli {

namespace {

std::string database_url() {
    const char* value = std::getenv("DATABASE_URL");
    return value == nullptr ? "" : value;
}

}  // namespace

int carry_out(const Arguments& arguments, const Console& console, Interrupts& interrupts) {
    const Context context{arguments.common, console, interrupts};
    try {
        return std::visit([&](const auto& command) { return run(command, context); }, arguments.command);
    } catch (const base::Error& error) {
        console.error(error);
        return exit_status(error.code(), interrupts.signal());
    }
}

runbook::Runbook read_runbook(const std::vector<std::string>& paths, const Context& context) {
    return runbook::read(paths, {.variables = context.common.variables,
                                 .limits = context.common.limits,
                                 .blockers = context.common.blockers,
                                 .stop = &context.interrupts.stop()});
}

bool names_a_database(const Context& context) {
    return context.common.db || !context.common.env.empty() || !database_url().empty();
}

engine::Target open_target(const Context& context, const std::vector<runbook::Target>& targets,
                           const std::vector<runbook::Target>& replicas) {
    const TargetChoice choice = choose_target(context.common, database_url(), targets);
    std::vector<pg::Conninfo> standbys;
    for (const TargetChoice& standby : choose_replicas(context.common, replicas)) {
        standbys.emplace_back(standby.url, standby.source);
    }
    engine::Target target = engine::Target::open(pg::Conninfo(choice.url, choice.source), &context.interrupts.stop());
    target.follow(std::move(standbys));
    return target;
}

Planned plan_with_or_without(const Context& context, const runbook::Runbook& runbook, const engine::PrepareOptions& options) {
    if (!names_a_database(context)) {
        return {engine::prepare_offline(runbook, options), ""};
    }
    engine::Target target = open_target(context, runbook.targets, runbook.replicas);
    return {engine::prepare(target, runbook, options).plan, target.facts().database};
}

report::Surroundings surroundings_of(engine::Target& target, const engine::Prepared& prepared) {
    return {target.describe(), target.facts().version_text, prepared.already_deployed, prepared.in_the_way};
}

std::vector<engine::Finding> check_deployment(const Context& context, engine::Target& target, const runbook::Runbook& runbook,
                                              engine::Prepared& prepared, Looking looking) {
    std::vector<engine::Finding> findings = engine::check_plan(target, prepared.plan);
    std::vector<engine::Finding> required = engine::check_requirements(target, runbook, prepared);
    const auto add = [&](std::vector<engine::Finding> more) { std::move(more.begin(), more.end(), std::back_inserter(required)); };
    // A shut window is in nobody's way where there is nothing to do.
    const bool changes = looking == Looking::to_deploy && report::steps_to_run(prepared.plan) > 0;
    add(engine::check_windows(target, runbook.windows, changes));
    add(engine::check_data(target, prepared.data_checks, context.common.data_checks));
    engine::record_gates(prepared.plan, required);
    std::move(required.begin(), required.end(), std::back_inserter(findings));
    return findings;
}

void pass_gates(const std::vector<engine::Finding>& findings) {
    if (engine::refuses(findings)) {
        throw engine::to_error(findings);
    }
}

}  // namespace pgbelay::cli
