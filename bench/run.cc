#include "run.h"

#include "base/error.h"
#include "report/text.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sched.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

namespace pgbelay::bench {

namespace {

constexpr std::chrono::minutes kAtMost{15};

}  // namespace

Timed timed(std::string name, const base::Command& command, const base::StopSignal& stop) {
    const auto began = base::Clock::now();
    const base::CommandResult result = base::run_command(command, base::in(kAtMost), &stop);
    Timed measured{.name = std::move(name), .took = base::Clock::now() - began};
    if (result.status != 0) {
        measured.failure = fmt::format("exit {}: {}", result.status, report::one_line(result.err.empty() ? result.out : result.err));
    }
    return measured;
}

namespace {

cpu_set_t allowed() {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0) {
        throw base::Error(base::ErrorCode::internal, fmt::format("sched_getaffinity: {}", std::strerror(errno)));
    }
    return set;
}

// A child inherits where its parent may run.
class Pinned {
public:
    explicit Pinned(int cores) : before_(allowed()) {
        cpu_set_t few;
        CPU_ZERO(&few);
        for (int core = 0; core < CPU_SETSIZE && CPU_COUNT(&few) < cores; ++core) {
            if (CPU_ISSET(core, &before_)) {
                CPU_SET(core, &few);
            }
        }
        sched_setaffinity(0, sizeof few, &few);
    }
    ~Pinned() { sched_setaffinity(0, sizeof before_, &before_); }
    Pinned(const Pinned&) = delete;
    Pinned& operator=(const Pinned&) = delete;

private:
    cpu_set_t before_;
};

pid_t start(const base::Command& command) {
    std::vector<char*> argv;
    for (const std::string& word : command.argv) {
        argv.push_back(const_cast<char*>(word.c_str()));
    }
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    for (const int output : {STDOUT_FILENO, STDERR_FILENO}) {
        posix_spawn_file_actions_addopen(&actions, output, "/dev/null", O_WRONLY, 0);
    }
    pid_t pid = 0;
    const int failed = posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) {
        throw base::Error(base::ErrorCode::internal, fmt::format("cannot start {}: {}", command.argv.front(), std::strerror(failed)));
    }
    return pid;
}

double seconds(const timeval& time) {
    constexpr double kMicros = 1e6;
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / kMicros;
}

}  // namespace

int cores() {
    const cpu_set_t set = allowed();
    return CPU_COUNT(&set);
}

Used used(const base::Command& command, int cores) {
    const Pinned pinned(cores);
    const auto began = base::Clock::now();
    const pid_t pid = start(command);
    int status = 0;
    rusage usage{};
    if (wait4(pid, &status, 0, &usage) != pid || !WIFEXITED(status)) {
        throw base::Error(base::ErrorCode::internal, fmt::format("{} failed", command.argv.front()));
    }
    constexpr long long kUnit = 1024;
    return {.wall = std::chrono::duration<double>(base::Clock::now() - began).count(),
            .processor = seconds(usage.ru_utime) + seconds(usage.ru_stime),
            .memory = usage.ru_maxrss * kUnit,
            .status = WEXITSTATUS(status)};
}

long long most_memory(const base::Command& command) {
    const Used measured = used(command, cores());
    if (measured.status != 0) {
        throw base::Error(base::ErrorCode::internal, fmt::format("{} failed", command.argv.front()));
    }
    return measured.memory;
}

double ratio(const Timed& of, const Timed& to) {
    return std::chrono::duration<double>(of.took).count() / std::chrono::duration<double>(to.took).count();
}

}  // namespace pgbelay::bench
