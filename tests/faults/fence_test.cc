// Exactly once, also when the process that began a step is dead, cut off or frozen and another one takes the run over.
#include "faults/stage.h"

#include <gtest/gtest.h>

#include <csignal>

namespace pgbelay::test {
namespace {

constexpr const char* kTables =
    "CREATE TABLE counter (n integer NOT NULL); INSERT INTO counter VALUES (0);"
    "CREATE TABLE busy (id integer PRIMARY KEY)";

// Its COMMIT is on its way together with what it does: the backend finishes the step whether its client lives or not.
constexpr const char* kFinishesByItself =
    "BEGIN;\n"
    "UPDATE counter SET n = n + 1;\n"
    "ALTER TABLE busy ADD COLUMN region text;\n"
    "DO $$ BEGIN PERFORM pg_sleep(3); END $$;\n"
    "COMMIT;\n";

// Of the newest run, which must exist by then.
void kill_keeper(const Stage& stage) {
    Session session = stage.session();
    for (const std::string& pid : stage.backends("keeper")) {
        session.value("SELECT pg_terminate_backend(" + pid + ")");
    }
    eventually("the keeper is gone", [&] { return stage.backends("keeper").empty(); });
}

bool sleeps(const Stage& stage) {
    return stage.value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'") == "1";
}

TEST(Fence, AStepThatOutlivesItsClientAndKeeperTakesEffectOnce) {
    Stage stage(kTables);
    stage.folder.write("1.sql", kFinishesByItself);
    auto first = stage.start({"deploy", "-y", "--limit", "hold=30s", "1.sql"});
    eventually("the step sleeps", [&] { return sleeps(stage); });
    first->signal(SIGKILL);
    first->wait();
    kill_keeper(stage);
    ASSERT_TRUE(sleeps(stage)) << "the orphan must still be at work when the second process comes";

    const auto second = stage.run({"resume"});
    EXPECT_EQ(second.status, 0) << second.said;
    EXPECT_NE(second.said.find("transaction of the earlier process is still open"), std::string::npos) << second.said;
    EXPECT_EQ(stage.value("SELECT n FROM counter"), "1");
    EXPECT_EQ(stage.value("SELECT count(*) FROM pg_attribute WHERE attrelid = 'busy'::regclass AND attname = 'region'"), "1");
    EXPECT_EQ(stage.run_state(), "deployed");
}

TEST(Fence, AStepWhoseClientDiesBeforeItsCommitIsDoneByTheNext) {
    Stage stage(kTables);
    stage.folder.write("1.sql", "UPDATE counter SET n = n + 1;\n");
    Session holder = stage.session();
    holder.run("BEGIN; SELECT * FROM counter FOR UPDATE");
    auto first = stage.start({"deploy", "-y", "1.sql"});
    eventually("the step waits for the row", [&] { return stage.waits_for_a_lock("worker"); });
    first->signal(SIGKILL);
    first->wait();
    kill_keeper(stage);

    auto second = stage.start({"resume"});
    eventually("the second process waits for the orphan", [&] { return second->has_said("earlier process"); });
    EXPECT_EQ(stage.value("SELECT count(*) FROM pgbelay.step"), "0");
    holder.run("COMMIT");
    EXPECT_EQ(second->wait(), 0) << second->said();
    EXPECT_EQ(stage.value("SELECT n FROM counter"), "1");
}

TEST(Fence, AProcessThatWasFrozenWhileAnotherTookOverChangesNothingWhenItWakesUp) {
    Stage stage(kTables);
    stage.folder.write("1.sql", "UPDATE counter SET n = n + 1;\n");
    Session holder = stage.session();
    holder.run("BEGIN; SELECT * FROM counter FOR UPDATE");
    auto frozen = stage.start({"deploy", "-y", "1.sql"});
    eventually("the step waits for the row", [&] { return stage.waits_for_a_lock("worker"); });
    frozen->signal(SIGSTOP);
    kill_keeper(stage);
    holder.run("COMMIT");

    const auto second = stage.run({"resume"});
    EXPECT_EQ(second.status, 0) << second.said;
    EXPECT_EQ(stage.value("SELECT n FROM counter"), "1");
    frozen->signal(SIGCONT);
    EXPECT_EQ(frozen->wait(), 3) << frozen->said();
    EXPECT_TRUE(frozen->has_said("taken over")) << frozen->said();
    EXPECT_EQ(stage.value("SELECT n FROM counter"), "1");
    EXPECT_EQ(stage.run_state(), "deployed");
}

TEST(Fence, AProcessThatWasFrozenOutsideTheQueueStopsAfterATakeOver) {
    Stage stage(kTables);
    stage.folder.write("1.sql", "BEGIN;\nUPDATE counter SET n = n + 1;\nALTER TABLE busy ADD COLUMN region text;\nCOMMIT;\n");
    Session reader = stage.session();
    reader.run("BEGIN; SELECT * FROM busy");
    auto frozen = stage.start({"deploy", "-y", "--format", "jsonl", "1.sql"});
    eventually("it waits for the reader", [&] { return frozen->has_said("step_waiting"); });
    frozen->signal(SIGSTOP);
    kill_keeper(stage);
    reader.run("COMMIT");

    const auto second = stage.run({"resume"});
    EXPECT_EQ(second.status, 0) << second.said;
    frozen->signal(SIGCONT);
    EXPECT_EQ(frozen->wait(), 3) << frozen->said();
    EXPECT_EQ(stage.value("SELECT n FROM counter"), "1");
}

TEST(Fence, AStepOfWhichNothingShowsWhetherItTookEffectIsLeftToAPerson) {
    Stage stage(kTables);
    stage.database.open().run(
        "CREATE PROCEDURE bump() LANGUAGE plpgsql AS $$ BEGIN UPDATE counter SET n = n + 1; COMMIT; PERFORM pg_sleep(60); END $$");
    stage.folder.write("1.sql", "CALL bump();\n");
    auto first = stage.start({"deploy", "-y", "1.sql"});
    eventually("the procedure has committed", [&] { return stage.value("SELECT n FROM counter") == "1" && sleeps(stage); });
    first->signal(SIGKILL);
    first->wait();
    stage.value("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'");

    const auto second = stage.run({"resume"});
    EXPECT_EQ(second.status, 5) << second.said;
    EXPECT_EQ(stage.value("SELECT n FROM counter"), "1");
}

TEST(Fence, AResumeWhileTheDeadProcessStillHoldsItsLockDoesTheWorkItself) {
    Stage stage(kTables);
    stage.folder.write("1.sql", "UPDATE counter SET n = n + 1;\n");
    stage.folder.write("2.sql", "UPDATE counter SET n = n + 1;\n");
    ASSERT_EQ(stage.run({"deploy", "-y", "1.sql"}).status, 0);
    Session holder = stage.session();
    holder.run("BEGIN; LOCK TABLE pgbelay.timing IN SHARE MODE");
    auto first = stage.start({"deploy", "-y", "2.sql"});
    eventually("its keeper is at a statement", [&] { return stage.waits_for_a_lock("keeper"); });
    first->signal(SIGKILL);
    first->wait();

    auto second = stage.start({"resume"});
    eventually("it has told the dead one to go on", [&] { return stage.value("SELECT count(*) FROM pgbelay.control") == "1"; });
    holder.run("COMMIT");
    EXPECT_EQ(second->wait(), 0) << second->said();
    EXPECT_EQ(stage.run_state(), "deployed") << second->said();
    EXPECT_EQ(stage.value("SELECT n FROM counter"), "2");
}

}  // namespace
}  // namespace pgbelay::test
