// What a step cost and whom, in words: the same in the display, the summary and the report.
#pragma once

#include "engine/event.h"

#include <string>
#include <vector>

namespace pgbelay::report {

// Only what is worth a word: "3 tries", "waited 3.0 s", "queued 48 ms", "held 12 ms", "2 sessions waited on us", and last the running time.
std::vector<std::string> times_words(const engine::StepTimes& times);

}  // namespace pgbelay::report
