// The wall clock as the stream of events writes it.
#pragma once

#include <chrono>
#include <string>

namespace pgbelay::cli {

// ISO 8601 in UTC with milliseconds: "2026-11-20T23:24:05.017Z".
std::string utc(std::chrono::system_clock::time_point time);
inline std::string utc_now() {
    return utc(std::chrono::system_clock::now());
}

}  // namespace pgbelay::cli
