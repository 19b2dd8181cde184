#include "runbook/guard_limit.h"

#include "base/clock.h"
#include "base/size.h"
#include "runbook/text.h"
#include "runbook/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace pgbelay::runbook {
namespace {

constexpr std::array<std::string_view, 3> kActions = {"pause", "abort", "rollback"};
constexpr int kMostSamples = 600;

constexpr double kMegabytes = 1024.0 * 1024.0;

// The older names come first: their order is part of digests.
constexpr std::array kMeasures = {
    Measure{.name = "blocked_sessions", .figure = "blocked_sessions", .floor = 1},
    Measure{.name = "active_sessions", .figure = "active_sessions", .hidden_from_some = true, .floor = 5},
    Measure{.name = "replication_lag", .figure = "replication_lag_ms", .unit = Unit::milliseconds, .hidden_from_some = true, .floor = 1000},
    Measure{.name = "oldest_transaction",
            .figure = "oldest_transaction_ms",
            .unit = Unit::milliseconds,
            .hidden_from_some = true,
            .floor = 10'000},
    Measure{.name = "rollbacks_per_second", .figure = "rollbacks_per_second", .unit = Unit::per_second, .floor = 1},
    Measure{.name = "deadlocks_per_second", .figure = "deadlocks_per_second", .unit = Unit::per_second, .floor = 0.1},
    // The same under the name that says what it is.
    Measure{.name = "lock_waiters", .figure = "blocked_sessions", .floor = 1},
    // Before the first change nobody waits for us.
    Measure{.name = "blocked_by_us", .figure = "blocked_by_us", .floor = {}},
    Measure{.name = "replication_lag_bytes",
            .figure = "replication_lag_bytes",
            .unit = Unit::bytes,
            .hidden_from_some = true,
            .floor = 16 * kMegabytes},
    Measure{.name = "run_time", .figure = "run_time_ms", .unit = Unit::milliseconds, .is_time_of_ours = true, .floor = {}},
    Measure{.name = "step_time", .figure = "step_time_ms", .unit = Unit::milliseconds, .is_time_of_ours = true, .floor = {}},
};

bool allows_zero(const Measure& measure) {
    return measure.name != "oldest_transaction" && !measure.is_time_of_ours;
}

std::optional<double> number(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc() && end == text.data() + text.size() && !text.empty();
    return whole && std::isfinite(value) && value >= 0 ? std::optional(value) : std::nullopt;
}

double multiple(const Measure& measure, std::string_view text, const base::Place& place) {
    const auto value = number(text.substr(0, text.size() - 1));
    if (!value || *value == 0) {
        throw input_error(fmt::format("{} is \"{}\", which is no multiple of a baseline", measure.name, text), place)
            .hint("such as 3x or 1.5x");
    }
    if (!measure.floor) {
        throw input_error(fmt::format("{} is \"{}\", and there is no baseline for it", measure.name, text), place)
            .hint("give a number of its own");
    }
    return *value;
}

double absolute(const Measure& measure, const YamlNode& node) {
    switch (measure.unit) {
        case Unit::number: return count(node, measure.name);
        case Unit::milliseconds: return static_cast<double>(duration(node, measure.name, allows_zero(measure)).count());
        case Unit::bytes: return static_cast<double>(size(node, measure.name));
        case Unit::per_second: break;
    }
    const auto rate = number(scalar(node, measure.name));
    if (!rate) {
        throw input_error(fmt::format("{} is \"{}\", which is not a number of events in a second", measure.name, node.scalar), node.place)
            .hint("such as 50, or 3x for three times what it was before the first change");
    }
    return *rate;
}

// In the largest unit that it is a whole number of.
std::string time_text(std::int64_t ms) {
    for (const auto& [length, unit] : {std::pair<std::int64_t, const char*>{3'600'000, "h"}, {60'000, "min"}, {1000, "s"}}) {
        if (ms % length == 0) {
            return fmt::format("{}{}", ms / length, unit);
        }
    }
    return fmt::format("{}ms", ms);
}

void read_value(GuardLimit& limit, const Measure& measure, const YamlNode& node) {
    const std::string& text = scalar(node, measure.name);
    limit.of_baseline = text.ends_with('x');
    limit.most = limit.of_baseline ? multiple(measure, text, node.place) : absolute(measure, node);
}

void read_limit_action(GuardLimit& limit, const Measure& measure, const std::string& name, const base::Place& place) {
    limit.action = read_action(name, measure.name, place);
    if (measure.is_time_of_ours && limit.action == OnBreach::pause) {
        throw input_error(fmt::format("{} cannot pause: a paused deployment does not get quicker", measure.name), place)
            .hint(fmt::format("write abort or rollback, such as {}: 30min:abort", measure.name));
    }
}

void read_samples(GuardLimit& limit, const Measure& measure, const YamlNode& node) {
    if (measure.is_time_of_ours) {
        throw input_error(fmt::format("{} has no samples: time is over once", measure.name), node.place).hint("leave samples out");
    }
    limit.samples = count(node, "samples");
    if (limit.samples < 1 || limit.samples > kMostSamples) {
        throw input_error(fmt::format("samples is {}, which is not between 1 and {}", limit.samples, kMostSamples), node.place)
            .hint("one is taken every second");
    }
}

void read_map(GuardLimit& limit, const Measure& measure, const YamlNode& node) {
    using Reader = std::pair<std::string_view, std::function<void(const YamlNode&)>>;
    const std::array<Reader, 3> readers = {
        Reader{"max", [&](const YamlNode& v) { read_value(limit, measure, v); }},
        Reader{"action", [&](const YamlNode& v) { read_limit_action(limit, measure, scalar(v, "action"), v.place); }},
        Reader{"samples", [&](const YamlNode& v) { read_samples(limit, measure, v); }},
    };
    read_keys(node, measure.name, readers);
    if (node.find("max") == nullptr) {
        throw input_error(fmt::format("{} has no max", measure.name), node.place)
            .hint(fmt::format("such as {}: {{ max: {}, action: abort }}", measure.name, measure.unit == Unit::milliseconds ? "10s" : "10"));
    }
}

}  // namespace

std::string_view to_string(OnBreach action) {
    return kActions.at(static_cast<std::size_t>(action));
}

OnBreach read_action(const std::string& name, std::string_view key, const base::Place& place) {
    const auto found = std::ranges::find(kActions, name);
    if (found == kActions.end()) {
        const bool is_key = key == "on_breach";
        throw input_error(is_key ? fmt::format("on_breach is \"{}\"", name) : fmt::format("{} has no action \"{}\"", key, name), place)
            .hint(suggest(name, kActions));
    }
    return static_cast<OnBreach>(found - kActions.begin());
}

std::span<const Measure> measures() {
    return kMeasures;
}

const Measure* find_measure(std::string_view name) {
    const auto* found = std::ranges::find(kMeasures, name, &Measure::name);
    return found == kMeasures.end() ? nullptr : found;
}

GuardLimit read_guard_limit(const Measure& measure, const YamlNode& node, const GuardLimit* before) {
    GuardLimit limit{.name = std::string(measure.name), .place = node.place};
    if (before != nullptr) {
        limit.action = before->action;
        limit.samples = before->samples;
    }
    if (node.kind == YamlNode::Kind::map) {
        read_map(limit, measure, node);
        return limit;
    }
    const std::string& text = scalar(node, measure.name);
    const std::size_t colon = text.find(':');
    YamlNode value = node;
    value.scalar = text.substr(0, colon);
    read_value(limit, measure, value);
    if (colon != std::string::npos) {
        read_limit_action(limit, measure, text.substr(colon + 1), node.place);
    }
    return limit;
}

void refuse_pause_on_time(const std::vector<GuardLimit>& limits, OnBreach on_breach) {
    for (const GuardLimit& limit : limits) {
        const Measure* measure = find_measure(limit.name);
        if (measure != nullptr && measure->is_time_of_ours && !limit.action && on_breach == OnBreach::pause) {
            throw input_error(
                fmt::format("{} needs an action: on_breach is pause, and a paused deployment does not get quicker", limit.name),
                limit.place)
                .hint(fmt::format("write abort or rollback after it: {0}: {1}:abort", limit.name, value_text(*measure, limit)));
        }
    }
}

const GuardLimit* find_limit(const std::vector<GuardLimit>& limits, std::string_view name) {
    const auto found = std::ranges::find(limits, name, &GuardLimit::name);
    return found == limits.end() ? nullptr : &*found;
}

void set_limit(std::vector<GuardLimit>& limits, GuardLimit limit) {
    std::erase_if(limits, [&](const GuardLimit& other) { return other.name == limit.name; });
    const auto order = [](const GuardLimit& one) { return find_measure(one.name); };
    limits.insert(std::ranges::upper_bound(limits, find_measure(limit.name), std::ranges::less{}, order), std::move(limit));
}

std::string figure_text(const Measure& measure, double value) {
    switch (measure.unit) {
        case Unit::number: return fmt::format("{:.0f}", value);
        case Unit::per_second: return value >= 100 ? fmt::format("{:.0f}", value) : fmt::format("{:g}", std::round(value * 10) / 10);
        case Unit::milliseconds: return base::format_duration(base::Millis(std::llround(value)));
        case Unit::bytes: return base::format_bytes(std::llround(value));
    }
    return "";
}

std::string value_text(const Measure& measure, const GuardLimit& limit) {
    if (limit.of_baseline) {
        return fmt::format("{}x", limit.most);
    }
    switch (measure.unit) {
        case Unit::per_second: return fmt::format("{}", limit.most);
        case Unit::milliseconds: return time_text(std::llround(limit.most));
        case Unit::number:
        case Unit::bytes: break;
    }
    return fmt::format("{:.0f}", limit.most);
}

}  // namespace pgbelay::runbook
