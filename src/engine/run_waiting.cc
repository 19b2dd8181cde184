// Runs that end before a step whose time has not come, to be gone on with later.
#include "engine/run_loop.h"

namespace pgbelay::engine {

// Whether the run ends here until the step's time has come.
bool RunLoop::must_wait(const plan::Step& step) {
    if (!step.waits() || done_.contains(step.n)) {
        return false;
    }
    write_timings(true);
    if (look_at_committed(true) == Next::end) {
        return true;
    }
    const Journal::Due due = session_->journal().due(session_->key(), step);
    if (!due.now) {
        wait(step, due.at);
    }
    return !due.now;
}

void RunLoop::wait(const plan::Step& step, const std::string& until) {
    report_.result = RunResult::waiting;
    report_.waiting_for = step.name;
    report_.waiting_until = until;
    sink_(Waiting{.step = &step, .until = until});
    session_->journal().wait_until(session_->key(), step, until);
}

// When it may begin, where the windows are shut or would shut before its end; "" for now.
std::string RunLoop::outside_of_windows(const plan::Step& step) {
    if (step.only_looks() || step.skip) {
        return "";
    }
    const auto later = windows_.not_now(target_.control(), step);
    if (later) {
        sink_(Notice{.text = later->why, .warning = true});
    }
    return later ? later->until : "";
}

}  // namespace pgbelay::engine
