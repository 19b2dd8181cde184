#include "report/progress.h"

#include "report/redact.h"
#include "report/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace pgbelay::report {

std::string_view result_words(engine::StepResult result) {
    switch (result) {
        case engine::StepResult::done: return "done";
        case engine::StepResult::skipped: return "skipped";
        case engine::StepResult::adopted: return "adopted";
        case engine::StepResult::failed: return "failed";
        case engine::StepResult::unknown: return "unknown";
        case engine::StepResult::rolled_back: return "rolled back";
    }
    return "unknown";
}

std::string progress_words(const engine::StepProgress& progress) {
    std::vector<std::string> words;
    if (!progress.phase.empty()) {
        words.push_back(one_line(progress.phase));
    }
    if (progress.fraction >= 0) {
        words.push_back(fmt::format("{} %", std::floor(std::min(progress.fraction, 1.0) * 100)));
    }
    if (progress.eta) {
        words.push_back("about " + base::format_duration(*progress.eta) + " left");
    } else {
        words.push_back("since " + base::format_duration(progress.elapsed));
    }
    return join(words, ", ");
}

std::string bar(double fraction, int cells, const Style& style) {
    if (fraction < 0) {
        return "";
    }
    const double part = std::min(fraction, 1.0);
    const int full = static_cast<int>(std::floor(part * cells));
    std::string out = "[";
    for (int i = 0; i < cells; ++i) {
        out += i < full ? (style.utf8 ? "█" : "#") : (style.utf8 ? "░" : ".");
    }
    return out + fmt::format("] {:>3} %", static_cast<int>(std::floor(part * 100)));
}

std::string signal_words(const engine::SessionSignalled& signal) {
    const std::string_view done = signal.action == "cancel" ? "cancelled" : "terminated";
    const std::string who = one_line(redact(signal.session));
    return signal.error.empty() ? fmt::format("{} {}", done, who)
                                : fmt::format("could not be {}: {}: {}", done, one_line(redact(signal.error)), who);
}

std::string breach_words(const engine::GuardBreach& breach) {
    if (breach.cleared) {
        return breach.limit + " holds again";
    }
    switch (breach.action) {
        case runbook::OnBreach::pause: return breach.what + ": the run pauses until it holds again";
        case runbook::OnBreach::abort: return breach.what + ": the run is aborted";
        case runbook::OnBreach::rollback: return breach.what + ": the run is rolled back";
    }
    return breach.what;
}

std::string health_line(const engine::Health& health) {
    return fmt::format("health after \"{}\": {}", one_line(health.section), engine::health_words(health));
}

std::string blockers_words(const std::vector<std::string>& blockers) {
    if (blockers.empty()) {
        return "";
    }
    std::string words = one_line(redact(blockers.front()));
    if (blockers.size() > 1) {
        words += fmt::format("; and {} more", blockers.size() - 1);
    }
    return words;
}

}  // namespace pgbelay::report
