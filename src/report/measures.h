// What was, or will be, measured around a deployment, as text and JSON.
#pragma once

#include "engine/measured.h"
#include "plan/plan.h"
#include "report/json.h"
#include "report/style.h"

#include <string>
#include <vector>

namespace pgbelay::report {

// Tables of before and after, with a title each; "" where nothing was taken.
std::string measures_text(const std::vector<engine::Measured>& measured, const Style& style);
Json measures_json(const std::vector<engine::Measured>& measured);

// What the deployment fails by, in words: "must use orders_customer_idx". Of a probe its limits.
std::vector<std::string> demands(const runbook::Gauge& gauge);

// Of a plan: what will be taken, and by what it may fail.
std::string planned_measures_text(const plan::Plan& plan, const Style& style);
Json planned_measures_json(const plan::Plan& plan);

}  // namespace pgbelay::report
