// Others who use the database while pgbelay deploys: a session that is busy with one statement, and the application that is timed.
#pragma once

#include "demo/traffic.h"
#include "faults/stage.h"

#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace pgbelay::test {

// A session that runs one statement on a thread of its own, after others that end at once.
class Busy {
public:
    Busy(const Database& database, const std::string& before, std::string statement);
    // Ends it when it still runs.
    ~Busy();
    Busy(const Busy&) = delete;
    Busy& operator=(const Busy&) = delete;

    const std::string& pid() const { return pid_; }
    // What the server said against the statement, "" when it went through. Waits for its end.
    std::string outcome();

private:
    Session session_;
    Session control_;
    std::string pid_;
    std::string error_;
    std::jthread thread_;
};

// Short reads and writes of the table `busy` (see large_table), so many a second.
std::unique_ptr<demo::Traffic> traffic_on_busy(const Database& database, double per_second, int connections);

// True while a backend with this pid is there.
bool lives(const Database& database, const std::string& pid);

}  // namespace pgbelay::test
