// The folder of one private server: made for it, locked while its owner lives, removed with everything in it.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>

namespace pgbelay::cluster {

// Who the server runs as; owner of what it writes.
struct ServerUser {
    std::string name;
    uid_t uid = 0;
    gid_t gid = 0;
};

class Directory {
public:
    // A fresh folder under `parent`, named after this process. Folders there whose owner was killed are removed first,
    // with the servers that still run in them. Throws Error{input}.
    static Directory fresh(const std::filesystem::path& parent, const ServerUser& user);
    // The folder `path` itself, which must be empty or not exist. Throws Error{input}.
    static Directory at(const std::filesystem::path& path, const ServerUser& user);

    ~Directory();
    Directory(Directory&& other) noexcept;
    Directory& operator=(Directory&& other) = delete;

    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path data() const { return path_ / "data"; }
    std::filesystem::path socket() const { return path_ / "socket"; }
    std::filesystem::path log() const { return path_ / "server.log"; }
    std::filesystem::path configuration() const { return path_ / "server.conf"; }

    // Writes a file that `user` can read and nobody else. Throws Error{input}.
    static void write_for(const ServerUser& user, const std::filesystem::path& file, std::string_view text);

private:
    Directory(std::filesystem::path path, const ServerUser& user);

    std::filesystem::path path_;
    int lock_ = -1;
};

// Removes what killed processes of this user left under `parent`; what cannot be removed stays for the next time.
void remove_stale_directories(const std::filesystem::path& parent);

}  // namespace pgbelay::cluster
