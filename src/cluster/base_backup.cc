#include "cluster/base_backup.h"

#include "base/error.h"
#include "cluster/superuser.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace pgbelay::cluster {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorCode;

namespace {

// What belongs to the running process and not to the data: the manual's section on base backups lists it.
constexpr std::array<std::string_view, 3> kLeftOut{"postmaster.pid", "postmaster.opts", "pg_internal.init"};
constexpr std::array<std::string_view, 8> kEmptied{"pg_wal",    "pg_replslot",  "pg_dynshmem", "pg_notify",
                                                   "pg_serial", "pg_snapshots", "pg_stat_tmp", "pg_subtrans"};
constexpr mode_t kFolderMode = 0700;
constexpr mode_t kFileMode = 0600;

Error system_error(const std::string& what, const fs::path& path) {
    return Error(ErrorCode::input, fmt::format("{} {}: {}", what, path.string(), std::strerror(errno)));
}

void make_folder(const fs::path& path, const ServerUser& user) {
    if ((mkdir(path.c_str(), kFolderMode) != 0 && errno != EEXIST) || chown(path.c_str(), user.uid, user.gid) != 0) {
        throw system_error("cannot make", path);
    }
}

class File {
public:
    File(const fs::path& path, int flags) : fd_(open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, kFileMode)) {}
    ~File() {
        if (fd_ >= 0) {
            close(fd_);
        }
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    int fd() const { return fd_; }

private:
    int fd_;
};

// A file that is gone by now is one that the log will tell of.
void copy_file(const fs::path& from, const fs::path& to, const ServerUser& user) {
    const File in(from, O_RDONLY);
    if (in.fd() < 0 && errno == ENOENT) {
        return;
    }
    const File out(to, O_WRONLY | O_CREAT | O_EXCL);
    if (in.fd() < 0 || out.fd() < 0 || fchown(out.fd(), user.uid, user.gid) != 0) {
        throw system_error("cannot copy", from);
    }
    constexpr std::size_t kMost = 1 << 30;
    for (ssize_t sent = 1; sent != 0;) {
        sent = sendfile(out.fd(), in.fd(), nullptr, kMost);
        if (sent < 0) {
            throw system_error("cannot copy", from);
        }
    }
}

void copy_folder(const fs::path& from, const fs::path& to, const ServerUser& user) {
    make_folder(to, user);
    const bool emptied = std::ranges::find(kEmptied, from.filename().string()) != kEmptied.end();
    for (const auto& entry : fs::directory_iterator(from)) {
        const std::string name = entry.path().filename().string();
        if (entry.is_directory() && !entry.is_symlink()) {
            copy_folder(entry.path(), to / name, user);
        } else if (!emptied && entry.is_regular_file() && std::ranges::find(kLeftOut, name) == kLeftOut.end()) {
            copy_file(entry.path(), to / name, user);
        }
    }
}

}  // namespace

void copy_running_server(const std::string& url, const fs::path& from, const fs::path& to, const ServerUser& user) {
    // The backup is the session's: it is open for as long as the connection.
    Superuser session(url);
    const bool renamed = session.version() >= 150000;
    session.value(renamed ? "SELECT pg_backup_start('standby', true)" : "SELECT pg_start_backup('standby', true, false)");
    try {
        copy_folder(from, to, user);
    } catch (const fs::filesystem_error& failure) {
        throw Error(ErrorCode::input, fmt::format("cannot copy {}: {}", from.string(), failure.code().message()));
    }
    const std::string label =
        session.value(renamed ? "SELECT labelfile FROM pg_backup_stop(false)" : "SELECT labelfile FROM pg_stop_backup(false, false)");
    Directory::write_for(user, to / "backup_label", label);
}

}  // namespace pgbelay::cluster
