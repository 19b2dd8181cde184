// The connections to one database, and what it allows us.
#pragma once

#include "base/wait.h"
#include "pg/connection.h"
#include "pg/server.h"

#include <string>
#include <string_view>

namespace pgbelay::engine {

class Target {
public:
    // Connects once and reads what kind of server it is. Throws Error{connection}.
    static Target open(pg::Conninfo conninfo, base::StopSignal* stop);

    // The connection for looking: catalogs, locks, journal reads. Never holds a transaction open between calls.
    pg::Connection& control() { return control_; }
    const pg::ServerFacts& facts() const { return facts_; }
    // A further connection; its application_name says "pgbelay PURPOSE".
    pg::Connection connect(std::string_view purpose) const;
    // After a lost connection: a new control connection to the same database; throws Error{refused} when it is another one.
    void reconnect();

    std::string describe() const { return conninfo_.describe(); }
    const pg::Conninfo& conninfo() const { return conninfo_; }
    base::StopSignal* stop() const { return stop_; }

private:
    Target(pg::Conninfo conninfo, base::StopSignal* stop, pg::Connection control, pg::ServerFacts facts);

    pg::Conninfo conninfo_;
    base::StopSignal* stop_;
    pg::Connection control_;
    pg::ServerFacts facts_;
};

}  // namespace pgbelay::engine
