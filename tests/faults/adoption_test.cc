// Concurrent builds that outlive their client, that others make, and what is left of those that failed.
#include "faults/stage.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <thread>

namespace pgbelay::test {
namespace {

constexpr const char* kIndex = "CREATE INDEX busy_a_idx ON busy (a);\n";

std::string valid(const Stage& stage) {
    return stage.value("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('busy_a_idx')");
}

std::string index_oid(const Stage& stage) {
    return stage.value("SELECT to_regclass('busy_a_idx')::oid");
}

std::string open_debts(const Stage& stage) {
    return stage.value("SELECT count(*) FROM pgbelay.debt WHERE settled_at IS NULL");
}

// A session that has written to the table and does not end: whoever builds there waits for it.
Session idle_writer(const Stage& stage) {
    Session session = stage.session();
    session.run("BEGIN; UPDATE busy SET a = a WHERE id = 1");
    return session;
}

TEST(Adoption, ResumeAdoptsABuildThatOutlivedItsClient) {
    Stage stage(large_table("busy"));
    stage.folder.write("1.sql", kIndex);
    Session writer = idle_writer(stage);
    auto client = stage.start({"deploy", "-y", "1.sql"});
    eventually("the build waits for the writer", [&] { return stage.waits_for_a_lock("build"); });
    const std::string oid = index_oid(stage);
    client->signal(SIGKILL);
    client->wait();

    auto resumed = stage.start({"resume"});
    eventually("it waits for the orphan", [&] { return resumed->has_said("statement of the earlier process"); });
    EXPECT_EQ(valid(stage), "f");
    writer.run("COMMIT");
    EXPECT_EQ(resumed->wait(), 0) << resumed->said();
    EXPECT_EQ(valid(stage), "t");
    EXPECT_EQ(index_oid(stage), oid);
    EXPECT_EQ(stage.value("SELECT result FROM pgbelay.step"), "adopted");
}

TEST(Adoption, ARollbackUndoesABuildThatEndedUnseen) {
    Stage stage(large_table("busy"));
    stage.folder.write("1.sql", kIndex);
    Session writer = idle_writer(stage);
    auto client = stage.start({"deploy", "-y", "1.sql"});
    eventually("the build waits for the writer", [&] { return stage.waits_for_a_lock("build"); });
    client->signal(SIGKILL);
    client->wait();
    writer.run("COMMIT");
    eventually("the orphan ends its build", [&] { return valid(stage) == "t"; });
    const auto undone = stage.run({"rollback", "-y"});
    EXPECT_EQ(undone.status, 0) << undone.said;
    EXPECT_EQ(index_oid(stage), "");
    EXPECT_EQ(stage.value("SELECT string_agg(state, ' ' ORDER BY id) FROM pgbelay.run"), "rolled_back rolled_back");
}

TEST(Adoption, ABuildOfSomebodyElseIsNamedAndWaitedFor) {
    Stage stage(large_table("busy"));
    stage.folder.write("1.sql", kIndex);
    Session writer = idle_writer(stage);
    Session other = stage.session();
    const std::string pid = other.value("SELECT pg_backend_pid()");
    std::jthread build([&] { other.run("CREATE INDEX CONCURRENTLY other_idx ON busy (a, id)"); });
    eventually("the other build waits for the writer",
               [&] { return stage.value("SELECT count(*) FROM pg_locks WHERE NOT granted") == "1"; });

    auto client = stage.start({"deploy", "-y", "1.sql"});
    eventually("the other build is named", [&] { return client->has_said("pid " + pid); });
    EXPECT_EQ(index_oid(stage), "");
    writer.run("COMMIT");
    build.join();
    EXPECT_EQ(client->wait(), 0) << client->said();
    EXPECT_EQ(valid(stage), "t");
    EXPECT_EQ(stage.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'other_idx'::regclass"), "t");
}

TEST(Adoption, TheSameIndexBuiltBySomebodyElseMeanwhileIsNotBuiltTwice) {
    Stage stage(large_table("busy"));
    stage.folder.write("1.sql", "ALTER TABLE busy ADD COLUMN region text;\n" + std::string(kIndex));
    Session reader = stage.session();
    reader.run("BEGIN; SELECT * FROM busy LIMIT 1");
    auto client = stage.start({"deploy", "-y", "--format", "jsonl", "1.sql"});
    eventually("the plan is made and the first step waits", [&] { return client->has_said("step_waiting"); });
    stage.session().run("CREATE INDEX busy_a_idx ON busy (a)");
    const std::string oid = index_oid(stage);
    reader.run("COMMIT");
    EXPECT_EQ(client->wait(), 0) << client->said();
    EXPECT_EQ(index_oid(stage), oid);
}

TEST(Adoption, AnInvalidLeftoverIsDroppedAndBuiltAnew) {
    Stage stage(large_table("busy") + kIndex + "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'busy_a_idx'::regclass");
    stage.folder.write("1.sql", kIndex);
    const std::string oid = index_oid(stage);
    const auto ended = stage.run({"deploy", "-y", "1.sql"});
    EXPECT_EQ(ended.status, 0) << ended.said;
    EXPECT_EQ(valid(stage), "t");
    EXPECT_NE(index_oid(stage), oid);
}

TEST(Adoption, ACleanUpThatIsBlockedBecomesADebtThatTheNextCommandSettles) {
    Stage stage(large_table("busy"));
    stage.folder.write("1.sql", kIndex);
    stage.folder.write("2.sql", "CREATE TABLE other (id integer);\n");
    Session writer = idle_writer(stage);
    auto client = stage.start({"deploy", "-y", "1.sql"});
    eventually("the build waits for the writer", [&] { return stage.waits_for_a_lock("build"); });
    client->signal(SIGINT);
    EXPECT_EQ(client->wait(std::chrono::seconds(10)), 130) << client->said();
    EXPECT_EQ(valid(stage), "f");
    EXPECT_EQ(open_debts(stage), "1");

    writer.run("COMMIT");
    const auto aborted = stage.run({"abort"});
    EXPECT_EQ(aborted.status, 0) << aborted.said;
    const auto next = stage.run({"deploy", "-y", "2.sql"});
    EXPECT_EQ(next.status, 0) << next.said;
    EXPECT_EQ(index_oid(stage), "");
    EXPECT_EQ(open_debts(stage), "0");
}

TEST(Adoption, AReindexKilledOnItsWayLeavesNothingInvalidAfterResume) {
    Stage stage(large_table("busy") + kIndex);
    stage.folder.write("1.sql", "REINDEX INDEX busy_a_idx;\n");
    Session writer = idle_writer(stage);
    auto client = stage.start({"deploy", "-y", "1.sql"});
    eventually("the rebuild waits for the writer", [&] { return stage.waits_for_a_lock("build"); });
    client->signal(SIGKILL);
    client->wait();
    stage.value("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pgbelay build'");
    writer.run("COMMIT");
    const auto resumed = stage.run({"resume"});
    EXPECT_EQ(resumed.status, 0) << resumed.said;
    EXPECT_EQ(stage.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0");
    EXPECT_EQ(stage.value("SELECT count(*) FROM pg_class WHERE relname ~ '_cc(new|old)'"), "0");
}

}  // namespace
}  // namespace pgbelay::test
