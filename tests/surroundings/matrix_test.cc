// Who may stand in the way of a change: each is named for what it is, ends as the policy says, and costs the application nothing but the
// budgets of the lock: the longest wait that it felt, in the queue and while the lock was held, is measured all the while.
#include "surroundings/neighbour.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace pgbelay::test {
namespace {

using base::Clock;

constexpr const char* kColumn = "ALTER TABLE busy ADD COLUMN region text;\n";
constexpr const char* kIndex = "CREATE INDEX busy_a_idx ON busy (a);\n";

// limits.lock_timeout and limits.hold of a deployment that says nothing else. Who queues behind a blocker waits for longer: each of them
// stays for at least two seconds after the change was begun.
constexpr std::chrono::milliseconds kBudgets{1'100};
constexpr std::chrono::seconds kStays{2};

struct Neighbour {
    std::string name;
    std::string before;     // run by the session that stands in the way
    std::string statement;  // … and left running then; "" = it stays idle
    std::string named;      // what the deployment says of it
    bool in_the_way_of_a_lock = true;
    std::string after;  // run by another session to let it go; "" = its transaction is rolled back
};

void PrintTo(const Neighbour& neighbour, std::ostream* out) {
    *out << neighbour.name;
}

const std::vector<Neighbour> kNeighbours{
    {"IdleReader", "BEGIN; SELECT count(*) FROM busy", "", "idle in transaction", true, ""},
    {"IdleWriter", "BEGIN; UPDATE busy SET a = a WHERE id = 7000", "", "idle in transaction", true, ""},
    {"LongReport", "BEGIN", "SELECT count(*), pg_sleep(100) FROM (SELECT FROM busy LIMIT 1) AS b", "active", true, ""},
    {"Cursor", "BEGIN; DECLARE c CURSOR FOR SELECT * FROM busy; FETCH 1 FROM c", "", "last: BEGIN; DECLARE c CURSOR", true, ""},
    {"RepeatableRead", "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM busy", "", "idle in transaction", true, ""},
    {"SnapshotElsewhere", "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM other", "", "idle in transaction", false, ""},
    {"PreparedTransaction", "BEGIN; INSERT INTO busy VALUES (9000); PREPARE TRANSACTION 'left'", "", "prepared transaction", true,
     "ROLLBACK PREPARED 'left'"},
    {"WaiterInAnAdvisoryLock", "SELECT 1", "SELECT pg_advisory_lock(4711)", "waiting for a lock itself", false, ""},
    {"AnotherDeployer", "SET application_name = 'Flyway'; BEGIN; INSERT INTO busy VALUES (9001)", "", "another migrator (Flyway)", true,
     ""},
    {"Dump",
     "SET application_name = 'pg_dump'; BEGIN ISOLATION LEVEL REPEATABLE READ; LOCK TABLE busy IN ACCESS SHARE MODE; "
     "SELECT count(*) FROM busy",
     "", "a dump", true, ""},
};

class Matrix : public ::testing::TestWithParam<Neighbour> {
protected:
    // Waits for the blocker to be named, lets it stay, lets it go, and sees the deployment through.
    void see_through(const std::string& sql, const std::string& others) {
        stage_.folder.write("1.sql", sql);
        auto traffic = traffic_on_busy(stage_.database, 100, 4);
        auto client = stage_.start({"deploy", "-y", "--format", "jsonl", "--blockers", "wait", "1.sql"});
        eventually("it is named: " + GetParam().named, [&] { return client->has_said(GetParam().named); });
        const auto named_at = Clock::now();
        eventually("it stayed for a while", [&] { return Clock::now() - named_at > kStays; });
        EXPECT_TRUE(client->running()) << client->said();
        leave_(others);
        EXPECT_EQ(client->wait(), 0) << client->said();
        const demo::Latencies felt = traffic->finish();
        EXPECT_EQ(felt.errors, 0U) << felt.first_error;
        EXPECT_LT(felt.longest, kBudgets) << "of " << felt.count << " statements";
    }

    void leave_(const std::string& others) {
        if (busy_) {
            busy_.reset();
        } else {
            session_->run("ROLLBACK");
        }
        if (!others.empty()) {
            session_->run(others);
        }
    }

    void SetUp() override {
        holder_.run("SELECT pg_advisory_lock(4711)");
        if (GetParam().statement.empty()) {
            session_.emplace(stage_.session());
            // One statement at a time: PREPARE TRANSACTION must not share its string.
            const std::string& script = GetParam().before;
            const std::size_t last = script.rfind("PREPARE TRANSACTION");
            session_->run(script.substr(0, last));
            if (last != std::string::npos) {
                session_->run(script.substr(last));
            }
        } else {
            busy_.emplace(stage_.database, GetParam().before, GetParam().statement);
        }
    }

    Stage stage_{large_table("busy") + "CREATE TABLE other (id integer)"};
    Session holder_ = stage_.session();
    std::optional<Session> session_;
    std::optional<Busy> busy_;
};

TEST_P(Matrix, AStrongLockIsWaitedForOutsideOfTheQueue) {
    if (!GetParam().in_the_way_of_a_lock) {
        stage_.folder.write("1.sql", kColumn);
        const auto ended = stage_.run({"deploy", "-y", "1.sql"});
        EXPECT_EQ(ended.status, 0) << ended.said;
        return;
    }
    see_through(kColumn, GetParam().after);
    EXPECT_EQ(stage_.value("SELECT count(*) FROM pg_attribute WHERE attrelid = 'busy'::regclass AND attname = 'region'"), "1");
}

TEST_P(Matrix, ABuildWaitsWithoutHarm) {
    if (GetParam().name == "IdleReader") {
        // READ COMMITTED and idle: it holds neither a snapshot nor a lock that a build waits for.
        stage_.folder.write("1.sql", kIndex);
        const auto ended = stage_.run({"deploy", "-y", "1.sql"});
        EXPECT_EQ(ended.status, 0) << ended.said;
        return;
    }
    see_through(kIndex, GetParam().after);
    EXPECT_EQ(stage_.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'busy_a_idx'::regclass"), "t");
}

INSTANTIATE_TEST_SUITE_P(Neighbours, Matrix, ::testing::ValuesIn(kNeighbours), [](const auto& tested) { return tested.param.name; });

TEST(ShortLocks, FiveHundredASecondLetAChangeThrough) {
    Stage stage(large_table("busy"));
    stage.folder.write("1.sql", std::string(kColumn) + kIndex);
    auto traffic = traffic_on_busy(stage.database, 500, 8);
    eventually("the application is at work", [&] { return traffic->so_far().count > 200; });
    const auto ended = stage.run({"deploy", "-y", "1.sql"});
    EXPECT_EQ(ended.status, 0) << ended.said;
    const demo::Latencies felt = traffic->finish();
    EXPECT_EQ(felt.errors, 0U) << felt.first_error;
    EXPECT_LT(felt.longest, kBudgets) << "of " << felt.count << " statements";
}

// A server whose autovacuum begins at once and, for the table, takes minutes: one page in a tenth of a second.
class Autovacuum : public ::testing::Test {
protected:
    static constexpr const char* kSlowly =
        "; ALTER TABLE busy SET (autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1, "
        "autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0, "
        "autovacuum_analyze_threshold = 2000000000)";

    static cluster::ClusterOptions options(const std::string& freeze_max_age, const std::string& naptime) {
        return {.major = "15",
                .settings = {{"fsync", "off"},
                             {"autovacuum_naptime", naptime},
                             {"autovacuum_max_workers", "2"},
                             {"deadlock_timeout", "300ms"},
                             {"autovacuum_freeze_max_age", freeze_max_age}}};
    }

    static std::string worker(const Stage& stage) {
        return stage.value("SELECT coalesce(max(pid), 0) FROM pg_stat_progress_vacuum WHERE relid = 'busy'::regclass");
    }
    static void await_worker(const Stage& stage) {
        eventually("autovacuum works on the table", [&] { return worker(stage) != "0"; });
    }
};

TEST_F(Autovacuum, APlainOneGivesWayByItselfAndIsNotWaitedFor) {
    cluster::Cluster server(options("200000000", "1s"));
    Stage stage(large_table("busy") + kSlowly, server);
    for (const std::string sql : {kColumn, kIndex}) {
        const std::string file = sql == kColumn ? "1.sql" : "2.sql";
        stage.session().run("UPDATE busy SET a = a + 1");
        await_worker(stage);
        stage.folder.write(file, sql);
        auto traffic = traffic_on_busy(stage.database, 100, 4);
        const auto began = Clock::now();
        const auto ended = stage.run({"deploy", "-y", file});
        EXPECT_EQ(ended.status, 0) << ended.said;
        EXPECT_LT(Clock::now() - began, std::chrono::seconds(20)) << ended.said;
        const demo::Latencies felt = traffic->finish();
        EXPECT_EQ(felt.errors, 0U) << felt.first_error;
        EXPECT_LT(felt.longest, kBudgets) << "of " << felt.count << " statements";
    }
}

TEST_F(Autovacuum, OneToPreventWraparoundIsNamedWaitedForAndEndedOnlyWhereThePolicyNamesIt) {
    // One that was ended comes back after a third of this time, since there are three databases.
    cluster::Cluster server(options("100000", "9s"));
    Stage stage(large_table("busy") + kSlowly, server);
    // Each block with an exception handler that writes is a transaction of its own as far as numbers go.
    stage.session().run(
        "CREATE TABLE spent (id integer); DO $$ BEGIN FOR i IN 1 .. 101000 LOOP BEGIN INSERT INTO spent VALUES (i); "
        "EXCEPTION WHEN unique_violation THEN NULL; END; END LOOP; END $$");
    await_worker(stage);
    stage.folder.write("1.sql", kColumn);
    auto traffic = traffic_on_busy(stage.database, 100, 4);
    const auto left = stage.run({"deploy", "-y", "--blockers", "terminate:1s", "--limit", "deadline=4s", "1.sql"});
    EXPECT_EQ(left.status, 3) << left.said;
    EXPECT_NE(left.said.find("(to prevent wraparound)"), std::string::npos) << left.said;
    EXPECT_NE(left.said.find("left alone unless the policy says `terminate:…,vacuums`"), std::string::npos) << left.said;
    EXPECT_NE(worker(stage), "0");

    const auto ended = stage.run({"resume", "--blockers", "terminate:1s,vacuums"});
    EXPECT_EQ(ended.status, 0) << ended.said;
    EXPECT_EQ(stage.value("SELECT count(*) FROM pg_attribute WHERE attrelid = 'busy'::regclass AND attname = 'region'"), "1");
    EXPECT_NE(stage.value("SELECT count(*) FROM pgbelay.signal WHERE action = 'terminate'"), "0");
    const demo::Latencies felt = traffic->finish();
    EXPECT_EQ(felt.errors, 0U) << felt.first_error;
    EXPECT_LT(felt.longest, kBudgets) << "of " << felt.count << " statements";
}

}  // namespace
}  // namespace pgbelay::test
