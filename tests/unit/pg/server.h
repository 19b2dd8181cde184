// The server that this module's tests share, started when the first of them asks for it.
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
#include <vector>

namespace pgbelay::pg::testing {

// The server of version 15, or of $PGBELAY_TEST_MAJOR. Lives until the tests are done.
cluster::Cluster& server();

// A new, empty database on it, dropped with the object.
class Database {
public:
    Database();
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    Conninfo conninfo() const { return Conninfo(url(), "the test"); }
    std::string url() const;
    const std::string& name() const { return name_; }
    Connection open(std::string_view purpose = "test") const;

private:
    std::string name_;
};

// Runs statements one after the other; a failure fails the test.
void run_all(Connection& connection, const std::vector<std::string>& statements);
void must_run(Connection& connection, const std::string& sql);
std::string value(Connection& connection, const std::string& sql);

// Runs a statement on another session in the background, after others that end at once.
class Background {
public:
    Background(const Database& database, std::string sql, const std::vector<std::string>& before = {});
    ~Background();
    int pid() const { return connection_.backend_pid(); }
    // The outcome, once it is there.
    Outcome& wait();

private:
    Connection connection_;
    base::StopSignal stop_;
    std::optional<Outcome> outcome_;
    std::jthread thread_;
};

// Waits until the condition holds; fails the test after ten seconds.
void eventually(const std::function<bool()>& condition, const char* what);

}  // namespace pgbelay::pg::testing
