#include "case_runner/server.h"

#include "base/file.h"
#include "base/wait.h"
#include "support/session.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace pgbelay::test {

namespace fs = std::filesystem;

namespace {

constexpr auto kStartTime = std::chrono::seconds(120);
constexpr auto kStopTime = std::chrono::seconds(60);
constexpr auto kLifeTime = std::chrono::hours(1);
constexpr base::Millis kLook{50};

// Set from the handler of SIGTERM in the process that keeps a shared server.
base::StopSignal* keeper_stop = nullptr;

void on_terminate(int) {
    keeper_stop->request();
}

// Roles belong to the whole server, so that cases may not create any.
void create_fixtures(const cluster::Cluster& server) {
    Session session(server.url());
    session.run("CREATE ROLE app_owner LOGIN; CREATE ROLE app_user LOGIN; CREATE ROLE app_reader LOGIN");
    for (const std::string fixture : {"empty", "shop"}) {
        session.run(fmt::format("CREATE DATABASE fixture_{} TEMPLATE template0", fixture));
        const fs::path script = fs::path(PGBELAY_SOURCE_DIR) / "tests/cases" / (fixture + ".sql");
        Session(server.url("fixture_" + fixture)).run(base::read_file(script));
    }
}

// What stays behind: no terminal, no pipe of ctest's, its own session.
void detach(const fs::path& directory) {
    setsid();
    const int null = open("/dev/null", O_RDONLY);
    const int log = open((directory / "keeper.log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(null, STDIN_FILENO);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
}

int keep(const std::string& major, const fs::path& directory) {
    try {
        base::StopSignal stop;
        keeper_stop = &stop;
        signal(SIGTERM, on_terminate);
        auto server = start_server(major);
        base::write_file(directory / "url", server->url());
        base::pause_for(kLifeTime, &stop);
        server.reset();
        fs::remove(directory / "url");
        return 0;
    } catch (const std::exception& error) {
        base::write_file(directory / "error", error.what());
        return 1;
    }
}

}  // namespace

std::unique_ptr<cluster::Cluster> start_server(const std::string& major) {
    cluster::ClusterOptions options;
    options.major = major;
    options.settings = {{"fsync", "off"},
                        {"full_page_writes", "off"},
                        {"synchronous_commit", "off"},
                        // Its locks and statistics would come and go; the cases that want it start it themselves.
                        {"autovacuum", "off"},
                        // Whether a parallel worker or its leader finds a duplicate first is chance, and shows in the error.
                        {"max_parallel_maintenance_workers", "0"},
                        {"max_connections", "60"},
                        {"max_wal_size", "4GB"},
                        {"wal_level", "logical"},
                        {"timezone", "UTC"},
                        {"lc_messages", "C"}};
    auto server = std::make_unique<cluster::Cluster>(options);
    create_fixtures(*server);
    return server;
}

void start_shared_server(const std::string& major, const fs::path& directory) {
    fs::create_directories(directory);
    if (fs::exists(directory / "pid")) {
        stop_shared_server(directory);
    }
    fs::remove(directory / "error");
    const pid_t child = fork();
    if (child < 0) {
        throw std::runtime_error("cannot start a process");
    }
    if (child == 0) {
        detach(directory);
        std::exit(keep(major, directory));
    }
    base::write_file(directory / "pid", std::to_string(child));
    for (const auto deadline = base::in(kStartTime); base::Clock::now() < deadline; base::pause_for(kLook, nullptr)) {
        if (fs::exists(directory / "error")) {
            throw std::runtime_error(base::read_file(directory / "error"));
        }
        if (fs::exists(directory / "url")) {
            return;
        }
    }
    stop_shared_server(directory);
    throw std::runtime_error("the server was not there in time");
}

void stop_shared_server(const fs::path& directory) {
    const pid_t keeper = static_cast<pid_t>(std::stol(base::read_file(directory / "pid")));
    // The number may belong to another process by now: only the one that still says so is ours.
    std::ifstream command_line(fs::path("/proc") / std::to_string(keeper) / "cmdline");
    std::string name;
    std::getline(command_line, name, '\0');
    if (name.ends_with("case_runner")) {
        kill(keeper, SIGTERM);
        for (const auto deadline = base::in(kStopTime); fs::exists(directory / "url") && base::Clock::now() < deadline;) {
            base::pause_for(kLook, nullptr);
        }
    }
    fs::remove(directory / "url");
    fs::remove(directory / "pid");
}

std::string shared_server_url(const fs::path& directory) {
    if (!fs::exists(directory / "url")) {
        throw std::runtime_error(fmt::format("no server was started in {}: case_runner --start-server", directory.string()));
    }
    return base::read_file(directory / "url");
}

}  // namespace pgbelay::test
