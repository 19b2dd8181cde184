#include "report/render_measures.h"

#include "report/markdown.h"
#include "report/text.h"

#include <fmt/core.h>
#include <fmt/format.h>

namespace pgbelay::report {

namespace {

using runbook::Gauge;
using runbook::MeasureKind;

// psql's variables hold the values of parameters; PREPARE finds out their types.
std::string explained(const Gauge& gauge) {
    const std::string_view explain = gauge.writes ? "EXPLAIN" : "EXPLAIN (ANALYZE)";
    if (gauge.with.empty()) {
        return fmt::format("{}\n{}", explain, gauge.sql);
    }
    std::string out;
    std::vector<std::string> values;
    for (std::size_t i = 0; i < gauge.with.size(); ++i) {
        out += fmt::format("SELECT ({}\n) AS p{} \\gset\n", gauge.with[i], i + 1);
        values.push_back(fmt::format(":'p{}'", i + 1));
    }
    return out + fmt::format(
                     "SET LOCAL plan_cache_mode = force_custom_plan;\nPREPARE pgbelay_explained AS {}\n;\n{} EXECUTE "
                     "pgbelay_explained ({})",
                     gauge.sql, explain, fmt::join(values, ", "));
}

bool may_fail(const Gauge& gauge, bool before) {
    const bool demands = !gauge.uses.empty() || !gauge.without.empty() || gauge.max_ms || gauge.min_speedup;
    return gauge.kind == MeasureKind::explain ? before || !demands : gauge.fail.empty();
}

// What one shell cannot do beside all else.
std::string probed(const plan::Measurement& measurement) {
    const Gauge& gauge = measurement.gauge;
    std::string out = fmt::format("### probe {}\n\nIn a second shell with psql, from now on to the end; stop when it gets worse.\n\n",
                                  one_line(measurement.name));
    std::string settings = "\\timing on\n";
    for (const plan::Setting& setting : measurement.context.settings) {
        settings += setting.session + ";\n";
    }
    return out +
           markdown_fence("sql", fmt::format("{}{}\n\\watch {:g}\n", settings, gauge.sql, static_cast<double>(gauge.every.count()) / 1000));
}

std::string looks(const plan::Plan& plan, const Looked& looked, bool before) {
    std::string out;
    for (const plan::Measurement& measurement : plan.measurements) {
        const Gauge& gauge = measurement.gauge;
        if (gauge.kind == MeasureKind::probe) {
            out += before ? probed(measurement) : "";
            continue;
        }
        const std::string place = base::to_string(measurement.place);
        out += fmt::format("### {} {}\n\n", runbook::to_string(gauge.kind), one_line(measurement.name));
        out += place.empty() ? "" : fmt::format("From {}. ", place);
        out += before ? "Note what it shows, as before.\n\n" : "Compare it with what was noted before.\n\n";
        const std::string sql = gauge.kind == MeasureKind::explain ? explained(gauge) : gauge.sql;
        out += markdown_fence("sh", looked(measurement.context, sql, may_fail(gauge, before)));
    }
    return out;
}

std::string demands(const plan::Measurement& measurement) {
    const Gauge& gauge = measurement.gauge;
    std::string out;
    if (!gauge.uses.empty()) {
        out += fmt::format("- it must use the index {}\n", gauge.uses);
    }
    for (const runbook::ForbiddenNode& node : gauge.without) {
        out += fmt::format("- it must have no {}{}\n", node.type, node.table.empty() ? "" : " on " + node.table);
    }
    if (gauge.max_ms) {
        out += fmt::format("- it must take at most {:g} ms, in the median of {} times\n", *gauge.max_ms, gauge.runs);
    }
    if (gauge.min_speedup) {
        out +=
            fmt::format("- it must be {:g} times as fast as before, by the 95th percentile of {} times\n", *gauge.min_speedup, gauge.runs);
    }
    if (!out.empty()) {
        out = fmt::format("Of {}:\n\n{}\n", one_line(measurement.name), out);
    }
    if (!gauge.fail.empty()) {
        out += fmt::format("It has failed, by {}, if this is true of before and after:\n\n", one_line(measurement.name)) +
               markdown_fence("sql", gauge.fail);
    }
    return out;
}

}  // namespace

std::string measures_by_hand_before(const plan::Plan& plan, const Looked& looked) {
    return plan.measurements.empty() ? "" : "## To measure first\n\n" + looks(plan, looked, true);
}

std::string measures_by_hand_after(const plan::Plan& plan, const Looked& looked) {
    if (plan.measurements.empty()) {
        return "";
    }
    std::string out = "## To measure now\n\n" + looks(plan, looked, false);
    for (const plan::Measurement& measurement : plan.measurements) {
        out += measurement.gauge.kind == MeasureKind::probe ? "" : demands(measurement);
    }
    return out;
}

}  // namespace pgbelay::report
