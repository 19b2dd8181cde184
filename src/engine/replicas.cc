#include "engine/replicas.h"

#include "pg/server.h"

#include <fmt/core.h>

#include <algorithm>

namespace pgbelay::engine {

using base::Error;
using base::ErrorCode;

namespace {

constexpr std::chrono::seconds kConnect{5};
constexpr std::chrono::seconds kTryAgain{10};
// Younger transactions are the application's ordinary ones.
constexpr base::Millis kOld{100};

}  // namespace

Replicas::Replicas(const std::vector<pg::Conninfo>& conninfos, const base::StopSignal* stop) : stop_(stop) {
    for (const auto& conninfo : conninfos) {
        replicas_.push_back({.conninfo = conninfo});
    }
}

void Replicas::lose(Replica& replica, const std::string& why) {
    replica.connection.reset();
    replica.again_at = base::in(kTryAgain);
    if (!std::exchange(replica.said, true)) {
        warnings_.push_back(fmt::format("standby {} is passed over: {}", replica.conninfo.describe(), why));
    }
}

pg::Connection* Replicas::connected(Replica& replica) {
    if (replica.connection || base::Clock::now() < replica.again_at) {
        return replica.connection.get();
    }
    try {
        auto connection = std::make_unique<pg::Connection>(pg::Connection::open(replica.conninfo, "replica", base::in(kConnect), stop_));
        if (!pg::server_facts(*connection).in_recovery) {
            lose(replica, "it is a primary now");
            return nullptr;
        }
        replica.connection = std::move(connection);
        replica.said = false;
    } catch (const Error& error) {
        if (error.code() == ErrorCode::interrupted) {
            throw;
        }
        lose(replica, error.message());
    }
    return replica.connection.get();
}

bool Replicas::too_old(Replica& replica, const pg::Holder& holder, std::vector<int>& hidden) const {
    if (holder.backend.transaction_age) {
        return *holder.backend.transaction_age >= kOld;
    }
    hidden.push_back(holder.backend.pid);
    return std::ranges::find(replica.seen_hidden, holder.backend.pid) != replica.seen_hidden.end();
}

std::vector<std::string> Replicas::in_the_way(const std::vector<catalog::Oid>& relations) {
    std::vector<pg::WantedLock> locks;
    for (const auto relation : relations) {
        locks.push_back({relation, catalog::LockMode::access_exclusive});
    }
    std::vector<std::string> found;
    for (auto& replica : replicas_) {
        pg::Connection* connection = relations.empty() ? nullptr : connected(replica);
        if (connection == nullptr) {
            continue;
        }
        std::vector<int> hidden;
        try {
            for (const auto& holder : pg::holders(*connection, locks, {connection->backend_pid()})) {
                const std::string words = fmt::format("standby {}: {}", replica.conninfo.describe(), pg::describe(holder.backend));
                if (too_old(replica, holder, hidden) && std::ranges::find(found, words) == found.end()) {
                    found.push_back(words);
                }
            }
        } catch (const Error& error) {
            lose(replica, error.message());
        }
        replica.seen_hidden = std::move(hidden);
    }
    return found;
}

std::vector<std::string> Replicas::behind(const std::string& position) {
    std::vector<std::string> found;
    for (auto& replica : replicas_) {
        pg::Connection* connection = connected(replica);
        if (connection == nullptr) {
            continue;
        }
        try {
            if (const std::string why = pg::not_replayed(*connection, position); !why.empty()) {
                found.push_back(fmt::format("standby {}: {}", replica.conninfo.describe(), why));
            }
        } catch (const Error& error) {
            lose(replica, error.message());
        }
    }
    return found;
}

}  // namespace pgbelay::engine
