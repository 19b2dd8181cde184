// The limits on our own time: of the whole run, and of each step. Time in which the run was paused is no part of either.
#pragma once

#include "base/clock.h"
#include "engine/judge.h"
#include "runbook/runbook.h"

#include <map>
#include <optional>
#include <vector>

namespace pgbelay::engine {

// Stops while the run is paused.
class RunClock {
public:
    base::Clock::duration ran(base::Clock::time_point now) const { return now - began_ - paused(now); }
    base::Clock::duration paused(base::Clock::time_point now) const {
        return paused_ + (since_ ? now - *since_ : base::Clock::duration::zero());
    }
    // While it lives, the clock stands still.
    class Standstill {
    public:
        explicit Standstill(RunClock& clock) : clock_(clock) { clock_.since_ = base::Clock::now(); }
        ~Standstill() { clock_.go_on(); }
        Standstill(const Standstill&) = delete;
        Standstill& operator=(const Standstill&) = delete;

    private:
        RunClock& clock_;
    };

private:
    void go_on();

    base::Clock::time_point began_ = base::Clock::now();
    base::Clock::duration paused_{0};
    std::optional<base::Clock::time_point> since_;
};

class TimeLimits {
public:
    TimeLimits(const RunClock& clock, const std::vector<runbook::GuardLimit>& limits, runbook::OnBreach on_breach);

    void step_begins(int n);
    void step_ends(int n) { steps_.erase(n); }
    // Those that are broken now; they stay so.
    std::vector<Breach> breaches() const;

private:
    const RunClock& clock_;
    std::optional<runbook::GuardLimit> run_;
    std::optional<runbook::GuardLimit> step_;
    runbook::OnBreach on_breach_;
    std::map<int, base::Clock::duration> steps_;  // by n: what the clock showed when it began
};

}  // namespace pgbelay::engine
