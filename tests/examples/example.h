// One folder of examples/ as its reader has it: a copy of the files, a database loaded by psql, and an application that uses it.
#pragma once

#include "base/subprocess.h"
#include "faults/stage.h"

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace pgbelay::test {

class Example {
public:
    // Loads schema.sql and data.sql of examples/NAME; `variables` as for psql -v.
    explicit Example(const std::string& name, const std::vector<std::string>& variables = {}, cluster::Cluster& on = server());

    const std::filesystem::path& folder() const { return folder_.path(); }
    const Database& database() const { return database_; }
    std::string value(const std::string& query) const { return database_.value(query); }
    // Replaces what a test cannot wait for, such as a window. Fails when it is not there.
    void replace(const std::string& file, const std::string& from, const std::string& to) const;

    // For all programs from now on.
    void set(const std::string& variable, const std::string& value) { env_[variable] = value; }

    // pgbelay in the folder, with this database as DATABASE_URL and as --db.
    Stage::Ended run(const std::vector<std::string>& arguments) const;
    std::unique_ptr<Client> start(const std::vector<std::string>& arguments) const;
    // Any other program there.
    base::CommandResult command(const std::vector<std::string>& argv, const std::map<std::string, std::string>& env = {}) const;
    void psql(const std::string& file, const std::vector<std::string>& variables = {}) const;

private:
    Client::Setting setting() const;

    Folder folder_;
    Database database_;
    std::map<std::string, std::string> env_;
};

// An application's sessions, which send their statements over and over until the object ends.
class Application {
public:
    Application(const std::string& url, const std::vector<std::string>& statements);
    ~Application();
    Application(const Application&) = delete;
    Application& operator=(const Application&) = delete;

    // Ends them. What a statement took at most; the first error that one got, "" for none.
    void stop();
    std::chrono::milliseconds longest() const { return longest_; }
    std::string error() const { return error_; }
    int sent() const { return sent_; }

private:
    std::atomic<bool> ends_ = false;
    std::mutex mutex_;
    std::chrono::milliseconds longest_{0};
    std::string error_;
    int sent_ = 0;
    std::vector<std::thread> threads_;
};

}  // namespace pgbelay::test
