// Time as pgbelay uses it: a steady clock for waiting, and durations as people write and read them.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace pgbelay::base {

using Clock = std::chrono::steady_clock;
using Deadline = Clock::time_point;
using Millis = std::chrono::milliseconds;

inline constexpr Deadline kNoDeadline = Deadline::max();

inline Deadline in(Clock::duration d) {
    return Clock::now() + d;
}

// "100ms", "2s", "5min", "1h", "1d", or a bare number of milliseconds as PostgreSQL reads it. Nothing for anything else,
// for negative values, and for more than 100 years.
std::optional<Millis> parse_duration(std::string_view text);

// Short for people, two units at most: "87 ms", "2.4 s", "3 min 20 s", "1 h 5 min".
std::string format_duration(Clock::duration d);

}  // namespace pgbelay::base
