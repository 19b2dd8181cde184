// What an application feels while a strong lock is taken: little, for it is taken in short tries after a look.
#include "base/wait.h"
#include "faults/stage.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace pgbelay::test {
namespace {

using base::Clock;
using base::Millis;

// An application that writes to one table as fast as it may, and remembers for how long it ever had to wait.
class Writer {
public:
    explicit Writer(const Stage& stage) : session_(stage.session()), thread_([this](const std::stop_token& stop) { write(stop); }) {}

    Millis longest() const { return Millis(longest_.load()); }
    int writes() const { return writes_; }

private:
    void write(const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            const auto began = Clock::now();
            session_.run(fmt::format("UPDATE busy SET a = a + 1 WHERE id = {}", 1 + writes_ % 1000));
            const auto took = std::chrono::duration_cast<Millis>(Clock::now() - began).count();
            longest_ = std::max<std::int64_t>(longest_, took);
            ++writes_;
            base::pause_for(Millis(15), nullptr);
        }
    }

    Session session_;
    std::atomic<std::int64_t> longest_{0};
    std::atomic<int> writes_{0};
    std::jthread thread_;
};

TEST(Gentle, AnAlterTableWaitsForAReportOutsideTheQueueAndWritersDoNotNotice) {
    Stage stage(large_table("busy"));
    stage.folder.write("1.sql", "ALTER TABLE busy ADD COLUMN region text;\n");
    Session report = stage.session();
    report.run("BEGIN; SELECT count(*) FROM busy");
    Writer writer(stage);
    eventually("the application writes", [&] { return writer.writes() > 5; });

    const auto began = Clock::now();
    auto client = stage.start({"deploy", "-y", "--format", "jsonl", "1.sql"});
    eventually("the report is named", [&] {
        const std::string said = client->said();
        return said.find("step_waiting") != std::string::npos &&
               said.find("pid " + report.value("SELECT pg_backend_pid()")) != std::string::npos;
    });
    const int before = writer.writes();
    eventually("three seconds have passed", [&] { return Clock::now() - began > std::chrono::seconds(3); });
    EXPECT_GT(writer.writes() - before, 30);
    EXPECT_TRUE(client->running());
    report.run("COMMIT");

    EXPECT_EQ(client->wait(), 0) << client->said();
    EXPECT_LT(writer.longest(), Millis(500));
    EXPECT_EQ(stage.value("SELECT count(*) FROM pg_attribute WHERE attrelid = 'busy'::regclass AND attname = 'region'"), "1");
}

TEST(Gentle, AStepThatHoldsItsLockBeyondTheBudgetIsCancelledAndNeverTriedAgain) {
    Stage stage(large_table("busy") + "CREATE SEQUENCE tries");
    stage.folder.write("1.sql",
                       "BEGIN;\n"
                       "ALTER TABLE busy ADD COLUMN region text;\n"
                       "DO $$ BEGIN PERFORM nextval('tries'); PERFORM pg_sleep(20); END $$;\n"
                       "COMMIT;\n");
    const auto began = Clock::now();
    const auto ended = stage.run({"deploy", "-y", "1.sql"});
    EXPECT_EQ(ended.status, 3) << ended.said;
    EXPECT_LT(Clock::now() - began, std::chrono::seconds(10));
    EXPECT_NE(ended.said.find("budget"), std::string::npos) << ended.said;
    EXPECT_EQ(stage.value("SELECT last_value FROM tries"), "1");
    EXPECT_EQ(stage.value("SELECT count(*) FROM pg_attribute WHERE attrelid = 'busy'::regclass AND attname = 'region'"), "0");
    EXPECT_EQ(stage.run_state(), "stopped");
}

}  // namespace
}  // namespace pgbelay::test
