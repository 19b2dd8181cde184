// An application at work: statements from several connections on a fixed schedule, each of them timed from when it was due.
#pragma once

#include "base/clock.h"
#include "base/wait.h"
#include "pg/conninfo.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace pgbelay::demo {

using Random = std::mt19937_64;
using Micros = std::chrono::microseconds;

// One kind of statement of the application.
struct Kind {
    std::string name;
    double weight = 1;                              // its share, relative to the others
    std::function<std::string(Random&)> statement;  // a statement with values of its own
};

struct TrafficOptions {
    int connections = 6;
    double per_second = 100;             // of all connections together
    std::string search_path = "public";  // of the application's sessions
    std::string application = "app";     // their application_name
};

// What the application felt. A statement's time counts from when it was due, so that one which could not even be sent because
// all connections were stuck is not forgotten.
struct Latencies {
    std::size_t count = 0;
    std::size_t errors = 0;
    std::string first_error;
    Micros p50{0};
    Micros p99{0};
    Micros longest{0};  // while the traffic runs: also of what still waits
};

class Traffic {
public:
    // Connects, then starts. Throws Error{connection|interrupted}. On `stop` statements are cancelled and not counted.
    Traffic(const pg::Conninfo& conninfo, std::vector<Kind> kinds, const TrafficOptions& options, const base::StopSignal* stop);
    // Ends as soon as the statements in hand do.
    ~Traffic();
    Traffic(const Traffic&) = delete;
    Traffic& operator=(const Traffic&) = delete;

    // So far; from any thread.
    Latencies so_far() const;
    // Lets everything that is due by now finish, however late, and ends.
    Latencies finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace pgbelay::demo
