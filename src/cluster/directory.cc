#include "cluster/directory.h"

#include "base/error.h"
#include "base/wait.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

namespace pgbelay::cluster {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorCode;

namespace {

constexpr std::string_view kPrefix = "pgbelay-";
constexpr auto kEndOfAnOrphan = std::chrono::seconds(10);

Error system_error(const std::string& what, const fs::path& path) {
    return Error(ErrorCode::input, fmt::format("{} {}: {}", what, path.string(), std::strerror(errno)));
}

// The longest socket name is "<path>/socket/.s.PGSQL.65535.lock"; sun_path is what the kernel takes.
void check_socket_length(const fs::path& path) {
    constexpr std::string_view kLongestTail = "/socket/.s.PGSQL.65535";
    if (path.native().size() + kLongestTail.size() >= sizeof(sockaddr_un::sun_path)) {
        throw Error(ErrorCode::input, fmt::format("the path {} is too long for a Unix socket in it", path.string()))
            .hint("give a shorter directory, or set TMPDIR to one");
    }
}

void make_for(const fs::path& path, mode_t mode, const ServerUser& owner) {
    if (mkdir(path.c_str(), mode) != 0) {
        throw system_error("cannot make the directory", path);
    }
    if (owner.uid != geteuid() && chown(path.c_str(), owner.uid, owner.gid) != 0) {
        throw system_error("cannot hand over the directory", path);
    }
}

// An exclusive lock that the kernel drops with its process; -1 when somebody holds it.
int try_lock(const fs::path& path, int flags) {
    const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

// The process that a folder of ours is named after: pgbelay-<pid>-XXXXXX.
std::optional<pid_t> owner_of(const std::string& name) {
    if (!name.starts_with(kPrefix)) {
        return std::nullopt;
    }
    const char* first = name.data() + kPrefix.size();
    const char* last = name.data() + name.size();
    pid_t pid = 0;
    const auto [rest, failure] = std::from_chars(first, last, pid);
    if (failure != std::errc{} || rest == last || *rest != '-' || pid <= 0) {
        return std::nullopt;
    }
    return pid;
}

// The command line of a process with a space for each NUL; empty when it is gone.
std::string command_line(pid_t pid) {
    std::ifstream file(fmt::format("/proc/{}/cmdline", pid), std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    std::replace(text.begin(), text.end(), '\0', ' ');
    return text;
}

std::optional<pid_t> postmaster_of(const fs::path& data) {
    std::ifstream file(data / "postmaster.pid");
    pid_t pid = 0;
    return file >> pid && pid > 1 ? std::optional(pid) : std::nullopt;
}

// Ends a server whose owner was killed. The process is pinned by a descriptor before it is looked at, so that a reused
// pid is never signalled.
void end_orphan(const fs::path& data) {
    const auto pid = postmaster_of(data);
    if (!pid) {
        return;
    }
    const int process = static_cast<int>(syscall(SYS_pidfd_open, *pid, 0));
    if (process < 0) {
        return;
    }
    if (command_line(*pid).find(fmt::format(" -D {} ", data.string())) != std::string::npos) {
        for (const int signal : {SIGQUIT, SIGKILL}) {
            syscall(SYS_pidfd_send_signal, process, signal, nullptr, 0);
            if (base::wait(process, base::Direction::read, base::in(kEndOfAnOrphan), nullptr) == base::WaitResult::ready) {
                break;
            }
        }
    }
    close(process);
}

bool belongs_to_us(const fs::path& path) {
    struct stat info{};
    return lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == geteuid();
}

void remove_if_stale(const fs::path& path) {
    const auto owner = owner_of(path.filename().string());
    if (!owner || !belongs_to_us(path) || kill(*owner, 0) == 0 || errno != ESRCH) {
        return;
    }
    // A process in another pid namespace looks dead from here; its lock does not.
    const int lock = try_lock(path / "lock", O_CREAT);
    if (lock < 0) {
        return;
    }
    end_orphan(path / "data");
    std::error_code ignored;
    fs::remove_all(path, ignored);
    close(lock);
}

}  // namespace

void remove_stale_directories(const fs::path& parent) {
    std::error_code failure;
    for (fs::directory_iterator entry(parent, failure), end; !failure && entry != end; entry.increment(failure)) {
        remove_if_stale(entry->path());
    }
}

Directory Directory::fresh(const fs::path& parent, const ServerUser& user) {
    remove_stale_directories(parent);
    std::string name = (parent / fmt::format("{}{}-XXXXXX", kPrefix, getpid())).string();
    check_socket_length(name);
    if (mkdtemp(name.data()) == nullptr) {
        throw system_error("cannot make a directory in", parent);
    }
    return Directory(name, user);
}

Directory Directory::at(const fs::path& path, const ServerUser& user) {
    const fs::path whole = fs::absolute(path).lexically_normal();
    check_socket_length(whole);
    std::error_code failure;
    fs::create_directories(whole, failure);
    if (failure) {
        throw Error(ErrorCode::input, fmt::format("cannot make the directory {}: {}", whole.string(), failure.message()));
    }
    if (!fs::is_empty(whole, failure) || failure) {
        throw Error(ErrorCode::input, fmt::format("the directory {} is not empty", whole.string()))
            .hint("name one that does not exist: everything in it is removed afterwards");
    }
    return Directory(whole, user);
}

Directory::Directory(fs::path path, const ServerUser& user) : path_(std::move(path)) {
    try {
        lock_ = try_lock(path_ / "lock", O_CREAT);
        if (lock_ < 0) {
            throw system_error("cannot lock the directory", path_);
        }
        // Another user's server has to pass through, but not to look around.
        if (chmod(path_.c_str(), user.uid == geteuid() ? 0700 : 0711) != 0) {
            throw system_error("cannot set the mode of", path_);
        }
        make_for(data(), 0700, user);
        make_for(socket(), 0700, user);
        write_for(user, log(), "");  // the server's, whoever opens it first
    } catch (const Error&) {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
        if (lock_ >= 0) {
            close(lock_);
        }
        throw;
    }
}

void Directory::write_for(const ServerUser& user, const fs::path& file, std::string_view text) {
    const int fd = open(file.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        throw system_error("cannot write", file);
    }
    const bool written = (user.uid == geteuid() || fchown(fd, user.uid, user.gid) == 0) &&
                         write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    if (close(fd) != 0 || !written) {
        throw system_error("cannot write", file);
    }
}

Directory::Directory(Directory&& other) noexcept : path_(std::exchange(other.path_, fs::path())), lock_(std::exchange(other.lock_, -1)) {}

Directory::~Directory() {
    if (path_.empty()) {
        return;
    }
    std::error_code ignored;  // nothing can be done here; the next start tries again
    fs::remove_all(path_, ignored);
    close(lock_);
}

}  // namespace pgbelay::cluster
