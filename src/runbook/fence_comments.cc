#include "runbook/fence_comments.h"

#include "runbook/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pgbelay::runbook {
namespace {

struct Known {
    std::string_view key;
    std::string_view belongs_to;
    std::string_view example;
};
constexpr std::array<Known, 6> kKnown = {{
    {"when", "sql apply", "-- when: SELECT NOT EXISTS (…)"},
    {"expect", "sql check and sql try", "-- expect: >= 100"},
    {"not_before", "sql apply", "-- not_before: 7d after NAME"},
    {"fail", "sql baseline and sql probe", "-- fail: after.n < before.n"},
    {"not", "sql explain", "-- not: Seq Scan on orders"},
    {"with", "sql explain", "-- with: $1 = 7"},
}};

// Whether one letter more, less or another makes the one of the other.
bool one_slip(std::string_view a, std::string_view b) {
    if (a.size() < b.size()) {
        std::swap(a, b);
    }
    const auto [x, y] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
    if (a == b || a.size() > b.size() + 1 || x == a.end()) {
        return false;
    }
    return std::equal(x + 1, a.end(), a.size() == b.size() ? y + 1 : y, b.end());
}

// `-- key: value`; nothing for any other comment. A slip in one of the longer keys would make a condition a remark, without a word.
const Known* known_key(std::string_view comment, const base::Place& place) {
    const std::string_view text = trim(comment.substr(2));
    const std::string_view key = text.substr(0, text.find(':'));
    for (const Known& known : kKnown) {
        if (key.size() < text.size() && key == known.key) {
            return &known;
        }
        if (key.size() < text.size() && known.key.size() > 4 && one_slip(key, known.key)) {
            throw input_error(fmt::format("`-- {}:` means nothing", key), place)
                .hint(fmt::format("did you mean `-- {}:`? A remark begins otherwise", known.key));
        }
    }
    return nullptr;
}

}  // namespace

std::vector<FenceComment> read_comments(const Fence& fence, std::initializer_list<std::string_view> allowed, std::string_view verb) {
    std::vector<FenceComment> comments;
    int number = fence.place.line;
    for (const std::string_view line : split_lines(fence.content)) {
        ++number;
        const std::string_view text = trim(line);
        if (!text.starts_with("--")) {
            break;
        }
        const base::Place place{fence.place.file, number, column_at(line, line.find("--"))};
        const Known* known = known_key(text, place);
        if (known == nullptr) {
            continue;
        }
        if (std::find(allowed.begin(), allowed.end(), known->key) == allowed.end()) {
            throw input_error(fmt::format("`-- {}:` on {} is not supported", known->key, verb), place)
                .hint(fmt::format("it belongs to {}", known->belongs_to));
        }
        std::string value(trim(text.substr(text.find(':') + 1)));
        if (value.empty()) {
            throw input_error(fmt::format("`-- {}:` without a value", known->key), place).hint(fmt::format("such as {}", known->example));
        }
        comments.push_back({std::string(known->key), std::move(value), place});
    }
    return comments;
}

std::optional<FenceComment> only_comment(const std::vector<FenceComment>& comments, std::string_view key, std::string_view what_to_do) {
    std::optional<FenceComment> only;
    for (const FenceComment& comment : comments) {
        if (comment.key != key) {
            continue;
        }
        if (only) {
            throw input_error(fmt::format("a second `-- {}:`; the first is at line {}", key, only->place.line), comment.place)
                .hint(std::string(what_to_do));
        }
        only = comment;
    }
    return only;
}

}  // namespace pgbelay::runbook
