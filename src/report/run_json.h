// Runs as the journal tells of them, as JSON: `report`, `status` and `history`.
#pragma once

#include "engine/journal/records.h"
#include "report/json.h"

#include <optional>
#include <string>
#include <vector>

namespace pgbelay::report {

// The tables with whose rows the plan had no business, and what became of them.
Json rows_json(const engine::RowsReport& rows);
// The whole evidence about one run; its steps carry their SQL when the record carries its plan.
Json run_json(const engine::RunRecord& run);
// {"target", "runs": […]}, newest first.
Json history_json(const std::string& target, const std::vector<engine::RunRecord>& runs);
// {"target", "run": … | null}.
Json status_json(const std::string& target, const std::optional<engine::RunRecord>& run);

}  // namespace pgbelay::report
