#include "run.h"

#include "base/error.h"
#include "report/text.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

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

long long most_memory(const base::Command& command) {
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
    int status = 0;
    rusage usage{};
    if (wait4(pid, &status, 0, &usage) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        throw base::Error(base::ErrorCode::internal, fmt::format("{} failed", command.argv.front()));
    }
    constexpr long long kUnit = 1024;
    return usage.ru_maxrss * kUnit;
}

double ratio(const Timed& of, const Timed& to) {
    return std::chrono::duration<double>(of.took).count() / std::chrono::duration<double>(to.took).count();
}

}  // namespace pgbelay::bench
