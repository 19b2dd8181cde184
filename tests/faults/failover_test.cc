// Primaries that fail and standbys that take their place, with everything or with the last transactions lost: the run goes on, and each
// of its effects is there once.
#include "faults/stage.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

namespace pgbelay::test {
namespace {

// Each step passes through a gate of its own: a row that the test holds until the step may go on.
const std::string kGates =
    "CREATE TABLE gate (id integer PRIMARY KEY, passed integer NOT NULL DEFAULT 0);"
    "INSERT INTO gate (id) SELECT generate_series(1, 3);" +
    large_table("busy");

std::string through(int gate) {
    return fmt::format("UPDATE gate SET passed = passed + 1 WHERE id = {};\n", gate);
}

class Failover : public ::testing::Test {
protected:
    static cluster::ClusterOptions quick() { return {.major = "15", .settings = {{"fsync", "off"}, {"autovacuum", "off"}}}; }

    Failover() {
        stage_.folder.write("1.sql", through(1) + through(2) + through(3));
        for (int gate = 1; gate <= 3; ++gate) {
            holders_.push_back(hold(stage_.session(), gate));
        }
    }

    static Session hold(Session session, int gate) {
        session.run(fmt::format("BEGIN; SELECT FROM gate WHERE id = {} FOR UPDATE", gate));
        return session;
    }
    void open_gate(int gate) { holders_.at(static_cast<std::size_t>(gate - 1)).run("COMMIT"); }

    std::string hosts(const cluster::Cluster& first, const cluster::Cluster& second) const {
        return fmt::format("postgresql://postgres@127.0.0.1:{},127.0.0.1:{}/{}", first.port(), second.port(), stage_.database.name());
    }
    std::string both_hosts() const { return hosts(primary_, standby_); }
    std::unique_ptr<Client> start(const std::vector<std::string>& arguments, const std::string& url) const {
        Client::Setting setting = stage_.setting();
        setting.url = url;
        return std::make_unique<Client>(setting, arguments);
    }
    std::unique_ptr<Client> deploy() const { return start({"deploy", "-y", "1.sql"}, both_hosts()); }

    void wait_at_gate(int step) {
        eventually(fmt::format("step {} stands at its gate", step), [&] {
            return stage_.waits_for_a_lock("worker") && stage_.value("SELECT count(*) FROM pgbelay.step") == std::to_string(step - 1);
        });
    }
    void wait_until_replayed() {
        const std::string position = stage_.value("SELECT pg_current_wal_flush_lsn()");
        eventually("the standby has all", [&] { return there("SELECT pg_last_wal_replay_lsn() >= '" + position + "'") == "t"; });
    }
    void fail_over() {
        // In this order: an open gate would let the step pass.
        primary_.stop_immediately();
        holders_.clear();
        standby_.promote();
    }
    std::string there(const std::string& query) const { return Session(standby_.url(stage_.database.name())).value(query); }
    // Every gate passed once, by a run that ended well, on the new primary.
    void expect_all_done(Client& client, const std::string& steps = "3") {
        EXPECT_EQ(client.wait(), 0) << client.said();
        EXPECT_EQ(there("SELECT string_agg(passed::text, ' ' ORDER BY id) FROM gate"), "1 1 1") << client.said();
        EXPECT_EQ(there("SELECT string_agg(state, ' ') FROM pgbelay.run"), "deployed");
        EXPECT_EQ(there("SELECT count(*) FROM pgbelay.step WHERE result = 'done'"), steps);
    }

    cluster::Cluster primary_{quick()};
    Stage stage_{kGates, primary_};
    cluster::Cluster standby_{{.standby_of = &primary_}};
    std::vector<Session> holders_;
};

TEST_F(Failover, GoesOnOnAStandbyThatHadEverything) {
    auto client = deploy();
    open_gate(1);
    wait_at_gate(2);
    wait_until_replayed();
    fail_over();
    expect_all_done(*client);
    EXPECT_TRUE(client->has_said("on timeline 2")) << client->said();
    EXPECT_FALSE(client->has_said("done before, and not on the new primary")) << client->said();
}

TEST_F(Failover, RunsStepsAgainThatTheNewPrimaryDoesNotHave) {
    stage_.folder.write("1.sql", through(1) + through(2) + "CREATE INDEX busy_a_idx ON busy (a);\n" + through(3));
    auto client = deploy();
    open_gate(1);
    wait_at_gate(2);
    wait_until_replayed();
    standby_.cut_off();
    open_gate(2);
    wait_at_gate(4);
    fail_over();
    expect_all_done(*client, "4");
    EXPECT_TRUE(client->has_said("done before, and not on the new primary: step 2, 3")) << client->said();
    EXPECT_EQ(there("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('busy_a_idx')"), "t");
}

TEST_F(Failover, WritesTheJournalAndTheRunAgainWhereTheNewPrimaryHasNeither) {
    standby_.cut_off();
    auto client = deploy();
    open_gate(1);
    open_gate(2);
    wait_at_gate(3);
    fail_over();
    expect_all_done(*client);
    EXPECT_TRUE(client->has_said("run 1 had not reached the new primary")) << client->said();
    EXPECT_EQ(there("SELECT id || ' ' || kind || ' ' || url_source FROM pgbelay.run"), "1 deploy --db");
    // The sequence did not come along either; the next run gets a number of its own all the same.
    stage_.folder.write("2.sql", through(1));
    auto next = start({"deploy", "-y", "2.sql"}, both_hosts());
    EXPECT_EQ(next->wait(), 0) << next->said();
    EXPECT_EQ(there("SELECT count(DISTINCT id) FROM pgbelay.run WHERE state = 'deployed'"), "2");
}

TEST_F(Failover, KnowsItsRunAgainWhenTheTakeOverItselfWasLost) {
    auto first = deploy();
    open_gate(1);
    wait_at_gate(2);
    first->signal(SIGKILL);
    first->wait();
    wait_until_replayed();
    standby_.cut_off();
    open_gate(2);
    auto client = start({"resume"}, both_hosts());
    wait_at_gate(3);
    fail_over();
    expect_all_done(*client);
    EXPECT_EQ(there("SELECT epoch > 2 FROM pgbelay.run"), "t");
}

TEST_F(Failover, PassesAStandbyOverThatStandsFirstAndWaitsForItsPromotionWhenThereIsNoOther) {
    auto client = start({"deploy", "-y", "1.sql"}, hosts(standby_, primary_));
    open_gate(1);
    wait_at_gate(2);
    wait_until_replayed();
    primary_.stop_immediately();
    holders_.clear();
    eventually("it says what it waits for", [&] { return client->has_said("waiting for a primary"); });
    standby_.promote();
    expect_all_done(*client);
}

TEST_F(Failover, StaysAwayFromAFormerPrimaryThatComesBack) {
    auto client = deploy();
    open_gate(1);
    wait_at_gate(2);
    wait_until_replayed();
    primary_.stop_immediately();
    holders_.clear();
    // It sees the new primary when a gate is held there, too.
    client->signal(SIGSTOP);
    standby_.promote();
    Session holder = hold(Session(standby_.url(stage_.database.name())), 3);
    client->signal(SIGCONT);
    eventually("the last step stands at its gate", [&] { return there("SELECT count(*) FROM pgbelay.step") == "2"; });
    primary_.start();
    there("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'pgbelay %'");
    eventually("it has connected again",
               [&] { return there("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pgbelay worker'") == "1"; });
    holder.run("COMMIT");
    expect_all_done(*client);
    EXPECT_EQ(stage_.value("SELECT string_agg(passed::text, ' ' ORDER BY id) FROM gate"), "1 0 0");
}

TEST_F(Failover, RefusesAnotherServerInThePrimarysPlace) {
    cluster::Cluster stranger(quick());
    Session(stranger.url()).run("CREATE DATABASE " + stage_.database.name());
    auto client = start({"deploy", "-y", "1.sql"}, hosts(primary_, stranger));
    open_gate(1);
    wait_at_gate(2);
    primary_.stop_immediately();
    holders_.clear();
    EXPECT_EQ(client->wait(), 5) << client->said();
    EXPECT_TRUE(client->has_said("leads to another database than before")) << client->said();
}

// What a rollback was to undo has not reached the new primary: it says so instead of undoing what is not there.
TEST_F(Failover, ARollbackStopsWhenItsRunWasLost) {
    for (int gate = 1; gate <= 3; ++gate) {
        open_gate(gate);
    }
    wait_until_replayed();
    standby_.cut_off();
    stage_.folder.write("2.sql", "ALTER TABLE busy ADD COLUMN region text;\n");
    auto client = start({"deploy", "-y", "2.sql"}, both_hosts());
    ASSERT_EQ(client->wait(), 0) << client->said();
    Session reader = stage_.session();
    reader.run("BEGIN; SELECT FROM busy");
    auto rollback = start({"rollback", "-y", "--format", "jsonl"}, both_hosts());
    eventually("the rollback waits for the reader", [&] { return rollback->has_said("step_waiting"); });
    fail_over();
    EXPECT_EQ(rollback->wait(), 3) << rollback->said();
    EXPECT_TRUE(rollback->has_said("step 1 of run 1, which is being rolled back, has not reached the new primary")) << rollback->said();
}

}  // namespace
}  // namespace pgbelay::test
