#include "base/subprocess.h"

#include "base/error.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace pgbelay::base {

namespace {

constexpr std::size_t kMostOutput = std::size_t{64} << 20;

[[noreturn]] void fail(const std::string& what, int error) {
    throw Error(ErrorCode::internal, fmt::format("{}: {}", what, std::strerror(error)));
}

class Descriptor {
public:
    Descriptor() = default;
    Descriptor(int fd, const char* what) : fd_(fd) {
        if (fd < 0) {
            fail(what, errno);
        }
    }
    ~Descriptor() { reset(); }
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        reset();
        fd_ = std::exchange(other.fd_, -1);
        return *this;
    }
    int get() const { return fd_; }
    void reset() {
        if (fd_ >= 0) {
            ::close(std::exchange(fd_, -1));
        }
    }

private:
    int fd_ = -1;
};

struct Pipe {
    Descriptor read;
    Descriptor write;
};

Pipe make_pipe() {
    std::array<int, 2> fds{};
    if (::pipe2(fds.data(), O_CLOEXEC) != 0) {
        fail("pipe", errno);
    }
    return {Descriptor(fds[0], "pipe"), Descriptor(fds[1], "pipe")};
}

struct User {
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups;
};

User look_up_user(const std::string& name) {
    passwd entry{};
    passwd* found = nullptr;
    std::vector<char> buffer(16384);
    const int error = ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (found == nullptr) {
        throw Error(ErrorCode::internal,
                    fmt::format("cannot run as user \"{}\": {}", name, error != 0 ? std::strerror(error) : "there is no such user"));
    }
    User user{entry.pw_uid, entry.pw_gid, std::vector<gid_t>(16)};
    int count = static_cast<int>(user.groups.size());
    while (::getgrouplist(name.c_str(), user.gid, user.groups.data(), &count) < 0) {
        user.groups.resize(static_cast<std::size_t>(count));
    }
    user.groups.resize(static_cast<std::size_t>(count));
    return user;
}

// Where PATH has the program; the name itself when it has a slash or is nowhere, so that exec says what is wrong.
std::string find_program(const std::string& name) {
    const char* path = std::getenv("PATH");
    std::string_view rest = path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
    if (name.find('/') != std::string::npos) {
        return name;
    }
    while (!rest.empty()) {
        const auto directory = rest.substr(0, rest.find(':'));
        rest.remove_prefix(std::min(directory.size() + 1, rest.size()));
        const std::string candidate = fmt::format("{}/{}", directory.empty() ? "." : directory, name);
        if (::access(candidate.c_str(), X_OK) == 0) {
            return candidate;
        }
    }
    return name;
}

std::vector<std::string> environment_with(const std::map<std::string, std::string>& added) {
    std::vector<std::string> result;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view given = *entry;
        if (!added.contains(std::string(given.substr(0, given.find('='))))) {
            result.emplace_back(given);
        }
    }
    for (const auto& [name, value] : added) {
        result.push_back(name + "=" + value);
    }
    return result;
}

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
    std::vector<char*> pointers;
    for (auto& string : strings) {
        pointers.push_back(string.data());
    }
    pointers.push_back(nullptr);
    return pointers;
}

// All that the child needs, made ready before the fork: after it, in a process with threads, only system calls are safe.
struct Prepared {
    std::string program;
    std::vector<std::string> arguments;
    std::vector<std::string> environment;
    std::vector<char*> argv;
    std::vector<char*> envp;
    std::optional<User> user;
    std::string working_directory;
    Descriptor input;
};

// Filled in place: argv and envp point into it.
void prepare(const Command& command, Prepared& prepared) {
    if (command.argv.empty()) {
        throw Error(ErrorCode::internal, "a command without a program");
    }
    prepared.program = find_program(command.argv.front());
    prepared.arguments = command.argv;
    prepared.environment = environment_with(command.env);
    prepared.argv = pointers_to(prepared.arguments);
    prepared.envp = pointers_to(prepared.environment);
    if (command.as_user) {
        prepared.user = look_up_user(*command.as_user);
    }
    prepared.working_directory = command.working_directory;
    const char* input = command.input_file.empty() ? "/dev/null" : command.input_file.c_str();
    prepared.input = Descriptor(::open(input, O_RDONLY | O_CLOEXEC), input);
}

// What the child tells when it cannot become the program.
struct StartFailure {
    int error;
    char step;  // 'd' working directory, 'u' user, 'x' the program
};

[[noreturn]] void give_up(int report, char step) {
    const StartFailure failure{errno, step};
    [[maybe_unused]] const auto written = ::write(report, &failure, sizeof failure);
    ::_exit(127);
}

void reset_signals() {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT, SIGCHLD, SIGTSTP, SIGTTIN, SIGTTOU}) {
        ::signal(signal, SIG_DFL);
    }
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void become(const Prepared& prepared, int out, int err, int report) {
    ::setpgid(0, 0);
    reset_signals();
    ::dup2(prepared.input.get(), STDIN_FILENO);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(err, STDERR_FILENO);
    if (prepared.user) {
        const auto& user = *prepared.user;
        if (::setgroups(user.groups.size(), user.groups.data()) != 0 || ::setgid(user.gid) != 0 || ::setuid(user.uid) != 0) {
            give_up(report, 'u');
        }
    }
    if (!prepared.working_directory.empty() && ::chdir(prepared.working_directory.c_str()) != 0) {
        give_up(report, 'd');
    }
    ::execve(prepared.program.c_str(), prepared.argv.data(), prepared.envp.data());
    give_up(report, 'x');
}

void reap(pid_t pid, int& status) {
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
}

[[noreturn]] void report_failure(const Command& command, const StartFailure& failure) {
    const auto& program = command.argv.front();
    switch (failure.step) {
        case 'd': fail(fmt::format("cannot run {} in \"{}\"", program, command.working_directory), failure.error);
        case 'u': fail(fmt::format("cannot run {} as user \"{}\"", program, command.as_user.value_or("")), failure.error);
        default: fail(fmt::format("cannot run {}", program), failure.error);
    }
}

// Returns once the child is the program.
pid_t start(const Command& command, int out, int err) {
    Prepared prepared;
    prepare(command, prepared);
    auto report = make_pipe();
    const pid_t pid = ::fork();
    if (pid < 0) {
        fail(fmt::format("cannot start {}", command.argv.front()), errno);
    }
    if (pid == 0) {
        become(prepared, out, err, report.write.get());
    }
    ::setpgid(pid, pid);  // also here: whoever comes first
    report.write.reset();
    StartFailure failure{};
    ssize_t got = 0;
    do {
        got = ::read(report.read.get(), &failure, sizeof failure);
    } while (got < 0 && errno == EINTR);
    if (got != 0) {
        int status = 0;
        reap(pid, status);
        report_failure(command, failure);
    }
    return pid;
}

int exit_status(int status) {
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// By number: the header of glibc 2.36 declares pidfd_open() without C linkage.
Descriptor descriptor_of(pid_t pid) {
    return {static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)), "pidfd_open"};
}

void watch(const Descriptor& epoll, int fd) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
        fail("epoll_ctl", errno);
    }
}

// Takes what is there now; closes the pipe at its end.
void drain(Descriptor& from, std::string& into) {
    std::array<char, 65536> buffer{};
    while (from.get() >= 0) {
        const auto got = ::read(from.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return;  // EAGAIN: nothing more for now
        }
        if (got == 0) {
            from.reset();
            return;
        }
        into.append(buffer.data(), static_cast<std::size_t>(got));
        if (into.size() > kMostOutput) {
            throw Error(ErrorCode::internal, "a command printed more than 64 MiB");
        }
    }
}

// The child while it runs; killed when it is left before its end.
class Child {
public:
    explicit Child(pid_t pid) : pid_(pid) {}
    ~Child() {
        if (pid_ > 0) {
            ::kill(-pid_, SIGKILL);
            int status = 0;
            reap(pid_, status);
        }
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    int finish() {
        int status = 0;
        reap(std::exchange(pid_, -1), status);
        return exit_status(status);
    }

private:
    pid_t pid_;
};

// Until the child itself ends: its own children may keep the pipes open for longer.
void collect(const Command& command, const Descriptor& process, Pipe& out, Pipe& err, CommandResult& result, Deadline deadline,
             const StopSignal* stop) {
    const Descriptor epoll(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    for (const int fd : {out.read.get(), err.read.get(), process.get()}) {
        watch(epoll, fd);
    }
    for (;;) {
        const auto waited = wait(epoll.get(), Direction::read, deadline, stop);
        if (waited == WaitResult::stopped) {
            throw Error(ErrorCode::interrupted, fmt::format("{} was stopped", command.argv.front()));
        }
        if (waited == WaitResult::deadline) {
            throw Error(ErrorCode::internal, fmt::format("{} did not end in time", command.argv.front()));
        }
        // Looked at before the pipes: what was written before the end is then in them.
        const bool ended = wait(process.get(), Direction::read, Clock::now(), nullptr) == WaitResult::ready;
        drain(out.read, result.out);
        drain(err.read, result.err);
        if (ended) {
            return;
        }
    }
}

void make_nonblocking(const Descriptor& descriptor) {
    ::fcntl(descriptor.get(), F_SETFL, O_NONBLOCK);
}

}  // namespace

CommandResult run_command(const Command& command, Deadline deadline, const StopSignal* stop) {
    auto out = make_pipe();
    auto err = make_pipe();
    make_nonblocking(out.read);
    make_nonblocking(err.read);
    const pid_t pid = start(command, out.write.get(), err.write.get());
    Child child(pid);
    out.write.reset();
    err.write.reset();
    CommandResult result;
    collect(command, descriptor_of(pid), out, err, result, deadline, stop);
    result.status = child.finish();
    return result;
}

Daemon::Daemon(const Command& command, const std::string& log) : pid_(-1) {
    const Descriptor output(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600), log.c_str());
    pid_ = start(command, output.get(), output.get());
}

Daemon::Daemon(Daemon&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}

Daemon::~Daemon() {
    constexpr auto kPatience = std::chrono::seconds(5);
    try {
        if (!stop(SIGTERM, in(kPatience))) {
            ::kill(-pid_, SIGKILL);
            int status = 0;
            reap(pid_, status);
        }
    } catch (const Error&) {
        // Without a descriptor of the process there is no waiting for it.
        ::kill(-pid_, SIGKILL);
    }
}

bool Daemon::running() {
    if (pid_ > 0 && ::waitpid(pid_, nullptr, WNOHANG) != 0) {
        pid_ = -1;
    }
    return pid_ > 0;
}

bool Daemon::stop(int signal, Deadline deadline) {
    if (!running()) {
        return true;
    }
    const auto process = descriptor_of(pid_);
    ::kill(pid_, signal);
    if (wait(process.get(), Direction::read, deadline, nullptr) != WaitResult::ready) {
        return false;
    }
    return !running();
}

}  // namespace pgbelay::base
