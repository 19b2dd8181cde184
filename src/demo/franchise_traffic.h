// What the endpoints of the franchise application send, and the report that somebody left open.
#pragma once

#include "demo/traffic.h"

#include <string>
#include <vector>

namespace pgbelay::demo {

// The application name of its sessions.
inline constexpr const char* kApplication = "franchise app";

// Reads and writes over all six tables as franchise_tables() makes them.
std::vector<Kind> franchise_traffic();

// The statements that begin the report's transaction. It has read the busiest table and then sits there, its lock on it.
std::vector<std::string> franchise_report();

}  // namespace pgbelay::demo
