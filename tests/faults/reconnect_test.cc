// Backends that are killed and servers that crash under a living process: it connects again, looks up what was done, and goes on.
#include "faults/stage.h"

#include <gtest/gtest.h>

namespace pgbelay::test {
namespace {

const std::string kTables = large_table("busy") + "CREATE TABLE counter (n integer NOT NULL); INSERT INTO counter VALUES (0)";
constexpr const char* kCount = "UPDATE counter SET n = n + 1;\n";

void terminate(const Stage& stage, const std::string& purpose) {
    stage.value(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'pgbelay " +
        purpose + "'");
}

TEST(Reconnect, AWorkerThatIsTerminatedInMidTransactionIsReplaced) {
    Stage stage(kTables);
    stage.folder.write("1.sql", kCount);
    Session holder = stage.session();
    holder.run("BEGIN; SELECT * FROM counter FOR UPDATE");
    auto client = stage.start({"deploy", "-y", "1.sql"});
    eventually("the step waits for the row", [&] { return stage.waits_for_a_lock("worker"); });
    terminate(stage, "worker");
    eventually("it has connected again", [&] { return client->has_said("connected again") && stage.waits_for_a_lock("worker"); });
    holder.run("COMMIT");
    EXPECT_EQ(client->wait(), 0) << client->said();
    EXPECT_EQ(stage.value("SELECT n FROM counter"), "1");
    EXPECT_EQ(stage.run_state(), "deployed");
}

TEST(Reconnect, ABuildThatIsTerminatedIsCleanedUpAndBuiltAnew) {
    Stage stage(kTables);
    stage.folder.write("1.sql", "CREATE INDEX busy_a_idx ON busy (a);\n");
    Session writer = stage.session();
    writer.run("BEGIN; UPDATE busy SET a = a WHERE id = 1");
    auto client = stage.start({"deploy", "-y", "1.sql"});
    eventually("the build waits for the writer", [&] { return stage.waits_for_a_lock("build"); });
    terminate(stage, "build");
    eventually("it has connected again", [&] { return client->has_said("connected again"); });
    writer.run("COMMIT");
    EXPECT_EQ(client->wait(), 0) << client->said();
    EXPECT_EQ(stage.value("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('busy_a_idx')"), "t");
    EXPECT_EQ(stage.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0");
}

TEST(Reconnect, AKeeperThatIsTerminatedWhileAStepWaitsIsReplaced) {
    Stage stage(kTables);
    stage.folder.write("1.sql", "ALTER TABLE busy ADD COLUMN region text;\n");
    Session reader = stage.session();
    reader.run("BEGIN; SELECT count(*) FROM busy");
    auto client = stage.start({"deploy", "-y", "--format", "jsonl", "1.sql"});
    eventually("it waits for the reader", [&] { return client->has_said("step_waiting"); });
    terminate(stage, "keeper");
    eventually("it has connected again", [&] { return client->has_said("connected again"); });
    reader.run("COMMIT");
    EXPECT_EQ(client->wait(), 0) << client->said();
}

TEST(Reconnect, WhoeverEndsItsSessionsAgainAndAgainStopsIt) {
    Stage stage(kTables);
    stage.folder.write("1.sql", kCount);
    Session holder = stage.session();
    holder.run("BEGIN; SELECT * FROM counter FOR UPDATE");
    auto client = stage.start({"deploy", "-y", "1.sql"});
    eventually("it gives up", [&] {
        if (stage.waits_for_a_lock("worker")) {
            terminate(stage, "worker");
        }
        return !client->running();
    });
    EXPECT_EQ(client->wait(), 3) << client->said();
    holder.run("COMMIT");
    const auto resumed = stage.run({"resume"});
    EXPECT_EQ(resumed.status, 0) << resumed.said;
    EXPECT_EQ(stage.value("SELECT n FROM counter"), "1");
}

// A server of its own: the other tests' would not like it.
class Crash : public ::testing::Test {
protected:
    void crash() {
        cluster_.stop_immediately();
        cluster_.start();
    }

    // synchronous_commit is what keeps a commit across a crash; fsync only across that of the machine.
    cluster::Cluster cluster_{{.major = "15", .settings = {{"fsync", "off"}}}};
};

TEST_F(Crash, TheClientGoesOnAfterACrashInMidTransaction) {
    Stage stage(kTables, cluster_);
    stage.folder.write("1.sql", std::string(kCount) + "UPDATE counter SET n = n + 10;\n");
    Session holder = stage.session();
    holder.run("BEGIN; UPDATE busy SET a = a WHERE id = 1");
    stage.folder.write("2.sql", "BEGIN;\nUPDATE counter SET n = n + 100;\nUPDATE busy SET a = a WHERE id = 1;\nCOMMIT;\n");
    auto client = stage.start({"deploy", "-y", "1.sql", "2.sql"});
    eventually("the last step waits for the row", [&] { return stage.waits_for_a_lock("worker"); });
    crash();
    EXPECT_EQ(client->wait(), 0) << client->said();
    EXPECT_EQ(stage.value("SELECT n FROM counter"), "111");
    EXPECT_EQ(stage.run_state(), "deployed");
}

TEST_F(Crash, TheClientGoesOnAfterACrashInMidBuild) {
    Stage stage(kTables, cluster_);
    stage.folder.write("1.sql", "CREATE INDEX busy_a_idx ON busy (a);\n");
    Session writer = stage.session();
    writer.run("BEGIN; UPDATE busy SET a = a WHERE id = 1");
    auto client = stage.start({"deploy", "-y", "1.sql"});
    eventually("the build waits for the writer", [&] { return stage.waits_for_a_lock("build"); });
    crash();
    EXPECT_EQ(client->wait(), 0) << client->said();
    EXPECT_EQ(stage.value("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('busy_a_idx')"), "t");
}

}  // namespace
}  // namespace pgbelay::test
