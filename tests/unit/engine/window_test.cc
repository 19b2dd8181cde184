#include "engine/window_gate.h"

#include <gtest/gtest.h>

namespace pgbelay::engine {
namespace {

using namespace std::chrono_literals;
using runbook::Instant;

// A Monday.
const Instant kMidnight = std::chrono::sys_days(std::chrono::year(2026) / 1 / 5);
constexpr std::int64_t kMega = 1'000'000;

plan::Step reading(std::int64_t bytes) {
    plan::Step step;
    step.name = "build index orders_total_idx";
    step.reads = bytes;
    return step;
}

TEST(RunningWindows, LetNothingBeginOutside) {
    const RunningWindows windows({"02:00-04:00 UTC"});
    EXPECT_FALSE(windows.not_at(kMidnight + 2h, reading(0)));
    EXPECT_FALSE(windows.not_at(kMidnight + 3h + 59min, reading(0)));
    const auto later = windows.not_at(kMidnight + 4h, reading(0));
    ASSERT_TRUE(later);
    EXPECT_EQ(later->until, "Tue 2026-01-06 02:00 UTC");
    EXPECT_EQ(later->why, "the window is shut");
}

TEST(RunningWindows, LetNothingBeginThatWouldRunPastTheirEnd) {
    const RunningWindows windows({"02:00-04:00 UTC"});
    const plan::Step minutes = reading(60 * 10 * 20 * kMega);
    EXPECT_EQ(windows.expected(minutes), 10min);
    EXPECT_FALSE(windows.not_at(kMidnight + 3h + 50min, minutes));
    const auto later = windows.not_at(kMidnight + 3h + 51min, minutes);
    ASSERT_TRUE(later);
    EXPECT_EQ(later->until, "Tue 2026-01-06 02:00 UTC");
    EXPECT_NE(later->why.find("would probably take 10 min, and the window closes in 9 min"), std::string::npos) << later->why;
}

TEST(RunningWindows, LearnHowFastStepsAre) {
    RunningWindows windows({"02:00-04:00 UTC"});
    windows.learn(reading(100 * kMega), 500ms);
    EXPECT_EQ(windows.expected(reading(200 * kMega)), 10s) << "half a second tells nothing yet";
    windows.learn(reading(0), 1h);
    EXPECT_EQ(windows.expected(reading(200 * kMega)), 10s) << "what reads nothing tells nothing";
    windows.learn(reading(100 * kMega), 500ms);
    EXPECT_EQ(windows.expected(reading(400 * kMega)), 2s);
}

TEST(RunningWindows, AreAlwaysOpenWhereThereAreNone) {
    const RunningWindows windows({});
    EXPECT_FALSE(windows.not_at(kMidnight, reading(1'000'000 * kMega)));
    const RunningWindows always({"00:00-24:00 UTC"});
    EXPECT_FALSE(always.not_at(kMidnight + 23h + 59min, reading(1'000'000 * kMega)));
}

}  // namespace
}  // namespace pgbelay::engine
