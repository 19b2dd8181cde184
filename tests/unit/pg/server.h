// The servers that this module's tests share: one per version, started when the first test asks for it.
#pragma once

#include "base/wait.h"
#include "cluster/cluster.h"
#include "pg/connection.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <variant>

namespace pgbelay::pg::testing {

// The server of that major version ("" = the one that is installed). Lives until the process ends.
cluster::Cluster& server(const std::string& major = "");

// A new, empty database on it, dropped with the object.
class Database {
public:
    explicit Database(const std::string& major = "");
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    Conninfo conninfo() const { return Conninfo(url(), "the test"); }
    std::string url() const;
    Connection open(std::string_view purpose = "test") const;

private:
    std::string major_;
    std::string name_;
};

// Runs statements one after the other; a failure fails the test.
void run_all(Connection& connection, const std::vector<std::string>& statements);
void must_run(Connection& connection, const std::string& sql);
std::string value(Connection& connection, const std::string& sql);

// Runs statements on another session in the background; a stop cancels it.
class Background {
public:
    Background(const Database& database, std::string sql);
    ~Background();
    int pid() const { return connection_.backend_pid(); }
    // The outcome, once it is there.
    Outcome& wait();
    void cancel() { stop_.request(); }

private:
    Connection connection_;
    base::StopSignal stop_;
    std::optional<Outcome> outcome_;
    std::jthread thread_;
};

// Waits until the condition holds; fails the test after ten seconds.
void eventually(const std::function<bool()>& condition, const char* what);

}  // namespace pgbelay::pg::testing
