#include "pg/activity.h"

#include "server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace pgbelay::pg {
namespace {

using namespace testing;
using catalog::LockMode;
using catalog::Oid;
using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;

Oid oid_of(Connection& connection, const std::string& relation) {
    return Oid(static_cast<std::uint32_t>(std::stoul(value(connection, "SELECT '" + relation + "'::regclass::oid"))));
}

const Backend* find(const std::vector<Backend>& backends, int pid) {
    const auto found = std::find_if(backends.begin(), backends.end(), [&](const Backend& backend) { return backend.pid == pid; });
    return found == backends.end() ? nullptr : &*found;
}

TEST(Holders, AreThoseWhoseLocksConflict) {
    const Database db;
    Connection reader = db.open("reader");
    run_all(reader, {"CREATE TABLE t (a int)", "BEGIN", "SELECT * FROM t WHERE a = 4711"});
    Connection c = db.open();
    const Oid t = oid_of(c, "t");
    EXPECT_TRUE(holders(c, {{t, LockMode::share_update_exclusive}}, {}).empty());
    const auto found = holders(c, {{t, LockMode::access_exclusive}}, {});
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].backend.pid, reader.backend_pid());
    EXPECT_EQ(found[0].relation, t);
    EXPECT_EQ(found[0].mode, LockMode::access_share);
    EXPECT_TRUE(found[0].granted);
    EXPECT_EQ(found[0].backend.state, "idle in transaction");
    EXPECT_EQ(found[0].backend.application, "pgbelay reader");
    EXPECT_EQ(found[0].backend.query, "SELECT * FROM t WHERE a = …");
    EXPECT_TRUE(found[0].backend.transaction_age.has_value());
    EXPECT_TRUE(holders(c, {{t, LockMode::access_exclusive}}, {reader.backend_pid()}).empty());
    EXPECT_TRUE(holders(c, {}, {}).empty());
}

TEST(Holders, IncludeThoseWhoWaitThemselvesAndNameTheStrongestMode) {
    const Database db;
    Connection reader = db.open();
    run_all(reader, {"CREATE TABLE t (a int)", "BEGIN", "LOCK TABLE t IN ACCESS SHARE MODE", "LOCK TABLE t IN ROW EXCLUSIVE MODE"});
    Connection c = db.open();
    const Background waiter(db, "LOCK TABLE t", {"BEGIN"});
    const Oid t = oid_of(c, "t");
    std::vector<Holder> found;
    eventually(
        [&] {
            found = holders(c, {{t, LockMode::access_exclusive}}, {});
            return found.size() == 2;
        },
        "the waiter waits");
    EXPECT_EQ(found[0].backend.pid, reader.backend_pid());
    EXPECT_EQ(found[0].mode, LockMode::row_exclusive);
    EXPECT_EQ(found[1].backend.pid, waiter.pid());
    EXPECT_EQ(found[1].mode, LockMode::access_exclusive);
    EXPECT_FALSE(found[1].granted);
    EXPECT_THAT(describe(found[1].backend), HasSubstr("waiting for a lock itself"));
}

TEST(Holders, IncludePreparedTransactions) {
    const Database db;
    Connection c = db.open();
    run_all(c, {"CREATE TABLE t (a int)", "BEGIN", "INSERT INTO t VALUES (1)", "PREPARE TRANSACTION 'left behind'"});
    const auto found = holders(c, {{oid_of(c, "t"), LockMode::share}}, {});
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].backend.pid, 0);
    EXPECT_EQ(found[0].backend.gid, "left behind");
    EXPECT_EQ(found[0].mode, LockMode::row_exclusive);
    EXPECT_THAT(describe(found[0].backend), HasSubstr("prepared transaction \"left behind\" of postgres"));
    must_run(c, "ROLLBACK PREPARED 'left behind'");
}

TEST(Holders, AreSeenWithoutTheRightToSeeWhatTheyDo) {
    const Database db;
    Connection reader = db.open();
    run_all(reader, {"CREATE TABLE t (a int)", "CREATE ROLE " + db.name() + "_low LOGIN", "BEGIN", "SELECT * FROM t"});
    const std::string port = std::to_string(server().port());
    {
        Connection low =
            Connection::open(Conninfo("host=127.0.0.1 port=" + port + " user=" + db.name() + "_low dbname=" + db.name(), "the test"),
                             "test", base::in(std::chrono::seconds(10)), nullptr);
        const auto found = holders(low, {{oid_of(reader, "t"), LockMode::access_exclusive}}, {});
        ASSERT_EQ(found.size(), 1U);
        EXPECT_EQ(found[0].backend.pid, reader.backend_pid());
        EXPECT_TRUE(found[0].backend.hidden);
        EXPECT_EQ(found[0].backend.query, "");
        EXPECT_EQ(found[0].backend.transaction_age, std::nullopt);
        EXPECT_THAT(describe(found[0].backend), HasSubstr("pg_read_all_stats"));
        const Sample seen = sample(low, {low.backend_pid()});
        EXPECT_TRUE(seen.hidden);
        EXPECT_EQ(seen.oldest_transaction, std::nullopt);
    }
    run_all(reader, {"ROLLBACK", "DROP ROLE " + db.name() + "_low"});
}

TEST(Blockers, AreNamedForAWaitingStatement) {
    const Database db;
    Connection holder = db.open();
    run_all(holder, {"CREATE TABLE t (a int)", "BEGIN", "SELECT * FROM t"});
    Connection c = db.open();
    const Background waiter(db, "DROP TABLE t");
    eventually([&] { return blockers_of(c, waiter.pid()).size() == 1; }, "the waiter is blocked");
    EXPECT_EQ(blockers_of(c, waiter.pid())[0].pid, holder.backend_pid());
    EXPECT_TRUE(blockers_of(c, holder.backend_pid()).empty());

    eventually([&] { return blocked_by(c, {holder.backend_pid()}).longest > milliseconds(0); }, "time passes");
    EXPECT_EQ(blocked_by(c, {holder.backend_pid()}).sessions, 1);
    EXPECT_EQ(blocked_by(c, {c.backend_pid()}).sessions, 0);

    // Whoever comes later waits behind the waiter too.
    const Background later(db, "SELECT * FROM t");
    eventually([&] { return blocked_by(c, {waiter.pid()}).sessions == 1; }, "the later one is blocked");
    const Sample seen = sample(c, {c.backend_pid(), waiter.pid()});
    EXPECT_EQ(seen.blocked_sessions, 1);
    EXPECT_EQ(seen.blocked_by_us, 1);
    EXPECT_GE(seen.active_sessions, 1);
    EXPECT_GT(seen.oldest_transaction.value_or(milliseconds(0)), milliseconds(0));
    EXPECT_FALSE(seen.hidden);
    EXPECT_EQ(seen.replication_lag, std::nullopt);
    must_run(holder, "ROLLBACK");
}

TEST(Blockers, AreNamedForAPreparedTransaction) {
    const Database db;
    Connection c = db.open();
    run_all(c, {"CREATE TABLE t (a int)", "BEGIN", "INSERT INTO t VALUES (1)", "PREPARE TRANSACTION 'p1'", "BEGIN",
                "CREATE TABLE elsewhere (a int)", "PREPARE TRANSACTION 'p2'"});
    {
        const Background waiter(db, "DROP TABLE t");
        eventually([&] { return !blockers_of(c, waiter.pid()).empty(); }, "the waiter is blocked");
        const auto blockers = blockers_of(c, waiter.pid());
        ASSERT_EQ(blockers.size(), 1U);
        EXPECT_EQ(blockers[0].gid, "p1");
    }
    run_all(c, {"ROLLBACK PREPARED 'p1'", "ROLLBACK PREPARED 'p2'"});
}

TEST(Build, ShowsItsProgressAndWhomItWaitsFor) {
    const Database db;
    Connection writer = db.open();
    run_all(writer, {"CREATE TABLE t AS SELECT n AS a FROM generate_series(1, 1000) n", "BEGIN", "INSERT INTO t VALUES (1)"});
    Connection c = db.open();
    const Oid t = oid_of(c, "t");
    EXPECT_TRUE(builders_on(c, t, {}).empty());
    Background build(db, "CREATE INDEX CONCURRENTLY i ON t (a)",
                     {"SELECT pg_advisory_lock_shared(" + std::to_string(AdvisoryKeys::kWorker) + ", 7)"});
    std::optional<BuildProgress> progress;
    eventually(
        [&] {
            progress = build_progress(c, build.pid());
            return progress && progress->locker_pid != 0;
        },
        "the build waits");
    EXPECT_EQ(progress->phase, "waiting for writers before build");
    EXPECT_EQ(progress->locker_pid, writer.backend_pid());
    EXPECT_EQ(progress->lockers_total, 1);
    EXPECT_GT(progress->fraction, 0);
    EXPECT_LT(progress->fraction, 0.05);
    EXPECT_NE(find(blockers_of(c, build.pid()), writer.backend_pid()), nullptr);

    const auto builders = builders_on(c, t, {});
    ASSERT_EQ(builders.size(), 1U);
    EXPECT_EQ(builders[0].backend.pid, build.pid());
    EXPECT_EQ(builders[0].run, 7);
    EXPECT_TRUE(builders_on(c, t, {build.pid()}).empty());

    must_run(writer, "COMMIT");
    EXPECT_TRUE(std::holds_alternative<Result>(build.wait()));
    EXPECT_EQ(build_progress(c, build.pid()), std::nullopt);
    EXPECT_TRUE(builders_on(c, t, {}).empty());
}

TEST(Build, APreparedWriterInItsWayIsNamed) {
    const Database db;
    Connection c = db.open();
    run_all(c, {"CREATE TABLE t (a int)", "BEGIN", "INSERT INTO t VALUES (1)", "PREPARE TRANSACTION 'writer'"});
    {
        const Background build(db, "CREATE INDEX CONCURRENTLY i ON t (a)");
        eventually([&] { return !blockers_of(c, build.pid()).empty(); }, "the build is blocked");
        EXPECT_EQ(blockers_of(c, build.pid())[0].gid, "writer");
    }
    must_run(c, "ROLLBACK PREPARED 'writer'");
}

TEST(Build, AnotherBuilderWithoutARunHasNone) {
    const Database db;
    Connection other = db.open();
    run_all(other, {"CREATE TABLE t (a int)", "BEGIN", "LOCK TABLE t IN SHARE UPDATE EXCLUSIVE MODE"});
    Connection c = db.open();
    const auto builders = builders_on(c, oid_of(c, "t"), {});
    ASSERT_EQ(builders.size(), 1U);
    EXPECT_EQ(builders[0].run, std::nullopt);
}

TEST(BuildFraction, NeverGoesBackFromPhaseToPhase) {
    const char* const kOrder[] = {"initializing",
                                  "waiting for writers before build",
                                  "building index: initializing",
                                  "building index: scanning table",
                                  "building index: sorting live tuples",
                                  "building index: sorting dead tuples",
                                  "building index: loading tuples in tree",
                                  "waiting for writers before validation",
                                  "index validation: scanning index",
                                  "index validation: sorting tuples",
                                  "index validation: scanning table",
                                  "waiting for old snapshots",
                                  "waiting for readers before marking dead",
                                  "waiting for readers before dropping"};
    double before = 0;
    for (const char* phase : kOrder) {
        for (std::int64_t done = 0; done <= 100; done += 50) {
            const double now = build_fraction({.phase = phase,
                                               .blocks_done = done,
                                               .blocks_total = 100,
                                               .tuples_done = done,
                                               .tuples_total = 100,
                                               .lockers_done = done,
                                               .lockers_total = 100});
            EXPECT_GE(now, before) << phase << ' ' << done;
            EXPECT_LE(now, 1.0);
            before = now;
        }
    }
    EXPECT_GT(build_fraction({.phase = "building index", .blocks_done = 50, .blocks_total = 100}), 0.3);
    EXPECT_EQ(build_fraction({.phase = "something new"}), 0);
    EXPECT_LE(build_fraction({.phase = "building index: scanning table", .blocks_done = 500, .blocks_total = 100}), 0.45);
}

TEST(Sample, CountsRollbacksAsARunningTotal) {
    const Database db;
    Connection c = db.open();
    const std::int64_t before = sample(c, {}).rollbacks;
    {
        Connection other = db.open();
        run_all(other, {"BEGIN", "CREATE TABLE t ()", "ROLLBACK"});
    }
    // The statistics arrive when the session ends.
    eventually([&] { return sample(c, {}).rollbacks > before; }, "the rollback is counted");
}

TEST(Describe, SaysWhatASessionDoesAndSinceWhen) {
    Backend backend;
    backend.pid = 4711;
    backend.user = "app";
    backend.client = "10.0.0.5";
    backend.application = "reports";
    backend.type = "client backend";
    backend.state = "idle in transaction";
    backend.state_age = milliseconds(182'000);
    backend.query = "SELECT … FROM t";
    EXPECT_EQ(describe(backend), "pid 4711 (app@10.0.0.5, \"reports\"): idle in transaction for 3 min 2 s, last: SELECT … FROM t");
    backend.state = "active";
    EXPECT_EQ(describe(backend), "pid 4711 (app@10.0.0.5, \"reports\"): active for 3 min 2 s: SELECT … FROM t");
    backend.application = "pgbelay worker";
    EXPECT_THAT(describe(backend), HasSubstr("another pgbelay, active"));
    backend.application = "pg_dump";
    EXPECT_THAT(describe(backend), HasSubstr(": a dump"));
}

TEST(Recognise, FindsMigratorsByTheLocksThatTheyHold) {
    const Database db;
    Connection c = db.open();
    run_all(c, {"CREATE TABLE schema_migrations (version text)", "CREATE TABLE databasechangeloglock (id int)", "CREATE TABLE t (a int)"});
    const std::pair<const char*, const char*> all[] = {
        {"SELECT pg_advisory_lock(72707369)", "Prisma"},
        {"SELECT pg_advisory_xact_lock(77431708279161 - 1234567890)", "Flyway"},
        {"SELECT pg_try_advisory_lock(2053462845 * 3632233996)", "Rails"},
        {"SELECT pg_advisory_lock(5887940537704921958)", "goose"},
        {"INSERT INTO schema_migrations VALUES ('1')", "ledger schema_migrations"},
        {"LOCK TABLE databasechangeloglock", "Liquibase"},
        {"SELECT * FROM schema_migrations", ""},
        {"SELECT pg_advisory_lock(42)", ""},
        {"SELECT pg_advisory_lock(0, 72707369)", ""},
        {"INSERT INTO t VALUES (1)", ""},
    };
    for (const auto& [statement, tool] : all) {
        Connection other = db.open();
        run_all(other, {"SET application_name = 'x'", "BEGIN", statement});
        std::vector<Backend> backends(1);
        backends[0].pid = other.backend_pid();
        backends[0].type = "client backend";
        backends[0].application = "x";
        recognise(c, backends);
        EXPECT_EQ(backends[0].tool, tool) << statement;
        EXPECT_EQ(kind(backends[0]), *tool == '\0' ? Kind::client : Kind::migrator) << statement;
        EXPECT_FALSE(backends[0].builds);
    }
}

TEST(Recognise, FindsWhoBuildsAnIndex) {
    const Database db;
    Connection c = db.open();
    Connection writer = db.open();
    run_all(writer, {"CREATE TABLE t (a int)", "BEGIN", "INSERT INTO t VALUES (1)"});
    const Background build(db, "CREATE INDEX CONCURRENTLY t_a ON t (a)");
    std::vector<Backend> backends(1);
    backends[0].pid = build.pid();
    backends[0].type = "client backend";
    eventually(
        [&] {
            recognise(c, backends);
            return backends[0].builds;
        },
        "the build shows");
    EXPECT_EQ(kind(backends[0]), Kind::builder);
    must_run(writer, "ROLLBACK");
}

TEST(Blockers, TellHoldersFromThoseWhoOnlyWaitAhead) {
    const Database db;
    Connection holder = db.open();
    run_all(holder, {"CREATE TABLE t (a int)", "BEGIN", "SELECT * FROM t"});
    Connection c = db.open();
    const Background first(db, "LOCK TABLE t", {"BEGIN"});
    eventually([&] { return blockers_of(c, first.pid()).size() == 1; }, "the first waits");
    const Background second(db, "LOCK TABLE t", {"BEGIN"});
    std::vector<Backend> blockers;
    eventually(
        [&] {
            blockers = blockers_of(c, second.pid());
            return blockers.size() == 2;
        },
        "the second waits for both");
    ASSERT_NE(find(blockers, holder.backend_pid()), nullptr);
    ASSERT_NE(find(blockers, first.pid()), nullptr);
    EXPECT_FALSE(find(blockers, holder.backend_pid())->waits);
    EXPECT_TRUE(find(blockers, first.pid())->waits);
    EXPECT_EQ(find(blockers, holder.backend_pid())->transaction_started,
              value(c, "SELECT xact_start FROM pg_stat_activity WHERE pid = " + std::to_string(holder.backend_pid())));
    must_run(holder, "ROLLBACK");
}

TEST(Describe, NamesMigratorsByTheirApplicationNameOrTool) {
    Backend backend;
    backend.pid = 4711;
    backend.type = "client backend";
    backend.application = "Flyway by Redgate";
    backend.state = "active";
    EXPECT_EQ(describe(backend), "pid 4711 (\"Flyway by Redgate\"): another migrator (Flyway), active");
    backend.application = "psql";
    EXPECT_EQ(kind(backend), Kind::client);
    backend.tool = "Prisma";
    EXPECT_EQ(describe(backend), "pid 4711 (\"psql\"): another migrator (Prisma), active");
    backend.hidden = true;
    backend.user = "app";
    EXPECT_THAT(describe(backend), HasSubstr("another migrator (Prisma), what it does is hidden"));
    backend.user = "";
    EXPECT_EQ(kind(backend), Kind::autovacuum);
}

TEST(Describe, NamesWhatIsNoOrdinarySession) {
    Backend vacuum;
    vacuum.pid = 12;
    vacuum.type = "autovacuum worker";
    vacuum.state = "active";
    vacuum.transaction_age = milliseconds(2'000);
    vacuum.query = "autovacuum: VACUUM public.t (to prevent wraparound)";
    EXPECT_EQ(describe(vacuum), "pid 12: autovacuum for 2.0 s: VACUUM public.t (to prevent wraparound)");
    Backend backup;
    backup.pid = 13;
    backup.type = "walsender";
    backup.application = "pg_basebackup";
    EXPECT_THAT(describe(backup), HasSubstr("a base backup"));
    backup.application = "standby1";
    EXPECT_THAT(describe(backup), HasSubstr("replication"));
    EXPECT_THAT(describe(backup), Not(HasSubstr("base backup")));
}

}  // namespace
}  // namespace pgbelay::pg
