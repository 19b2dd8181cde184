#include "base/subprocess.h"

#include "base/error.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <grp.h>
#include <pwd.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>
#include <utility>

namespace pgbelay::base {

namespace {

constexpr std::size_t kMostOutput = std::size_t{64} << 20;
constexpr auto kPoliteEnd = std::chrono::seconds(5);

Error system_error(const std::string& what) {
    return Error(ErrorCode::internal, fmt::format("{}: {}", what, std::strerror(errno)));
}

class Fd {
public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Fd() { close(); }

    int get() const { return fd_; }
    bool open() const { return fd_ >= 0; }
    void close() {
        if (fd_ >= 0) {
            ::close(std::exchange(fd_, -1));
        }
    }

private:
    int fd_ = -1;
};

std::pair<Fd, Fd> make_pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) {
        throw system_error("pipe");
    }
    return {Fd(ends[0]), Fd(ends[1])};
}

Fd open_process(pid_t pid) {
    Fd fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    if (!fd.open()) {
        throw system_error(fmt::format("pidfd_open for process {}", pid));
    }
    return fd;
}

struct Identity {
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups;
    std::string name;
    std::string home;
};

std::optional<Identity> identity_of(const Command& command) {
    if (!command.as_user) {
        return std::nullopt;
    }
    passwd entry{};
    passwd* found = nullptr;
    std::vector<char> buffer(16'384);
    if (getpwnam_r(command.as_user->c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
        throw Error(ErrorCode::internal, fmt::format("there is no user {}", *command.as_user));
    }
    if (entry.pw_uid == geteuid()) {
        return std::nullopt;
    }
    int count = 64;
    std::vector<gid_t> groups(static_cast<std::size_t>(count));
    if (getgrouplist(entry.pw_name, entry.pw_gid, groups.data(), &count) < 0) {
        groups.resize(static_cast<std::size_t>(count));
        getgrouplist(entry.pw_name, entry.pw_gid, groups.data(), &count);
    }
    groups.resize(static_cast<std::size_t>(count));
    return Identity{.uid = entry.pw_uid, .gid = entry.pw_gid, .groups = std::move(groups), .name = entry.pw_name, .home = entry.pw_dir};
}

std::vector<std::string> environment_of(const Command& command, const std::optional<Identity>& identity) {
    std::map<std::string, std::string> ours;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        if (const auto equals = text.find('='); equals != std::string_view::npos) {
            ours.insert_or_assign(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
        }
    }
    if (identity) {
        ours["HOME"] = identity->home;
        ours["USER"] = ours["LOGNAME"] = identity->name;
    }
    for (const auto& [name, value] : command.env) {
        ours.insert_or_assign(name, value);
    }
    std::vector<std::string> entries;
    entries.reserve(ours.size());
    for (const auto& [name, value] : ours) {
        entries.push_back(fmt::format("{}={}", name, value));
    }
    return entries;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    for (std::string& text : texts) {
        pointers.push_back(text.data());
    }
    pointers.push_back(nullptr);
    return pointers;
}

// Everything that the child needs, made before the fork: between fork and exec a process that had threads may only make
// system calls.
struct Launch {
    std::vector<std::string> argv;
    std::vector<std::string> env;
    std::vector<char*> argv_pointers;
    std::vector<char*> env_pointers;
    std::optional<Identity> identity;
    std::string directory;
    int out = -1;
    int err = -1;
    int report = -1;
};

// What the child tells when it could not become the command.
struct LaunchFailure {
    int error = 0;
    std::array<char, 16> step{};
};

[[noreturn]] void give_up(int report, const char* step) {
    LaunchFailure failure{.error = errno};
    for (std::size_t i = 0; i + 1 < failure.step.size() && step[i] != '\0'; ++i) {
        failure.step[i] = step[i];
    }
    [[maybe_unused]] const auto written = write(report, &failure, sizeof failure);
    _exit(127);
}

[[noreturn]] void become(const Launch& launch) {
    setpgid(0, 0);
    const int null = open("/dev/null", O_RDONLY);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(launch.out, STDOUT_FILENO) < 0 || dup2(launch.err, STDERR_FILENO) < 0) {
        give_up(launch.report, "redirect");
    }
    // Descriptors that a library opened without O_CLOEXEC are none of the command's business. Old kernels lack the call.
    syscall(SYS_close_range, 3U, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */);
    if (!launch.directory.empty() && chdir(launch.directory.c_str()) != 0) {
        give_up(launch.report, "chdir");
    }
    if (launch.identity) {
        const Identity& who = *launch.identity;
        if (setgroups(who.groups.size(), who.groups.data()) != 0 || setgid(who.gid) != 0 || setuid(who.uid) != 0) {
            give_up(launch.report, "change user");
        }
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    for (const int number : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
        signal(number, SIG_DFL);
    }
    execvpe(launch.argv_pointers[0], launch.argv_pointers.data(), launch.env_pointers.data());
    give_up(launch.report, "exec");
}

pid_t reap(pid_t pid, int* status) {
    for (;;) {
        const pid_t got = waitpid(pid, status, 0);
        if (got >= 0 || errno != EINTR) {
            return got;
        }
    }
}

// Starts the command in a process group of its own. Throws Error{internal} when it cannot be executed.
pid_t start(const Command& command, int out, int err) {
    if (command.argv.empty()) {
        throw Error(ErrorCode::internal, "a command without a name");
    }
    auto [failed, report] = make_pipe();
    Launch launch{.argv = command.argv, .identity = identity_of(command), .directory = command.working_directory};
    launch.env = environment_of(command, launch.identity);
    launch.argv_pointers = pointers_to(launch.argv);
    launch.env_pointers = pointers_to(launch.env);
    launch.out = out;
    launch.err = err;
    launch.report = report.get();
    const pid_t pid = fork();
    if (pid < 0) {
        throw system_error("fork");
    }
    if (pid == 0) {
        become(launch);
    }
    setpgid(pid, pid);  // as the child does: whoever is first
    report.close();
    LaunchFailure failure;
    ssize_t got = 0;
    while ((got = read(failed.get(), &failure, sizeof failure)) < 0 && errno == EINTR) {
    }
    if (got == static_cast<ssize_t>(sizeof failure)) {
        reap(pid, nullptr);
        throw Error(ErrorCode::internal,
                    fmt::format("cannot start {} ({}): {}", command.argv[0], failure.step.data(), std::strerror(failure.error)));
    }
    return pid;
}

int exit_status(int status) {
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// A child that is killed with its group unless it was waited for.
class Child {
public:
    explicit Child(pid_t pid) : pid_(pid), process_(open_process(pid)) {}
    ~Child() {
        if (pid_ > 0) {
            kill(-pid_, SIGKILL);
            reap(pid_, nullptr);
        }
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    int process() const { return process_.get(); }
    int finish() {
        int status = 0;
        reap(std::exchange(pid_, -1), &status);
        return exit_status(status);
    }

private:
    pid_t pid_;
    Fd process_;
};

// One of the child's outputs, read without waiting.
class Output {
public:
    Output(Fd fd, std::string& text) : fd_(std::move(fd)), text_(text) { fcntl(fd_.get(), F_SETFL, O_NONBLOCK); }

    bool open() const { return fd_.open(); }
    int get() const { return fd_.get(); }

    void drain() {
        std::array<char, 65'536> buffer{};
        while (fd_.open()) {
            const ssize_t got = read(fd_.get(), buffer.data(), buffer.size());
            if (got > 0) {
                text_.append(buffer.data(), static_cast<std::size_t>(got));
                if (text_.size() > kMostOutput) {
                    throw Error(ErrorCode::internal, "a command printed more than 64 MiB");
                }
            } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
                fd_.close();
            } else if (errno == EAGAIN) {
                return;
            }
        }
    }

private:
    Fd fd_;
    std::string& text_;
};

Fd watch(const std::array<int, 3>& descriptors) {
    Fd set(epoll_create1(EPOLL_CLOEXEC));
    for (const int fd : descriptors) {
        epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
        if (!set.open() || epoll_ctl(set.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
            throw system_error("epoll");
        }
    }
    return set;
}

bool has_ended(int process) {
    return wait(process, Direction::read, Clock::now(), nullptr) == WaitResult::ready;
}

}  // namespace

CommandResult run_command(const Command& command, Deadline deadline, const StopSignal* stop) {
    CommandResult result;
    auto [out, out_end] = make_pipe();
    auto [err, err_end] = make_pipe();
    Child child(start(command, out_end.get(), err_end.get()));
    out_end.close();
    err_end.close();
    Output standard_output(std::move(out), result.out);
    Output standard_error(std::move(err), result.err);
    const Fd events = watch({standard_output.get(), standard_error.get(), child.process()});
    // A closed descriptor leaves the set by itself. The end of the child counts, not that of its outputs: a grandchild may
    // have inherited them.
    while (!has_ended(child.process())) {
        switch (wait(events.get(), Direction::read, deadline, stop)) {
            case WaitResult::ready: break;
            case WaitResult::deadline: throw Error(ErrorCode::internal, fmt::format("{} did not end in time", command.argv[0]));
            case WaitResult::stopped: throw Error(ErrorCode::interrupted, fmt::format("{} was interrupted", command.argv[0]));
        }
        standard_output.drain();
        standard_error.drain();
    }
    standard_output.drain();
    standard_error.drain();
    result.status = child.finish();
    return result;
}

Daemon::Daemon(const Command& command, const std::string& log) {
    const Fd file(open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    if (!file.open()) {
        throw system_error("cannot open " + log);
    }
    pid_ = start(command, file.get(), file.get());
}

Daemon::Daemon(Daemon&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}

Daemon::~Daemon() {
    if (pid_ <= 0) {
        return;
    }
    bool ended = false;
    try {
        ended = stop(SIGTERM, in(kPoliteEnd));
    } catch (const Error&) {
        ended = false;  // it cannot be watched, so it is not waited for politely
    }
    if (!ended) {
        kill(-pid_, SIGKILL);
        reap(pid_, nullptr);
    }
}

bool Daemon::running() {
    if (pid_ > 0 && waitpid(pid_, nullptr, WNOHANG) != 0) {
        pid_ = -1;  // reaped: the number may soon be another's
    }
    return pid_ > 0;
}

bool Daemon::stop(int signal, Deadline deadline) {
    if (!running()) {
        return true;
    }
    const Fd process = open_process(pid_);
    kill(pid_, signal);
    wait(process.get(), Direction::read, deadline, nullptr);
    return !running();
}

}  // namespace pgbelay::base
