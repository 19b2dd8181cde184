// `sql explain`: how long a statement takes and by which plan, and whether that is as its author demands.
#pragma once

#include "base/wait.h"
#include "engine/measured.h"
#include "pg/connection.h"
#include "plan/plan.h"

#include <optional>
#include <string>
#include <vector>

namespace pgbelay::engine {

// Runs it once to warm, then as often as the author says, each time in a READ ONLY transaction of its own; where ANALYZE would write it is
// planned only. Throws Error{connection|interrupted}.
Taken take_explain(pg::Connection& worker, const plan::Measurement& measurement, const base::StopSignal* stop);

// What is not as the author demands; `looks` is a connection of ours.
std::vector<std::string> explain_failures(pg::Connection& looks, const runbook::Gauge& gauge, const std::optional<Taken>& before,
                                          const Taken& after);

// What EXPLAIN (FORMAT JSON) says of a plan. Throws Error{internal} for what is no such document.
struct Explained {
    double execution_ms = 0;  // 0 without ANALYZE
    std::vector<SeenNode> nodes;
    std::string main;  // the most expensive scan of a table: "Index Scan using orders_customer_idx on orders"
};
Explained read_explained(const std::string& json);

// Of values that need not be sorted, and are not empty: the least that so many per cent of them do not exceed.
double percentile(std::vector<double> values, int percent);

}  // namespace pgbelay::engine
