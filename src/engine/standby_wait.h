// Waits for the hot standbys before and after a step whose ACCESS EXCLUSIVE locks they will replay.
#pragma once

#include "engine/step_runner.h"

#include <vector>

namespace pgbelay::engine {

class StandbyWait {
public:
    StandbyWait(RunContext& run, const plan::Step& step);

    // For a step outside of transactions, which takes its lock at its end: waits until nobody reads on a standby what it will take away.
    // A transaction looks by itself before each try. False, and the outcome says why, when the step must not begin.
    bool wait_until_clear(StepOutcome& outcome) const;

    // After the step: waits until every standby has replayed it, so that locks there do not come upon locks. When that does not happen
    // until the step's deadline the outcome gets an error; the step itself is done.
    void wait_until_replayed(StepOutcome& outcome) const;

private:
    std::vector<catalog::Oid> relations() const;
    void pass_warnings_on() const;
    void say(const std::vector<std::string>& words, base::Clock::time_point began, base::Clock::time_point& say_at) const;

    RunContext& run_;
    const plan::Step& step_;
    std::vector<sql::QualifiedName> exclusive_;  // what the step locks ACCESS EXCLUSIVE, also in passing
};

}  // namespace pgbelay::engine
