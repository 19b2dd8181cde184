#include "campaign/summary.h"

#include "base/file.h"

#include <fmt/format.h>

#include <fstream>
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

std::string Summary::table() const {
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

void write_between_marks(const std::filesystem::path& file, const std::string& text) {
    std::string page = base::read_file(file);
    const std::size_t begin = page.find(kBegin);
    const std::size_t end = page.find(kEnd);
    if (begin == std::string::npos || end == std::string::npos || end < begin) {
        throw std::runtime_error(file.string() + " has no marks for the summary");
    }
    page.replace(begin + kBegin.size(), end - begin - kBegin.size(), text);
    std::ofstream out(file, std::ios::trunc);
    if (!(out << page).flush()) {
        throw std::runtime_error("cannot write " + file.string());
    }
}

}  // namespace pgbelay::test
