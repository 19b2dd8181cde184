// Sizes as people read them.
#pragma once

#include <cstdint>
#include <string>

namespace pgbelay::base {

// "512 bytes", "1.5 MB", "16 GB": units of 1024, as PostgreSQL has them.
std::string format_bytes(std::int64_t bytes);

}  // namespace pgbelay::base
