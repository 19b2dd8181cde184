#include "engine/baseline.h"

#include "engine/expectation.h"
#include "engine/read_only.h"
#include "pg/measuring.h"
#include "sql/quote.h"

#include <fmt/core.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <set>

namespace pgbelay::engine {

namespace {

constexpr std::size_t kMostBytes = 1024 * 1024;

// What a baseline cannot be made of; "" when it can.
std::string not_comparable(const pg::Result& r) {
    if (r.rows() > kMostBaselineRows) {
        return fmt::format("its result has {} rows, and {} are kept at most", r.rows(), kMostBaselineRows);
    }
    std::set<std::string> names;
    for (int i = 0; i < r.columns(); ++i) {
        if (!names.insert(r.column_name(i)).second) {
            return fmt::format("two of its columns are called {}", r.column_name(i));
        }
    }
    return r.columns() == 0 ? "its result has no column" : "";
}

void read_rows(const pg::Result& r, Taken& taken) {
    std::size_t bytes = 0;
    for (int i = 0; i < r.rows(); ++i) {
        MeasuredRow row;
        for (int column = 0; column < r.columns(); ++column) {
            row.push_back(r.maybe(i, column));
            bytes += row.back() ? row.back()->size() : 0;
        }
        taken.rows.push_back(std::move(row));
    }
    if (bytes > kMostBytes) {
        taken = {.missing = fmt::format("its result is larger than {} bytes", kMostBytes)};
    }
}

// `before AS (SELECT …)`: the kept values under their names and types, from the parameter.
std::string relation(std::string_view name, int parameter, const Taken& taken) {
    std::vector<std::string> casts;
    std::vector<std::string> columns;
    for (std::size_t i = 0; i < taken.columns.size(); ++i) {
        casts.push_back(fmt::format("r.c{}::{} AS {}", i, taken.columns[i].type, sql::quote_identifier(taken.columns[i].name)));
        columns.push_back(fmt::format("c{} pg_catalog.text", i));
    }
    return fmt::format("{} AS (SELECT {} FROM pg_catalog.jsonb_to_recordset(${}::pg_catalog.jsonb) AS r ({}))", name,
                       fmt::join(casts, ", "), parameter, fmt::join(columns, ", "));
}

std::string parameter(const Taken& taken) {
    nlohmann::json rows = nlohmann::json::array();
    for (const MeasuredRow& row : taken.rows) {
        nlohmann::json values = nlohmann::json::object();
        for (std::size_t i = 0; i < row.size(); ++i) {
            values[fmt::format("c{}", i)] = row[i] ? nlohmann::json(*row[i]) : nlohmann::json(nullptr);
        }
        rows.push_back(std::move(values));
    }
    return rows.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

Taken take_baseline(pg::Connection& worker, pg::Connection& types, const plan::Measurement& measurement, const base::StopSignal* stop) {
    const runbook::Gauge& gauge = measurement.gauge;
    ReadOnly transaction(worker, measurement.context, gauge.timeout, stop);
    const pg::Outcome answer = transaction.run(gauge.sql);
    if (const auto* error = std::get_if<pg::ServerError>(&answer); error != nullptr) {
        return {.missing = error->message};
    }
    const auto& r = std::get<pg::Result>(answer);
    if (const std::string why = not_comparable(r); !why.empty()) {
        return {.missing = why};
    }
    Taken taken;
    const auto known = pg::column_types(types, r);
    for (int column = 0; column < r.columns(); ++column) {
        const auto& type = known.at(static_cast<std::size_t>(column));
        taken.columns.push_back({.name = r.column_name(column), .type = type.name, .number = type.number});
    }
    read_rows(r, taken);
    return taken;
}

std::string baseline_failure(pg::Connection& worker, const plan::Measurement& measurement, const Taken& before, const Taken& after,
                             const base::StopSignal* stop) {
    const runbook::Gauge& gauge = measurement.gauge;
    for (const auto& [side, taken] : {std::pair("before", &before), std::pair("after", &after)}) {
        if (!taken->missing.empty()) {
            return fmt::format("there is nothing {} to judge `{}` by: {}", side, gauge.fail, taken->missing);
        }
        if (!gauge.fail_is_query && taken->rows.size() != 1) {
            return fmt::format("an expression over before and after needs one row of each, and {} has {}: write a SELECT over them", side,
                               taken->rows.size());
        }
    }
    const std::string sql = fmt::format("WITH {}, {}\nSELECT ({}\n){}", relation("before", 1, before), relation("after", 2, after),
                                        gauge.fail, gauge.fail_is_query ? "" : " FROM before CROSS JOIN after");
    ReadOnly transaction(worker, measurement.context, gauge.timeout, stop);
    const pg::Outcome answer = transaction.ask(sql, {parameter(before), parameter(after)});
    if (const auto* error = std::get_if<pg::ServerError>(&answer); error != nullptr) {
        return fmt::format("`-- fail: {}` cannot be judged: {}", gauge.fail, error->message);
    }
    const auto& r = std::get<pg::Result>(answer);
    if (!is_one_boolean(r)) {
        return fmt::format("`-- fail: {}` must yield one true or false: write SELECT EXISTS (…)", gauge.fail);
    }
    return r.boolean(0, 0) ? fmt::format("it fails by `{}`", gauge.fail) : "";
}

}  // namespace pgbelay::engine
