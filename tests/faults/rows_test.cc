// Rows that were counted, and rows that were deleted, are known to whoever takes a run over.
#include "faults/stage.h"

#include <gtest/gtest.h>

#include <csignal>

namespace pgbelay::test {
namespace {

constexpr const char* kTables =
    "CREATE TABLE counter (n integer NOT NULL); INSERT INTO counter VALUES (0);"
    "CREATE TABLE notes (id integer); INSERT INTO notes SELECT generate_series(1, 20);"
    "CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM notes WHERE id > 15; RETURN NULL; END $$";

// Step 1 touches `notes`, step 2 changes the counter, step 3 waits until `holder` lets go, in which the process is killed.
void kill_in_the_last_step(Stage& stage, const std::string& meanwhile) {
    stage.folder.write("1.sql", "ALTER TABLE notes ADD COLUMN text text;\nUPDATE counter SET n = n + 1;\nUPDATE gate SET n = n + 1;\n");
    stage.session().run("CREATE TABLE gate (n integer); INSERT INTO gate VALUES (0)");
    Session holder = stage.session();
    holder.run("BEGIN; SELECT * FROM gate FOR UPDATE");
    auto first = stage.start({"deploy", "-y", "1.sql"});
    eventually("the last step waits", [&] { return stage.waits_for_a_lock("worker"); });
    ASSERT_EQ(stage.value("SELECT n FROM counter"), "1");
    first->signal(SIGKILL);
    first->wait();
    stage.session().run(meanwhile);
    holder.run("COMMIT");
}

TEST(Rows, AfterAKillTheFirstCountIsStillComparedWith) {
    Stage stage(kTables);
    kill_in_the_last_step(stage, "DELETE FROM notes WHERE id <= 3");
    const auto second = stage.run({"resume"});
    EXPECT_EQ(second.status, 0) << second.said;
    EXPECT_NE(second.said.find("public.notes: 20 before, 17 after (counted)"), std::string::npos) << second.said;
    EXPECT_EQ(stage.value("SELECT before || ' ' || after FROM pgbelay.row_count"), "20 17");
}

TEST(Rows, WhatATriggerDeletedBeforeAKillFailsTheVerificationOfWhoTakesOver) {
    Stage stage(std::string(kTables) + "; CREATE TRIGGER on_count AFTER UPDATE ON counter FOR EACH ROW EXECUTE FUNCTION forget()");
    kill_in_the_last_step(stage, "SELECT 1");
    const auto second = stage.run({"resume"});
    EXPECT_EQ(second.status, 5) << second.said;
    EXPECT_NE(second.said.find("public.notes lost 5 rows in step 2 (1.sql:2:1)"), std::string::npos) << second.said;
    EXPECT_NE(second.said.find("trigger on_count on"), std::string::npos) << second.said;
    EXPECT_EQ(stage.run_state(), "stopped");

    // Put back, it is as it was.
    stage.session().run("INSERT INTO notes SELECT generate_series(16, 20)");
    EXPECT_EQ(stage.run({"resume"}).status, 0);
    EXPECT_EQ(stage.run_state(), "deployed");
}

TEST(Rows, ARetriedTransactionIsChargedWithNothingThatItsFailedTriesTried) {
    Stage stage(kTables);
    // The first tries delete through the trigger; it is gone before the last one, on a table that the step locks nonetheless.
    stage.session().run(
        "CREATE TRIGGER on_count AFTER UPDATE ON counter FOR EACH ROW EXECUTE FUNCTION forget();"
        "CREATE FUNCTION add() RETURNS void LANGUAGE sql AS 'INSERT INTO notes SELECT 99'; CREATE TABLE busy (id integer)");
    // A lock that neither the text nor the server tells of: what is known to be locked is waited for before the transaction begins.
    stage.folder.write("1.sql",
                       "BEGIN;\nSELECT add();\nUPDATE counter SET n = n + 1;\n"
                       "DO $$ BEGIN EXECUTE 'LOCK TABLE ' || CASE WHEN random() >= 0 THEN 'busy' END || ' NOWAIT'; END $$;\nCOMMIT;\n");
    Session holder = stage.session();
    holder.run("BEGIN; LOCK TABLE busy");
    auto client = stage.start({"deploy", "-y", "--limit", "deadline=60s", "--format", "jsonl", "1.sql"});
    eventually("it has tried", [&] { return client->has_said("step_retry"); });
    stage.session().run("ALTER TABLE counter DISABLE TRIGGER on_count");
    holder.run("COMMIT");
    EXPECT_EQ(client->wait(), 0) << client->said();
    EXPECT_EQ(stage.value("SELECT count(*) FROM pgbelay.row_deletion"), "0");
}

}  // namespace
}  // namespace pgbelay::test
