#include "cli/commands.h"

#include "cli/exit_status.h"
#include "cli/target_choice.h"
#include "pg/conninfo.h"

#include <cstdlib>
#include <exception>
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

engine::Target open_target(const Context& context, const std::vector<runbook::Target>& targets, const std::vector<runbook::Target>& replicas) {
    const TargetChoice choice = choose_target(context.common, database_url(), targets);
    std::vector<pg::Conninfo> standbys;
    for (const TargetChoice& standby : choose_replicas(context.common, replicas)) {
        standbys.emplace_back(standby.url, standby.source);
    }
    engine::Target target = engine::Target::open(pg::Conninfo(choice.url, choice.source), &context.interrupts.stop());
    target.follow(std::move(standbys));
    return target;
}

report::Surroundings surroundings_of(engine::Target& target, const engine::Prepared& prepared) {
    return {target.describe(), target.facts().version_text, prepared.already_deployed, prepared.in_the_way};
}

void pass_gates(const std::vector<engine::Finding>& findings) {
    if (engine::refuses(findings)) {
        throw engine::to_error(findings);
    }
}

}  // namespace pgbelay::cli
