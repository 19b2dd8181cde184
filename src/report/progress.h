// What the displays of a running deployment have in common: the words for its events.
#pragma once

#include "engine/event.h"
#include "report/style.h"

#include <functional>
#include <string>
#include <string_view>

namespace pgbelay::report {

// Where a display writes; the time that it goes by. Both are given, so that a test can hold them.
using Write = std::function<void(std::string_view)>;
using Now = std::function<base::Deadline()>;

// "done", "already there", "rolled back".
std::string_view result_words(engine::StepResult result);
// "scanning the table, 48 %, 2 min left"; what is not known is left out.
std::string progress_words(const engine::StepProgress& progress);
// "[█████░░░░░] 48 %"; "" when the fraction is not known. `cells` is the length of the bar itself.
std::string bar(double fraction, int cells, const Style& style);
// "cancelled pid 4711 (…): active for 3 min: …", or that the server did not let us.
std::string signal_words(const engine::SessionSignalled& signal);

// "lock_waiters 14 > 10: the run pauses until it holds again".
std::string breach_words(const engine::GuardBreach& breach);
// `health after "Apply": active 12 (before 9), waiting 0`.
std::string health_line(const engine::Health& health);

// "pid 4711 (…): idle in transaction for 3 min 2 s", or the first of several and how many more.
std::string blockers_words(const std::vector<std::string>& blockers);

}  // namespace pgbelay::report
