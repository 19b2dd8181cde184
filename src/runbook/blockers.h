// The policy for sessions that stand in the way, as people write it: `wait`, `cancel:30s`, `terminate:1min,dumps`.
#pragma once

#include "runbook/runbook.h"

#include <string>
#include <string_view>

namespace pgbelay::runbook {

// Without an age it is 30 s. Throws Error{input} at the place.
Blockers read_blockers(std::string_view text, const base::Place& place);

// As it is written; the same again when it is read.
std::string to_string(const Blockers& policy);

// "whoever is in the way with a transaction older than 30 s is cancelled", for people; "" for a policy that only waits.
std::string describe(const Blockers& policy);

}  // namespace pgbelay::runbook
