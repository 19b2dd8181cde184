#include "engine/data_look.h"

#include "pg/standing.h"
#include "sql/quote.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pgbelay::engine {
namespace {

using Kind = plan::DataCheck::Kind;
using Level = Finding::Level;

constexpr const char* kGate = "data";
constexpr int kMostKeys = 5;
// All looks together; a plan may have hundreds of constraints.
constexpr int kTimesOfOne = 6;

std::string_view nothing_found(Kind kind) {
    switch (kind) {
        case Kind::duplicates: return "there are no duplicates";
        case Kind::orphans: return "every key is there";
        case Kind::violations: return "every row fulfils it";
        case Kind::nulls: return "there is no NULL";
    }
    return "";
}

std::string_view found_words(Kind kind) {
    switch (kind) {
        case Kind::duplicates: return "there are duplicates";
        case Kind::orphans: return "there are keys that it does not have";
        case Kind::violations: return "there are rows that do not fulfil it";
        case Kind::nulls: return "there are rows with NULL";
    }
    return "";
}

std::string offending(const pg::Result& rows) {
    std::vector<std::string> keys;
    for (int row = 0; row < std::min(rows.rows(), kMostKeys); ++row) {
        const std::string times = rows.is_null(row, 1) ? "" : fmt::format(" {} times", rows.text(row, 1));
        constexpr std::size_t kLongestKey = 60;
        keys.push_back(fmt::format("({}){}", rows.text(row, 0).substr(0, kLongestKey), times));
    }
    return fmt::format("{}{}", fmt::join(keys, ", "), rows.rows() > kMostKeys ? " and more" : "");
}

std::string why_not(const pg::ServerError& error, base::Millis time) {
    if (error.sqlstate == "57014") {
        return "took longer than " + base::format_duration(time);
    }
    return error.sqlstate == "55P03" ? "the table is locked" : error.message;
}

Finding look(Target& target, const plan::DataCheck& check, base::Millis time) {
    const std::string subject = fmt::format("{} on {}", check.wants, sql::quote_name(check.table));
    const auto not_looked_at = [&](const std::string& why) {
        return Finding{Level::warning, kGate, fmt::format("{}: not looked at: {}", subject, why),
                       "the step itself finds out, and fails without harm if a row is in its way", check.place};
    };
    if (!check.not_before.empty()) {
        return {Level::later, kGate, fmt::format("{}: can only be seen while it runs: {}", subject, check.not_before), "", check.place};
    }
    if (time <= base::Millis(0)) {
        return not_looked_at("there was no time for it");
    }
    const pg::Outcome outcome = pg::look(target.control(), plan::offending_query(check, kMostKeys + 1), time, check.search_path);
    if (const auto* error = std::get_if<pg::ServerError>(&outcome)) {
        base::heed(target.stop());
        return not_looked_at(why_not(*error, time));
    }
    const auto& rows = std::get<pg::Result>(outcome);
    if (rows.rows() == 0) {
        return {Level::ok, kGate, fmt::format("{}: {}", subject, nothing_found(check.kind)), "", check.place};
    }
    return {Level::refusal, kGate, fmt::format("{}: {}: {}", subject, found_words(check.kind), offending(rows)),
            "mend the rows first, or in a step before it", check.place};
}

}  // namespace

std::vector<Finding> check_data(Target& target, const std::vector<plan::DataCheck>& checks, base::Millis time) {
    const pg::Heeding heeding(target.control(), target.stop());
    const base::Deadline end = base::in(time * kTimesOfOne);
    std::vector<Finding> findings;
    for (const plan::DataCheck& check : checks) {
        const auto left = std::chrono::duration_cast<base::Millis>(end - base::Clock::now());
        findings.push_back(look(target, check, std::min(time, left)));
    }
    return findings;
}

}  // namespace pgbelay::engine
