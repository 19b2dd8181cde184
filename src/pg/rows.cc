#include "pg/rows.h"

#include "sql/quote.h"

#include <fmt/core.h>
#include <queries/pg.h>

#include <algorithm>

namespace pgbelay::pg {

namespace {

constexpr std::chrono::seconds kCountingTime{2};

catalog::Oid oid(const Result& r, int row, int column) {
    return catalog::Oid{static_cast<std::uint32_t>(r.big(row, column))};
}

std::string str(catalog::Oid oid) {
    return std::to_string(static_cast<std::uint32_t>(oid));
}

std::string oid_array(const std::vector<catalog::Oid>& oids) {
    std::vector<std::string> items;
    for (const auto oid : oids) {
        items.push_back(str(oid));
    }
    return to_array(items);
}

std::string name_array(const std::set<std::string>& names) {
    return to_array({names.begin(), names.end()});
}

std::string why_not(const ServerError& error) {
    if (error.sqlstate == "55P03" || error.sqlstate == "40P01") {
        return "it was locked";
    }
    if (error.sqlstate == "42501") {
        return "no right to read all of its rows";
    }
    return error.sqlstate == "57014" ? "counting took too long" : error.message;
}

// One snapshot for all of them. Returns why it failed; "" when it did not.
std::string count(Connection& connection, const std::vector<CountedTable*>& tables, base::Deadline deadline) {
    std::string sql = "SELECT ";
    for (const auto* table : tables) {
        sql += fmt::format("{}(SELECT count(*) FROM ONLY {})", table == tables.front() ? "" : ", ", sql::quote_name(table->name));
    }
    const auto left = std::max(std::chrono::duration_cast<base::Millis>(deadline - base::Clock::now()), base::Millis(1));
    const std::vector<Connection::Piece> pieces{{"BEGIN READ ONLY", {}},
                                                {"SET LOCAL lock_timeout = '50ms'", {}},
                                                {fmt::format("SET LOCAL statement_timeout = '{}ms'", left.count()), {}},
                                                {"SET LOCAL row_security = off", {}},
                                                {std::move(sql), {}},
                                                {"COMMIT", {}}};
    const auto outcomes = connection.pipeline(pieces, deadline + kCountingTime, nullptr, nullptr, Connection::Boundaries::none);
    if (const auto* error = std::get_if<ServerError>(&outcomes.back()); error != nullptr) {
        if (error->connection_lost) {
            throw to_error(*error);
        }
        connection.run("ROLLBACK", std::nullopt, base::in(kCountingTime), nullptr);
        return why_not(*error);
    }
    const auto& counts = std::get<Result>(outcomes.at(pieces.size() - 2));
    for (std::size_t i = 0; i < tables.size(); ++i) {
        tables[i]->rows = counts.big(0, static_cast<int>(i));
    }
    return "";
}

}  // namespace

std::vector<ReachedTable> row_reach(Connection& connection, const std::vector<ReachedTable>& from, const std::set<std::string>& names) {
    std::vector<catalog::Oid> oids;
    std::vector<std::string> uses;
    for (const auto& table : from) {
        oids.push_back(table.oid);
        uses.push_back(std::to_string(table.use));
    }
    const Result r = connection.query(queries::kRowReach, {oid_array(oids), to_array(uses), name_array(names)});
    std::vector<ReachedTable> reached;
    for (int row = 0; row < r.rows(); ++row) {
        reached.push_back({oid(r, row, 0), {r.text(row, 1), r.text(row, 2)}, r.integer(row, 3)});
    }
    return reached;
}

bool tracks_counts(Connection& connection) {
    return connection.query(queries::kTrackCounts).boolean(0, 0);
}

std::vector<CountedTable> count_rows(Connection& connection, const std::vector<catalog::Oid>& tables) {
    const Result r = connection.query(queries::kCountable, {oid_array(tables)});
    std::vector<CountedTable> counted;
    for (int row = 0; row < r.rows(); ++row) {
        counted.push_back({.oid = oid(r, row, 0), .name = {r.text(row, 1), r.text(row, 2)}, .rows = {}, .why = r.text(row, 3)});
    }
    std::vector<CountedTable*> open;
    for (auto& table : counted) {
        if (table.why.empty()) {
            open.push_back(&table);
        }
    }
    const base::Deadline deadline = base::in(kCountingTime);
    if (open.empty() || count(connection, open, deadline).empty()) {
        return counted;
    }
    // One of them is in the way of the others.
    for (auto* table : open) {
        table->why = base::Clock::now() < deadline ? count(connection, {table}, deadline) : "counting took too long";
    }
    return counted;
}

std::vector<std::string> row_suspects(Connection& connection, catalog::Oid table, const std::vector<catalog::Oid>& written,
                                      const std::set<std::string>& named) {
    const Result r = connection.query(queries::kRowSuspects, {str(table), oid_array(written), name_array(named)});
    std::vector<std::string> suspects;
    for (int row = 0; row < r.rows(); ++row) {
        suspects.push_back(r.text(row, 0));
    }
    return suspects;
}

}  // namespace pgbelay::pg
