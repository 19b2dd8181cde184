// Runs as the journal tells of them, for people: `report`, `status` and `history`.
#pragma once

#include "engine/journal/records.h"
#include "report/style.h"

#include <optional>
#include <string>
#include <vector>

namespace pgbelay::report {

std::string run_text(const engine::RunRecord& run, const Style& style);
// What became of a step, from its record's result: "done", "not reached".
std::string step_result_words(const std::string& result);
// Newest first, one line a run.
std::string history_text(const std::string& target, const std::vector<engine::RunRecord>& runs, const Style& style);
// Where the unfinished run stands, else how the latest ended, and what can be done now.
std::string status_text(const std::string& target, const std::optional<engine::RunRecord>& run, const Style& style);

}  // namespace pgbelay::report
