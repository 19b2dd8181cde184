// Requirements about other deployments: the same one on another target, another one on this target; and about how alike two targets are.
#pragma once

#include "engine/answer.h"
#include "engine/target.h"
#include "runbook/runbook.h"

namespace pgbelay::engine {

// The same digest is deployed on the target that `subject` names: its journal is asked, or a signed receipt is looked at.
Answer deployed_on(Target& target, const runbook::Runbook& runbook, const runbook::Requirement& requirement);

// A runbook of the name `subject` is deployed here; and it recorded the value that is wanted of it, if one is.
Answer deployed_after(Target& target, const runbook::Requirement& requirement);

// The same major version, and the same versions of the extensions that both have, as on the target that `subject` names; none is missing
// here that is there.
Answer same_as(Target& target, const runbook::Runbook& runbook, const runbook::Requirement& requirement);

}  // namespace pgbelay::engine
