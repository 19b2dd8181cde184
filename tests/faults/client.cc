#include "faults/client.h"

#include "base/file.h"
#include "base/wait.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstring>
#include <stdexcept>

namespace pgbelay::test {

namespace {

std::vector<char*> pointers(std::vector<std::string>& strings) {
    std::vector<char*> result;
    for (std::string& s : strings) {
        result.push_back(s.data());
    }
    result.push_back(nullptr);
    return result;
}

std::vector<std::string> environment(const std::map<std::string, std::string>& added) {
    std::map<std::string, std::string> all{{"COLUMNS", "200"}, {"TZ", "UTC"}, {"LC_ALL", "C.UTF-8"}, {"NO_COLOR", "1"}};
    for (const char* name : {"PATH", "HOME", "TMPDIR", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"}) {
        if (const char* value = std::getenv(name); value != nullptr) {
            all.emplace(name, value);
        }
    }
    all.insert(added.begin(), added.end());
    std::vector<std::string> lines;
    for (const auto& [name, value] : all) {
        lines.push_back(name + "=" + value);
    }
    return lines;
}

}  // namespace

Client::Client(const Setting& setting, const std::vector<std::string>& arguments) {
    static std::atomic<int> number{0};
    output_ = setting.directory / fmt::format("said-{}-{}.txt", getpid(), ++number);
    std::vector<std::string> words{setting.binary.string()};
    words.insert(words.end(), arguments.begin(), arguments.end());
    words.insert(words.end(), {"--db", setting.url});
    std::vector<std::string> env = environment(setting.env);

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    posix_spawn_file_actions_addchdir_np(&actions, setting.directory.c_str());
    const int failure = posix_spawn(&pid_, words.front().c_str(), &actions, nullptr, pointers(words).data(), pointers(env).data());
    posix_spawn_file_actions_destroy(&actions);
    if (failure != 0) {
        throw std::runtime_error(words.front() + ": " + std::strerror(failure));
    }
}

Client::~Client() {
    if (running()) {
        ::kill(pid_, SIGKILL);
        look(0);
    }
}

void Client::signal(int number) const {
    if (!status_) {
        ::kill(pid_, number);
    }
}

std::optional<int> Client::look(int flags) {
    int status = 0;
    rusage used{};
    if (!status_ && wait4(pid_, &status, flags, &used) == pid_) {
        if (WIFSTOPPED(status)) {
            stopped_ = true;
            return std::nullopt;
        }
        const auto time = [](const timeval& t) { return std::chrono::seconds(t.tv_sec) + std::chrono::microseconds(t.tv_usec); };
        work_ = std::chrono::duration_cast<std::chrono::milliseconds>(time(used.ru_utime) + time(used.ru_stime));
        constexpr long long kUnit = 1024;
        memory_ = used.ru_maxrss * kUnit;
        constexpr int kSignalBase = 128;
        status_ = WIFEXITED(status) ? WEXITSTATUS(status) : kSignalBase + WTERMSIG(status);
    }
    return status_;
}

bool Client::running() {
    return !look(WNOHANG);
}

int Client::wait(base::Clock::duration patience) {
    const base::Deadline deadline = base::in(patience);
    while (running()) {
        must_not_pass(deadline);
        base::pause_for(std::chrono::milliseconds(10), nullptr);
    }
    return *status_;
}

bool Client::wait_until_stopped(base::Clock::duration patience) {
    const base::Deadline deadline = base::in(patience);
    stopped_ = false;
    while (!look(WNOHANG | WUNTRACED) && !stopped_) {
        must_not_pass(deadline);
        base::pause_for(std::chrono::milliseconds(1), nullptr);
    }
    return stopped_;
}

void Client::must_not_pass(base::Deadline deadline) const {
    if (base::Clock::now() >= deadline) {
        throw std::runtime_error("pgbelay has not ended in time; it said:\n" + said());
    }
}

std::string Client::said() const {
    return base::read_file(output_);
}

}  // namespace pgbelay::test
