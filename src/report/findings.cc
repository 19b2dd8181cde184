#include "report/findings.h"

#include "report/redact.h"
#include "report/text.h"

#include <fmt/core.h>

#include <algorithm>

namespace pgbelay::report {

namespace {

using Level = engine::Finding::Level;

std::string_view level_name(Level level) {
    switch (level) {
        case Level::ok: return "ok";
        case Level::later: return "later";
        case Level::warning: return "warning";
        case Level::refusal: return "refused";
    }
    return "ok";
}

Ink ink(Level level) {
    return level == Level::ok ? Ink::good : level == Level::later ? Ink::faint : level == Level::warning ? Ink::warning : Ink::bad;
}

int number_of(const std::vector<engine::Finding>& findings, Level level) {
    return static_cast<int>(std::count_if(findings.begin(), findings.end(), [level](const auto& f) { return f.level == level; }));
}

}  // namespace

std::string findings_text(const std::string& target, const std::vector<engine::Finding>& findings, const Style& style) {
    constexpr int kMargin = 21;
    std::string out = target + "\n";
    for (const engine::Finding& finding : findings) {
        const std::string where = base::to_string(finding.place);
        const auto lines = wrap((where.empty() ? "" : where + ": ") + redact(finding.message), style.columns - kMargin);
        for (std::size_t i = 0; i < lines.size(); ++i) {
            const std::string level(level_name(finding.level));
            const std::string mark = paint(style, ink(finding.level), level) + std::string(9 - level.size(), ' ');
            out += i == 0 ? "  " + mark + pad(finding.gate, kMargin - 12) + " " + lines[i] + "\n"
                          : std::string(kMargin, ' ') + lines[i] + "\n";
        }
        if (!finding.hint.empty()) {
            out += labelled("hint:", redact(finding.hint), style, {kMargin, 6});
        }
    }
    const int refusals = number_of(findings, Level::refusal);
    const int warnings = number_of(findings, Level::warning);
    out += "\n";
    if (refusals > 0) {
        out += fmt::format("{}: {} in the way.\n", paint(style, Ink::bad, "Refused"), count(refusals, "finding"));
    } else {
        out += fmt::format("{}{}\n", paint(style, Ink::good, "Ready to deploy"),
                           warnings > 0 ? ", with " + count(warnings, "warning") + "." : ".");
    }
    return out;
}

Json findings_json(const std::string& target, const std::vector<engine::Finding>& findings) {
    Json json;
    json["target"] = target;
    json["refused"] = number_of(findings, Level::refusal) > 0;
    json["findings"] = Json::array();
    for (const engine::Finding& finding : findings) {
        json["findings"].push_back({{"level", std::string(level_name(finding.level))},
                                    {"gate", finding.gate},
                                    {"message", redact(finding.message)},
                                    {"hint", or_null(redact(finding.hint))},
                                    {"file", or_null(finding.place.file)},
                                    {"line", finding.place.line == 0 ? Json(nullptr) : Json(finding.place.line)},
                                    {"column", finding.place.column == 0 ? Json(nullptr) : Json(finding.place.column)}});
    }
    return json;
}

}  // namespace pgbelay::report
