// Hot standbys that were named: whoever reads there is not stalled, and locks there do not come upon locks.
#include "faults/stage.h"

#include "base/wait.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

namespace pgbelay::test {
namespace {

using base::Clock;
using base::Millis;

// The application on a standby: one short query after the other, each timed.
class Reader {
public:
    explicit Reader(const std::string& url) : thread_([this, url](const std::stop_token& stop) { read(url, stop); }) {}

    int reads() const { return reads_; }
    Millis longest() const { return Millis(longest_); }

private:
    void read(const std::string& url, const std::stop_token& stop) {
        Session session(url);
        while (!stop.stop_requested()) {
            const auto began = Clock::now();
            session.value("SELECT a FROM busy WHERE id = 1");
            longest_ = std::max<std::int64_t>(longest_, std::chrono::duration_cast<Millis>(Clock::now() - began).count());
            ++reads_;
            base::pause_for(Millis(5), nullptr);
        }
    }

    std::atomic<int> reads_{0};
    std::atomic<std::int64_t> longest_{0};
    std::jthread thread_;
};

class Replicas : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        primary_ = std::make_unique<cluster::Cluster>(
            cluster::ClusterOptions{.major = "15", .settings = {{"fsync", "off"}, {"autovacuum", "off"}}});
        // A report is not cancelled by the replay that waits for it.
        standby_ = std::make_unique<cluster::Cluster>(
            cluster::ClusterOptions{.settings = {{"max_standby_streaming_delay", "-1"}}, .standby_of = primary_.get()});
    }
    static void TearDownTestSuite() {
        standby_.reset();
        primary_.reset();
    }

    Replicas() {
        const std::string position = stage_.value("SELECT pg_current_wal_flush_lsn()");
        eventually("the standby has the database",
                   [&] { return Session(standby_->url()).value("SELECT pg_last_wal_replay_lsn() >= '" + position + "'") == "t"; });
    }

    std::string replica() const { return standby_->url(stage_.database.name()); }
    std::unique_ptr<Client> deploy(const std::string& sql, const std::vector<std::string>& more = {}) const {
        stage_.folder.write("1.sql", sql);
        std::vector<std::string> words{"deploy", "-y", "--replica", replica(), "1.sql"};
        words.insert(words.end(), more.begin(), more.end());
        return stage_.start(words);
    }

    static std::unique_ptr<cluster::Cluster> primary_;
    static std::unique_ptr<cluster::Cluster> standby_;
    Stage stage_{large_table("busy"), *primary_};
};
std::unique_ptr<cluster::Cluster> Replicas::primary_;
std::unique_ptr<cluster::Cluster> Replicas::standby_;

TEST_F(Replicas, ALongReportOnAStandbyIsWaitedForAndNobodyElseThereIsStalled) {
    Session report(replica());
    report.run("BEGIN; SELECT count(*) FROM busy");
    const Reader reader(replica());
    eventually("the standby is read", [&] { return reader.reads() > 5; });
    auto client = deploy("ALTER TABLE busy ADD COLUMN region text;\n", {"--format", "jsonl"});
    const std::string pid = report.value("SELECT pg_backend_pid()");
    eventually("the report is named", [&] { return client->has_said("standby postgres@127.0.0.1") && client->has_said("pid " + pid); });
    const int before = reader.reads();
    const auto seen = Clock::now();
    eventually("the standby is read all the time",
               [&] { return reader.reads() > before + 50 && Clock::now() - seen > std::chrono::seconds(2); });
    EXPECT_TRUE(client->running());
    EXPECT_EQ(stage_.value("SELECT count(*) FROM pg_attribute WHERE attrelid = 'busy'::regclass AND attname = 'region'"), "0");
    report.run("COMMIT");
    EXPECT_EQ(client->wait(), 0) << client->said();
    // It has replayed it by then; a reader behind the report would have waited for more than two seconds.
    EXPECT_EQ(Session(replica()).value("SELECT count(*) FROM pg_attribute WHERE attrelid = 'busy'::regclass AND attname = 'region'"), "1");
    EXPECT_LT(reader.longest(), Millis(1000));
}

TEST_F(Replicas, AnIndexThatIsReadOnAStandbyIsNotDroppedYet) {
    stage_.session().run("CREATE INDEX busy_a_idx ON busy (a)");
    const std::string position = stage_.value("SELECT pg_current_wal_flush_lsn()");
    Session report(replica());
    eventually("the standby has the index", [&] { return report.value("SELECT pg_last_wal_replay_lsn() >= '" + position + "'") == "t"; });
    report.run("BEGIN; SELECT count(*) FROM busy WHERE a = 1");
    auto client = deploy("DROP INDEX busy_a_idx;\n", {"--format", "jsonl"});
    eventually("the report is named", [&] { return client->has_said("standby postgres@127.0.0.1"); });
    EXPECT_EQ(stage_.value("SELECT count(*) FROM pg_class WHERE relname = 'busy_a_idx'"), "1");
    report.run("COMMIT");
    EXPECT_EQ(client->wait(), 0) << client->said();
    EXPECT_EQ(Session(replica()).value("SELECT count(*) FROM pg_class WHERE relname = 'busy_a_idx'"), "0");
}

TEST_F(Replicas, TheNextStepWaitsUntilAStandbyHasReplayedTheOneBefore) {
    Session standby(replica());
    standby.run("SELECT pg_wal_replay_pause()");
    auto client = deploy("ALTER TABLE busy ADD COLUMN one text;\nALTER TABLE busy ADD COLUMN two text;\n", {"--format", "jsonl"});
    eventually("it says what it waits for", [&] { return client->has_said("its replay is paused"); });
    EXPECT_EQ(
        stage_.value("SELECT string_agg(attname, ' ') FROM pg_attribute WHERE attrelid = 'busy'::regclass AND attname IN ('one', 'two')"),
        "one");
    standby.run("SELECT pg_wal_replay_resume()");
    EXPECT_EQ(client->wait(), 0) << client->said();
    EXPECT_EQ(stage_.run_state(), "deployed");
}

TEST_F(Replicas, AStandbyThatDoesNotReplayWithinTheDeadlineStopsTheRunWhichCanBeResumed) {
    Session standby(replica());
    standby.run("SELECT pg_wal_replay_pause()");
    auto client = deploy("ALTER TABLE busy ADD COLUMN one text;\nALTER TABLE busy ADD COLUMN two text;\n", {"--limit", "deadline=1s"});
    EXPECT_EQ(client->wait(), 5) << client->said();
    EXPECT_TRUE(client->has_said("a standby has not replayed it within 1.0 s")) << client->said();
    standby.run("SELECT pg_wal_replay_resume()");
    auto resumed = stage_.start({"resume", "--replica", replica()});
    EXPECT_EQ(resumed->wait(), 0) << resumed->said();
    EXPECT_EQ(stage_.value("SELECT count(*) FROM pgbelay.step WHERE result = 'done'"), "2");
}

TEST_F(Replicas, AStandbyThatGoesAwayIsPassedOverWithAWord) {
    Session reader = stage_.session();
    reader.run("BEGIN; SELECT count(*) FROM busy");
    auto client = deploy("ALTER TABLE busy ADD COLUMN region text;\n", {"--format", "jsonl"});
    eventually("it waits for the reader", [&] { return client->has_said("step_waiting"); });
    standby_->stop_immediately();
    reader.run("COMMIT");
    EXPECT_EQ(client->wait(), 0) << client->said();
    EXPECT_TRUE(client->has_said("is passed over")) << client->said();
    standby_->start();
}

TEST_F(Replicas, WhatIsNoStandbyOfTheDatabaseIsRefusedBeforeAnythingIsChanged) {
    stage_.folder.write("1.sql", "ALTER TABLE busy ADD COLUMN region text;\n");
    const auto itself = stage_.run({"deploy", "-y", "--replica", stage_.database.url(), "1.sql"});
    EXPECT_EQ(itself.status, 3) << itself.said;
    EXPECT_NE(itself.said.find("is no standby but a primary"), std::string::npos) << itself.said;
    const auto stranger = stage_.run({"deploy", "-y", "--replica", server().url(), "1.sql"});
    EXPECT_EQ(stranger.status, 3) << stranger.said;
    EXPECT_NE(stranger.said.find("is no copy of this database"), std::string::npos) << stranger.said;
    const auto nobody = stage_.run({"deploy", "-y", "--replica", "postgresql://app:hunter2@127.0.0.1:1/orders", "1.sql"});
    EXPECT_EQ(nobody.status, 3) << nobody.said;
    EXPECT_EQ(nobody.said.find("hunter2"), std::string::npos) << nobody.said;
    EXPECT_EQ(stage_.run_state(), "");
}

TEST_F(Replicas, ThePlanTellsOfStandbysThatWereNotNamed) {
    stage_.folder.write("1.sql", "ALTER TABLE busy ADD COLUMN region text;\n");
    const auto unnamed = stage_.run({"plan", "--format", "json", "1.sql"});
    EXPECT_NE(unnamed.said.find("1 standby server follows this one and is not named with --replica"), std::string::npos) << unnamed.said;
    const auto named = stage_.run({"plan", "--format", "json", "--replica", replica(), "1.sql"});
    EXPECT_EQ(named.said.find("not named with --replica"), std::string::npos) << named.said;
    const auto check = stage_.run({"check", "--replica", replica()});
    EXPECT_NE(check.said.find("is a standby of it"), std::string::npos) << check.said;
}

}  // namespace
}  // namespace pgbelay::test
