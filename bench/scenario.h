// One way of changing a table under load, and what the application felt meanwhile.
#pragma once

#include "base/subprocess.h"
#include "base/wait.h"
#include "demo/franchise.h"
#include "demo/screen.h"
#include "demo/traffic.h"
#include "pg/conninfo.h"

#include <functional>
#include <optional>
#include <string>

namespace pgbelay::bench {

inline constexpr long long kRows = 1'000'000;
inline constexpr double kPerSecond = 300;
inline constexpr int kConnections = 10;
inline constexpr std::chrono::seconds kInTheWay{15};

// pgbench's accounts, in size and in use.
demo::Table accounts();

struct Scenario {
    std::string name;
    std::optional<base::Command> change;  // nothing: the application alone
};

struct Measured {
    demo::Row row;
    bool completed = false;
    base::Millis took{0};
    std::string output;  // of a change that failed
};

// Two seconds of traffic, then a transaction that has read the table and stays open for 15 s, one second later the change, and two
// more seconds after both have ended. Throws Error{interrupted} on `stop`.
Measured measure(const Scenario& scenario, const pg::Conninfo& database, const base::StopSignal& stop);

// The median time of a command from its start to its end.
demo::Micros start_up(const base::Command& command, const base::StopSignal& stop);

}  // namespace pgbelay::bench
