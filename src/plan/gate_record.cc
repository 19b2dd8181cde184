#include "plan/gate_record.h"

#include <nlohmann/json.hpp>

#include <array>

namespace pgbelay::plan {
namespace {

using Verdict = GateRecord::Verdict;
constexpr std::array kVerdicts = {Verdict::not_asked, Verdict::holds, Verdict::warning, Verdict::refused};

}  // namespace

std::string_view to_string(Verdict verdict) {
    switch (verdict) {
        case Verdict::not_asked: return "";
        case Verdict::holds: return "holds";
        case Verdict::warning: return "warning";
        case Verdict::refused: return "refused";
    }
    return "";
}

void to_json(nlohmann::json& j, const GateRecord& record) {
    const base::Place& place = record.place;
    j = {{"gate", record.gate},
         {"place", nlohmann::json::array({place.file, place.line, place.column})},
         {"verdict", to_string(record.verdict)},
         {"words", record.words}};
}

void from_json(const nlohmann::json& j, GateRecord& record) {
    j.at("gate").get_to(record.gate);
    const auto& place = j.at("place");
    record.place = {place.at(0).get<std::string>(), place.at(1).get<int>(), place.at(2).get<int>()};
    const auto verdict = j.at("verdict").get<std::string>();
    for (const Verdict known : kVerdicts) {
        record.verdict = to_string(known) == verdict ? known : record.verdict;
    }
    j.at("words").get_to(record.words);
}

}  // namespace pgbelay::plan
