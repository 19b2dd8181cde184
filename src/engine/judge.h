// Decides from the guard's figures which limits are broken: several looks in a row break one, several quiet ones mend it.
#pragma once

#include "engine/figures.h"
#include "runbook/runbook.h"

#include <optional>
#include <string>
#include <vector>

namespace pgbelay::engine {

struct Breach {
    std::string limit;  // its name
    std::string what;   // "lock_waiters 14 > 10"
    runbook::OnBreach action = runbook::OnBreach::pause;
};
// The one that asks for most: to roll back is more than to abort, and that more than to pause. Null for none.
const Breach* strongest(const std::vector<Breach>& breaches);

// "rollbacks_per_second 12 > 3 (3x of what it was before the first change, 0.4, counted as 1)".
std::string breach_text(const runbook::Measure& measure, const runbook::GuardLimit& limit, double value, double most, double before);

// What is above the limit: its value, or the multiple of what was before, which counts as the measure's floor at least.
double most_of(const runbook::GuardLimit& limit, const runbook::Measure& measure, double before);

// Whether something is broken: from so many looks in a row that found it so, until so many in a row that did not.
class Streak {
public:
    void take(std::optional<std::string> what, int to_break, int to_clear);
    // What the latest look that counts found, while it lasts.
    const std::optional<std::string>& broken() const { return broken_; }

private:
    int over_in_a_row_ = 0;
    int quiet_in_a_row_ = 0;
    std::optional<std::string> broken_;
};

class Judge {
public:
    // So many looks in a row break a limit that does not say how many, and so many below it end the breach.
    static constexpr int kToBreach = 3;
    static constexpr int kToClear = 5;

    Judge(std::vector<runbook::GuardLimit> limits, runbook::OnBreach on_breach);

    // Multiples of a baseline are not looked at without one. A figure that is missing breaks nothing.
    void take(const Figures& figures, const std::optional<Figures>& baseline);
    std::vector<Breach> breaches() const;

private:
    struct State {
        runbook::GuardLimit limit;
        Streak streak;
    };
    static std::optional<std::string> over(const runbook::GuardLimit& limit, const Figures& figures,
                                           const std::optional<Figures>& baseline);

    std::vector<State> states_;
    runbook::OnBreach on_breach_;
};

}  // namespace pgbelay::engine
