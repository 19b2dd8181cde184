#include "base/wait.h"

#include "base/error.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

namespace pgbelay::base {

StopSignal::StopSignal() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (fd_ < 0) {
        throw Error(ErrorCode::internal, std::string("eventfd: ") + std::strerror(errno));
    }
}

StopSignal::~StopSignal() {
    close(fd_);
}

void StopSignal::request() noexcept {
    const std::uint64_t one = 1;
    // The counter is far from full, so the write cannot fail; a signal handler could not say so anyway.
    [[maybe_unused]] const auto written = write(fd_, &one, sizeof one);
}

bool StopSignal::requested() const noexcept {
    pollfd p{.fd = fd_, .events = POLLIN, .revents = 0};
    return poll(&p, 1, 0) > 0;
}

void StopSignal::reset() noexcept {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = read(fd_, &count, sizeof count);
}

void heed(const StopSignal* stop) {
    if (stop != nullptr && stop->requested()) {
        throw Error(ErrorCode::interrupted, "interrupted before anything was changed");
    }
}

namespace {

int milliseconds_left(Deadline deadline) {
    if (deadline == kNoDeadline) {
        return -1;
    }
    const auto left = std::chrono::ceil<Millis>(deadline - Clock::now()).count();
    constexpr std::int64_t kOneDay = 86'400'000;
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, kOneDay));
}

}  // namespace

WaitResult wait(int fd, Direction direction, Deadline deadline, const StopSignal* stop) {
    // poll() ignores negative descriptors, which is what "none" is here.
    std::array<pollfd, 2> fds{{
        {.fd = fd, .events = static_cast<short>(direction == Direction::read ? POLLIN : POLLOUT), .revents = 0},
        {.fd = stop != nullptr ? stop->fd() : -1, .events = POLLIN, .revents = 0},
    }};
    for (;;) {
        const int left = milliseconds_left(deadline);
        const int n = poll(fds.data(), fds.size(), left);
        if (n < 0 && errno != EINTR) {
            throw Error(ErrorCode::internal, std::string("poll: ") + std::strerror(errno));
        }
        if (n > 0) {
            return fds[1].revents != 0 ? WaitResult::stopped : WaitResult::ready;
        }
        if (deadline != kNoDeadline && Clock::now() >= deadline) {
            return WaitResult::deadline;
        }
    }
}

bool pause_for(Clock::duration d, const StopSignal* stop) {
    return wait(-1, Direction::read, in(d), stop) == WaitResult::deadline;
}

}  // namespace pgbelay::base
