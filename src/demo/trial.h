// One run of the contest: the application works, somebody's report is open, and the database is changed in one way or another.
#pragma once

#include "base/wait.h"
#include "demo/screen.h"
#include "pg/conninfo.h"

#include <functional>
#include <memory>
#include <string>

namespace pgbelay::demo {

inline constexpr std::chrono::seconds kReportTime{8};  // how long the report stays open
inline constexpr int kConnections = 6;
inline constexpr double kPerSecond = 120;

// Sets the database up for change while the application works; says what came of it, as felt_table() has it.
using Change = std::function<std::string(const pg::Conninfo& database)>;

// The application works from a second before the change to a second after it. Throws Error{interrupted} on `stop`, and whatever
// `change` throws.
Row run_trial(const std::string& name, const pg::Conninfo& database, const Change& change, const base::StopSignal& stop);

// What an onlooker sees of a database: how many of the application's sessions wait for a lock, and what the session called
// `migration` is at.
class Onlooker {
public:
    Onlooker(const pg::Conninfo& database, const base::StopSignal& stop);
    ~Onlooker();
    Onlooker(const Onlooker&) = delete;
    Onlooker& operator=(const Onlooker&) = delete;
    std::string look();

private:
    struct State;
    std::unique_ptr<State> state_;
};

// Throws Error{interrupted}.
void pause_or_throw(base::Clock::duration time, const base::StopSignal& stop);

}  // namespace pgbelay::demo
