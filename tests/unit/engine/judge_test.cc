#include "engine/judge.h"
#include "engine/time_limits.h"

#include "base/wait.h"

#include <gmock/gmock.h>

namespace pgbelay::engine {
namespace {

using runbook::OnBreach;
using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;

Figures waiters(double n) {
    return {{"blocked_sessions", n}};
}

void take(Judge& judge, const Figures& figures, int times, const std::optional<Figures>& baseline = {}) {
    for (int i = 0; i < times; ++i) {
        judge.take(figures, baseline);
    }
}

auto saying(const std::string& what) {
    return Field(&Breach::what, what);
}

TEST(Judge, ThreeInARowBreakALimitAndFiveQuietOnesMendIt) {
    Judge judge({{.name = "lock_waiters", .most = 2}}, OnBreach::pause);
    take(judge, waiters(3), 2);
    take(judge, waiters(2), 1);
    take(judge, waiters(3), 2);
    EXPECT_THAT(judge.breaches(), IsEmpty()) << "never three in a row";
    take(judge, waiters(4), 1);
    EXPECT_THAT(judge.breaches(), ElementsAre(saying("lock_waiters 4 > 2")));
    take(judge, waiters(2), 4);
    EXPECT_THAT(judge.breaches(), ElementsAre(saying("lock_waiters 4 > 2")));
    take(judge, waiters(3), 1);
    take(judge, waiters(0), 4);
    EXPECT_THAT(judge.breaches(), ElementsAre(saying("lock_waiters 4 > 2"))) << "four quiet ones, and four more";
    take(judge, waiters(0), 1);
    EXPECT_THAT(judge.breaches(), IsEmpty());
}

TEST(Judge, ALimitMaySayHowManySamplesBreakIt) {
    Judge judge({{.name = "lock_waiters", .most = 2, .samples = 1}, {.name = "blocked_sessions", .most = 2, .samples = 5}},
                OnBreach::pause);
    take(judge, waiters(3), 1);
    EXPECT_THAT(judge.breaches(), ElementsAre(saying("lock_waiters 3 > 2")));
    take(judge, waiters(3), 4);
    EXPECT_THAT(judge.breaches(), ElementsAre(saying("lock_waiters 3 > 2"), saying("blocked_sessions 3 > 2")));
}

TEST(Judge, AFigureThatIsMissingBreaksNothing) {
    Judge judge({{.name = "replication_lag", .most = 0, .samples = 1}}, OnBreach::pause);
    take(judge, waiters(3), 9);
    EXPECT_THAT(judge.breaches(), IsEmpty());
}

TEST(Judge, TheStrongestActionOfThoseThatAreBrokenCounts) {
    Judge judge({{.name = "active_sessions", .most = 0},
                 {.name = "lock_waiters", .most = 0, .action = OnBreach::rollback},
                 {.name = "blocked_by_us", .most = 0, .action = OnBreach::abort}},
                OnBreach::pause);
    EXPECT_EQ(strongest(judge.breaches()), nullptr);
    take(judge, {{"active_sessions", 1}}, 3);
    EXPECT_EQ(strongest(judge.breaches())->action, OnBreach::pause);
    take(judge, {{"active_sessions", 1}, {"blocked_by_us", 1}}, 3);
    EXPECT_EQ(strongest(judge.breaches())->limit, "blocked_by_us");
    const auto breaches = [&] {
        take(judge, {{"active_sessions", 1}, {"blocked_by_us", 1}, {"blocked_sessions", 1}}, 3);
        return judge.breaches();
    }();
    EXPECT_EQ(strongest(breaches)->limit, "lock_waiters");
}

TEST(Judge, AMultipleIsOfTheBaselineButNeverOfLessThanItsFloor) {
    Judge judge({{.name = "rollbacks_per_second", .most = 3, .of_baseline = true, .samples = 1}}, OnBreach::pause);
    const Figures many{{"rollbacks_per_second", 12.04}};
    take(judge, many, 5);
    EXPECT_THAT(judge.breaches(), IsEmpty()) << "there is no baseline yet";
    take(judge, many, 1, Figures{{"rollbacks_per_second", 4.1}});
    EXPECT_THAT(judge.breaches(), IsEmpty());
    take(judge, many, 1, Figures{{"rollbacks_per_second", 4}});
    EXPECT_THAT(judge.breaches(), ElementsAre(saying("rollbacks_per_second 12 > 12 (3x of 4 before the first change)")));

    Judge from_nothing({{.name = "rollbacks_per_second", .most = 3, .of_baseline = true, .samples = 1}}, OnBreach::pause);
    take(from_nothing, {{"rollbacks_per_second", 3}}, 1, Figures{{"rollbacks_per_second", 0}});
    EXPECT_THAT(from_nothing.breaches(), IsEmpty());
    take(from_nothing, {{"rollbacks_per_second", 3.5}}, 1, Figures{});
    EXPECT_THAT(from_nothing.breaches(),
                ElementsAre(saying("rollbacks_per_second 3.5 > 3 (3x of 0 before the first change, counted as 1)")));
}

TEST(Judge, SaysTimesAndBytesInTheirUnits) {
    Judge judge({{.name = "replication_lag", .most = 10'000, .samples = 1},
                 {.name = "replication_lag_bytes", .most = 16.0 * 1024 * 1024, .samples = 1}},
                OnBreach::pause);
    take(judge, {{"replication_lag_ms", 12'300}, {"replication_lag_bytes", 48.0 * 1024 * 1024}}, 1);
    EXPECT_THAT(judge.breaches(), ElementsAre(saying("replication_lag 12.3 s > 10.0 s"), saying("replication_lag_bytes 48 MB > 16 MB")));
}

TEST(TimeLimits, APauseIsNoTimeOfTheRunNorOfAStep) {
    RunClock clock;
    const TimeLimits none(clock, {}, OnBreach::abort);
    EXPECT_THAT(none.breaches(), IsEmpty());

    TimeLimits limits(clock, {{.name = "run_time", .most = 60'000}, {.name = "step_time", .most = 40, .action = OnBreach::rollback}},
                      OnBreach::abort);
    const auto before = clock.ran(base::Clock::now());
    {
        const RunClock::Standstill paused(clock);
        limits.step_begins(3);
        base::pause_for(base::Millis(60), nullptr);
        EXPECT_THAT(limits.breaches(), IsEmpty());
    }
    EXPECT_LT(clock.ran(base::Clock::now()) - before, base::Millis(60));
    EXPECT_GE(clock.paused(base::Clock::now()), base::Millis(60));
    while (limits.breaches().empty()) {
        base::pause_for(base::Millis(5), nullptr);
    }
    EXPECT_EQ(limits.breaches().front().limit, "step_time");
    EXPECT_EQ(limits.breaches().front().action, OnBreach::rollback);
    limits.step_ends(3);
    EXPECT_THAT(limits.breaches(), IsEmpty());
}

TEST(TimeLimits, TheRunHasItsOwn) {
    const RunClock clock;
    const TimeLimits limits(clock, {{.name = "run_time", .most = 0}}, OnBreach::abort);
    while (limits.breaches().empty()) {
        base::pause_for(base::Millis(1), nullptr);
    }
    EXPECT_EQ(limits.breaches().front().limit, "run_time");
    EXPECT_EQ(limits.breaches().front().action, OnBreach::abort);
}

}  // namespace
}  // namespace pgbelay::engine
