#include "support/line_diff.h"

#include <algorithm>
#include <cstddef>

namespace pgbelay::test {

std::vector<std::string> split_lines(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return lines;
}

std::string line_diff(const std::vector<std::string>& before, const std::vector<std::string>& after) {
    // common[i][j] is the length of the longest common subsequence of before[i..] and after[j..].
    const std::size_t rows = before.size();
    const std::size_t columns = after.size();
    std::vector<std::vector<std::size_t>> common(rows + 1, std::vector<std::size_t>(columns + 1, 0));
    for (std::size_t i = rows; i-- > 0;) {
        for (std::size_t j = columns; j-- > 0;) {
            common[i][j] = before[i] == after[j] ? common[i + 1][j + 1] + 1 : std::max(common[i + 1][j], common[i][j + 1]);
        }
    }
    std::string diff;
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < rows || j < columns) {
        if (i < rows && j < columns && before[i] == after[j]) {
            ++i;
            ++j;
        } else if (i < rows && (j == columns || common[i + 1][j] >= common[i][j + 1])) {
            diff += "-" + before[i++] + "\n";
        } else {
            diff += "+" + after[j++] + "\n";
        }
    }
    return diff;
}

}  // namespace pgbelay::test
