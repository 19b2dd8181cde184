// `sql baseline`: a query's result, and the author's condition over the one before and the one after.
#pragma once

#include "base/wait.h"
#include "engine/measured.h"
#include "pg/connection.h"
#include "plan/plan.h"

#include <string>

namespace pgbelay::engine {

// At most so many rows are kept.
inline constexpr int kMostBaselineRows = 1000;

// `types` is a connection of ours that asks for the types of the columns. Throws Error{connection|interrupted}.
Taken take_baseline(pg::Connection& worker, pg::Connection& types, const plan::Measurement& measurement, const base::StopSignal* stop);

// Why it fails by `-- fail:`; "" when it does not. What cannot be judged fails, too. Throws as above.
std::string baseline_failure(pg::Connection& worker, const plan::Measurement& measurement, const Taken& before, const Taken& after,
                             const base::StopSignal* stop);

}  // namespace pgbelay::engine
