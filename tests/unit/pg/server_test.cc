// Support for this module's tests (named so that the build picks it up).
#include "server.h"

#include <cstdlib>
#include <map>

namespace pgbelay::pg::testing {

namespace {

// Ends the servers when all tests are done.
class Servers : public ::testing::Environment {
public:
    cluster::Cluster& get(const std::string& major) {
        std::unique_ptr<cluster::Cluster>& one = clusters_[major];
        if (!one) {
            one = std::make_unique<cluster::Cluster>(cluster::ClusterOptions{
                .major = major,
                .settings = {{"max_prepared_transactions", "5"}, {"wal_level", "logical"}, {"fsync", "off"}, {"autovacuum", "off"}}});
        }
        return *one;
    }
    void TearDown() override { clusters_.clear(); }

private:
    std::map<std::string, std::unique_ptr<cluster::Cluster>> clusters_;
};

// GoogleTest owns it.
Servers* const servers = static_cast<Servers*>(::testing::AddGlobalTestEnvironment(new Servers));

std::string new_name() {
    static int n = 0;
    return "t" + std::to_string(++n);
}

}  // namespace

cluster::Cluster& server() {
    const char* major = std::getenv("PGBELAY_TEST_MAJOR");
    return servers->get(major == nullptr ? "15" : major);
}

Database::Database() : name_(new_name()) {
    Connection admin = Connection::open(Conninfo(server().url(), "the test"), "test", base::in(std::chrono::seconds(10)), nullptr);
    must_run(admin, "CREATE DATABASE " + name_);
}

Database::~Database() {
    Connection admin = Connection::open(Conninfo(server().url(), "the test"), "test", base::in(std::chrono::seconds(10)), nullptr);
    must_run(admin, "DROP DATABASE " + name_ + " WITH (FORCE)");
}

std::string Database::url() const {
    return server().url(name_);
}

Connection Database::open(std::string_view purpose) const {
    Connection connection = Connection::open(conninfo(), purpose, base::in(std::chrono::seconds(10)), nullptr);
    must_run(connection, "SET search_path = public");
    return connection;
}

void must_run(Connection& connection, const std::string& sql) {
    const Outcome outcome = connection.run(sql, std::nullopt, base::in(std::chrono::seconds(60)), nullptr);
    if (const auto* error = std::get_if<ServerError>(&outcome)) {
        FAIL() << error->sqlstate << ' ' << error->message << "\nin " << sql;
    }
}

void run_all(Connection& connection, const std::vector<std::string>& statements) {
    for (const std::string& sql : statements) {
        must_run(connection, sql);
    }
}

std::string value(Connection& connection, const std::string& sql) {
    const Outcome outcome = connection.run(sql, std::nullopt, base::in(std::chrono::seconds(60)), nullptr);
    if (const auto* error = std::get_if<ServerError>(&outcome)) {
        ADD_FAILURE() << error->sqlstate << ' ' << error->message << "\nin " << sql;
        return "";
    }
    return std::get<Result>(outcome).text(0, 0);
}

Background::Background(const Database& database, std::string sql, const std::vector<std::string>& before)
    : connection_(database.open("background")) {
    run_all(connection_, before);
    thread_ = std::jthread(
        [this, text = std::move(sql)] { outcome_ = connection_.run(text, std::nullopt, base::in(std::chrono::seconds(60)), &stop_); });
}

Background::~Background() {
    stop_.request();
    if (thread_.joinable()) {
        thread_.join();
    }
}

Outcome& Background::wait() {
    thread_.join();
    return *outcome_;
}

void eventually(const std::function<bool()>& condition, const char* what) {
    const base::Deadline deadline = base::in(std::chrono::seconds(10));
    while (!condition()) {
        ASSERT_LT(base::Clock::now(), deadline) << "never: " << what;
        base::pause_for(std::chrono::milliseconds(5), nullptr);
    }
}

}  // namespace pgbelay::pg::testing
