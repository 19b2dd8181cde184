// The fences that measure: what `sql baseline`, `sql explain` and `sql probe` ask for besides their SQL.
#pragma once

#include "runbook/fence_info.h"
#include "runbook/fences.h"
#include "runbook/runbook.h"

#include <vector>

namespace pgbelay::runbook {

// Of a fence with these statements. Throws Error{input} for a statement too many or of another kind, for conditions that cannot be read,
// and for values that mean nothing.
MeasureItem read_baseline(const Fence& fence, const Command& command, std::vector<sql::Statement> statements);
MeasureItem read_explain(const Fence& fence, const Command& command, std::vector<sql::Statement> statements);
MeasureItem read_probe(const Fence& fence, const Command& command, std::vector<sql::Statement> statements);

}  // namespace pgbelay::runbook
