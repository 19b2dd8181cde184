// What the gates found, as text and as JSON.
#pragma once

#include "engine/gates.h"
#include "report/json.h"
#include "report/style.h"

#include <string>
#include <vector>

namespace pgbelay::report {

std::string findings_text(const std::string& target, const std::vector<engine::Finding>& findings, const Style& style);
// {"target", "refused", "findings": [{level, gate, message, hint, file, line, column}]}
Json findings_json(const std::string& target, const std::vector<engine::Finding>& findings);

}  // namespace pgbelay::report
