// Whether a run may change something now: its windows, by the server's clock, and who makes a dump of the database in one.
#pragma once

#include "base/clock.h"
#include "engine/gates.h"
#include "engine/target.h"
#include "plan/plan.h"
#include "runbook/window.h"

#include <optional>
#include <string>
#include <vector>

namespace pgbelay::engine {

// `deploying`: a shut window is refused, not only said.
std::vector<Finding> check_windows(Target& target, const std::vector<runbook::Written>& windows, bool deploying);

// For a run that goes on from the journal: throws Error{refused} while its plan's windows are shut.
void refuse_shut_windows(Target& target, const std::vector<std::string>& windows);

// The windows of a run that goes on: no step begins while they are shut, nor one that would probably run past their end.
class RunningWindows {
public:
    explicit RunningWindows(const std::vector<std::string>& windows);

    struct Later {
        std::string until;  // when they open next
        std::string why;
    };
    // Nothing: the step may begin. By the server's clock, which is asked now and then.
    std::optional<Later> not_now(pg::Connection& connection, const plan::Step& step);
    std::optional<Later> not_at(runbook::Instant now, const plan::Step& step) const;

    // How long it will probably take: from the size of what it reads, 20 MB/s at first, and as fast as this run's steps were later on.
    base::Millis expected(const plan::Step& step) const;
    void learn(const plan::Step& step, base::Millis ran);

private:
    runbook::Windows windows_;
    bool any_;
    std::optional<runbook::Instant> asked_;  // the server's answer
    base::Clock::time_point asked_at_{};
    double read_ = 0;  // bytes, of the steps so far, in
    double took_ = 0;  // … so many seconds
};

}  // namespace pgbelay::engine
