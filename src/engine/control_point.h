// Where a run listens: Ctrl-C, `pause`, `resume` and `abort` from other shells, and the guard.
#pragma once

#include "engine/event.h"
#include "engine/guard.h"
#include "engine/measurements.h"
#include "engine/session.h"
#include "engine/time_limits.h"
#include "plan/plan.h"

#include <string>
#include <vector>

namespace pgbelay::engine {

// What a run in the middle of something should do now.
enum class Order { go_on, pause, pause_now, abort, roll_back, stop };

class ControlPoint {
public:
    // `clock` lives for as long as the run, over all connections that it loses.
    ControlPoint(Session& session, Guard& guard, const plan::Plan& plan, RunClock& clock, const Sink& sink, base::StopSignal* stop);

    // Whose probes count as limits, too; it must live as long.
    void watch(Measurements& measurements) { measurements_ = &measurements; }

    // Cheap: reads notifications, asks the journal at most once a second. Throws Error{conflict} when we were replaced.
    Order look();
    // Before a step or a try: while paused, waits. The order that ends the wait (or go_on).
    Order pass();
    // "by alice@laptop", "by the guard: lock_waiters 14 > 10": why the last order that was not go_on was given.
    const std::string& why() const { return why_; }
    // For how long it was paused so far: no time for a step to be in.
    base::Clock::duration paused() const { return clock_.paused(base::Clock::now()); }
    // From when on, and until when, it counts as the time of a step.
    void step_begins(int n) { times_.step_begins(n); }
    void step_ends(int n) { times_.step_ends(n); }

private:
    Order from_guard();
    void say_changes(const std::vector<Breach>& now);

    Session& session_;
    Guard& guard_;
    RunClock& clock_;
    TimeLimits times_;
    const Sink& sink_;
    base::StopSignal* stop_;
    base::Deadline ask_again_at_;
    ControlState state_;
    std::vector<Breach> breaches_;  // that were said
    std::string why_;
    Measurements* measurements_ = nullptr;
};

// The time that a step may take, pauses left out.
class StepDeadline {
public:
    StepDeadline(const ControlPoint& control, base::Millis limit)
        : control_(control), at_(base::in(limit)), paused_before_(control.paused()) {}
    bool passed() const { return base::Clock::now() >= at_ + (control_.paused() - paused_before_); }

private:
    const ControlPoint& control_;
    base::Deadline at_;
    base::Clock::duration paused_before_;
};

}  // namespace pgbelay::engine
