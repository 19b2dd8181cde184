// Steps outside of transactions that may run side by side: index builds on different tables.
#pragma once

#include "engine/concurrent_step.h"

#include <functional>
#include <set>
#include <vector>

namespace pgbelay::engine {

// `settled`: it is there already, or its `when` does not hold. `later`: neither it nor another begins any more in this run.
enum class Begun { runs, settled, later, failed };

struct BuildsCallbacks {
    std::function<Begun(const plan::Step&)> begin;
    std::function<std::optional<Intent>(const plan::Step&)> intent;
    std::function<Also(const plan::Step&)> also;
    // True when the others may go on.
    std::function<bool(const plan::Step&, StepOutcome)> settle;
    Recorded recorded = Recorded::yes;
};

// Runs the steps in order, several at a time: each when those that it comes after are `done`, while fewer than limits.jobs of them work.
// One that only waits for others' snapshots does not count. After a failure the running ones end, and no other begins; with `cut_short`
// they are cancelled. Orders of the control point cancel all of them, but for a pause, which only lets none begin.
void run_builds(const RunContext& run, const std::vector<const plan::Step*>& steps, const BuildsCallbacks& callbacks, bool cut_short);

// One statement outside of transactions that is a part of a step.
StepOutcome run_part(const RunContext& run, const plan::Step& part);

}  // namespace pgbelay::engine
