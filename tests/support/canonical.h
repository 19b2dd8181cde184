// The catalog of a database as text that two points in time can be compared by.
#pragma once

#include <string>
#include <vector>

namespace pgbelay::test {

// The lines of canonical.sql. The schema pgbelay, where the journal lives, is left out. Throws std::runtime_error.
std::vector<std::string> canonical_dump(const std::string& url);

}  // namespace pgbelay::test
