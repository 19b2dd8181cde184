// What a plan measures, for a day without pgbelay: commands for psql, and what a person has to see.
#pragma once

#include "plan/plan.h"

#include <functional>
#include <string>

namespace pgbelay::report {

// The shell's command for statements that only look, in a READ ONLY transaction. Where they may fail that does not end the script.
using Looked = std::function<std::string(const plan::SessionContext& context, const std::string& sql, bool may_fail)>;

// A section for each side; "" where the plan measures nothing.
std::string measures_by_hand_before(const plan::Plan& plan, const Looked& looked);
std::string measures_by_hand_after(const plan::Plan& plan, const Looked& looked);

}  // namespace pgbelay::report
