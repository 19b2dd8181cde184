// Whoever else uses the database while a case deploys: somebody in the way, and the application whose waits are measured.
#pragma once

#include "base/clock.h"
#include "base/wait.h"
#include "support/session.h"

#include <optional>
#include <string>
#include <thread>

namespace pgbelay::test {

// Runs its script at once and keeps its connection, and so its open transaction and locks.
class Blocker {
public:
    Blocker(const std::string& url, const std::string& script);
    ~Blocker();
    // Leaves after this time; its transaction is rolled back.
    void leave_after(base::Millis delay);

private:
    base::StopSignal stop_;
    std::optional<Session> session_;
    std::jthread thread_;
};

// Sends one script over and over until it is stopped.
class Traffic {
public:
    // Returns after the first round. Throws std::runtime_error when that fails.
    Traffic(const std::string& url, std::string script);
    ~Traffic();
    // Stops, and returns the longest time that a round took. Throws std::runtime_error with the first error that the application saw.
    base::Clock::duration stop();

private:
    void loop();
    void round();

    std::string script_;
    Session session_;
    base::StopSignal stop_;
    std::string error_;
    base::Clock::duration longest_{};
    std::jthread thread_;
};

}  // namespace pgbelay::test
