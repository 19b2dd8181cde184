// Sessions that run one report of two seconds after the other: each holds a snapshot that a concurrent build has to wait for.
#pragma once

#include "base/wait.h"
#include "pg/conninfo.h"

#include <thread>
#include <vector>

namespace pgbelay::bench {

class Reports {
public:
    // Connects, then starts. Throws Error{connection|interrupted}.
    Reports(const pg::Conninfo& database, int sessions, const base::StopSignal* stop);
    ~Reports();
    Reports(const Reports&) = delete;
    Reports& operator=(const Reports&) = delete;

private:
    base::StopSignal over_;
    std::vector<std::jthread> sessions_;  // last: they end before what they use
};

}  // namespace pgbelay::bench
