// What was required before the first change, for plans and for the evidence.
#pragma once

#include "plan/gate_record.h"
#include "report/json.h"
#include "report/style.h"

#include <string>
#include <vector>

namespace pgbelay::report {

// Those that an author wrote, and of those that follow from his statements the ones that a person has to know of.
std::vector<plan::GateRecord> worth_saying(const std::vector<plan::GateRecord>& gates);

// "" when nothing is required; else a heading, a line for each, and an empty line.
std::string gates_text(const std::vector<plan::GateRecord>& gates, const Style& style);
Json gates_json(const std::vector<plan::GateRecord>& gates);

}  // namespace pgbelay::report
