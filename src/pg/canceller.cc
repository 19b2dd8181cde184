#include "pg/canceller.h"

#include <array>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>

namespace pgbelay::pg {

namespace {

constexpr std::chrono::seconds kPatience{1};

struct Free {
    void operator()(PGcancel* handle) const { PQfreeCancel(handle); }
};

}  // namespace

struct Canceller::Attempt {
    // Made with the connection, so that nobody has to look at that one again. Null where there was none.
    std::unique_ptr<PGcancel, Free> handle;
    std::mutex mutex;
    std::condition_variable ended;
    bool under_way = false;

    void make() {
        std::array<char, 256> message{};
        PQcancel(handle.get(), message.data(), static_cast<int>(message.size()));
        {
            const std::lock_guard lock(mutex);
            under_way = false;
        }
        ended.notify_all();
    }
};

Canceller::Canceller(PGconn* connection) : attempt_(std::make_shared<Attempt>()) {
    attempt_->handle.reset(PQgetCancel(connection));
}

void Canceller::cancel() noexcept {
    std::unique_lock lock(attempt_->mutex);
    if (attempt_->under_way) {
        return;
    }
    try {
        // Left to itself where the network hangs: nothing but the end of the process could end it.
        std::thread([attempt = attempt_] { attempt->make(); }).detach();
    } catch (const std::system_error&) {
        return;  // no thread to be had; whoever cancels tries again
    }
    attempt_->under_way = true;
    attempt_->ended.wait_for(lock, kPatience, [this] { return !attempt_->under_way; });
}

}  // namespace pgbelay::pg
