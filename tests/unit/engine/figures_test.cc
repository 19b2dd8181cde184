#include "engine/figures.h"
#include "engine/health.h"
#include "server.h"

#include <gmock/gmock.h>

namespace pgbelay::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::Not;

const base::Clock::time_point kBegin{};

TEST(OthersCounter, OursIsNotTheirsWhicheverComesFirst) {
    OthersCounter counter;
    EXPECT_EQ(counter.take(100, 0, kBegin), 0) << "from before we looked";
    EXPECT_EQ(counter.take(103, 0, kBegin + seconds(1)), 3);
    EXPECT_EQ(counter.take(103, 4, kBegin + seconds(2)), 0) << "ours, not yet in the server's statistics";
    EXPECT_EQ(counter.take(105, 4, kBegin + seconds(3)), 0);
    EXPECT_EQ(counter.take(110, 4, kBegin + seconds(4)), 3);
}

TEST(OthersCounter, WhatNeverComesIsNotOwedForEver) {
    OthersCounter counter;
    counter.take(0, 0, kBegin);
    EXPECT_EQ(counter.take(0, 5, kBegin + seconds(1)), 0);
    EXPECT_EQ(counter.take(2, 5, kBegin + seconds(2)), 0);
    EXPECT_EQ(counter.take(9, 5, kBegin + seconds(30)), 4) << "what is overdue counts once more, and then no longer";
    EXPECT_EQ(counter.take(19, 5, kBegin + seconds(31)), 10);
}

TEST(OthersCounter, BeginsAnewWhenTheStatisticsDo) {
    OthersCounter counter;
    counter.take(1000, 0, kBegin);
    EXPECT_EQ(counter.take(10, 0, kBegin + seconds(1)), 0);
    EXPECT_EQ(counter.take(12, 0, kBegin + seconds(2)), 2);
}

TEST(Rate, IsOfTheLastTwoSeconds) {
    Rate rate;
    EXPECT_FALSE(rate.take(50, kBegin));
    EXPECT_FALSE(rate.take(1, kBegin + milliseconds(500))) << "too short a time for a rate";
    EXPECT_EQ(rate.take(3, kBegin + seconds(1)), 4.0);
    EXPECT_EQ(rate.take(0, kBegin + seconds(2)), 2.0);
    EXPECT_EQ(rate.take(0, kBegin + seconds(3)), 0.0);
    EXPECT_EQ(rate.take(0, kBegin + seconds(4)), 0.0);
}

TEST(Meter, WhatIsHiddenIsLeftOut) {
    pg::Sample sample;
    sample.hidden = true;
    EXPECT_THAT(Meter().take(sample, {}, kBegin), Not(Contains(Key("active_sessions"))));
    sample.hidden = false;
    EXPECT_THAT(Meter().take(sample, {}, kBegin), Contains(Key("active_sessions")));
}

TEST(Tally, CountsAsTheServerDoes) {
    const testing::Database database;
    pg::Connection connection = database.open();
    pg::Connection other = database.open();
    const auto on_server = [&] {
        return std::stoll(testing::value(other, "SELECT xact_rollback FROM pg_stat_database WHERE datname = current_database()"));
    };
    const auto run = [&](const std::string& sql) { connection.run(sql, std::nullopt, base::in(seconds(10)), nullptr); };
    const long long server_before = on_server();
    const std::int64_t before = pg::tally().rollbacks;
    run("SELECT 1/0");
    run("BEGIN");
    run("SELECT 1");
    run("ROLLBACK");
    run("BEGIN");
    run("SELECT 1/0");
    run("ROLLBACK");
    run("BEGIN");
    run("SAVEPOINT a");
    run("SELECT 1/0");
    run("ROLLBACK TO a");
    run("COMMIT");
    run("ROLLBACK");  // outside of a transaction: it ends that of its own
    connection.pipeline({{"BEGIN", {}}, {"SELECT 1", {}}, {"ROLLBACK", {}}}, base::in(seconds(10)), nullptr);
    connection.pipeline({{"BEGIN", {}}, {"SELECT 1/0", {}}, {"COMMIT", {}}}, base::in(seconds(10)), nullptr);
    run("ROLLBACK");
    EXPECT_EQ(pg::tally().rollbacks - before, 6);
    // A session that ends reports what it has counted.
    connection.close();
    testing::eventually("the server has counted them", [&] { return on_server() - server_before >= 6; });
    EXPECT_EQ(on_server() - server_before, 6);
}

TEST(Health, SaysWhatItIsAndWhatItWas) {
    const Figures before{{"active_sessions", 9}, {"blocked_sessions", 0}, {"replication_lag_ms", 0}};
    const Figures now{{"active_sessions", 12}, {"blocked_sessions", 0}, {"replication_lag_ms", 0}, {"rollbacks_per_second", 0.1}};
    const Health health = health_of("Apply", now, before, {});
    EXPECT_FALSE(health.far());
    EXPECT_EQ(health_words(health), "active 12 (before 9), waiting 0, lag 0 ms, rollbacks/s 0.1");
    const Health again = read_health("Apply", to_json_text(health));
    EXPECT_EQ(health_words(again), health_words(health));
    EXPECT_EQ(read_figures(to_json_text(now)), now);
}

TEST(Health, IsFarByItsLimitOrElseByWhatItWas) {
    const Figures now{{"active_sessions", 21}, {"blocked_sessions", 6}};
    EXPECT_THAT(health_words(health_of("Apply", now, {{"active_sessions", 2}, {"blocked_sessions", 4}}, {})),
                HasSubstr("; too much: active"));
    EXPECT_FALSE(health_of("Apply", now, {{"active_sessions", 11}, {"blocked_sessions", 3}}, {}).far());
    const std::vector<runbook::GuardLimit> high{{.name = "active_sessions", .most = 30}, {.name = "blocked_sessions", .most = 6}};
    EXPECT_FALSE(health_of("Apply", now, {}, high).far());
    const std::vector<runbook::GuardLimit> low{{.name = "active_sessions", .most = 4, .of_baseline = true},
                                               {.name = "lock_waiters", .most = 5}};
    EXPECT_THAT(health_words(health_of("Apply", now, {}, low)), HasSubstr("; too much: active, waiting"));
}

}  // namespace
}  // namespace pgbelay::engine
