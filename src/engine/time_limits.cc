#include "engine/time_limits.h"

#include <algorithm>

namespace pgbelay::engine {

namespace {

std::optional<runbook::GuardLimit> limit_on(const std::vector<runbook::GuardLimit>& limits, std::string_view name) {
    const auto* limit = runbook::find_limit(limits, name);
    return limit == nullptr ? std::nullopt : std::optional(*limit);
}

}  // namespace

void RunClock::go_on() {
    if (since_) {
        paused_ += base::Clock::now() - *since_;
        since_.reset();
    }
}

TimeLimits::TimeLimits(const RunClock& clock, const std::vector<runbook::GuardLimit>& limits, runbook::OnBreach on_breach)
    : clock_(clock), run_(limit_on(limits, "run_time")), step_(limit_on(limits, "step_time")), on_breach_(on_breach) {}

void TimeLimits::step_begins(int n) {
    steps_.try_emplace(n, clock_.ran(base::Clock::now()));
}

std::vector<Breach> TimeLimits::breaches() const {
    if (!run_ && !step_) {
        return {};
    }
    std::vector<Breach> breaches;
    const auto look = [&](const std::optional<runbook::GuardLimit>& limit, base::Clock::duration passed) {
        const auto ms = static_cast<double>(std::chrono::duration_cast<base::Millis>(passed).count());
        if (limit && ms > limit->most) {
            breaches.push_back({.limit = limit->name,
                                .what = breach_text(*runbook::find_measure(limit->name), *limit, ms, limit->most, 0),
                                .action = limit->action.value_or(on_breach_)});
        }
    };
    const base::Clock::duration ran = clock_.ran(base::Clock::now());
    look(run_, ran);
    const auto oldest = std::ranges::min_element(steps_, {}, &std::pair<const int, base::Clock::duration>::second);
    if (oldest != steps_.end()) {
        look(step_, ran - oldest->second);
    }
    return breaches;
}

}  // namespace pgbelay::engine
