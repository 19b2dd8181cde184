// Opening connections: all hosts in turn, what is set on a session of ours, and the probe for poolers that share sessions.
#include "pg/connection.h"
#include "pg/connection_state.h"

#include <fmt/core.h>
#include <libpq-fe.h>
#include <queries/pg.h>

#include <memory>
#include <utility>

namespace pgbelay::pg {

using base::Clock;
using base::Direction;
using base::Error;
using base::ErrorCode;
using base::WaitResult;

namespace {

using Options = std::map<std::string, std::string>;

struct Finish {
    void operator()(PGconn* raw) const { PQfinish(raw); }
};
using RawConnection = std::unique_ptr<PGconn, Finish>;

RawConnection start(Options options, std::string_view purpose) {
    // A dead client's locks are free within 30 s, and a dead server is noticed as soon. What the user set wins.
    options.try_emplace("keepalives_idle", "10");
    options.try_emplace("keepalives_interval", "5");
    options.try_emplace("keepalives_count", "4");
    options.try_emplace("tcp_user_timeout", "30000");
    options["application_name"] = fmt::format("pgbelay {}", purpose);
    std::vector<const char*> keys;
    std::vector<const char*> values;
    for (const auto& [key, value] : options) {
        keys.push_back(key.c_str());
        values.push_back(value.c_str());
    }
    keys.push_back(nullptr);
    values.push_back(nullptr);
    return RawConnection(PQconnectStartParams(keys.data(), values.data(), 0));
}

// Waits for the connection; returns the reason when there is none.
std::string finish_connecting(PGconn* raw, base::Deadline deadline, const base::StopSignal* stop) {
    if (raw == nullptr) {
        return "out of memory";
    }
    PostgresPollingStatusType status = PQstatus(raw) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
    while (status != PGRES_POLLING_OK) {
        if (status == PGRES_POLLING_FAILED) {
            return fold(PQerrorMessage(raw));
        }
        const Direction direction = status == PGRES_POLLING_READING ? Direction::read : Direction::write;
        const WaitResult result = base::wait(PQsocket(raw), direction, deadline, stop);
        if (result == WaitResult::stopped) {
            throw Error(ErrorCode::interrupted, "interrupted while connecting");
        }
        if (result == WaitResult::deadline) {
            const char* host = PQhost(raw);
            return fmt::format("no answer from \"{}\" in time", host == nullptr || *host == '\0' ? "the local socket" : host);
        }
        status = PQconnectPoll(raw);
    }
    return PQsetnonblocking(raw, 1) == 0 ? "" : fold(PQerrorMessage(raw));
}

// An equal share of what is left for each host that has not been tried.
base::Deadline share(base::Deadline deadline, std::size_t hosts_left) {
    if (deadline == base::kNoDeadline || hosts_left <= 1) {
        return deadline;
    }
    return Clock::now() + (deadline - Clock::now()) / static_cast<int>(hosts_left);
}

Error pooler_refused(const std::string& target) {
    return Error(ErrorCode::refused, target + " is reached through a pooler in transaction mode, where sessions do not stay on one backend")
        .hint("give the address of the server itself, or a pool in session mode");
}

// A direct connection knows its own backend; any pooler makes up another number.
bool maybe_pooled(PGconn* raw, int backend_pid) {
    return PQbackendPID(raw) != backend_pid;
}

}  // namespace

// libpq tries the hosts by itself too, but asynchronously it waits for the first one for ever.
Connection Connection::connect(const Conninfo& conninfo, std::string_view purpose, base::Deadline deadline, const base::StopSignal* stop) {
    const std::size_t hosts = conninfo.hosts();
    std::string reasons;
    for (std::size_t i = 0; i < hosts; ++i) {
        RawConnection raw = start(conninfo.only(i).options_, purpose);
        const std::string reason = finish_connecting(raw.get(), share(deadline, hosts - i), stop);
        if (reason.empty()) {
            Connection connection(raw.release());
            connection.host_ = i;
            return connection;
        }
        reasons += (reasons.empty() ? "" : "; ") + reason;
    }
    throw Error(ErrorCode::connection, fmt::format("cannot connect to {} (from {}): {}", conninfo.describe(), conninfo.source(), reasons));
}

Connection Connection::open(const Conninfo& conninfo, std::string_view purpose, base::Deadline deadline, const base::StopSignal* stop) {
    Connection connection = connect(conninfo, purpose, deadline, stop);
    const Result identity = connection.query_until(queries::kSessionIdentity, {}, deadline, stop);
    connection.default_search_path_ = identity.text(0, 0);
    connection.backend_pid_ = identity.integer(0, 1);
    connection.server_start_ = identity.text(0, 2);
    if (maybe_pooled(connection.state_->raw, connection.backend_pid_) && behind_transaction_pooler(conninfo, deadline, stop)) {
        throw pooler_refused(conninfo.describe());
    }
    connection.query_until(queries::kSetSession, {}, deadline, stop);
    return connection;
}

bool Connection::behind_transaction_pooler(const Conninfo& conninfo, base::Deadline deadline, const base::StopSignal* stop) {
    constexpr int kTries = 3;
    // A pool of one connection cannot answer while another client's transaction has it.
    constexpr std::chrono::seconds kOneAnswer{2};
    Connection a = connect(conninfo, "probe", deadline, stop);
    Connection b = connect(conninfo, "probe", deadline, stop);
    const auto pid = [&](Connection& c) {
        return c.query_until(queries::kSessionPid, {}, std::min(deadline, base::in(kOneAnswer)), stop).integer(0, 0);
    };
    for (int i = 0; i < kTries; ++i) {
        const int before = pid(a);
        b.query_until(queries::kBeginReadOnly, {}, deadline, stop);
        const int others = pid(b);
        const bool moved = others == before || pid(a) != before;
        b.query_until(queries::kEndTransaction, {}, deadline, stop);
        if (moved) {
            return true;
        }
    }
    return false;
}

}  // namespace pgbelay::pg
