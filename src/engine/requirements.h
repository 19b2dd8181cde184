// What the runbook requires of its target, asked before anything is changed. It changes nothing.
#pragma once

#include "engine/gates.h"
#include "engine/prepare.h"
#include "engine/target.h"
#include "plan/plan.h"
#include "runbook/runbook.h"

#include <vector>

namespace pgbelay::engine {

// Every requirement with what was found. Where nothing is left to run, and where a run of this very
// deployment has begun its work, they are not asked any more: what they want gone or free may be there by now, since we made it.
std::vector<Finding> check_requirements(Target& target, const runbook::Runbook& runbook, const Prepared& prepared);

// Gives the plan what was found, to keep as evidence.
void record_gates(plan::Plan& plan, const std::vector<Finding>& findings);

// The requirements as they will be asked, without a verdict: for a plan that is made without a database.
std::vector<plan::GateRecord> requirements_to_come(const runbook::Runbook& runbook);

}  // namespace pgbelay::engine
