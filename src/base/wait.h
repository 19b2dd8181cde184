// The only way to wait: on a descriptor, until a deadline, unless told to stop.
#pragma once

#include "base/clock.h"

namespace pgbelay::base {

// A request to stop that can be waited for together with a socket. `request` may be called from any thread and
// from a signal handler; once requested it stays so until `reset`.
class StopSignal {
public:
    StopSignal();
    ~StopSignal();
    StopSignal(const StopSignal&) = delete;
    StopSignal& operator=(const StopSignal&) = delete;

    void request() noexcept;
    bool requested() const noexcept;
    void reset() noexcept;
    int fd() const noexcept { return fd_; }

private:
    int fd_;
};

// For work that changes nothing and has nothing to clean up: throws Error{interrupted} once `stop` was requested. Null never is.
void heed(const StopSignal* stop);

enum class WaitResult { ready, deadline, stopped };
enum class Direction { read, write };

// Waits until `fd` can be read from (or written to), the deadline passes or `stop` is requested. `fd` -1 waits for the
// other two only. A descriptor that is ready wins over a stop only if `stop` is null. Never throws for EINTR.
WaitResult wait(int fd, Direction direction, Deadline deadline, const StopSignal* stop);

// Sleeps, unless told to stop; true when the whole time passed.
bool pause_for(Clock::duration d, const StopSignal* stop);

}  // namespace pgbelay::base
