#include "faults/stage.h"

#include "base/file.h"
#include "base/wait.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <optional>
#include <stdexcept>

namespace pgbelay::test {

namespace {

std::unique_ptr<cluster::Cluster>& shared() {
    static std::unique_ptr<cluster::Cluster> cluster;
    return cluster;
}

// The server ends with the tests, not with the statics of some other file.
class StopServer : public ::testing::Environment {
public:
    void TearDown() override { shared().reset(); }
};
[[maybe_unused]] const auto* const kStopServer = ::testing::AddGlobalTestEnvironment(new StopServer);

std::string fresh_name() {
    static std::atomic<int> number{0};
    return fmt::format("stage_{}_{}", getpid(), ++number);
}

}  // namespace

cluster::Cluster& server() {
    if (!shared()) {
        shared() = std::make_unique<cluster::Cluster>(cluster::ClusterOptions{
            .major = "15",
            .settings = {{"fsync", "off"}, {"full_page_writes", "off"}, {"autovacuum", "off"}, {"max_prepared_transactions", "5"}}});
    }
    return *shared();
}

void eventually(std::string_view what, const std::function<bool()>& condition) {
    const base::Deadline deadline = base::in(std::chrono::seconds(30));
    while (!condition()) {
        if (base::Clock::now() >= deadline) {
            throw std::runtime_error(fmt::format("in half a minute it did not happen that {}", what));
        }
        base::pause_for(std::chrono::milliseconds(20), nullptr);
    }
}

Folder::Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "pgbelay-faults-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) {
        throw std::runtime_error("no folder under " + pattern);
    }
    path_ = pattern;
}

Folder::~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

void Folder::write(const std::string& name, std::string_view text) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << text;
}

Database::Database(const std::string& script, cluster::Cluster& on) : Database(on, fresh_name()) {
    Session(on.url()).run("CREATE DATABASE " + name_);
    open().run(script);
}

Database Database::copy_of(const Database& other) {
    Database copy(*other.on_, fresh_name());
    Session(other.on_->url()).run(fmt::format("CREATE DATABASE {} TEMPLATE {}", copy.name_, other.name_));
    return copy;
}

Database::Database(Database&& other) noexcept : on_(other.on_), name_(std::exchange(other.name_, "")) {}

Database::~Database() {
    if (name_.empty()) {
        return;
    }
    try {
        Session(on_->url()).run(fmt::format("DROP DATABASE {} WITH (FORCE)", name_));
    } catch (const std::exception&) {
        // The server goes away with the tests.
    }
}

std::string Database::url() const {
    return on_->url(name_);
}

Client::Setting Stage::setting() const {
    return {.binary = PGBELAY_BINARY, .directory = folder.path(), .url = database.url()};
}

std::unique_ptr<Client> Stage::start(const std::vector<std::string>& arguments) const {
    return std::make_unique<Client>(setting(), arguments);
}

Stage::Ended Stage::run(const std::vector<std::string>& arguments) const {
    Client client(setting(), arguments);
    const int status = client.wait(std::chrono::minutes(2));
    return {status, client.said()};
}

std::string Stage::run_state() const {
    Session session = database.open();
    if (session.value("SELECT to_regclass('pgbelay.run')").empty()) {
        return "";
    }
    return session.value("SELECT state FROM pgbelay.run ORDER BY id DESC LIMIT 1");
}

std::vector<std::string> Stage::backends(const std::string& purpose) const {
    return database.open().column(
        fmt::format("SELECT pid FROM pg_stat_activity WHERE datname = '{}' AND application_name = 'pgbelay {}'", database.name(), purpose));
}

bool Stage::waits_for_a_lock(const std::string& purpose) const {
    return database.value(fmt::format("SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted "
                                      "AND a.datname = '{}' AND a.application_name = 'pgbelay {}'",
                                      database.name(), purpose)) != "0";
}

std::string large_table(const std::string& name) {
    return fmt::format(
        "CREATE TABLE {0} (id integer PRIMARY KEY, a integer, pad text) WITH (fillfactor = 10);"
        "ALTER TABLE {0} ALTER COLUMN pad SET STORAGE PLAIN;"
        "INSERT INTO {0} SELECT i, i, repeat('x', 700) FROM generate_series(1, 1200) AS i;",
        name);
}

}  // namespace pgbelay::test
