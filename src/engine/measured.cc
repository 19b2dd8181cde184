#include "engine/measured.h"

#include "engine/journal/records.h"

#include <fmt/core.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <map>

namespace pgbelay::engine {

namespace {

nlohmann::json row_json(const MeasuredRow& row) {
    nlohmann::json values = nlohmann::json::array();
    for (const auto& value : row) {
        values.push_back(value ? nlohmann::json(*value) : nlohmann::json(nullptr));
    }
    return values;
}

MeasuredRow row_of(const nlohmann::json& values) {
    MeasuredRow row;
    for (const auto& value : values) {
        row.push_back(value.is_null() ? std::nullopt : std::optional(value.get<std::string>()));
    }
    return row;
}

nlohmann::json timed_json(const Timed& timed) {
    nlohmann::json json{{"runs", timed.runs}, {"median_ms", timed.median_ms}, {"p95_ms", timed.p95_ms}, {"main", timed.main}};
    json["max_ms"] = timed.max_ms;
    json["failed"] = timed.failed;
    if (timed.value) {
        json["value"] = *timed.value;
    }
    if (timed.least && timed.most) {
        json["least"] = *timed.least;
        json["most"] = *timed.most;
    }
    json["nodes"] = nlohmann::json::array();
    for (const SeenNode& node : timed.nodes) {
        json["nodes"].push_back({{"type", node.type}, {"relation", node.relation}, {"index", node.index}});
    }
    return json;
}

Timed timed_of(const nlohmann::json& json) {
    Timed timed{.runs = json.at("runs").get<int>(),
                .median_ms = json.at("median_ms").get<double>(),
                .p95_ms = json.at("p95_ms").get<double>(),
                .max_ms = json.value("max_ms", 0.0),
                .failed = json.value("failed", 0),
                .main = json.at("main").get<std::string>()};
    if (const auto value = json.find("value"); value != json.end()) {
        timed.value = value->get<std::string>();
    }
    if (const auto least = json.find("least"); least != json.end()) {
        timed.least = least->get<double>();
        timed.most = json.at("most").get<double>();
    }
    for (const auto& node : json.at("nodes")) {
        timed.nodes.push_back(
            {node.at("type").get<std::string>(), node.at("relation").get<std::string>(), node.at("index").get<std::string>()});
    }
    return timed;
}

// Columns by which a row is known again.
std::vector<std::size_t> key_columns(const std::vector<MeasuredColumn>& columns) {
    std::vector<std::size_t> key;
    for (std::size_t i = 0; i < columns.size() && !columns[i].number; ++i) {
        key.push_back(i);
    }
    for (std::size_t i = 0; key.empty() && i < columns.size(); ++i) {
        if (!columns[i].number) {
            key = {i};
        }
    }
    return key;
}

// The same columns on the other side, by their names.
std::vector<std::size_t> same_columns(const std::vector<MeasuredColumn>& columns, const std::vector<std::size_t>& key,
                                      const std::vector<MeasuredColumn>& other) {
    std::vector<std::size_t> same;
    for (const std::size_t i : key) {
        same.push_back(static_cast<std::size_t>(std::ranges::find(other, columns[i].name, &MeasuredColumn::name) - other.begin()));
    }
    return same;
}

std::string key_of(const MeasuredRow& row, const std::vector<std::size_t>& key) {
    std::vector<std::string> parts;
    for (const std::size_t i : key) {
        parts.push_back(i < row.size() ? row[i].value_or("NULL") : "");
    }
    return fmt::format("{}", fmt::join(parts, ", "));
}

// A number as PostgreSQL writes it, without its point: 12.50 is 1250 of scale 2. Nothing for what does not fit, and for 1e20 and NaN.
struct Decimal {
    std::int64_t digits = 0;
    int scale = 0;
};
std::optional<Decimal> decimal(const std::string& text) {
    constexpr std::size_t kMostDigits = 17;
    std::string digits = text;
    Decimal result;
    if (const std::size_t point = text.find('.'); point != std::string::npos) {
        result.scale = static_cast<int>(text.size() - point - 1);
        digits.erase(point, 1);
    }
    if (digits.size() > kMostDigits) {
        return std::nullopt;
    }
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), result.digits);
    return failure == std::errc{} && end == digits.data() + digits.size() ? std::optional(result) : std::nullopt;
}

std::optional<Decimal> at_scale(Decimal number, int scale) {
    constexpr std::int64_t kMost = 100'000'000'000'000'000;
    for (; number.scale < scale; ++number.scale) {
        if (number.digits > kMost / 10 || number.digits < -kMost / 10) {
            return std::nullopt;
        }
        number.digits *= 10;
    }
    return number;
}

std::string signed_words(std::int64_t digits, int scale) {
    std::string text = std::to_string(digits < 0 ? -digits : digits);
    if (scale > 0) {
        text.insert(0, static_cast<std::size_t>(std::max(0, scale + 1 - static_cast<int>(text.size()))), '0');
        text.insert(text.size() - static_cast<std::size_t>(scale), ".");
    }
    return (digits < 0 ? "-" : digits > 0 ? "+" : "") + text;
}

// Exact where both fit into 64 bits at one scale; else as floating point has it. "" when one of them is no finite number.
std::string difference_of(const std::string& before, const std::string& after) {
    if (const auto a = decimal(before), b = decimal(after); a && b) {
        const int scale = std::max(a->scale, b->scale);
        if (const auto c = at_scale(*a, scale), d = at_scale(*b, scale); c && d) {
            return signed_words(d->digits - c->digits, scale);
        }
    }
    const double difference = std::strtod(after.c_str(), nullptr) - std::strtod(before.c_str(), nullptr);
    return std::isfinite(difference) ? fmt::format("{:+.6g}", difference) : "";
}

std::optional<double> percent_of(const std::string& before, const std::string& after) {
    const double a = std::strtod(before.c_str(), nullptr);
    const double b = std::strtod(after.c_str(), nullptr);
    const double percent = (b - a) / std::abs(a) * 100;
    return std::isfinite(percent) ? std::optional(percent) : std::nullopt;
}

void compare_rows(const Taken& before, const MeasuredRow& old_row, const Taken& after, const MeasuredRow& new_row,
                  const std::vector<std::size_t>& key, std::vector<ValueChange>& into) {
    for (std::size_t i = 0; i < after.columns.size() && i < new_row.size(); ++i) {
        const auto same = std::ranges::find(before.columns, after.columns[i].name, &MeasuredColumn::name);
        const auto j = static_cast<std::size_t>(same - before.columns.begin());
        if (std::ranges::find(key, i) != key.end() || j >= old_row.size()) {
            continue;
        }
        ValueChange change{.row = key_of(new_row, key), .column = after.columns[i].name, .before = old_row[j], .after = new_row[i]};
        if (same->number && after.columns[i].number && change.before && change.after) {
            change.difference = difference_of(*change.before, *change.after);
            change.percent = percent_of(*change.before, *change.after);
        }
        into.push_back(std::move(change));
    }
}

}  // namespace

std::string to_json_text(const Taken& taken) {
    nlohmann::json json = nlohmann::json::object();
    if (!taken.missing.empty()) {
        json["missing"] = taken.missing;
    } else if (!taken.timed) {
        json["columns"] = nlohmann::json::array();
        for (const MeasuredColumn& column : taken.columns) {
            json["columns"].push_back({{"name", column.name}, {"type", column.type}, {"number", column.number}});
        }
        json["rows"] = nlohmann::json::array();
        for (const MeasuredRow& row : taken.rows) {
            json["rows"].push_back(row_json(row));
        }
    }
    if (taken.timed) {
        json["timed"] = timed_json(*taken.timed);
    }
    if (!taken.failures.empty()) {
        json["failures"] = taken.failures;
    }
    return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Taken taken_of(const Evidence& evidence) {
    const auto json = nlohmann::json::parse(evidence.content);
    Taken taken{.missing = json.value("missing", ""), .at = evidence.at};
    for (const auto& column : json.value("columns", nlohmann::json::array())) {
        taken.columns.push_back(
            {column.at("name").get<std::string>(), column.at("type").get<std::string>(), column.at("number").get<bool>()});
    }
    for (const auto& row : json.value("rows", nlohmann::json::array())) {
        taken.rows.push_back(row_of(row));
    }
    if (const auto timed = json.find("timed"); timed != json.end()) {
        taken.timed = timed_of(*timed);
    }
    taken.failures = json.value("failures", std::vector<std::string>{});
    return taken;
}

std::vector<Measured> measured(const plan::Plan& plan, const std::vector<Evidence>& evidence) {
    std::vector<Measured> all;
    for (const plan::Measurement& measurement : plan.measurements) {
        Measured one{.name = measurement.name, .place = measurement.place, .kind = measurement.gauge.kind};
        for (const Evidence& row : evidence) {
            if (row.n == 0 && row.name == measurement.name && row.kind == "before") {
                one.before = taken_of(row);
            } else if (row.n == 0 && row.name == measurement.name && row.kind == "after") {
                one.after = taken_of(row);
            }
        }
        all.push_back(std::move(one));
    }
    return all;
}

std::vector<ValueChange> changes(const Taken& before, const Taken& after) {
    const auto key = before.rows.size() <= 1 && after.rows.size() <= 1 ? std::vector<std::size_t>{} : key_columns(after.columns);
    const auto old_key = same_columns(after.columns, key, before.columns);
    // Rows of one key are taken in their order.
    std::map<std::string, std::vector<const MeasuredRow*>> old_rows;
    for (const MeasuredRow& row : before.rows) {
        old_rows[key_of(row, old_key)].push_back(&row);
    }
    std::map<std::string, std::size_t> used;
    std::vector<ValueChange> all;
    for (const MeasuredRow& row : after.rows) {
        const std::string name = key_of(row, key);
        const std::size_t n = used[name]++;
        if (const auto old = old_rows.find(name); old != old_rows.end() && n < old->second.size()) {
            compare_rows(before, *old->second[n], after, row, key, all);
        } else {
            all.push_back({.row = name, .which = ValueChange::Which::only_after});
        }
    }
    std::map<std::string, std::size_t> seen;
    for (const MeasuredRow& row : before.rows) {
        const std::string name = key_of(row, old_key);
        if (seen[name]++ >= used[name]) {
            all.push_back({.row = name, .which = ValueChange::Which::only_before});
        }
    }
    return all;
}

}  // namespace pgbelay::engine
