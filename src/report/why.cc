#include "report/why.h"

#include "base/size.h"
#include "report/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace pgbelay::report {

namespace {

using analysis::Reason;
using analysis::Work;

struct Because {
    Reason reason;
    std::vector<std::string> relations;
};

void add(std::vector<Because>& all, Reason reason, const sql::QualifiedName& name) {
    const auto text = relation(name).get<std::string>();
    const auto there = std::find_if(all.begin(), all.end(), [&](const Because& because) { return because.reason == reason; });
    if (there == all.end()) {
        all.push_back({reason, {text}});
    } else if (std::find(there->relations.begin(), there->relations.end(), text) == there->relations.end()) {
        there->relations.push_back(text);
    }
}

// Whoever reads or changes rows takes weaker ones: nobody needs to be told why.
bool is_worth_saying(catalog::LockMode mode, const Style& style) {
    return style.verbose || mode > catalog::LockMode::row_exclusive;
}

std::vector<Because> because_of(const analysis::Facts& facts, const Style& style) {
    std::vector<Because> all;
    for (std::size_t i = 0; i < facts.locks.size(); ++i) {
        if (is_worth_saying(facts.locks[i].mode, style)) {
            add(all, facts.locks.reason(i), facts.locks[i].relation);
        }
    }
    for (std::size_t i = 0; i < facts.rewrites.size(); ++i) {
        add(all, facts.rewrites.reason(i), facts.rewrites[i]);
    }
    for (std::size_t i = 0; i < facts.scans.size(); ++i) {
        add(all, facts.scans.reason(i), facts.scans[i]);
    }
    return all;
}

std::string some_of(const std::vector<std::string>& relations, const Style& style) {
    constexpr std::size_t kMost = 2;
    if (style.verbose || relations.size() <= kMost + 1) {
        return join(relations, ", ");
    }
    const std::vector<std::string> first(relations.begin(), relations.begin() + kMost);
    return fmt::format("{} and {} more", join(first, ", "), relations.size() - kMost);
}

// The name of a source file is enough to find it; JSON has its folder too.
std::string short_source(std::string_view source) {
    return std::string(source.starts_with("src/") ? source.substr(source.rfind('/') + 1) : source);
}

std::string_view done(Work work) {
    switch (work) {
        case Work::rewrite: return "written anew";
        case Work::look_up: return "looked up";
        case Work::build_index:
        case Work::build_index_twice: return "put into an index";
        case Work::rebuild_index: return "of indexes built anew";
        case Work::update: return "of rows changed";
        case Work::none:
        case Work::wait:
        case Work::sample:
        case Work::read:
        case Work::read_twice: break;
    }
    return "read";
}

std::string parts_text(const plan::Estimate& estimate) {
    std::vector<std::string> parts;
    parts.reserve(estimate.parts.size());
    for (const auto& part : estimate.parts) {
        parts.push_back(
            fmt::format("{} {} at {:.0f} MB/s", base::format_bytes(part.bytes), done(part.work), plan::bytes_per_second(part.work) / 1e6));
    }
    return join(parts, ", ");
}

// As exact as an estimate can be.
std::string about(double seconds) {
    constexpr double kMinute = 60;
    constexpr double kHour = 60 * kMinute;
    if (seconds < 10) {
        return fmt::format("{:.0f} s", std::ceil(seconds));
    }
    if (seconds < 2 * kMinute) {
        return fmt::format("{:.0f} s", std::ceil(seconds / 10) * 10);
    }
    if (seconds < 2 * kHour) {
        return fmt::format("{:.0f} min", std::ceil(seconds / kMinute));
    }
    return fmt::format("{:.0f} h", std::ceil(seconds / kHour));
}

std::string holds_text(const plan::StatementPlan& statement) {
    const plan::Estimate& estimate = statement.estimate;
    if (!estimate.unknown.empty()) {
        std::vector<std::string> names;
        names.reserve(estimate.unknown.size());
        for (const auto& name : estimate.unknown) {
            names.push_back(relation(name).get<std::string>());
        }
        return fmt::format("for a time that is not known: it grows with the size of {}", join(names, ", "));
    }
    if (estimate.by_rows) {
        return "for a time that is not known: it depends on the rows that it finds";
    }
    const bool moment = estimate.seconds() < 1;
    std::string text = moment ? "for a moment" : "for about " + about(estimate.seconds());
    text += statement.rewritten ? " as written" : "";
    text += estimate.until_commit ? " and until its group commits" : estimate.waits ? " and while it waits for others" : "";
    return text + (moment ? " (estimate)" : fmt::format(" (estimate: {})", parts_text(estimate)));
}

std::string_view effect_of(Reason reason) {
    const bool index = analysis::explain(reason).work == Work::rebuild_index || reason == Reason::index_of_truncated_table;
    return index ? "rebuild" : "rewrite";
}

Json reason_json(const sql::QualifiedName& name, std::string_view effect, Reason reason) {
    const auto& explanation = analysis::explain(reason);
    return {{"relation", relation(name)},
            {"effect", std::string(effect)},
            {"why", std::string(explanation.sentence)},
            {"source", std::string(explanation.source)}};
}

}  // namespace

std::string why_text(const plan::StatementPlan& statement, const Style& style) {
    const auto& facts = statement.facts;
    const bool worth_saying =
        std::any_of(facts.locks.begin(), facts.locks.end(), [&](const auto& lock) { return is_worth_saying(lock.mode, style); });
    if (facts.opaque || !worth_saying) {
        return "";
    }
    std::string out;
    for (const Because& because : because_of(facts, style)) {
        const auto& explanation = analysis::explain(because.reason);
        out += labelled(
            out.empty() ? "because" : "",
            fmt::format("{}: {} [{}]", some_of(because.relations, style), explanation.sentence, short_source(explanation.source)), style);
    }
    return out + labelled("holds", holds_text(statement), style);
}

Json reasoned_locks_json(const analysis::Facts& facts) {
    Json json = Json::array();
    for (std::size_t i = 0; i < facts.locks.size(); ++i) {
        const auto& explanation = analysis::explain(facts.locks.reason(i));
        json.push_back({{"relation", relation(facts.locks[i].relation)},
                        {"mode", std::string(catalog::pg_name(facts.locks[i].mode))},
                        {"why", std::string(explanation.sentence)},
                        {"source", std::string(explanation.source)}});
    }
    return json;
}

Json reasons_json(const analysis::Facts& facts) {
    Json json = Json::array();
    for (std::size_t i = 0; i < facts.rewrites.size(); ++i) {
        json.push_back(reason_json(facts.rewrites[i], effect_of(facts.rewrites.reason(i)), facts.rewrites.reason(i)));
    }
    for (std::size_t i = 0; i < facts.scans.size(); ++i) {
        json.push_back(reason_json(facts.scans[i], "scan", facts.scans.reason(i)));
    }
    return json;
}

Json estimate_json(const plan::Estimate& estimate) {
    Json json;
    json["seconds"] = estimate.known() ? Json(std::round(estimate.seconds() * 10) / 10) : Json(nullptr);
    json["bytes"] = estimate.known() ? Json(estimate.bytes()) : Json(nullptr);
    json["known"] = estimate.known();
    return json;
}

}  // namespace pgbelay::report
