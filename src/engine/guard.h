// Samples the target on a thread and a connection of its own, and says when a limit is broken.
#pragma once

#include "base/wait.h"
#include "engine/target.h"
#include "pg/activity.h"
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
    Guard(const Target& target, const runbook::Limits& limits);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

    // Whose waiters count as "blocked by us".
    void set_ours(std::vector<int> pids);

    struct View {
        std::optional<std::string> breach;  // "blocked_sessions 14 > 10", while it lasts
        int blocked_by_us = 0;              // of the latest sample
        int most_blocked_by_us = 0;         // since the last reset_peak()
    };
    View view() const;
    void reset_peak();

    struct Summary {
        int samples = 0;
        std::map<std::string, double> maxima;
    };
    Summary summary() const;

private:
    struct Rates {
        std::int64_t rollbacks = 0;
        std::int64_t deadlocks = 0;
        base::Clock::time_point at;
    };

    void watch();
    void take(const pg::Sample& sample);
    std::optional<std::string> broken_limit(const std::map<std::string, double>& values) const;

    const Target& target_;
    runbook::Limits limits_;
    base::StopSignal stop_;
    std::optional<Rates> before_;  // the sampling thread's own
    int breaches_in_a_row_ = 0;
    int quiet_in_a_row_ = 0;

    mutable std::mutex mutex_;
    std::vector<int> ours_;  // these four are shared
    View view_;
    Summary summary_;
    std::thread thread_;
};

}  // namespace pgbelay::engine
