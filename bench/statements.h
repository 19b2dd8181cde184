// Statements as migrations contain them, made up by a seed: the same on every machine.
#pragma once

#include <cstdint>
#include <string>

namespace pgbelay::bench {

// `count` statements in one text, a line or more each, every table made before it is used.
std::string migration_of(int count, std::uint32_t seed);

}  // namespace pgbelay::bench
