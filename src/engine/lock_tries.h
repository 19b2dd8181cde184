// What the runners share that try to get locks: the errors that are worth another try, and the pause before it.
#pragma once

#include "engine/step_runner.h"

#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace pgbelay::engine {

pg::Connection::Piece set_local(std::string_view name, base::Millis value);

// "lock not available", "deadlock detected"; "" for an error that another try does not mend.
std::string lock_not_got(const std::string& sqlstate);

// Whether one of them feeds a COPY, which cannot go through a pipeline.
bool copies(const plan::Step& step);

// The pause before the next try: it grows, and jitters so that two who wait for each other do not meet again.
class Backoff {
public:
    // Says why, and waits; it counts as time that the step has waited.
    void wait(RunContext& run, const plan::Step& step, const std::string& why, StepTimes& times);

private:
    base::Millis longest_{50};
    std::optional<std::minstd_rand> random_;  // most steps never wait, and a seed is a system call
};

}  // namespace pgbelay::engine
