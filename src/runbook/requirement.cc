#include "runbook/requirement.h"

#include "runbook/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace pgbelay::runbook {
namespace {

// Longer ones before their beginnings.
constexpr std::array<std::pair<std::string_view, Range::Operator>, 7> kOperators = {{{"<=", Range::Operator::at_most},
                                                                                     {">=", Range::Operator::at_least},
                                                                                     {"<>", Range::Operator::not_equal},
                                                                                     {"!=", Range::Operator::not_equal},
                                                                                     {"<", Range::Operator::less},
                                                                                     {">", Range::Operator::more},
                                                                                     {"=", Range::Operator::equal}}};

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == ',';
}

void skip_spaces(std::string_view& text) {
    while (!text.empty() && is_space(text.front())) {
        text.remove_prefix(1);
    }
}

Range::Operator take_operator(std::string_view& text) {
    for (const auto& [sign, op] : kOperators) {
        if (text.starts_with(sign)) {
            text.remove_prefix(sign.size());
            return op;
        }
    }
    return Range::Operator::equal;
}

// "13.4" into its parts; what is left of the text begins behind it. Nothing when it does not begin with a number.
std::vector<std::int64_t> take_parts(std::string_view& text) {
    std::vector<std::int64_t> parts;
    for (;;) {
        std::int64_t part = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), part);
        if (error != std::errc() || part < 0) {
            return {};
        }
        parts.push_back(part);
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        if (text.size() < 2 || text[0] != '.' || text[1] < '0' || text[1] > '9') {
            return parts;
        }
        text.remove_prefix(1);
    }
}

}  // namespace

bool Range::holds(const Bound& bound, const std::vector<std::int64_t>& value) {
    std::vector<std::int64_t> parts = value;
    parts.resize(bound.parts.size());
    switch (bound.op) {
        case Operator::less: return parts < bound.parts;
        case Operator::at_most: return parts <= bound.parts;
        case Operator::equal: return parts == bound.parts;
        case Operator::not_equal: return parts != bound.parts;
        case Operator::at_least: return parts >= bound.parts;
        case Operator::more: return parts > bound.parts;
    }
    return false;
}

bool Range::holds(std::int64_t value) const {
    return holds(std::vector<std::int64_t>{value});
}

bool Range::holds(const std::vector<std::int64_t>& version) const {
    return std::ranges::all_of(bounds, [&](const Bound& bound) { return holds(bound, version); });
}

std::optional<Range> parse_range(std::string_view text) {
    Range range;
    for (skip_spaces(text); !text.empty(); skip_spaces(text)) {
        Range::Bound bound{.op = take_operator(text), .parts = {}};
        while (!text.empty() && text.front() == ' ') {
            text.remove_prefix(1);
        }
        bound.parts = take_parts(text);
        bound.percent = text.starts_with('%');
        text.remove_prefix(bound.percent ? 1 : 0);
        if (bound.parts.empty() || (!text.empty() && !is_space(text.front()))) {
            return std::nullopt;
        }
        range.bounds.push_back(std::move(bound));
    }
    return range.bounds.empty() ? std::nullopt : std::optional(std::move(range));
}

std::vector<std::int64_t> version_parts(std::string_view text) {
    return take_parts(text);
}

}  // namespace pgbelay::runbook
