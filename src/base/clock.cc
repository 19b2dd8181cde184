#include "base/clock.h"

#include <fmt/core.h>

#include <charconv>
#include <cstdint>

namespace pgbelay::base {

std::optional<Millis> parse_duration(std::string_view text) {
    std::int64_t number = 0;
    const auto [rest, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc{} || number < 0) {
        return std::nullopt;
    }
    std::string_view unit(rest, static_cast<std::size_t>(text.data() + text.size() - rest));
    while (unit.starts_with(' ')) {
        unit.remove_prefix(1);
    }
    std::int64_t factor = 0;
    if (unit.empty() || unit == "ms") {
        factor = 1;
    } else if (unit == "s") {
        factor = 1000;
    } else if (unit == "min") {
        factor = 60'000;
    } else if (unit == "h") {
        factor = 3'600'000;
    } else if (unit == "d") {
        factor = 86'400'000;
    } else {
        return std::nullopt;
    }
    constexpr std::int64_t kLongest = std::int64_t{100} * 365 * 86'400'000;
    if (number > kLongest / factor) {
        return std::nullopt;
    }
    return Millis(number * factor);
}

std::string format_duration(Clock::duration d) {
    const auto ms = std::chrono::duration_cast<Millis>(d).count();
    if (ms < 1000) {
        return fmt::format("{} ms", ms);
    }
    if (ms < 60'000) {
        return fmt::format("{:.1f} s", static_cast<double>(ms) / 1000.0);
    }
    const auto seconds = ms / 1000;
    if (seconds < 3600) {
        return seconds % 60 == 0 ? fmt::format("{} min", seconds / 60) : fmt::format("{} min {} s", seconds / 60, seconds % 60);
    }
    const auto minutes = seconds / 60;
    return minutes % 60 == 0 ? fmt::format("{} h", minutes / 60) : fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

}  // namespace pgbelay::base
