// Who does what on the server: holders of locks, those who wait for us, progress of builds, figures for the guard.
#pragma once

#include "base/clock.h"
#include "catalog/catalog.h"
#include "catalog/lock_mode.h"
#include "pg/connection.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pgbelay::pg {

// One session. Without pg_read_all_stats the fields of others' sessions are hidden: `hidden` is true and ages are empty.
struct Backend {
    int pid = 0;  // 0: a prepared transaction, see `gid`
    std::string gid;
    std::string user;
    std::string application;
    std::string client;
    std::string type;   // backend_type: "client backend", "autovacuum worker", …
    std::string state;  // "active", "idle in transaction", …
    std::string query;  // the first 200 characters, white space folded, string constants left out
    std::string wait_event;
    std::optional<base::Millis> transaction_age;
    std::optional<base::Millis> state_age;
    bool hidden = false;
    std::string started;              // backend_start and xact_start as the server writes them: with the pid they say which
    std::string transaction_started;  // session, and which of its transactions, was seen. "" when hidden
    std::string tool;                 // see recognise(): the migrator that it is, such as "Flyway"
    bool builds = false;              // it makes an index
    bool waits = false;               // of blockers_of(): it only stands before us in a queue, and holds nothing that we wait for
};

// What a session is, as far as it matters to whoever would end it.
enum class Kind { client, dump, migrator, builder, autovacuum, wraparound, walsender, prepared, background };
Kind kind(const Backend& backend);

// Finds out what shows in locks and progress only: migrators by the advisory locks and ledgers of their tools, and builders of indexes.
void recognise(Connection& connection, std::vector<Backend>& backends);

// One line for people: `pid 4711 (app@10.0.0.5, "reports"): idle in transaction for 3 min 2 s, last: SELECT …`.
std::string describe(const Backend& backend);

struct WantedLock {
    catalog::Oid relation{};
    catalog::LockMode mode{};
};

struct Holder {
    Backend backend;
    catalog::Oid relation{};
    catalog::LockMode mode{};
    bool granted = true;  // false: it waits itself, and we would queue behind it
};

// Sessions other than `ours` that hold or wait for a lock which conflicts with one of `wanted`; from pg_locks, which every role may read.
std::vector<Holder> holders(Connection& connection, const std::vector<WantedLock>& wanted, const std::vector<int>& ours);

// Who stands in the way of backend `pid` now: pg_blocking_pids(), and for a concurrent build the session it waits for.
std::vector<Backend> blockers_of(Connection& connection, int pid);

// Sessions that wait for a lock which one of `pids` holds or waits for ahead of them.
struct BlockedBy {
    int sessions = 0;
    base::Millis longest{0};
};
BlockedBy blocked_by(Connection& connection, const std::vector<int>& pids);

// pg_stat_progress_create_index for one backend; nothing when it has no row.
struct BuildProgress {
    std::string phase;
    std::int64_t blocks_done = 0;
    std::int64_t blocks_total = 0;
    std::int64_t tuples_done = 0;
    std::int64_t tuples_total = 0;
    std::int64_t lockers_done = 0;
    std::int64_t lockers_total = 0;
    int locker_pid = 0;
    // 0 … 1 over the whole build; phases are weighed by what they usually cost.
    double fraction = 0;
};
std::optional<BuildProgress> build_progress(Connection& connection, int pid);
// What `fraction` is for the other fields: never less in a later phase.
double build_fraction(const BuildProgress& progress);

// Backends (ours left out) that hold SHARE UPDATE EXCLUSIVE on the table: a live concurrent build, a VACUUM, a VALIDATE.
struct Builder {
    Backend backend;
    std::optional<std::int64_t> run;  // the run whose shared advisory lock it holds
};
std::vector<Builder> builders_on(Connection& connection, catalog::Oid table, const std::vector<int>& ours);

// The advisory lock keys (two int4) of schema pgbelay: see engine/journal/FORMAT.md.
struct AdvisoryKeys {
    static constexpr int kKeeper = 0x70676265;  // "pgbe": (kKeeper, 0) is the database's
    static constexpr int kWorker = 0x70676277;  // "pgbw": (kWorker, run) is held shared by a run's workers
};

// One sample for the guard.
struct Sample {
    int blocked_sessions = 0;  // waiting on any heavyweight lock
    int blocked_by_us = 0;
    int active_sessions = 0;
    std::optional<base::Millis> oldest_transaction;
    std::optional<base::Millis> replication_lag;        // of the standby that is furthest behind, as of its last word
    std::optional<std::int64_t> replication_lag_bytes;  // … what it has not replayed of what is written by now
    std::int64_t rollbacks = 0;                         // pg_stat_database.xact_rollback, running total
    std::int64_t deadlocks = 0;
    bool hidden = false;  // others' activity is not visible to this role
};
Sample sample(Connection& connection, const std::vector<int>& ours);

}  // namespace pgbelay::pg
