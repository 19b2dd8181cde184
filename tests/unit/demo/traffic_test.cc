#include "demo/traffic.h"

#include "cluster/cluster.h"
#include "demo/load.h"
#include "demo/open_transaction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace pgbelay::demo {
namespace {

using testing::HasSubstr;

class TrafficTest : public testing::Test {
protected:
    pg::Conninfo database() const { return {cluster_.url(), "the test"}; }

    void SetUp() override { run_statements(database(), {"CREATE TABLE public.t (id integer)"}, nullptr); }

    // Waits until what the traffic says so far is as wanted; false when it never was.
    static bool comes(const Traffic& traffic, const std::function<bool(const Latencies&)>& wanted) {
        const base::Deadline deadline = base::in(std::chrono::seconds(20));
        while (base::Clock::now() < deadline) {
            if (wanted(traffic.so_far())) {
                return true;
            }
            base::pause_for(base::Millis(10), nullptr);
        }
        return false;
    }

    cluster::Cluster cluster_{{.settings = {{"fsync", "off"}}}};
};

Kind kind(std::string statement) {
    return {"only", 1, [statement = std::move(statement)](Random&) { return statement; }};
}

TEST_F(TrafficTest, CountsEveryStatementThatWasDue) {
    Traffic traffic(database(), {kind("INSERT INTO t VALUES (1)")}, {.connections = 2, .per_second = 200}, nullptr);
    ASSERT_TRUE(comes(traffic, [](const Latencies& l) { return l.count >= 50; }));
    const Latencies felt = traffic.finish();
    pg::Connection look = run_statements(database(), {}, nullptr);
    const auto rows = look.run("SELECT count(*) FROM public.t", std::nullopt, base::in(std::chrono::seconds(5)), nullptr);
    EXPECT_EQ(std::get<pg::Result>(rows).integer(0, 0), static_cast<int>(felt.count));
    EXPECT_EQ(felt.errors, 0U);
    EXPECT_GT(felt.p50, Micros{0});
    EXPECT_LE(felt.p50, felt.p99);
    EXPECT_LE(felt.p99, felt.longest);
}

TEST_F(TrafficTest, CountsTheWaitOfStatementsThatCouldNotBeSentForLackOfAConnection) {
    constexpr std::chrono::seconds kLocked{2};
    const OpenTransaction lock(database(), {"BEGIN", "LOCK TABLE public.t"}, kLocked, nullptr);
    Traffic traffic(database(), {kind("SELECT count(*) FROM t")}, {.connections = 1, .per_second = 50}, nullptr);
    // While the only connection is stuck its wait shows already …
    ASSERT_TRUE(comes(traffic, [](const Latencies& l) { return l.count == 0 && l.longest > std::chrono::milliseconds(500); }));
    ASSERT_TRUE(comes(traffic, [](const Latencies& l) { return l.count > 0; }));
    const Latencies felt = traffic.finish();
    // … and those that were due behind it waited too: without them only one of many would have waited.
    EXPECT_GT(felt.count, 20U);
    EXPECT_GT(felt.p50, std::chrono::milliseconds(300));
}

TEST_F(TrafficTest, CountsErrorsAndKeepsTheFirst) {
    Traffic traffic(database(), {kind("SELECT 1/0")}, {.connections = 1, .per_second = 100}, nullptr);
    ASSERT_TRUE(comes(traffic, [](const Latencies& l) { return l.errors >= 3; }));
    EXPECT_THAT(traffic.finish().first_error, HasSubstr("division by zero"));
}

TEST_F(TrafficTest, CancelsWhatWaitsWhenItIsToStop) {
    const OpenTransaction lock(database(), {"BEGIN", "LOCK TABLE public.t"}, std::chrono::minutes(1), nullptr);
    base::StopSignal stop;
    const base::Deadline began = base::Clock::now();
    {
        Traffic traffic(database(), {kind("SELECT count(*) FROM t")}, {.connections = 2, .per_second = 50}, &stop);
        ASSERT_TRUE(comes(traffic, [](const Latencies& l) { return l.longest > std::chrono::milliseconds(100); }));
        stop.request();
        EXPECT_EQ(traffic.finish().count, 0U);
    }
    EXPECT_LT(base::Clock::now() - began, std::chrono::seconds(30));
}

}  // namespace
}  // namespace pgbelay::demo
