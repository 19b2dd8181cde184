#include "faults/boundaries.h"

#include "base/file.h"
#include "support/line_diff.h"

#include <cstdlib>
#include <utility>

namespace pgbelay::test {

bool every_boundary() {
    return std::getenv("PGBELAY_EVERY_BOUNDARY") != nullptr;
}

std::vector<Boundary> boundaries(const std::filesystem::path& log) {
    const bool every = every_boundary();
    std::vector<Boundary> chosen;
    for (const std::string& line : split_lines(base::read_file(log))) {
        const std::size_t space = line.find(' ');
        Boundary next{std::stoi(line.substr(0, space)), line.substr(space + 1)};
        const auto is_result = [](const std::string& name) { return name.starts_with("result:"); };
        const bool same = !chosen.empty() && (chosen.back().name == next.name || (is_result(chosen.back().name) && is_result(next.name)));
        if (same && !every) {
            chosen.pop_back();
        }
        chosen.push_back(std::move(next));
    }
    return chosen;
}

}  // namespace pgbelay::test
