#include "demo/franchise_change.h"

#include <regex>

namespace pgbelay::demo {

std::string franchise_runbook() {
    static const std::regex demands(R"( (uses|min_speedup)=\S+)");
    constexpr std::string_view kEnd = "\n---\n";
    const std::string_view example = franchise_example();
    const std::string body(example.substr(example.find(kEnd) + kEnd.size()));
    return "---\npgbelay: 1\nname: Franchise indexes\n---\n" + std::regex_replace(body, demands, "");
}

}  // namespace pgbelay::demo
