// Post-conditions as SQL that a person can read and run.
#pragma once

#include "catalog/condition.h"

#include <string>

namespace pgbelay::report {

// A boolean expression: whether what the fact speaks of is there, as far as its name tells.
std::string seen(const catalog::Fact& fact);

}  // namespace pgbelay::report
