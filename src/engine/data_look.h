// Whether the rows that are there allow the plan's constraints and unique indexes, asked before anything runs. It changes nothing.
#pragma once

#include "engine/gates.h"
#include "engine/target.h"
#include "plan/data_check.h"

#include <vector>

namespace pgbelay::engine {

// A finding each: what offends, with the first keys, is refused; what could not be seen in `time` or by this role is a warning, and what
// only shows while the plan runs is for later. `time` 0: nothing is looked at, which is said.
std::vector<Finding> check_data(Target& target, const std::vector<plan::DataCheck>& checks, base::Millis time);

}  // namespace pgbelay::engine
