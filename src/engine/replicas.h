// The hot standbys of a target that were named: who reads there, and how far they have replayed.
#pragma once

#include "base/wait.h"
#include "pg/activity.h"
#include "pg/connection.h"
#include "pg/conninfo.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace pgbelay::engine {

// ACCESS EXCLUSIVE is replayed on a standby, where it waits for those who read the table; everybody who comes after them there waits for
// the replay. One that cannot be reached is said once, passed over, and tried again after a while.
class Replicas {
public:
    Replicas(const std::vector<pg::Conninfo>& conninfos, const base::StopSignal* stop);

    bool none() const { return replicas_.empty(); }

    // Sessions on the standbys, described, whose locks the replay of ACCESS EXCLUSIVE on these relations would wait for, and who do not
    // belong to the application's ordinary short transactions.
    std::vector<std::string> in_the_way(const std::vector<catalog::Oid>& relations);

    // The standbys, in words, that have not replayed the log up to `position` yet.
    std::vector<std::string> behind(const std::string& position);

    // What was said of them since the last call: lost, promoted.
    std::vector<std::string> take_warnings() { return std::exchange(warnings_, {}); }

private:
    struct Replica {
        pg::Conninfo conninfo;
        std::unique_ptr<pg::Connection> connection;
        base::Deadline again_at{};  // no try to connect before
        bool said = false;
        std::vector<int> seen_hidden;  // pids whose age is hidden and that were there at the last look
    };

    pg::Connection* connected(Replica& replica);
    void lose(Replica& replica, const std::string& why);
    bool too_old(Replica& replica, const pg::Holder& holder, std::vector<int>& hidden) const;

    std::vector<Replica> replicas_;
    const base::StopSignal* stop_;
    std::vector<std::string> warnings_;
};

}  // namespace pgbelay::engine
