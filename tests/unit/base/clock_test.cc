#include "base/clock.h"

#include <gtest/gtest.h>

namespace pgbelay::base {
namespace {

using namespace std::chrono_literals;

TEST(ParseDuration, ReadsUnitsAsPostgresDoes) {
    EXPECT_EQ(parse_duration("100ms"), 100ms);
    EXPECT_EQ(parse_duration("2s"), 2s);
    EXPECT_EQ(parse_duration("5 min"), 5min);
    EXPECT_EQ(parse_duration("1h"), 1h);
    EXPECT_EQ(parse_duration("1d"), 24h);
    EXPECT_EQ(parse_duration("250"), 250ms);
    EXPECT_EQ(parse_duration("0"), 0ms);
}

TEST(ParseDuration, RefusesEverythingElse) {
    for (const auto* text : {"", "ms", "-1s", "1.5s", "1w", "1S", "1 s s", "99999999999999999999", "36501d", "9223372036854775807h"}) {
        EXPECT_EQ(parse_duration(text), std::nullopt) << text;
    }
}

TEST(FormatDuration, UsesTwoUnitsAtMost) {
    EXPECT_EQ(format_duration(0ms), "0 ms");
    EXPECT_EQ(format_duration(87ms), "87 ms");
    EXPECT_EQ(format_duration(2400ms), "2.4 s");
    EXPECT_EQ(format_duration(200s), "3 min 20 s");
    EXPECT_EQ(format_duration(2min), "2 min");
    EXPECT_EQ(format_duration(65min), "1 h 5 min");
    EXPECT_EQ(format_duration(2h), "2 h");
}

}  // namespace
}  // namespace pgbelay::base
