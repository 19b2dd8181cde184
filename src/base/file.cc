#include "base/file.h"

#include "base/error.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace pgbelay::base {

namespace {

constexpr std::size_t kLargestFile = std::size_t{256} << 20;

Error failed(const char* what, const std::filesystem::path& path, int error) {
    return Error(ErrorCode::input, fmt::format("cannot {} \"{}\": {}", what, path.string(), std::strerror(error)));
}

// A descriptor that is closed on every way out.
class Descriptor {
public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor() {
        if (fd_ >= 0) {
            ::close(fd_);
        }
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return fd_; }
    int close() { return ::close(std::exchange(fd_, -1)); }

private:
    int fd_;
};

Error too_large(const std::filesystem::path& path) {
    return Error(ErrorCode::input, fmt::format("cannot read \"{}\": larger than 256 MiB", path.string()));
}

std::string read_all(int fd, const std::filesystem::path& path, const StopSignal* stop) {
    std::string bytes;
    // A large file is held once, not in what a string that doubles needs.
    if (struct stat status{}; ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0) {
        bytes.reserve(std::min(static_cast<std::size_t>(status.st_size), kLargestFile));
    }
    std::array<char, 65536> buffer{};
    for (;;) {
        wait(fd, Direction::read, kNoDeadline, stop);
        heed(stop);
        const auto got = ::read(fd, buffer.data(), buffer.size());
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) {
            continue;
        }
        if (got < 0) {
            throw failed("read", path, errno);
        }
        if (got == 0) {
            return bytes;
        }
        bytes.append(buffer.data(), static_cast<std::size_t>(got));
        if (bytes.size() > kLargestFile) {
            throw too_large(path);
        }
    }
}

// A device may never end, and need not be read to be refused.
void refuse_devices(int fd, const std::filesystem::path& path) {
    struct stat status{};
    if (::fstat(fd, &status) != 0) {
        throw failed("read", path, errno);
    }
    if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode)) {
        throw Error(ErrorCode::input, fmt::format("cannot read \"{}\": it is a device", path.string()));
    }
    if (S_ISREG(status.st_mode) && static_cast<std::size_t>(status.st_size) > kLargestFile) {
        throw too_large(path);
    }
}

void write_all(int fd, std::string_view bytes, const std::filesystem::path& path) {
    while (!bytes.empty()) {
        const auto written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            throw failed("write", path, errno);
        }
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
}

}  // namespace

std::string read_file(const std::filesystem::path& path, const StopSignal* stop) {
    if (path == "-") {
        return read_all(STDIN_FILENO, "standard input", stop);
    }
    // To open a named pipe would wait for somebody who writes to it.
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.get() < 0) {
        throw failed("read", path, errno);
    }
    refuse_devices(file.get(), path);
    return read_all(file.get(), path, stop);
}

void write_file(const std::filesystem::path& path, std::string_view bytes) {
    std::string temporary = path.string() + ".XXXXXX";
    Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));  // with mode 0600
    if (file.get() < 0) {
        throw failed("write", path, errno);
    }
    try {
        write_all(file.get(), bytes, path);
        if (::fsync(file.get()) != 0 || file.close() != 0 || ::rename(temporary.c_str(), path.c_str()) != 0) {
            throw failed("write", path, errno);
        }
    } catch (...) {
        ::unlink(temporary.c_str());
        throw;
    }
}

}  // namespace pgbelay::base
