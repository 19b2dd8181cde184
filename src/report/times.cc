#include "report/times.h"

#include "report/text.h"

#include <fmt/core.h>

namespace pgbelay::report {

std::vector<std::string> times_words(const engine::StepTimes& times) {
    std::vector<std::string> words;
    if (times.tries > 1) {
        words.push_back(fmt::format("{} tries", times.tries));
    }
    if (times.waited.count() > 0) {
        words.push_back("waited " + base::format_duration(times.waited));
    }
    if (times.queued.count() > 0) {
        words.push_back("queued " + base::format_duration(times.queued));
    }
    if (times.lock_held.count() > 0) {
        words.push_back("held " + base::format_duration(times.lock_held));
    }
    if (times.blocked_sessions > 0) {
        words.push_back(count(times.blocked_sessions, "session") + " waited on us");
    }
    words.push_back((words.empty() ? "" : "ran ") + base::format_duration(times.ran));
    return words;
}

}  // namespace pgbelay::report
