#include "pg/connection_state.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace pgbelay::pg {

using base::Clock;
using base::Direction;
using base::Error;
using base::ErrorCode;
using base::WaitResult;

namespace {

// A cancel can arrive before its statement starts, or while the server does not look: it is sent again until then.
constexpr std::chrono::seconds kCancelAgain{1};
// A server that has not answered a cancel for so long is not there any more. Together with the five seconds of a query of ours, and with
// the statement that is given up after it, this stays below the 30 s after which keepalives give up.
constexpr std::chrono::seconds kGiveUp{8};
constexpr std::size_t kCopyChunk = 64 * 1024;

// One descriptor that becomes readable when `socket` can be read or written: base::wait knows one direction at a time, and
// a server that itself waits for us to read would otherwise never read what we write.
class EitherWay {
public:
    explicit EitherWay(int socket) : fd_(epoll_create1(EPOLL_CLOEXEC)) {
        epoll_event event{};
        event.events = EPOLLIN | EPOLLOUT;
        if (fd_ < 0 || epoll_ctl(fd_, EPOLL_CTL_ADD, socket, &event) != 0) {
            throw Error(ErrorCode::internal, std::string("epoll: ") + std::strerror(errno));
        }
    }
    ~EitherWay() { close(fd_); }
    EitherWay(const EitherWay&) = delete;
    EitherWay& operator=(const EitherWay&) = delete;
    int fd() const { return fd_; }

private:
    int fd_;
};

}  // namespace

Exchange::Exchange(PGconn* raw, Canceller& canceller, base::Deadline deadline, const base::StopSignal* stop, const Ticker* ticker)
    : raw_(raw),
      canceller_(canceller),
      deadline_(deadline),
      stop_(stop),
      ticker_(ticker),
      next_tick_(ticker != nullptr && ticker->tick ? base::in(ticker->every) : base::kNoDeadline) {}

bool Exchange::flush() {
    for (;;) {
        const int left = PQflush(raw_);
        if (left <= 0) {
            return left == 0;
        }
        wait(true);
        if (PQconsumeInput(raw_) == 0) {
            return false;
        }
    }
}

PGresult* Exchange::next() {
    while (PQisBusy(raw_) != 0) {
        wait(false);
        if (PQconsumeInput(raw_) == 0) {
            break;  // the connection broke; PQgetResult() says how
        }
    }
    return PQgetResult(raw_);
}

void Exchange::feed(const std::string& data) {
    for (std::size_t begin = 0; begin < data.size(); begin += kCopyChunk) {
        const std::size_t size = std::min(kCopyChunk, data.size() - begin);
        while (PQputCopyData(raw_, data.data() + begin, static_cast<int>(size)) == 0) {
            wait(true);
        }
        if (cancelled_ || !flush()) {
            break;
        }
    }
    // After a cancel the server has ended the COPY already, or the broken end makes it do so.
    while (PQputCopyEnd(raw_, cancelled_ ? "canceled by the client" : nullptr) == 0) {
        wait(true);
    }
    flush();
}

void Exchange::drain_copy_out() {
    for (;;) {
        char* row = nullptr;
        const int length = PQgetCopyData(raw_, &row, 1);
        PQfreemem(row);
        if (length < 0) {
            return;
        }
        if (length == 0) {
            wait(false);
            if (PQconsumeInput(raw_) == 0) {
                return;
            }
        }
    }
}

void Exchange::abandon() {
    ticker_ = nullptr;
    next_tick_ = base::kNoDeadline;
    cancel();
    while (PGresult* result = next()) {
        const ExecStatusType status = PQresultStatus(result);
        PQclear(result);
        if (status == PGRES_COPY_IN) {
            feed({});
        } else if (status == PGRES_COPY_OUT) {
            drain_copy_out();
        }
    }
}

// Returns when the socket has something, after seeing to whatever is due meanwhile.
void Exchange::wait(bool for_writing) {
    const int socket = PQsocket(raw_);
    if (socket < 0) {
        return;
    }
    std::optional<EitherWay> either;
    if (for_writing) {
        either.emplace(socket);
    }
    for (;;) {
        see_to_what_is_due(socket);
        const base::Deadline until = std::min({cancelled_ ? base::kNoDeadline : deadline_, next_tick_, cancel_again_at_, give_up_at_});
        const WaitResult result = base::wait(either ? either->fd() : socket, Direction::read, until, cancelled_ ? nullptr : stop_);
        if (result == WaitResult::ready) {
            return;
        }
        if (result == WaitResult::stopped) {
            stopped_ = true;
            cancel();
        }
    }
}

void Exchange::see_to_what_is_due(int socket) {
    const base::Deadline now = Clock::now();
    if (now >= next_tick_) {
        ticker_->tick();
        next_tick_ = base::in(ticker_->every);
    }
    if (now >= give_up_at_) {
        // libpq then finds the connection broken, which is what everybody above knows how to handle.
        shutdown(socket, SHUT_RDWR);
        give_up_at_ = cancel_again_at_ = base::kNoDeadline;
        gave_up_ = true;
    } else if ((!cancelled_ && now >= deadline_) || now >= cancel_again_at_) {
        cancel();
    }
}

void Exchange::cancel() {
    canceller_.cancel();
    cancel_again_at_ = gave_up_ ? base::kNoDeadline : base::in(kCancelAgain);
    if (!cancelled_) {
        give_up_at_ = base::in(kGiveUp);
    }
    cancelled_ = true;
}

}  // namespace pgbelay::pg
