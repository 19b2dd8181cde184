#include "report/gates.h"

#include "report/redact.h"
#include "report/text.h"

namespace pgbelay::report {

namespace {

using Verdict = plan::GateRecord::Verdict;

Ink ink(Verdict verdict) {
    switch (verdict) {
        case Verdict::not_asked: return Ink::faint;
        case Verdict::holds: return Ink::good;
        case Verdict::warning: return Ink::warning;
        case Verdict::refused: return Ink::bad;
    }
    return Ink::faint;
}

}  // namespace

std::vector<plan::GateRecord> worth_saying(const std::vector<plan::GateRecord>& gates) {
    std::vector<plan::GateRecord> rest = gates;
    std::erase_if(rest, [](const plan::GateRecord& gate) {
        return gate.gate == "data" && (gate.verdict == Verdict::holds || gate.verdict == Verdict::not_asked);
    });
    return rest;
}

std::string gates_text(const std::vector<plan::GateRecord>& gates, const Style& style) {
    if (gates.empty()) {
        return "";
    }
    std::string out = "Required before the first change:\n";
    for (const plan::GateRecord& gate : gates) {
        const std::string where = base::to_string(gate.place);
        const std::string words = (where.empty() ? "" : where + ": ") + redact(gate.words);
        const std::string verdict(to_string(gate.verdict));
        out += labelled_in(ink(gate.verdict), verdict.empty() ? "not asked" : verdict, words, style);
    }
    return out + "\n";
}

Json gates_json(const std::vector<plan::GateRecord>& gates) {
    Json json = Json::array();
    for (const plan::GateRecord& gate : gates) {
        json.push_back({{"gate", gate.gate},
                        {"verdict", or_null(std::string(to_string(gate.verdict)))},
                        {"message", redact(gate.words)},
                        {"file", or_null(gate.place.file)},
                        {"line", gate.place.line == 0 ? Json(nullptr) : Json(gate.place.line)},
                        {"column", gate.place.column == 0 ? Json(nullptr) : Json(gate.place.column)}});
    }
    return json;
}

}  // namespace pgbelay::report
