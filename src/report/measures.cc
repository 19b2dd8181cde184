#include "report/measures.h"

#include "report/redact.h"
#include "report/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace pgbelay::report {

namespace {

using engine::Measured;
using engine::Taken;
using engine::ValueChange;

constexpr std::size_t kMostLines = 20;
constexpr int kWidestCell = 24;

using Line = std::array<std::string, 4>;  // what, before, after, difference

std::string cell(const std::optional<std::string>& value) {
    return value ? one_line(redact(*value)) : "NULL";
}

Line line_of(const ValueChange& change, bool named) {
    const std::string row = one_line(redact(change.row));
    if (change.which != ValueChange::Which::both) {
        const bool gone = change.which == ValueChange::Which::only_before;
        return {row.empty() ? "row" : row, gone ? "there" : "", gone ? "" : "there", gone ? "gone" : "new"};
    }
    Line line{row.empty() ? change.column : named ? row + ": " + change.column : row, cell(change.before), cell(change.after), ""};
    line[3] = change.difference;
    if (change.percent && std::abs(*change.percent) >= 0.05) {
        line[3] += fmt::format(" ({:+.1f} %)", *change.percent);
    } else if (change.difference.empty() && change.before != change.after) {
        line[3] = "changed";
    }
    return line;
}

// Columns as wide as they have to be; the first one gives way to the others.
std::vector<std::string> drawn(std::vector<Line> lines, const Style& style) {
    std::array<int, 4> widths{};
    for (Line& line : lines) {
        for (std::size_t i = 0; i < line.size(); ++i) {
            line[i] = i == 0 || i == 3 ? line[i] : shorten(line[i], kWidestCell, style);
            widths[i] = std::max(widths[i], width(line[i]));
        }
    }
    const int room = style.columns - 4 - 6 - widths[1] - widths[2] - widths[3];
    widths[0] = std::min(widths[0], std::max(room, 8));
    std::vector<std::string> out;
    for (const Line& line : lines) {
        const auto right = [&](std::size_t i) { return std::string(static_cast<std::size_t>(widths[i] - width(line[i])), ' ') + line[i]; };
        std::string text =
            fmt::format("    {}  {}  {}  {}", pad(shorten(line[0], widths[0], style), widths[0]), right(1), right(2), line[3]);
        text.erase(text.find_last_not_of(' ') + 1);
        out.push_back(text + "\n");
    }
    return out;
}

std::string baseline_table(const Taken& before, const Taken& after, const Style& style) {
    const auto all = engine::changes(before, after);
    // Where each row has one value, its name is enough.
    std::vector<std::string> columns;
    for (const ValueChange& change : all) {
        if (!change.column.empty() && std::ranges::find(columns, change.column) == columns.end()) {
            columns.push_back(change.column);
        }
    }
    std::vector<Line> lines{{"", "before", "after", "difference"}};
    for (const ValueChange& change : all) {
        if (lines.size() <= kMostLines) {
            lines.push_back(line_of(change, columns.size() > 1));
        }
    }
    std::string out = all.empty() ? "    no row, before and after\n" : join(drawn(std::move(lines), style), "");
    if (all.size() > kMostLines) {
        out += fmt::format("    and {} more\n", all.size() - kMostLines);
    }
    return out;
}

std::string baseline_text(const Measured& one, const Style& style) {
    std::string out;
    for (const auto& [when, taken] : {std::pair("before", &one.before), std::pair("after", &one.after)}) {
        if (!*taken) {
            out += fmt::format("    nothing {}: it was not taken\n", when);
        } else if (!(*taken)->missing.empty()) {
            out += labelled("", fmt::format("nothing {}: {}", when, redact((*taken)->missing)), style, {3, 1});
        }
    }
    return out.empty() ? baseline_table(*one.before, *one.after, style) : out;
}

std::string times_words(const std::optional<Taken>& taken) {
    if (!taken || !taken->timed || taken->timed->runs == 0) {
        return "-";
    }
    return fmt::format("{:.2f} / {:.2f}", taken->timed->median_ms, taken->timed->p95_ms);
}

// Nothing where one of the two was not run.
std::optional<double> speed_up(const Measured& one) {
    const auto run = [](const std::optional<Taken>& taken) { return taken && taken->timed && taken->timed->runs > 0; };
    // As short as the server tells times.
    constexpr double kShortest = 0.001;
    return one.kind == runbook::MeasureKind::explain && run(one.before) && run(one.after)
               ? std::optional(one.before->timed->median_ms / std::max(one.after->timed->median_ms, kShortest))
               : std::nullopt;
}

std::string plan_words(const std::optional<Taken>& taken, std::string_view when) {
    if (!taken) {
        return fmt::format("not {}: it was not taken", when);
    }
    if (!taken->timed) {
        return fmt::format("not {}: {}", when, taken->missing);
    }
    return taken->timed->main + (taken->timed->runs == 0 ? " (planned only: it would write)" : "");
}

// All of them in one table, under each its plans.
std::string explains_text(const std::vector<const Measured*>& explains, const Style& style) {
    std::vector<Line> lines{{"explain, in ms: median / p95", "before", "after", "speed-up"}};
    for (const Measured* one : explains) {
        const auto times = speed_up(*one);
        lines.push_back(
            {one_line(one->name), times_words(one->before), times_words(one->after), times ? fmt::format("{:.1f}x", *times) : "-"});
    }
    const auto rows = drawn(std::move(lines), style);
    std::string out = rows.front();
    for (std::size_t i = 0; i < explains.size(); ++i) {
        const std::string before = plan_words(explains[i]->before, "before");
        const std::string after = plan_words(explains[i]->after, "after");
        out += rows[i + 1] + labelled("", one_line(redact(before == after ? after : before + " -> " + after)), style, {5, 1});
        for (const std::string& why : explains[i]->after ? explains[i]->after->failures : std::vector<std::string>{}) {
            out += labelled_in(Ink::bad, "", redact(why), style, {5, 1});
        }
    }
    return out;
}

std::string probe_times(const std::optional<Taken>& taken) {
    return taken && taken->timed && taken->timed->runs > 0 ? fmt::format("{:.2f} / {:.2f}", taken->timed->median_ms, taken->timed->p95_ms)
                                                           : "-";
}

// "1200 samples, 3 that failed; value 5 before, 4 to 9 meanwhile".
std::string probe_words(const Measured& one) {
    std::string words = one.before && !one.before->missing.empty() ? "not before: " + one.before->missing + "; " : "";
    if (!one.after || !one.after->timed) {
        return words + "no sample was kept";
    }
    const engine::Timed& seen = *one.after->timed;
    words += count(seen.runs, "sample");
    words += seen.failed == 0 ? "" : fmt::format(", {} that failed", seen.failed);
    const auto before = one.before && one.before->timed ? one.before->timed->value : std::nullopt;
    words += before ? "; value " + *before + " before" : "";
    words += seen.least && seen.most ? fmt::format("{} {:g} to {:g} meanwhile", before ? "," : "; value", *seen.least, *seen.most) : "";
    return words;
}

std::string probes_text(const std::vector<const Measured*>& probes, const Style& style) {
    std::vector<Line> lines{{"probe, in ms: median / p95", "before", "meanwhile", "most"}};
    for (const Measured* one : probes) {
        const bool seen = one->after && one->after->timed && one->after->timed->runs > 0;
        lines.push_back({one_line(one->name), probe_times(one->before), probe_times(one->after),
                         seen ? fmt::format("{:.2f}", one->after->timed->max_ms) : "-"});
    }
    const auto rows = drawn(std::move(lines), style);
    std::string out = rows.front();
    for (std::size_t i = 0; i < probes.size(); ++i) {
        out += rows[i + 1] + labelled("", one_line(redact(probe_words(*probes[i]))), style, {5, 1});
    }
    return out;
}

std::vector<const Measured*> of_kind(const std::vector<Measured>& measured, runbook::MeasureKind kind) {
    std::vector<const Measured*> all;
    for (const Measured& one : measured) {
        if (one.kind == kind && (one.before || one.after)) {
            all.push_back(&one);
        }
    }
    return all;
}

Json values_json(const engine::MeasuredRow& row) {
    Json json = Json::array();
    for (const auto& value : row) {
        json.push_back(value ? Json(redact(*value)) : Json(nullptr));
    }
    return json;
}

Json taken_json(const std::optional<Taken>& taken, runbook::MeasureKind kind) {
    if (!taken) {
        return nullptr;
    }
    Json json{{"at", taken->at}, {"missing", or_null(redact(taken->missing))}};
    if (const auto& timed = taken->timed) {
        json["runs"] = timed->runs;
        json["median_ms"] = timed->runs == 0 ? Json(nullptr) : Json(timed->median_ms);
        json["p95_ms"] = timed->runs == 0 ? Json(nullptr) : Json(timed->p95_ms);
        if (kind == runbook::MeasureKind::explain) {
            json["plan_node"] = redact(timed->main);
            return json;
        }
        json["max_ms"] = timed->max_ms;
        json["failed"] = timed->failed;
        json["value"] = timed->value ? Json(redact(*timed->value)) : Json(nullptr);
        json["least"] = timed->least ? Json(*timed->least) : Json(nullptr);
        json["most"] = timed->most ? Json(*timed->most) : Json(nullptr);
        return json;
    }
    json["columns"] = Json::array();
    for (const auto& column : taken->columns) {
        json["columns"].push_back({{"name", column.name}, {"type", column.type}});
    }
    json["rows"] = Json::array();
    for (const auto& row : taken->rows) {
        json["rows"].push_back(values_json(row));
    }
    return json;
}

Json changes_json(const Measured& one) {
    Json json = Json::array();
    if (one.kind != runbook::MeasureKind::baseline || !one.before || !one.after || !one.before->missing.empty() ||
        !one.after->missing.empty()) {
        return json;
    }
    for (const ValueChange& change : engine::changes(*one.before, *one.after)) {
        const char* which = change.which == ValueChange::Which::both          ? "both"
                            : change.which == ValueChange::Which::only_before ? "before"
                                                                              : "after";
        json.push_back({{"row", redact(change.row)},
                        {"column", or_null(change.column)},
                        {"in", which},
                        {"before", change.before ? Json(redact(*change.before)) : Json(nullptr)},
                        {"after", change.after ? Json(redact(*change.after)) : Json(nullptr)},
                        {"difference", or_null(change.difference)},
                        {"percent", change.percent ? Json(*change.percent) : Json(nullptr)}});
    }
    return json;
}

// "every 500 ms; a breach pauses at more than 50 ms, or by value > 10".
std::string probe_limits(const runbook::Gauge& gauge) {
    std::vector<std::string> limits;
    if (gauge.max_ms) {
        limits.push_back(fmt::format("more than {:g} ms", *gauge.max_ms));
    }
    if (gauge.max_ratio) {
        limits.push_back(fmt::format("more than {:g} times of before", *gauge.max_ratio));
    }
    if (!gauge.fail.empty()) {
        limits.push_back("by " + gauge.fail);
    }
    if (gauge.required) {
        limits.push_back("when it cannot be asked");
    }
    constexpr std::array<std::string_view, 3> kActions = {"pauses", "aborts", "rolls back"};
    const std::string action = gauge.on_breach ? std::string(kActions.at(static_cast<std::size_t>(*gauge.on_breach))) : "counts as a limit";
    const std::string every = "every " + base::format_duration(gauge.every);
    return limits.empty() ? every : fmt::format("{}; {}: {}", every, action, join(limits, ", or "));
}

}  // namespace

std::vector<std::string> demands(const runbook::Gauge& gauge) {
    std::vector<std::string> all;
    if (gauge.kind == runbook::MeasureKind::probe) {
        all.push_back(probe_limits(gauge));
        return all;
    }
    if (!gauge.fail.empty()) {
        all.push_back("fails by: " + gauge.fail);
    }
    if (!gauge.uses.empty()) {
        all.push_back("must use " + gauge.uses);
    }
    for (const auto& node : gauge.without) {
        all.push_back(fmt::format("must have no {}{}", node.type, node.table.empty() ? "" : " on " + node.table));
    }
    if (gauge.max_ms) {
        all.push_back(fmt::format("must take at most {:g} ms", *gauge.max_ms));
    }
    if (gauge.min_speedup) {
        all.push_back(fmt::format("must be {:g} times as fast as before", *gauge.min_speedup));
    }
    return all;
}

namespace {

Json demands_json(const runbook::Gauge& gauge) {
    Json json = Json::array();
    for (const std::string& demand : demands(gauge)) {
        json.push_back(redact(demand));
    }
    return json;
}

}  // namespace

std::string measures_text(const std::vector<Measured>& measured, const Style& style) {
    const auto explains = of_kind(measured, runbook::MeasureKind::explain);
    const auto probes = of_kind(measured, runbook::MeasureKind::probe);
    std::string out = explains.empty() ? "" : explains_text(explains, style);
    out += probes.empty() ? "" : probes_text(probes, style);
    for (const Measured& one : measured) {
        if (one.kind != runbook::MeasureKind::baseline || (!one.before && !one.after)) {
            continue;
        }
        out += fmt::format("  {} {}\n", runbook::to_string(one.kind), shorten(one_line(one.name), style.columns - 12, style));
        out += baseline_text(one, style);
        for (const std::string& why : one.after ? one.after->failures : std::vector<std::string>{}) {
            out += labelled_in(Ink::bad, "", redact(why), style, {3, 1});
        }
    }
    return out.empty() ? "" : "Measured:\n" + out;
}

Json measures_json(const std::vector<Measured>& measured) {
    Json json = Json::array();
    for (const Measured& one : measured) {
        Json failures = Json::array();
        for (const std::string& why : one.after ? one.after->failures : std::vector<std::string>{}) {
            failures.push_back(redact(why));
        }
        json.push_back({{"name", one.name},
                        {"kind", std::string(runbook::to_string(one.kind))},
                        {"file", one.place.file},
                        {"line", one.place.line},
                        {"before", taken_json(one.before, one.kind)},
                        {"after", taken_json(one.after, one.kind)},
                        {"differences", changes_json(one)},
                        {"speed_up", speed_up(one) ? Json(*speed_up(one)) : Json(nullptr)},
                        {"failures", std::move(failures)}});
    }
    return json;
}

std::string planned_measures_text(const plan::Plan& plan, const Style& style) {
    std::string out = plan.measurements.empty() ? "" : "Measured before the first change and after the last:\n";
    for (const plan::Measurement& measurement : plan.measurements) {
        constexpr int kKind = 18;
        const std::string name = shorten(one_line(measurement.name), style.columns - 7 - kKind, style);
        out += fmt::format("      {} {}\n", pad(name, style.columns - 7 - kKind), runbook::to_string(measurement.gauge.kind));
        for (const std::string& demand : demands(measurement.gauge)) {
            out += labelled("", redact(demand), style, {7, 1});
        }
    }
    return out.empty() ? "" : out + "\n";
}

Json planned_measures_json(const plan::Plan& plan) {
    Json json = Json::array();
    for (const plan::Measurement& measurement : plan.measurements) {
        const runbook::Gauge& gauge = measurement.gauge;
        json.push_back({{"name", measurement.name},
                        {"kind", std::string(runbook::to_string(gauge.kind))},
                        {"file", measurement.place.file},
                        {"line", measurement.place.line},
                        {"column", measurement.place.column},
                        {"sql", redact(gauge.sql)},
                        {"fail", or_null(redact(gauge.fail))},
                        {"demands", demands_json(gauge)},
                        {"timeout_ms", gauge.timeout.count()}});
    }
    return json;
}

}  // namespace pgbelay::report
