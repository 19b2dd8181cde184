#include "sql/nesting.h"

namespace pgbelay::sql {

namespace {

// Inside one pair of brackets. Any token may add a level (`- - - 1`, `1 + 1 + 1`, `x::int::int`), but lists and chains of
// AND and OR are flat in the tree, so their members begin anew. Set operations and joins nest to the left across members.
struct Level {
    std::size_t member = 0;
    std::size_t chained = 0;
};

bool opens(const Token& token) {
    return token.text == "(" || token.text == "[" || (token.keyword && token.text == "case");
}

bool closes(const Token& token) {
    return token.text == ")" || token.text == "]" || (token.keyword && token.text == "end");
}

bool begins_a_member(const Token& token) {
    return token.text == "," ||
           (token.keyword && (token.text == "and" || token.text == "or" || token.text == "when" || token.text == "then"));
}

bool chains(const Token& token) {
    return token.keyword && (token.text == "union" || token.text == "intersect" || token.text == "except" || token.text == "join");
}

}  // namespace

std::optional<std::size_t> nested_beyond(const std::vector<Token>& tokens, std::size_t limit) {
    std::vector<Level> levels(1);
    std::size_t depth = 0;  // the sum over all levels
    for (const auto& token : tokens) {
        if (token.comment) {
            continue;
        }
        auto& level = levels.back();
        if (opens(token)) {
            levels.push_back({.member = 1});
            ++depth;
        } else if (closes(token) && levels.size() > 1) {
            depth -= level.member + level.chained;
            levels.pop_back();
            ++levels.back().member;
            ++depth;
        } else if (token.text == ";") {
            depth -= level.member + level.chained;
            level = {};
        } else if (begins_a_member(token)) {
            depth -= level.member;
            level.member = 0;
        } else if (chains(token)) {
            depth -= level.member;
            level.member = 0;
            ++level.chained;
            ++depth;
        } else {
            ++level.member;
            ++depth;
        }
        if (depth > limit) {
            return token.begin;
        }
    }
    return std::nullopt;
}

}  // namespace pgbelay::sql
