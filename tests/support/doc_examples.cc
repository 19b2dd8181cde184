#include "support/doc_examples.h"

#include <sstream>

namespace pgbelay::test {

std::vector<DocFence> doc_fences(const std::string& text) {
    std::vector<DocFence> fences;
    std::istringstream lines(text);
    std::string open;  // the backquotes of the fence that we are in
    int number = 0;
    for (std::string line; std::getline(lines, line);) {
        ++number;
        if (!open.empty()) {
            if (line == open) {
                open.clear();
            } else {
                fences.back().content += line + "\n";
            }
            continue;
        }
        const std::size_t end = line.find_first_not_of('`');
        if (line.starts_with("```") && end != std::string::npos && line.find('`', end) == std::string::npos) {
            open = line.substr(0, end);
            fences.push_back({number, line.substr(end), ""});
        }
    }
    return fences;
}

}  // namespace pgbelay::test
