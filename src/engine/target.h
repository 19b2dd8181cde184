// The connections to one database, and what it allows us.
#pragma once

#include "base/wait.h"
#include "pg/connection.h"
#include "pg/server.h"

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgbelay::engine {

class Target {
public:
    // Connects once and reads what kind of server it is. Throws Error{connection}.
    static Target open(pg::Conninfo conninfo, base::StopSignal* stop);

    // The connection for looking: catalogs, locks, journal reads. Never holds a transaction open between calls.
    pg::Connection& control() { return control_; }
    const pg::ServerFacts& facts() const { return facts_; }
    // A further connection to the very server of the control connection; its application_name says "pgbelay PURPOSE". Throws
    // Error{connection}, also when the name leads to another server by now.
    pg::Connection connect(std::string_view purpose) const;
    // After a lost connection: a new control connection to a primary of the same database, whichever of the hosts it is. Throws
    // Error{connection} while there is none (a node that is in recovery, or that was a primary before the one we had, is none),
    // Error{refused} when a host leads to another database.
    void reconnect();

    std::string describe() const { return conninfo_.describe(); }
    // With all its hosts, and with the one that we are connected to.
    const pg::Conninfo& conninfo() const { return conninfo_; }
    const pg::Conninfo& here() const { return here_; }
    base::StopSignal* stop() const { return stop_; }
    // Hot standbys that follow it, as far as they were named.
    const std::vector<pg::Conninfo>& replicas() const { return replicas_; }
    void follow(std::vector<pg::Conninfo> replicas) { replicas_ = std::move(replicas); }

private:
    Target(pg::Conninfo conninfo, base::StopSignal* stop, pg::Connection control, pg::ServerFacts facts);
    void try_host(const pg::Conninfo& host, base::Deadline deadline);

    pg::Conninfo conninfo_;
    pg::Conninfo here_;
    base::StopSignal* stop_;
    pg::Connection control_;
    pg::ServerFacts facts_;
    std::vector<pg::Conninfo> replicas_;
};

// For a thread that looks at the target on a connection of its own: `work` gets one, and another when that is lost, a second later, until
// `stop` is requested. Nothing is said of a lost connection: that is the engine's to report, which has one of its own to the same server.
void keep_connected(const Target& target, std::string_view purpose, const base::StopSignal& stop,
                    const std::function<void(pg::Connection&)>& work);

}  // namespace pgbelay::engine
