// The plain runbook: what a plan does, as psql and shell commands that a person carries out on a day without pgbelay.
#pragma once

#include "plan/plan.h"

#include <string>

namespace pgbelay::report {

// Markdown; its `sh` fences, one after the other up to "To undo it", are a script for bash that carries the plan out. The first of them,
// and those below, are one that takes it back. `undo` undoes all steps of `plan`. Throws Error{refused} for a plan with refusals.
std::string plain_runbook(const plan::Plan& plan, const plan::Plan& undo);

}  // namespace pgbelay::report
