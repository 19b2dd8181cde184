// Support for this module's tests (named so that the build picks it up).
#include "server.h"

#include <fmt/core.h>

#include <memory>
#include <stdexcept>
#include <variant>

namespace pgbelay::engine::testing {

namespace {

// Ends the server when all tests are done. GoogleTest owns it.
class Server : public ::testing::Environment {
public:
    cluster::Cluster& get() {
        if (!cluster_) {
            cluster_ = std::make_unique<cluster::Cluster>(cluster::ClusterOptions{.major = "15", .settings = {{"fsync", "off"}}});
        }
        return *cluster_;
    }
    void TearDown() override { cluster_.reset(); }

private:
    std::unique_ptr<cluster::Cluster> cluster_;
};
Server* const kServer = static_cast<Server*>(::testing::AddGlobalTestEnvironment(new Server));

pg::Connection connect(const std::string& database) {
    return pg::Connection::open(pg::Conninfo(server().url(database), "the test"), "test", base::in(std::chrono::seconds(10)), nullptr);
}

}  // namespace

cluster::Cluster& server() {
    return kServer->get();
}

Database::Database() {
    static int n = 0;
    name_ = "t" + std::to_string(++n);
    pg::Connection admin = connect("postgres");
    run(admin, "CREATE DATABASE " + name_);
}

Database::~Database() {
    pg::Connection admin = connect("postgres");
    run(admin, fmt::format("DROP DATABASE {} WITH (FORCE)", name_));
}

pg::Connection Database::open() const {
    return connect(name_);
}

void run(pg::Connection& connection, const std::string& sql) {
    const pg::Outcome outcome = connection.run(sql, std::nullopt, base::in(std::chrono::seconds(20)), nullptr);
    const auto* error = std::get_if<pg::ServerError>(&outcome);
    EXPECT_EQ(error, nullptr) << sql << ": " << error->message;
}

std::string value(pg::Connection& connection, const std::string& sql) {
    const pg::Outcome outcome = connection.run(sql, std::nullopt, base::in(std::chrono::seconds(20)), nullptr);
    const auto* result = std::get_if<pg::Result>(&outcome);
    EXPECT_NE(result, nullptr) << sql;
    return result == nullptr || result->rows() == 0 ? "" : result->text(0, 0);
}

void eventually(const char* what, const std::function<bool()>& condition) {
    const base::Deadline deadline = base::in(std::chrono::minutes(1));
    while (!condition()) {
        if (base::Clock::now() >= deadline) {
            throw std::runtime_error(std::string(what) + " did not come true");
        }
        base::pause_for(base::Millis(20), nullptr);
    }
}

}  // namespace pgbelay::engine::testing
