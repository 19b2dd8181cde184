// The difference between two lists of lines, for people to read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgbelay::test {

std::vector<std::string> split_lines(std::string_view text);

// "-line" for what only `before` has and "+line" for what only `after` has, in order, each ended by a newline, without context: a
// longest common subsequence decides, so that a line that moved shows as both. Empty when they are equal.
std::string line_diff(const std::vector<std::string>& before, const std::vector<std::string>& after);

}  // namespace pgbelay::test
