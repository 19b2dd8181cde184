#include "demo/load.h"

#include "base/error.h"
#include "sql/quote.h"

#include <fmt/core.h>

#include <atomic>
#include <exception>
#include <future>

namespace pgbelay::demo {

namespace {

constexpr std::chrono::seconds kConnectTime{10};

pg::Connection connect(const pg::Conninfo& conninfo, const base::StopSignal* stop) {
    return pg::Connection::open(conninfo, "load", base::in(kConnectTime), stop);
}

void run_one(pg::Connection& connection, const std::string& statement, const base::StopSignal* stop) {
    const pg::Outcome outcome = connection.run(statement, std::nullopt, base::kNoDeadline, stop);
    if (stop != nullptr && stop->requested()) {
        throw base::Error(base::ErrorCode::interrupted, "interrupted");
    }
    if (const auto* error = std::get_if<pg::ServerError>(&outcome)) {
        throw pg::to_error(*error);
    }
}

void fill(pg::Connection& connection, const Table& table, const base::StopSignal* stop) {
    run_one(connection, "BEGIN", stop);
    for (const std::string& statement : table.create) {
        run_one(connection, statement, stop);
    }
    run_one(connection, "COMMIT", stop);
    run_one(connection, table.vacuum, stop);
}

}  // namespace

pg::Connection run_statements(const pg::Conninfo& conninfo, const std::vector<std::string>& statements, const base::StopSignal* stop) {
    pg::Connection connection = connect(conninfo, stop);
    for (const std::string& statement : statements) {
        run_one(connection, statement, stop);
    }
    return connection;
}

void load(const pg::Conninfo& conninfo, const std::vector<Table>& tables, int connections, const base::StopSignal* stop) {
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
        pg::Connection connection = connect(conninfo, stop);
        for (std::size_t i = next++; i < tables.size(); i = next++) {
            fill(connection, tables[i], stop);
        }
    };
    std::vector<std::future<void>> workers;
    for (int i = 0; i < connections; ++i) {
        workers.push_back(std::async(std::launch::async, work));
    }
    for (std::future<void>& worker : workers) {
        worker.wait();
    }
    for (std::future<void>& worker : workers) {
        worker.get();
    }
}

void copy_database(const pg::Conninfo& maintenance, const std::string& from, const std::string& to, const base::StopSignal* stop) {
    constexpr int kHasStrategies = 15;
    pg::Connection connection = connect(maintenance, stop);
    // Copying files is the only way before 15, and the quick one for so much data from then on.
    const char* strategy = connection.major() >= kHasStrategies ? " STRATEGY file_copy" : "";
    run_one(connection, fmt::format("CREATE DATABASE {} TEMPLATE {}{}", sql::quote_identifier(to), sql::quote_identifier(from), strategy),
            stop);
}

}  // namespace pgbelay::demo
