// Samples the target on a thread and a connection of its own, once a second, and says which limits are broken.
#pragma once

#include "base/wait.h"
#include "engine/figures.h"
#include "engine/judge.h"
#include "engine/target.h"
#include "runbook/runbook.h"

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace pgbelay::engine {

class Guard {
public:
    // Begins to sample; it ends with the object. When its connection is lost it connects again, and without one it says nothing.
    Guard(const Target& target, const runbook::Limits& limits, runbook::OnBreach on_breach);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

    // Whose waiters count as "blocked by us".
    void set_ours(std::vector<int> pids);

    struct View {
        std::vector<Breach> breaches;  // while they last
        int blocked_by_us = 0;         // of the latest sample
        int most_blocked_by_us = 0;    // since the last reset_peak()
    };
    View view() const;
    void reset_peak();

    // What limits that are multiples are multiples of; until it is set they are not looked at.
    void set_baseline(const Figures& figures);
    // The means of the samples so far, to make one of.
    Figures means() const;
    // Looks once more, now. Nothing when there is no answer within `patience`, or when stopped.
    std::optional<Figures> look_now(base::Millis patience, const base::StopSignal* stop);

    struct Summary {
        int samples = 0;
        std::map<std::string, double> maxima;
    };
    Summary summary() const;

private:
    void watch();
    void look(pg::Connection& connection, bool regular);

    const Target& target_;
    base::StopSignal stop_;
    base::StopSignal asked_;
    Meter meter_;  // the sampling thread's own, as the judge
    Judge judge_;

    mutable std::mutex mutex_;
    std::vector<int> ours_;  // these are shared
    View view_;
    Summary summary_;
    Baseline seen_;
    std::optional<Figures> baseline_;
    Figures latest_;
    int asks_ = 0;
    int answered_ = 0;  // the latest ask that `latest_` is younger than
    std::thread thread_;
};

}  // namespace pgbelay::engine
