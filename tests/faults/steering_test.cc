// Ctrl-C, pause, resume and abort, in every kind of wait; and the second deployer.
#include "faults/stage.h"

#include <gtest/gtest.h>

#include <csignal>

namespace pgbelay::test {
namespace {

using base::Clock;

constexpr const char* kColumn = "ALTER TABLE busy ADD COLUMN region text;\n";
constexpr const char* kIndex = "CREATE INDEX busy_a_idx ON busy (a);\n";

// A run in a wait: for a reader, in the case of the column; of its build for a writer, in that of the index.
class Steering : public ::testing::Test {
protected:
    void begin(const std::string& sql, const std::string& in_the_way, const std::function<bool()>& waits) {
        stage_.folder.write("1.sql", sql);
        other_.run("BEGIN; " + in_the_way);
        client_ = stage_.start({"deploy", "-y", "--format", "jsonl", "1.sql"});
        eventually("the run waits", waits);
    }
    void begin_column(const std::string& more = "") {
        begin(kColumn + more, "SELECT count(*) FROM busy", [this] { return client_->has_said("step_waiting"); });
    }
    void begin_index(const std::string& more = "") {
        begin(kIndex + more, "UPDATE busy SET a = a WHERE id = 1", [this] { return stage_.waits_for_a_lock("build"); });
    }

    std::string column() const {
        return stage_.value("SELECT count(*) FROM pg_attribute WHERE attrelid = 'busy'::regclass AND attname = 'region'");
    }
    std::string valid() const { return stage_.value("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('busy_a_idx')"); }
    void tell(const std::vector<std::string>& words) const {
        const auto told = stage_.run(words);
        ASSERT_EQ(told.status, 0) << told.said;
    }
    void becomes(const std::string& state) const {
        eventually("the run is " + state, [&] { return stage_.run_state() == state; });
    }

    Stage stage_{large_table("busy")};
    Session other_ = stage_.session();
    std::unique_ptr<Client> client_;
};

TEST_F(Steering, CtrlCInALockWaitEndsAtOnceAndNothingIsHalfDone) {
    begin_column();
    const auto pressed = Clock::now();
    client_->signal(SIGINT);
    EXPECT_EQ(client_->wait(), 130) << client_->said();
    EXPECT_LT(Clock::now() - pressed, std::chrono::seconds(4));
    EXPECT_EQ(stage_.run_state(), "interrupted");
    other_.run("COMMIT");
    EXPECT_EQ(column(), "0");
    tell({"resume"});
    EXPECT_EQ(column(), "1");
    EXPECT_EQ(stage_.run_state(), "deployed");
}

TEST_F(Steering, CtrlCInABuildCancelsIt) {
    begin_index();
    const auto pressed = Clock::now();
    client_->signal(SIGINT);
    EXPECT_EQ(client_->wait(), 130) << client_->said();
    EXPECT_LT(Clock::now() - pressed, std::chrono::seconds(6));
    EXPECT_TRUE(stage_.backends("build").empty());
    other_.run("COMMIT");
    tell({"resume"});
    EXPECT_EQ(valid(), "t");
}

TEST_F(Steering, SigtermIsAsGoodAsCtrlC) {
    begin_column();
    client_->signal(SIGTERM);
    EXPECT_EQ(client_->wait(), 143) << client_->said();
    EXPECT_EQ(stage_.run_state(), "interrupted");
    other_.run("COMMIT");
    tell({"resume"});
    EXPECT_EQ(column(), "1");
}

// The server does not answer the cancel, so that an orderly end takes its time.
TEST_F(Steering, ASecondSignalEndsTheProcessAtOnceAndResumeFindsWhatIsLeft) {
    begin_index();
    const auto backend = static_cast<pid_t>(std::stoi(stage_.backends("build").at(0)));
    ASSERT_EQ(kill(backend, SIGSTOP), 0);
    const auto pressed = Clock::now();
    client_->signal(SIGTERM);
    eventually("another signal ends it", [&] {
        client_->signal(SIGTERM);
        return !client_->running();
    });
    EXPECT_EQ(client_->wait(), 143);
    EXPECT_LT(Clock::now() - pressed, std::chrono::seconds(5));
    EXPECT_EQ(stage_.run_state(), "running");
    ASSERT_EQ(kill(backend, SIGCONT), 0);
    other_.run("COMMIT");
    tell({"resume"});
    EXPECT_EQ(valid(), "t");
}

TEST_F(Steering, APauseTakesALockWaitAwayUntilResume) {
    begin_column();
    tell({"pause"});
    becomes("paused");
    other_.run("COMMIT");
    // What is paused does not become active: its second look at the journal finds the same word.
    const auto paused_at = Clock::now();
    eventually("time passes", [&] { return Clock::now() - paused_at > std::chrono::seconds(2); });
    EXPECT_EQ(column(), "0");
    tell({"resume"});
    EXPECT_EQ(client_->wait(), 0) << client_->said();
    EXPECT_EQ(column(), "1");
}

TEST_F(Steering, APauseLetsABuildGoOnToItsEndAndHoldsTheNextStep) {
    begin_index(kColumn);
    tell({"pause"});
    other_.run("COMMIT");
    eventually("the build ends", [&] { return valid() == "t"; });
    becomes("paused");
    EXPECT_EQ(column(), "0");
    tell({"resume"});
    EXPECT_EQ(client_->wait(), 0) << client_->said();
    EXPECT_EQ(column(), "1");
}

TEST_F(Steering, APauseNowCancelsABuildAndResumeBuildsAnew) {
    begin_index();
    tell({"pause", "--now"});
    eventually("the build is cancelled", [&] { return !stage_.waits_for_a_lock("build"); });
    other_.run("COMMIT");
    becomes("paused");
    EXPECT_NE(valid(), "t");
    tell({"resume"});
    EXPECT_EQ(client_->wait(), 0) << client_->said();
    EXPECT_EQ(valid(), "t");
    EXPECT_EQ(stage_.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0");
}

TEST_F(Steering, AnAbortInALockWaitEndsTheRunForGood) {
    begin_column();
    tell({"abort"});
    EXPECT_EQ(client_->wait(), 3) << client_->said();
    EXPECT_EQ(stage_.run_state(), "aborted");
    other_.run("COMMIT");
    EXPECT_EQ(column(), "0");
    EXPECT_EQ(stage_.run({"resume"}).status, 2);
}

TEST_F(Steering, AnAbortInABuildCleansUp) {
    begin_index();
    tell({"abort"});
    eventually("the build is cancelled", [&] { return !stage_.waits_for_a_lock("build"); });
    other_.run("COMMIT");
    EXPECT_EQ(client_->wait(), 3) << client_->said();
    EXPECT_EQ(stage_.run_state(), "aborted");
    EXPECT_EQ(stage_.value("SELECT to_regclass('busy_a_idx')"), "");
}

TEST_F(Steering, ADeadProcessCanBeAbortedFromElsewhere) {
    begin_index(kColumn);
    client_->signal(SIGKILL);
    client_->wait();
    stage_.value("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pgbelay build'");
    other_.run("COMMIT");
    tell({"abort"});
    EXPECT_EQ(stage_.run_state(), "aborted");
    EXPECT_EQ(stage_.value("SELECT to_regclass('busy_a_idx')"), "");
}

TEST_F(Steering, ASecondDeployerIsToldWhoHoldsTheDatabaseAndSinceWhen) {
    begin_column();
    const std::string since =
        stage_.value("SELECT backend_start::timestamptz(0)::text FROM pg_stat_activity WHERE application_name = 'pgbelay keeper'");
    const auto same = stage_.run({"deploy", "-y", "1.sql"});
    EXPECT_EQ(same.status, 3) << same.said;
    EXPECT_NE(same.said.find("pid " + stage_.backends("keeper").front()), std::string::npos) << same.said;
    EXPECT_NE(same.said.find("since " + since.substr(0, 19)), std::string::npos) << same.said;

    stage_.folder.write("2.sql", "CREATE TABLE other (id integer);\n");
    const auto another = stage_.run({"deploy", "-y", "2.sql"});
    EXPECT_EQ(another.status, 3) << another.said;
    EXPECT_NE(another.said.find("since"), std::string::npos) << another.said;
    EXPECT_EQ(stage_.value("SELECT to_regclass('other')"), "");
    other_.run("COMMIT");
    EXPECT_EQ(client_->wait(), 0) << client_->said();
}

}  // namespace
}  // namespace pgbelay::test
