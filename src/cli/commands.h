// The commands: one file each. Every one returns the exit status and throws Error before it has changed anything.
#pragma once

#include "cli/arguments.h"
#include "cli/console.h"
#include "cli/interrupts.h"
#include "engine/gates.h"
#include "engine/prepare.h"
#include "engine/target.h"
#include "report/plan_json.h"
#include "runbook/runbook.h"

#include <vector>

namespace pgbelay::cli {

struct Context {
    const Common& common;
    const Console& console;
    Interrupts& interrupts;
};

// Carries out the command that was asked for. Errors are reported here; the exit status says the rest.
int carry_out(const Arguments& arguments, const Console& console, Interrupts& interrupts);

int run(const Deploy& command, const Context& context);
int run(const Plan& command, const Context& context);
int run(const Render& command, const Context& context);
int run(const Init& command, const Context& context);
int run(const Check& command, const Context& context);
int run(const Status& command, const Context& context);
int run(const History& command, const Context& context);
int run(const Report& command, const Context& context);
int run(const Pause& command, const Context& context);
int run(const Resume& command, const Context& context);
int run(const Abort& command, const Context& context);
int run(const Rollback& command, const Context& context);
int run(const Verify& command, const Context& context);
int run(const Mark& command, const Context& context);
int run(const Approve& command, const Context& context);
int run(const InitDb& command, const Context& context);
int run(const Demo& command, const Context& context);
int run(const Completion& command, const Context& context);

// What several commands need.
runbook::Runbook read_runbook(const std::vector<std::string>& paths, const Context& context);
// Whether --db, --env or $DATABASE_URL names a database.
bool names_a_database(const Context& context);
engine::Target open_target(const Context& context, const std::vector<runbook::Target>& targets = {},
                           const std::vector<runbook::Target>& replicas = {});
// The plan for the database that is named, or, where none is, for tables that nobody has seen.
struct Planned {
    plan::Plan plan;
    std::string database;  // "" when none was asked
};
Planned plan_with_or_without(const Context& context, const runbook::Runbook& runbook, const engine::PrepareOptions& options);
report::Surroundings surroundings_of(engine::Target& target, const engine::Prepared& prepared);
// All that this deployment needs of its target: what the plan needs of its role and its rows, and what the runbook requires, which the plan
// is given to keep. Whoever only looks is told of what only matters at the moment of the deployment, and not refused.
enum class Looking { only, to_deploy };
std::vector<engine::Finding> check_deployment(const Context& context, engine::Target& target, const runbook::Runbook& runbook,
                                              engine::Prepared& prepared, Looking looking);
// Throws Error{refused} when a gate is shut.
void pass_gates(const std::vector<engine::Finding>& findings);

}  // namespace pgbelay::cli
