// Partitions that come, go and stand in the way while the parts of an index are built and attached.
#include "faults/stage.h"
#include "support/canonical.h"
#include "support/line_diff.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>

namespace pgbelay::test {
namespace {

// Two years of events, of which the older one is not tiny, and a table that somebody can stand in the way on.
std::string events() {
    return "CREATE TABLE events (id integer, year integer NOT NULL, pad text) PARTITION BY RANGE (year);"
           "CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM (2024) TO (2025) WITH (fillfactor = 10);"
           "CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM (2025) TO (2026);"
           "INSERT INTO events SELECT i, 2024, repeat('x', 900) FROM generate_series(1, 1200) AS i;"
           "INSERT INTO events SELECT i, 2025, 'x' FROM generate_series(1, 100) AS i;"
           "CREATE TABLE gate (id integer)";
}

constexpr const char* kFile = "ALTER TABLE gate ADD COLUMN note text;\nCREATE INDEX events_id_idx ON events (id);\n";
constexpr const char* kAdd =
    "CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM (2026) TO (2027);"
    "INSERT INTO events SELECT i, 2026, 'x' FROM generate_series(1, 100) AS i";

// A deployment whose plan is made, and which does not get past its first step before `reader` lets it.
struct AtTheGate {
    explicit AtTheGate(Stage& stage) : reader(stage.session()) {
        stage.folder.write("1.sql", kFile);
        reader.run("BEGIN; SELECT * FROM gate");
        client = stage.start({"deploy", "-y", "--format", "jsonl", "1.sql"});
        eventually("the plan is made and the first step waits", [&] { return client->has_said("step_waiting"); });
    }

    Session reader;
    std::unique_ptr<Client> client;
};

std::string attached(const Stage& stage) {
    return stage.value(
        "SELECT string_agg(inhrelid::regclass::text, ' ' ORDER BY inhrelid::regclass::text) FROM pg_inherits "
        "WHERE inhparent = to_regclass('events_id_idx')");
}

std::string valid(const Stage& stage) {
    return stage.value("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('events_id_idx')");
}

TEST(Partitions, OneThatCameAfterThePlanIsBuiltAndAttached) {
    Stage stage(events());
    AtTheGate gate(stage);
    stage.session().run(kAdd);
    gate.reader.run("COMMIT");
    EXPECT_EQ(gate.client->wait(), 0) << gate.client->said();
    EXPECT_EQ(valid(stage), "t");
    EXPECT_EQ(attached(stage), "events_2024_id_idx events_2025_id_idx events_2026_id_idx");
}

TEST(Partitions, OneThatWentAfterThePlanIsNotMissed) {
    Stage stage(events());
    AtTheGate gate(stage);
    stage.session().run("DROP TABLE events_2025");
    gate.reader.run("COMMIT");
    EXPECT_EQ(gate.client->wait(), 0) << gate.client->said();
    EXPECT_EQ(valid(stage), "t");
    EXPECT_EQ(attached(stage), "events_2024_id_idx");
}

// The build on a partition that came after the plan waits for a writer when everything dies.
struct KilledInTheLateBuild {
    KilledInTheLateBuild() : stage(events()), writer(stage.session()) {
        before = canonical_dump(stage.database.url());
        AtTheGate gate(stage);
        stage.session().run(kAdd);
        added = canonical_dump(stage.database.url());
        writer.run("BEGIN; UPDATE events_2026 SET pad = 'y' WHERE id = 1");
        gate.reader.run("COMMIT");
        eventually("the late build waits for the writer",
                   [&] { return stage.waits_for_a_lock("build") && !stage.value("SELECT to_regclass('events_2026_id_idx')").empty(); });
        gate.client->signal(SIGKILL);
        gate.client->wait();
        stage.value("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pgbelay build'");
        writer.run("ROLLBACK");
    }

    Stage stage;
    Session writer;
    std::vector<std::string> before;
    std::vector<std::string> added;
};

TEST(Partitions, AKilledBuildOnALateOneIsDoneAnewByResume) {
    KilledInTheLateBuild killed;
    const auto resumed = killed.stage.run({"resume"});
    EXPECT_EQ(resumed.status, 0) << resumed.said;
    EXPECT_EQ(valid(killed.stage), "t");
    EXPECT_EQ(attached(killed.stage), "events_2024_id_idx events_2025_id_idx events_2026_id_idx");
    EXPECT_EQ(killed.stage.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0");
}

TEST(Partitions, AKilledBuildOnALateOneLeavesNothingAfterARollback) {
    KilledInTheLateBuild killed;
    const auto undone = killed.stage.run({"rollback", "-y"});
    EXPECT_EQ(undone.status, 0) << undone.said;
    EXPECT_EQ(line_diff(killed.added, canonical_dump(killed.stage.database.url())), "");
}

TEST(Partitions, AParentsIndexThatWaitsIsNoLeftoverAndIsCompletedByTheNextDeployment) {
    KilledInTheLateBuild killed;
    const auto aborted = killed.stage.run({"abort"});
    EXPECT_EQ(aborted.status, 0) << aborted.said;
    EXPECT_EQ(valid(killed.stage), "f");
    EXPECT_EQ(killed.stage.value("SELECT to_regclass('events_2026_id_idx')"), "");
    killed.stage.folder.write("2.sql", "CREATE INDEX events_id_idx ON events (id);\n");
    const auto again = killed.stage.run({"deploy", "-y", "2.sql"});
    EXPECT_EQ(again.status, 0) << again.said;
    EXPECT_EQ(valid(killed.stage), "t");
}

TEST(Partitions, ADetachmentCutOffHalfWayIsFinishedByResume) {
    Stage stage(events());
    stage.folder.write("1.sql", "ALTER TABLE events DETACH PARTITION events_2025;\n");
    Session reader = stage.session();
    reader.run("BEGIN; SELECT count(*) FROM events");
    auto client = stage.start({"deploy", "-y", "1.sql"});
    const std::string pending = "SELECT count(*) FROM pg_inherits WHERE inhdetachpending";
    eventually("the first half is done, and the second waits for the reader", [&] { return stage.value(pending) == "1"; });
    client->signal(SIGKILL);
    client->wait();
    stage.value("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pgbelay build'");
    eventually("the backend is gone", [&] { return stage.backends("build").empty(); });
    EXPECT_EQ(stage.value(pending), "1");
    reader.run("COMMIT");
    const auto resumed = stage.run({"resume"});
    EXPECT_EQ(resumed.status, 0) << resumed.said;
    EXPECT_EQ(stage.value("SELECT relispartition FROM pg_class WHERE relname = 'events_2025'"), "f");
    EXPECT_EQ(stage.value("SELECT count(*) FROM pg_constraint WHERE conrelid = 'events_2025'::regclass AND contype = 'c'"), "0");
}

}  // namespace
}  // namespace pgbelay::test
