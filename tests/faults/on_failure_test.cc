// `--on-failure rollback`: all of it, or nothing with the reason.
#include "faults/stage.h"
#include "support/canonical.h"
#include "support/line_diff.h"

#include <gtest/gtest.h>

namespace pgbelay::test {
namespace {

const std::string kTables = large_table("busy") + "CREATE TABLE gate (id integer); INSERT INTO gate VALUES (1)";

TEST(OnFailure, AMigrationWhoseLastFileFailsIsTakenBackWhole) {
    Stage stage(kTables);
    const auto before = canonical_dump(stage.database.url());
    stage.folder.write("1.sql", "CREATE INDEX busy_a_idx ON busy (a);\nALTER TABLE busy ADD COLUMN region text;\n");
    stage.folder.write("2.sql", "ALTER TABLE busy ALTER COLUMN pad SET NOT NULL;\nCREATE TABLE regions (code text PRIMARY KEY);\n");
    stage.folder.write("3.sql", "ALTER TABLE busy ADD CONSTRAINT small CHECK (a < 100);\n");
    const auto ended = stage.run({"deploy", "-y", "--data-checks", "0", "--on-failure", "rollback", "1.sql", "2.sql", "3.sql"});
    EXPECT_EQ(ended.status, 4) << ended.said;
    EXPECT_EQ(line_diff(before, canonical_dump(stage.database.url())), "");
    EXPECT_EQ(stage.value("SELECT string_agg(state, ' ' ORDER BY id) FROM pgbelay.run"), "rolled_back rolled_back");
    EXPECT_EQ(stage.value("SELECT count(*) FROM pgbelay.file"), "0");
}

TEST(OnFailure, AColumnThatHoldsDataByThenIsNotTakenBack) {
    Stage stage(kTables);
    stage.folder.write("1.sql", "ALTER TABLE busy ADD COLUMN region text;\n");
    stage.folder.write("2.sql", "DO $$ BEGIN PERFORM FROM gate FOR UPDATE; RAISE EXCEPTION 'it went wrong'; END $$;\n");
    Session gate = stage.session();
    gate.run("BEGIN; SELECT * FROM gate FOR UPDATE");
    auto client = stage.start({"deploy", "-y", "--on-failure", "rollback", "1.sql", "2.sql"});
    eventually("the last step waits at the gate", [&] { return stage.waits_for_a_lock("worker"); });
    stage.session().run("UPDATE busy SET region = 'eu' WHERE id = 7");
    gate.run("COMMIT");
    EXPECT_EQ(client->wait(), 5) << client->said();
    EXPECT_TRUE(client->has_said("it went wrong")) << client->said();
    EXPECT_TRUE(client->has_said("region")) << client->said();
    EXPECT_EQ(stage.value("SELECT region FROM busy WHERE id = 7"), "eu");
}

TEST(OnFailure, WithoutTheOptionWhatWasDoneStandsAndResumeGoesOn) {
    Stage stage(kTables);
    stage.folder.write("1.sql", "ALTER TABLE busy ADD COLUMN region text;\nALTER TABLE busy ADD CONSTRAINT small CHECK (a < 100);\n");
    const auto stopped = stage.run({"deploy", "-y", "--data-checks", "0", "1.sql"});
    EXPECT_EQ(stopped.status, 5) << stopped.said;
    EXPECT_EQ(stage.run_state(), "stopped");
    stage.session().run("DELETE FROM busy WHERE a >= 100");
    const auto resumed = stage.run({"resume"});
    EXPECT_EQ(resumed.status, 0) << resumed.said;
    EXPECT_EQ(stage.value("SELECT convalidated FROM pg_constraint WHERE conname = 'small'"), "t");
}

}  // namespace
}  // namespace pgbelay::test
