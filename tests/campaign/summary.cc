#include "campaign/summary.h"

#include "base/file.h"
#include "support/line_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string_view>

namespace pgbelay::test {

namespace {

constexpr std::string_view kBegin = "<!-- campaign -->\n";
constexpr std::string_view kEnd = "<!-- end of campaign -->\n";

void add_up(Summary::Count& sum, const Summary::Count& count) {
    sum.injected += count.injected;
    sum.by_itself += count.by_itself;
    sum.survived += count.survived;
    sum.lost += count.lost;
}

std::string row(const std::string& version, std::string_view fault, const Summary::Count& count) {
    return fmt::format("| {} | {} | {} | {} | {} | {} |\n", version, fault, count.injected, count.survived, count.by_itself, count.lost);
}

// "| a | b |" is "a" and "b"; six of them, or none.
std::vector<std::string> cells_of(const std::string& line) {
    constexpr std::size_t kCells = 6;
    std::vector<std::string> cells;
    std::size_t begin = line.starts_with("| ") ? 2 : std::string::npos;
    while (begin < line.size()) {
        const std::size_t end = line.find(" |", begin);
        cells.push_back(line.substr(begin, end - begin));
        begin = end == std::string::npos ? end : end + 3;
    }
    return cells.size() == kCells ? cells : std::vector<std::string>();
}

std::optional<Fault> fault_described(const std::string& text) {
    const auto* const found = std::ranges::find_if(kFaults, [&](Fault fault) { return description(fault) == text; });
    return found == kFaults.end() ? std::nullopt : std::optional(*found);
}

// Where what stands between the marks begins and ends.
std::pair<std::size_t, std::size_t> marks(const std::string& page, const std::filesystem::path& file) {
    const std::size_t begin = page.find(kBegin);
    const std::size_t end = page.find(kEnd);
    if (begin == std::string::npos || end == std::string::npos || end < begin) {
        throw std::runtime_error(file.string() + " has no marks for the summary");
    }
    return {begin + kBegin.size(), end};
}

}  // namespace

void Summary::add(const std::string& major, Fault fault, const Outcome& outcome) {
    if (outcome.injected == 0 && outcome.failure.empty()) {
        return;
    }
    const bool lost = !outcome.failure.empty();
    // A failure that no fault brought about is one all the same.
    const int faults = std::max(outcome.injected, 1);
    add_up(counts_[{std::stoi(major), fault}], {.injected = faults,
                                                .by_itself = !lost && outcome.by_itself ? faults : 0,
                                                .survived = lost ? 0 : faults,
                                                .lost = lost ? faults : 0});
}

Summary::Count Summary::total() const {
    Count sum;
    for (const auto& [key, count] : counts_) {
        add_up(sum, count);
    }
    return sum;
}

void Summary::add(const Campaign& campaign) {
    campaigns_[std::stoi(campaign.major)] = {
        campaign.major, campaign.date, campaign.commit, std::to_string(campaign.seed), std::to_string(campaign.boundaries), campaign.tried};
}

void Summary::keep(const std::string& earlier) {
    std::map<int, std::vector<std::string>> kept;
    for (const std::string& line : split_lines(earlier)) {
        const std::vector<std::string> cells = cells_of(line);
        const int major = cells.empty() ? 0 : std::atoi(cells.front().c_str());
        if (major == 0 || campaigns_.contains(major)) {
            continue;
        }
        if (const auto fault = fault_described(cells.at(1)); fault) {
            counts_[{major, *fault}] = {.injected = std::stoi(cells.at(2)),
                                        .by_itself = std::stoi(cells.at(4)),
                                        .survived = std::stoi(cells.at(3)),
                                        .lost = std::stoi(cells.at(5))};
        } else {
            kept[major] = cells;
        }
    }
    campaigns_.merge(kept);
}

std::string Summary::text() const {
    const Count sum = total();
    return fmt::format("**{} injected, {} survived, {} lost.**\n\n{}\n{}", sum.injected, sum.survived, sum.lost, campaigns(), counts());
}

std::string Summary::campaigns() const {
    std::string text = "| PostgreSQL | date | commit | seed | boundaries | each fault at |\n|---|---|---|---|---:|---:|\n";
    for (const auto& [major, cells] : campaigns_) {
        text += fmt::format("| {} |\n", fmt::join(cells, " | "));
    }
    return text;
}

std::string Summary::counts() const {
    std::string text = "| PostgreSQL | fault | injected | survived | of these by itself | lost |\n|---|---|---:|---:|---:|---:|\n";
    for (const auto& [key, count] : counts_) {
        text += row(std::to_string(key.first), description(key.second), count);
    }
    for (const Fault fault : kFaults) {
        Count sum;
        for (const auto& [key, count] : counts_) {
            if (key.second == fault) {
                add_up(sum, count);
            }
        }
        if (sum.injected > 0) {
            text += row("all", description(fault), sum);
        }
    }
    return text + row("all", "all", total());
}

std::string between_marks(const std::filesystem::path& file) {
    const std::string page = base::read_file(file);
    const auto [begin, end] = marks(page, file);
    return page.substr(begin, end - begin);
}

void write_between_marks(const std::filesystem::path& file, const std::string& text) {
    std::string page = base::read_file(file);
    const auto [begin, end] = marks(page, file);
    page.replace(begin, end - begin, text);
    std::ofstream out(file, std::ios::trunc);
    if (!(out << page).flush()) {
        throw std::runtime_error("cannot write " + file.string());
    }
}

}  // namespace pgbelay::test
