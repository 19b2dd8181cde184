#include "sql/directive.h"

#include "sql/tree.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <string>
#include <vector>

namespace pgbelay::sql {

namespace {

using base::Error;
using base::ErrorCode;

constexpr std::array<std::string_view, 2> kNames = {"as-written", "when"};
constexpr std::string_view kBlank = " \t\r\f\v";

std::string_view trim(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(kBlank);
    return begin == std::string_view::npos ? std::string_view() : text.substr(begin, text.find_last_not_of(kBlank) + 1 - begin);
}

// Levenshtein's.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
        }
    }
    return row.back();
}

std::string_view nearest_name(std::string_view given) {
    given = given.substr(0, 64);
    return *std::min_element(kNames.begin(), kNames.end(),
                             [&](auto a, auto b) { return edit_distance(given, a) < edit_distance(given, b); });
}

void check_query(const std::string& query, const base::Place& place) {
    const auto parsed = parse(query);
    if (const auto* error = std::get_if<SyntaxError>(&parsed)) {
        throw Error(ErrorCode::input, fmt::format("the query of `when` cannot be parsed: {}", error->message)).at(place);
    }
    const auto& tree = std::get<Tree>(parsed);
    if (tree.size() != 1 || node_kind(tree.statement()) != "SelectStmt") {
        throw Error(ErrorCode::input, "`when` needs one query")
            .at(place)
            .hint("write -- pgbelay: when SELECT …; the statement runs where its first value is true");
    }
}

}  // namespace

std::optional<Directive> read_directive(std::string_view comment, const base::Place& place) {
    constexpr std::string_view kPrefix = "pgbelay:";
    auto text = trim(comment.substr(std::min(comment.find_first_not_of('-'), comment.size())));
    if (!text.starts_with(kPrefix)) {
        return std::nullopt;
    }
    text = trim(text.substr(kPrefix.size()));
    const auto name = text.substr(0, text.find_first_of(kBlank));
    auto value = trim(text.substr(name.size()));
    if (std::find(kNames.begin(), kNames.end(), name) == kNames.end()) {
        throw Error(ErrorCode::input, fmt::format("there is no directive \"{}\"", name))
            .at(place)
            .hint(fmt::format("did you mean \"{}\"? The directives are as-written and when", nearest_name(name)));
    }
    while (name == "when" && value.ends_with(';')) {
        value = trim(value.substr(0, value.size() - 1));
    }
    Directive directive{std::string(name), std::string(value), place};
    if (name == "when") {
        check_query(directive.value, place);
    }
    return directive;
}

}  // namespace pgbelay::sql
