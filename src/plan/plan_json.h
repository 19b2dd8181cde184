// The plan as JSON, as the journal keeps it; plan_digest is taken over the steps in this form.
#pragma once

#include "plan/plan.h"

#include <nlohmann/json_fwd.hpp>

namespace pgbelay::plan {

void to_json(nlohmann::json& j, const Step& step);
void from_json(const nlohmann::json& j, Step& step);
void to_json(nlohmann::json& j, const Measurement& measurement);

}  // namespace pgbelay::plan
