// Index builds side by side: how many work, what waits for what, and what becomes of the others when one of them ends badly.
#include "faults/stage.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>

namespace pgbelay::test {
namespace {

constexpr const char* kFile =
    "CREATE INDEX one_a ON one (a);\n"
    "CREATE INDEX one_pad ON one (pad);\n"
    "CREATE INDEX two_a ON two (a);\n"
    "CREATE INDEX three_a ON three (a);\n";

struct Builds : Stage {
    Builds() : Stage(large_table("one") + large_table("two") + large_table("three")) { folder.write("1.sql", kFile); }

    // "one_a two_a": the indexes that are valid, in the order of their names.
    std::string valid() const {
        return value(
            "SELECT string_agg(c.relname, ' ' ORDER BY c.relname) FROM pg_index JOIN pg_class c ON c.oid = indexrelid "
            "WHERE indisvalid AND NOT indisprimary AND c.relnamespace = 'public'::regnamespace");
    }
    std::string invalid() const { return value("SELECT count(*) FROM pg_index WHERE NOT indisvalid"); }
    std::string in_the_ledger() const { return value("SELECT count(*) FROM pgbelay.file"); }
};

// Has written to a table and does not end: a build there waits for it before it begins to read.
Session idle_writer(const Stage& stage, const std::string& table) {
    Session session = stage.session();
    session.run(fmt::format("BEGIN; UPDATE {} SET a = a WHERE id = 1", table));
    return session;
}

// Holds a snapshot, but no lock on any of the tables: every build waits for it at its end.
Session old_snapshot(const Stage& stage) {
    Session session = stage.session();
    session.run("BEGIN ISOLATION LEVEL REPEATABLE READ");
    session.run("SELECT 1 FROM pg_catalog.pg_class LIMIT 1");
    return session;
}

void builds_wait(const Stage& stage, int how_many) {
    eventually(fmt::format("{} builds wait", how_many), [&] {
        return stage.value("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pgbelay build' AND wait_event_type = 'Lock'") ==
               std::to_string(how_many);
    });
}

TEST(Builds, OvertakeOneThatOnlyWaits) {
    Builds stage;
    Session writer = idle_writer(stage, "one");
    auto client = stage.start({"deploy", "-y", "--jobs", "1", "1.sql"});
    eventually("the others are built", [&] { return stage.valid() == "three_a two_a"; });
    // Never two on one table.
    EXPECT_EQ(stage.value("SELECT to_regclass('one_pad')"), "");
    EXPECT_EQ(stage.in_the_ledger(), "0");
    writer.run("COMMIT");
    EXPECT_EQ(client->wait(), 0) << client->said();
    EXPECT_EQ(stage.valid(), "one_a one_pad three_a two_a");
    EXPECT_EQ(stage.in_the_ledger(), "1");
    EXPECT_EQ(stage.value("SELECT string_agg(n || result, ' ' ORDER BY n) FROM pgbelay.step"), "1done 2done 3done 4done");
}

TEST(Builds, AFailureLetsTheOthersEndAndNoMoreBegin) {
    Builds stage;
    stage.folder.write("1.sql",
                       "CREATE INDEX one_a ON one (a);\nCREATE UNIQUE INDEX two_a ON two ((a / 2));\nCREATE INDEX one_pad ON one (pad);\n");
    Session snapshot = old_snapshot(stage);
    auto client = stage.start({"deploy", "-y", "--data-checks", "0", "1.sql"});
    eventually("the second one fails", [&] { return client->has_said("build index two_a: failed"); });
    builds_wait(stage, 1);
    snapshot.run("COMMIT");
    EXPECT_EQ(client->wait(), 5) << client->said();
    EXPECT_TRUE(client->has_said("duplicate")) << client->said();
    EXPECT_EQ(stage.valid(), "one_a");
    EXPECT_EQ(stage.invalid(), "0");

    stage.session().run("DELETE FROM two WHERE a % 2 = 1");
    const auto resumed = stage.run({"resume", "-y"});
    EXPECT_EQ(resumed.status, 0) << resumed.said;
    EXPECT_EQ(stage.valid(), "one_a one_pad two_a");
    EXPECT_EQ(stage.in_the_ledger(), "1");
}

TEST(Builds, ResumeAdoptsAllThatOutlivedTheirClient) {
    Builds stage;
    Session snapshot = old_snapshot(stage);
    auto client = stage.start({"deploy", "-y", "1.sql"});
    builds_wait(stage, 3);
    client->signal(SIGKILL);
    client->wait();
    snapshot.run("COMMIT");
    const auto resumed = stage.run({"resume", "-y"});
    EXPECT_EQ(resumed.status, 0) << resumed.said;
    EXPECT_EQ(stage.valid(), "one_a one_pad three_a two_a");
    EXPECT_EQ(stage.value("SELECT string_agg(n || result, ' ' ORDER BY n) FROM pgbelay.step"), "1adopted 2done 3adopted 4adopted");
}

TEST(Builds, OneThatLosesItsBackendDoesNotCostTheOthersTheirWork) {
    Builds stage;
    Session snapshot = old_snapshot(stage);
    auto client = stage.start({"deploy", "-y", "1.sql"});
    builds_wait(stage, 3);
    const std::string three = stage.value("SELECT 'three_a'::regclass::oid");
    stage.session().run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%two_a ON%' AND pid <> pg_backend_pid()");
    eventually("the others are waited for", [&] { return client->has_said("statement of the earlier process"); });
    snapshot.run("COMMIT");
    EXPECT_EQ(client->wait(), 0) << client->said();
    EXPECT_EQ(stage.valid(), "one_a one_pad three_a two_a");
    EXPECT_EQ(stage.value("SELECT 'three_a'::regclass::oid"), three);
    EXPECT_EQ(stage.invalid(), "0");
}

TEST(Builds, CtrlCEndsAllOfThemAndLeavesNothingBehind) {
    Builds stage;
    Session snapshot = old_snapshot(stage);
    auto client = stage.start({"deploy", "-y", "1.sql"});
    builds_wait(stage, 3);
    client->signal(SIGINT);
    EXPECT_EQ(client->wait(), 130) << client->said();
    EXPECT_EQ(stage.valid(), "");
    EXPECT_EQ(stage.value("SELECT count(*) FROM pg_index i WHERE NOT indisvalid AND NOT EXISTS "
                          "(SELECT FROM pgbelay.debt d WHERE d.settled_at IS NULL AND d.index_oid = i.indexrelid)"),
              "0");
    EXPECT_EQ(stage.run_state(), "interrupted");
    snapshot.run("COMMIT");
    const auto resumed = stage.run({"resume", "-y"});
    EXPECT_EQ(resumed.status, 0) << resumed.said;
    EXPECT_EQ(stage.valid(), "one_a one_pad three_a two_a");
    EXPECT_EQ(stage.invalid(), "0");
}

TEST(Builds, PauseLetsThemEndAndNoneBegin) {
    Builds stage;
    Session writer = idle_writer(stage, "one");
    stage.folder.write("1.sql", "CREATE INDEX one_a ON one (a);\nCREATE INDEX one_pad ON one (pad);\n");
    auto client = stage.start({"deploy", "-y", "1.sql"});
    builds_wait(stage, 1);
    EXPECT_EQ(stage.run({"pause"}).status, 0);
    writer.run("COMMIT");
    eventually("it is paused", [&] { return stage.run_state() == "paused"; });
    EXPECT_EQ(stage.valid(), "one_a");
    EXPECT_EQ(stage.value("SELECT to_regclass('one_pad')"), "");
    EXPECT_EQ(stage.run({"resume"}).status, 0);
    EXPECT_EQ(client->wait(), 0) << client->said();
    EXPECT_EQ(stage.valid(), "one_a one_pad");
}

TEST(Builds, AStuckOneIsTriedAgainAndThenReported) {
    Builds stage;
    Session snapshot = old_snapshot(stage);
    const std::string pid = snapshot.value("SELECT pg_backend_pid()");
    stage.folder.write("1.sql", "CREATE INDEX one_a ON one (a);\n");
    const auto ended = stage.run({"deploy", "-y", "--stuck-after", "1s", "1.sql"});
    EXPECT_EQ(ended.status, 3) << ended.said;
    EXPECT_NE(ended.said.find("no progress for 1.0 s, twice"), std::string::npos) << ended.said;
    EXPECT_NE(ended.said.find("pid " + pid), std::string::npos) << ended.said;
    EXPECT_EQ(stage.invalid(), "0");
    snapshot.run("COMMIT");
    const auto resumed = stage.run({"resume", "-y"});
    EXPECT_EQ(resumed.status, 0) << resumed.said;
    EXPECT_EQ(stage.valid(), "one_a");
}

}  // namespace
}  // namespace pgbelay::test
