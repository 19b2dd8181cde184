#include "case_runner/neighbours.h"

#include <algorithm>
#include <stdexcept>

namespace pgbelay::test {

namespace {

// Between two rounds of the application: it is a busy one, but not the only user of the machine.
constexpr base::Millis kThinkTime{5};
// Transactions younger than 100 ms are the application at work, which nobody waits for or names: a blocker is older.
constexpr base::Millis kOldEnough{150};

}  // namespace

Blocker::Blocker(const std::string& url, const std::string& script) : session_(Session(url)) {
    session_->run(script);
    base::pause_for(kOldEnough, &stop_);
}

Blocker::~Blocker() {
    stop_.request();
}

void Blocker::leave_after(base::Millis delay) {
    thread_ = std::jthread([this, delay] {
        base::pause_for(delay, &stop_);
        session_.reset();
    });
}

Traffic::Traffic(const std::string& url, std::string script) : script_(std::move(script)), session_(url) {
    round();
    thread_ = std::jthread([this] { loop(); });
}

Traffic::~Traffic() {
    stop_.request();
}

base::Clock::duration Traffic::stop() {
    stop_.request();
    thread_.join();
    if (!error_.empty()) {
        throw std::runtime_error("the application got an error: " + error_);
    }
    return longest_;
}

void Traffic::loop() {
    try {
        while (base::pause_for(kThinkTime, &stop_)) {
            round();
        }
    } catch (const std::exception& error) {
        error_ = error.what();
    }
}

void Traffic::round() {
    const auto began = base::Clock::now();
    session_.run(script_);
    longest_ = std::max(longest_, base::Clock::now() - began);
}

}  // namespace pgbelay::test
