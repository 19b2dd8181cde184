// Where a fault happens: a private server, databases on it, a folder with files, and words for waiting.
#pragma once

#include "cluster/cluster.h"
#include "faults/client.h"
#include "support/session.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pgbelay::test {

// The server that the tests of a program share; it lives until they are done.
cluster::Cluster& server();

// Waits until the condition holds; throws std::runtime_error with `what` after half a minute.
void eventually(std::string_view what, const std::function<bool()>& condition);

// A folder of its own, gone afterwards.
class Folder {
public:
    Folder();
    ~Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    const std::filesystem::path& path() const { return path_; }
    void write(const std::string& name, std::string_view text) const;

private:
    std::filesystem::path path_;
};

// A database, dropped with the object whoever is still connected.
class Database {
public:
    // Made by these statements, or as a copy of another, which nobody may be connected to.
    explicit Database(const std::string& script, cluster::Cluster& on = server());
    static Database copy_of(const Database& other);
    ~Database();
    Database(Database&& other) noexcept;
    Database& operator=(Database&&) = delete;

    const std::string& name() const { return name_; }
    std::string url() const;
    Session open() const { return Session(url()); }
    std::string value(const std::string& query) const { return open().value(query); }

private:
    Database(cluster::Cluster& on, std::string name) : on_(&on), name_(std::move(name)) {}

    cluster::Cluster* on_;
    std::string name_;
};

// A database, a folder and the two programs, in one place.
struct Stage {
    explicit Stage(const std::string& script, cluster::Cluster& on = server()) : database(script, on) {}

    Client::Setting setting() const;
    std::unique_ptr<Client> start(const std::vector<std::string>& arguments) const;
    // Runs to the end.
    struct Ended {
        int status = 0;
        std::string said;
    };
    Ended run(const std::vector<std::string>& arguments) const;

    Session session() const { return database.open(); }
    std::string value(const std::string& query) const { return database.value(query); }
    // The state of the newest run, "" without one.
    std::string run_state() const;
    // Backends of pgbelay by their purpose ("keeper", "worker", "build"), as pids.
    std::vector<std::string> backends(const std::string& purpose) const;
    // Whether a backend of that purpose waits for a lock.
    bool waits_for_a_lock(const std::string& purpose) const;

    Folder folder;
    Database database;
};

// SQL for a table that is not tiny and yet quickly made: about 9 MB in 1200 rows, with columns id, a (both 1 … 1200), pad.
std::string large_table(const std::string& name);

}  // namespace pgbelay::test
