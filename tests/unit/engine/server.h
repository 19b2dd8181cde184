// The server that this module's tests share, started when the first of them asks for it, and databases on it.
#pragma once

#include "base/wait.h"
#include "cluster/cluster.h"
#include "engine/target.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace pgbelay::engine::testing {

cluster::Cluster& server();

// A new, empty database, dropped with the object.
class Database {
public:
    Database();
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    pg::Conninfo conninfo() const { return pg::Conninfo(server().url(name_), "the test"); }
    pg::Connection open() const;
    Target target() const { return Target::open(conninfo(), nullptr); }

private:
    std::string name_;
};

// Runs one string of statements; a failure fails the test.
void run(pg::Connection& connection, const std::string& sql);
std::string value(pg::Connection& connection, const std::string& sql);

// Waits until the condition holds; throws std::runtime_error after a minute.
void eventually(const char* what, const std::function<bool()>& condition);

}  // namespace pgbelay::engine::testing
