// Why a statement as written takes its locks, writes anew and reads, and for how long it would hold the locks.
#pragma once

#include "plan/plan.h"
#include "report/json.h"
#include "report/style.h"

#include <string>

namespace pgbelay::report {

// A line a reason with its source, and one for the time. Nothing for what only reads rows or changes them, and for what is not
// understood; the first of them when the style is verbose.
std::string why_text(const plan::StatementPlan& statement, const Style& style);

// {relation, mode, why, source}, of each lock.
Json reasoned_locks_json(const analysis::Facts& facts);
// {relation, effect, why, source}, of what is written anew, rebuilt and read.
Json reasons_json(const analysis::Facts& facts);
// {seconds, bytes, known}; the first two are null when it is not known.
Json estimate_json(const plan::Estimate& estimate);

}  // namespace pgbelay::report
