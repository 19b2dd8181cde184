// What the guard does in a deployment, for somebody who has psql only: what to look at, and what is too much.
#pragma once

#include "plan/plan.h"

#include <string>

namespace pgbelay::report {

// A section of the plain runbook; "" where nothing is limited and there are no sections to look between.
std::string watch_text(const plan::Plan& plan);

}  // namespace pgbelay::report
