#include "engine/explain.h"

#include "engine/read_only.h"
#include "pg/measuring.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace pgbelay::engine {

namespace {

constexpr std::string_view kMeasure = "EXPLAIN (ANALYZE, BUFFERS OFF, TIMING ON, FORMAT JSON)\n";
constexpr std::string_view kPlan = "EXPLAIN (FORMAT JSON)\n";
constexpr std::string_view kReadOnlyViolation = "25006";
constexpr std::string_view kCancelled = "57014";

// A node while the plan is read, with what decides which is the main one.
struct Weighed {
    SeenNode node;
    double weight = 0;
};

std::string words(const SeenNode& node) {
    return node.type + (node.index.empty() ? "" : " using " + node.index) + (node.relation.empty() ? "" : " on " + node.relation);
}

// A bitmap's index stands in the nodes below the one that reads the table.
std::string index_below(const nlohmann::json& plan) {
    const std::string own = plan.value("Index Name", "");
    for (const auto& child : plan.value("Plans", nlohmann::json::array())) {
        const std::string type = child.value("Node Type", "");
        const std::string below = type.starts_with("Bitmap") ? index_below(child) : "";
        if (own.empty() && !below.empty()) {
            return below;
        }
    }
    return own;
}

void collect(const nlohmann::json& plan, std::vector<SeenNode>& nodes, Weighed& main) {
    SeenNode node{.type = plan.at("Node Type").get<std::string>(),
                  .relation = plan.value("Relation Name", ""),
                  .index = plan.value("Index Name", "")};
    const bool analyzed = plan.contains("Actual Total Time");
    const double weight = analyzed ? plan.value("Actual Total Time", 0.0) * plan.value("Actual Loops", 0.0) : plan.value("Total Cost", 0.0);
    // Scans of tables before all else.
    if (main.node.type.empty() || (main.node.relation.empty() && !node.relation.empty()) ||
        (!node.relation.empty() && weight > main.weight)) {
        main = {node, weight};
        main.node.index = index_below(plan);
    }
    nodes.push_back(std::move(node));
    for (const auto& child : plan.value("Plans", nlohmann::json::array())) {
        collect(child, nodes, main);
    }
}

// One look in a transaction of its own; the server's error where there is one.
struct Look {
    std::optional<Explained> explained;
    pg::ServerError error;
};

Look look(pg::Connection& worker, const plan::Measurement& measurement, std::string_view how, const pg::Params& values,
          const base::StopSignal* stop) {
    ReadOnly transaction(worker, measurement.context, measurement.gauge.timeout, stop);
    const pg::Outcome answer = transaction.ask(std::string(how) + measurement.gauge.sql, values);
    if (const auto* error = std::get_if<pg::ServerError>(&answer); error != nullptr) {
        return {.error = *error};
    }
    return {.explained = read_explained(std::get<pg::Result>(answer).text(0, 0))};
}

// What `-- with:` says, asked of the server; why not in `missing`.
pg::Params values_of(pg::Connection& worker, const plan::Measurement& measurement, const base::StopSignal* stop, std::string& missing) {
    pg::Params values;
    for (const std::string& expression : measurement.gauge.with) {
        ReadOnly transaction(worker, measurement.context, measurement.gauge.timeout, stop);
        const pg::Outcome answer = transaction.ask("SELECT (" + expression + "\n)");
        const auto* error = std::get_if<pg::ServerError>(&answer);
        const auto* r = std::get_if<pg::Result>(&answer);
        if (error != nullptr || r->rows() != 1 || r->columns() != 1) {
            missing = fmt::format("${} = {}: {}", values.size() + 1, expression, error != nullptr ? error->message : "it is not one value");
            return {};
        }
        values.push_back(r->maybe(0, 0));
    }
    return values;
}

std::string why(const pg::ServerError& error, base::Millis timeout) {
    return error.sqlstate == kCancelled ? "it took longer than " + base::format_duration(timeout) : error.message;
}

Taken only_planned(pg::Connection& worker, const plan::Measurement& measurement, const pg::Params& values, const base::StopSignal* stop) {
    const Look seen = look(worker, measurement, kPlan, values, stop);
    if (!seen.explained) {
        return {.missing = why(seen.error, measurement.gauge.timeout)};
    }
    return {.timed = Timed{.nodes = seen.explained->nodes, .main = seen.explained->main}};
}

bool has(const std::vector<std::string>& names, const std::string& name) {
    return std::ranges::find(names, name) != names.end();
}

// "app.orders" has its schema; what the plan shows has none.
std::vector<std::string> family(pg::Connection& looks, const std::string& name) {
    const std::size_t dot = name.find('.');
    return dot == std::string::npos ? pg::relation_family(looks, {"", name})
                                    : pg::relation_family(looks, {name.substr(0, dot), name.substr(dot + 1)});
}

std::string not_used(pg::Connection& looks, const std::string& index, const Timed& timed) {
    const auto names = family(looks, index);
    if (names.empty()) {
        return fmt::format("it cannot use {}: there is no index of that name", index);
    }
    const bool used = std::ranges::any_of(timed.nodes, [&](const SeenNode& node) { return has(names, node.index); });
    return used ? "" : fmt::format("it does not use {}, but {}", index, timed.main);
}

std::string forbidden(pg::Connection& looks, const runbook::ForbiddenNode& node, const Timed& timed) {
    const auto names = node.table.empty() ? std::vector<std::string>{} : family(looks, node.table);
    if (!node.table.empty() && names.empty()) {
        return fmt::format("whether its plan has a {} cannot be told: there is no table {}", node.type, node.table);
    }
    const auto found = std::ranges::find_if(
        timed.nodes, [&](const SeenNode& seen) { return seen.type == node.type && (node.table.empty() || has(names, seen.relation)); });
    return found == timed.nodes.end() ? "" : "its plan has a " + words(*found);
}

std::string too_slow(double max_ms, const Timed& timed) {
    if (timed.runs == 0) {
        return fmt::format("whether it takes at most {:g} ms cannot be measured: it would write, and was planned only", max_ms);
    }
    return timed.median_ms <= max_ms ? "" : fmt::format("it takes {:.2f} ms, more than {:g}", timed.median_ms, max_ms);
}

std::string too_little_faster(double min_speedup, const std::optional<Taken>& before, const Timed& after) {
    const auto cannot = [&](const std::string& why) {
        return fmt::format("whether it is {:g} times as fast as before cannot be measured: {}", min_speedup, why);
    };
    if (after.runs == 0 || (before && before->timed && before->timed->runs == 0)) {
        return cannot("it would write, and was planned only");
    }
    if (!before || !before->timed) {
        return cannot(before && !before->missing.empty() ? "before, " + before->missing : "it was not measured before");
    }
    const double speedup = after.p95_ms > 0 ? before->timed->p95_ms / after.p95_ms : min_speedup;
    return speedup >= min_speedup
               ? ""
               : fmt::format("its 95th percentile went from {:.2f} ms to {:.2f} ms: {:.1f} times as fast, less than {:g}",
                             before->timed->p95_ms, after.p95_ms, speedup, min_speedup);
}

}  // namespace

Explained read_explained(const std::string& json) {
    try {
        const auto document = nlohmann::json::parse(json).at(0);
        Explained explained{.execution_ms = document.value("Execution Time", 0.0)};
        Weighed main;
        collect(document.at("Plan"), explained.nodes, main);
        explained.main = words(main.node);
        return explained;
    } catch (const nlohmann::json::exception& error) {
        throw base::Error(base::ErrorCode::internal, "the server's EXPLAIN cannot be read").detail(error.what());
    }
}

double percentile(std::vector<double> values, int percent) {
    std::ranges::sort(values);
    const std::size_t rank = (values.size() * static_cast<std::size_t>(percent) + 99) / 100;
    return values.at(std::max<std::size_t>(rank, 1) - 1);
}

Taken take_explain(pg::Connection& worker, const plan::Measurement& measurement, const base::StopSignal* stop) {
    const runbook::Gauge& gauge = measurement.gauge;
    Taken taken;
    const pg::Params values = values_of(worker, measurement, stop, taken.missing);
    if (!taken.missing.empty()) {
        return taken;
    }
    if (gauge.writes) {
        return only_planned(worker, measurement, values, stop);
    }
    std::vector<double> times;
    for (int run = 0; run <= gauge.runs; ++run) {
        const Look seen = look(worker, measurement, kMeasure, values, stop);
        if (!seen.explained && seen.error.sqlstate == kReadOnlyViolation) {
            return only_planned(worker, measurement, values, stop);
        }
        if (!seen.explained) {
            return {.missing = why(seen.error, gauge.timeout)};
        }
        if (run > 0) {  // the first one only warms
            times.push_back(seen.explained->execution_ms);
        }
        taken.timed = Timed{.nodes = seen.explained->nodes, .main = seen.explained->main};
    }
    taken.timed->runs = gauge.runs;
    taken.timed->median_ms = percentile(times, 50);
    taken.timed->p95_ms = percentile(times, 95);
    return taken;
}

std::vector<std::string> explain_failures(pg::Connection& looks, const runbook::Gauge& gauge, const std::optional<Taken>& before,
                                          const Taken& after) {
    std::vector<std::string> failures;
    const auto add = [&](std::string failure) {
        if (!failure.empty()) {
            failures.push_back(std::move(failure));
        }
    };
    const bool demands = !gauge.uses.empty() || !gauge.without.empty() || gauge.max_ms || gauge.min_speedup;
    if (!after.timed) {
        add(demands ? "its plan cannot be seen: " + after.missing : "");
        return failures;
    }
    if (!gauge.uses.empty()) {
        add(not_used(looks, gauge.uses, *after.timed));
    }
    for (const runbook::ForbiddenNode& node : gauge.without) {
        add(forbidden(looks, node, *after.timed));
    }
    if (gauge.max_ms) {
        add(too_slow(*gauge.max_ms, *after.timed));
    }
    if (gauge.min_speedup) {
        add(too_little_faster(*gauge.min_speedup, before, *after.timed));
    }
    return failures;
}

}  // namespace pgbelay::engine
