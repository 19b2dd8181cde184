// What was required before the first change and what was found: part of the evidence, so that it is kept in the journal with the plan.
#pragma once

#include "base/error.h"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace pgbelay::plan {

struct GateRecord {
    enum class Verdict { not_asked, holds, warning, refused };

    std::string gate;  // "require", "data", "window", …
    base::Place place;
    Verdict verdict = Verdict::not_asked;
    std::string words;  // "postgres >=13: the server is 15.18"; without a verdict what is required

    bool operator==(const GateRecord&) const = default;
};

// "", "holds", "warning", "refused".
std::string_view to_string(GateRecord::Verdict verdict);

void to_json(nlohmann::json& j, const GateRecord& record);
void from_json(const nlohmann::json& j, GateRecord& record);

}  // namespace pgbelay::plan
