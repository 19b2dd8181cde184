// Somebody's transaction that stays open for a while: what stands in the way of a change.
#pragma once

#include "base/clock.h"
#include "base/wait.h"
#include "pg/connection.h"

#include <string>
#include <thread>
#include <vector>

namespace pgbelay::demo {

class OpenTransaction {
public:
    // Runs the statements, BEGIN among them, and is idle from then on; ends after `time`, or when it is destroyed. Throws the first error.
    OpenTransaction(const pg::Conninfo& database, const std::vector<std::string>& statements, base::Clock::duration time,
                    const base::StopSignal* stop);
    ~OpenTransaction();
    OpenTransaction(const OpenTransaction&) = delete;
    OpenTransaction& operator=(const OpenTransaction&) = delete;

private:
    pg::Connection connection_;
    base::StopSignal over_;
    std::jthread end_;  // last: it ends before what it uses
};

}  // namespace pgbelay::demo
