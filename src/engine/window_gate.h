// Whether a run may change something now: its windows, by the server's clock, and who makes a dump of the database in one.
#pragma once

#include "engine/gates.h"
#include "engine/target.h"
#include "runbook/window.h"

#include <string>
#include <vector>

namespace pgbelay::engine {

// `deploying`: a shut window is refused, not only said.
std::vector<Finding> check_windows(Target& target, const std::vector<runbook::Written>& windows, bool deploying);

// For a run that goes on from the journal: throws Error{refused} while its plan's windows are shut.
void refuse_shut_windows(Target& target, const std::vector<std::string>& windows);

}  // namespace pgbelay::engine
