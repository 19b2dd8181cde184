#include "runbook/text.h"

#include "sql/utf8.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <numeric>

namespace pgbelay::runbook {
namespace {

std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), 0);
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t above = row[j];
            row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
            diagonal = above;
        }
    }
    return row.back();
}

}  // namespace

std::vector<std::string_view> split_lines(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        lines.push_back(line);
    }
    return lines;
}

int column_at(std::string_view line, std::size_t offset) {
    const auto end = line.begin() + static_cast<std::ptrdiff_t>(std::min(offset, line.size()));
    const auto characters = std::count_if(line.begin(), end, [](char c) { return !sql::is_utf8_continuation(c); });
    return static_cast<int>(characters) + 1;
}

void require_utf8(std::string_view text, const std::string& file) {
    const std::size_t nul = text.find('\0');
    const auto invalid = sql::first_invalid_utf8(text);
    if (invalid || nul != std::string_view::npos) {
        base::Place place{file, 1, 1};
        sql::advance(place, text.substr(0, std::min(invalid.value_or(nul), nul)));
        throw input_error(invalid.value_or(nul) < nul ? "this is not UTF-8" : "a NUL byte in a text file", place)
            .hint("save the file as UTF-8");
    }
}

void require_short(std::string_view name, const base::Place& place) {
    constexpr std::size_t kLongest = 200;
    if (name.size() > kLongest) {
        throw input_error(fmt::format("a name of {} bytes: {} are the limit", name.size(), kLongest), place);
    }
}

std::string_view without_bom(std::string_view text) {
    constexpr std::string_view kBom = "\xEF\xBB\xBF";
    return text.starts_with(kBom) ? text.substr(kBom.size()) : text;
}

std::string_view trim(std::string_view text) {
    constexpr std::string_view kSpace = " \t\r\n\f\v";
    const std::size_t begin = text.find_first_not_of(kSpace);
    if (begin == std::string_view::npos) {
        return {};
    }
    return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::string to_lower(std::string_view text) {
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return lower;
}

bool all_digits(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
    std::string_view best = candidates.front();
    std::size_t smallest = std::numeric_limits<std::size_t>::max();
    for (const std::string_view candidate : candidates) {
        const std::size_t d = distance(to_lower(word), candidate);
        if (d < smallest) {
            smallest = d;
            best = candidate;
        }
    }
    return best;
}

std::string suggest(std::string_view word, std::span<const std::string_view> candidates) {
    return fmt::format("did you mean \"{}\"? known are {}", nearest(word, candidates), fmt::join(candidates, ", "));
}

base::Error input_error(std::string message, base::Place place) {
    return base::Error(base::ErrorCode::input, std::move(message)).at(std::move(place));
}

}  // namespace pgbelay::runbook
