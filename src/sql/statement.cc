#include "sql/statement.h"

#include "sql/tokens.h"
#include "sql/utf8.h"

#include <algorithm>
#include <utility>

namespace pgbelay::sql {

namespace {

struct Range {
    std::size_t begin;
    std::size_t end;
};

bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

// Without comments the tokens begin with the first byte and end with the last: nothing is to be cut.
bool nothing_around(std::string_view sql) {
    return !sql.empty() && !is_space(sql.front()) && !is_space(sql.back()) && sql.back() != ';' &&
           sql.find("--") == std::string_view::npos && sql.find("/*") == std::string_view::npos;
}

// Only bytes that the author's statement consists of: comments around it and the final semicolon belong to the file.
Range statement_in(std::string_view sql) {
    if (nothing_around(sql)) {
        return {0, sql.size()};
    }
    std::vector<Token> tokens;
    try {
        tokens = scan(sql);
    } catch (const base::Error& error) {
        if (error.code() != base::ErrorCode::input) {
            throw;
        }
        return {0, sql.size()};  // cannot be cut into tokens: parse() says why, at its place
    }
    while (!tokens.empty() && (tokens.back().comment || tokens.back().text == ";")) {
        tokens.pop_back();
    }
    const auto first = std::find_if(tokens.begin(), tokens.end(), [](const Token& token) { return !token.comment; });
    return first == tokens.end() ? Range{0, 0} : Range{first->begin, tokens.back().end};
}

base::Place moved(base::Place place, std::string_view over) {
    if (place.line > 0) {
        advance(place, over);
    }
    return place;
}

std::variant<Tree, SyntaxError> parse_at(const std::string& sql, const base::Place& place) {
    try {
        return parse(sql);
    } catch (base::Error& error) {
        error.at(place);
        throw;
    }
}

}  // namespace

std::optional<std::string> Statement::directive(std::string_view name) const {
    for (const auto& given : directives) {
        if (given.name == name) {
            return given.value;
        }
    }
    return std::nullopt;
}

base::Place Statement::place_at(std::size_t offset) const {
    offset = std::min(offset, sql.size());
    return source != nullptr ? source->place(offset) : moved(place, std::string_view(sql).substr(0, offset));
}

Statement read_statement(std::string sql, base::Place place, int n) {
    const auto range = statement_in(sql);
    Statement statement;
    statement.n = n;
    statement.place = moved(std::move(place), std::string_view(sql).substr(0, range.begin));
    statement.sql = sql.substr(range.begin, range.end - range.begin);
    auto parsed = parse_at(statement.sql, statement.place);
    if (auto* error = std::get_if<SyntaxError>(&parsed)) {
        statement.syntax_error = std::move(*error);
        return statement;
    }
    auto& tree = std::get<Tree>(parsed);
    if (tree.size() != 1) {
        statement.syntax_error = SyntaxError{tree.size() == 0 ? "no statement" : "more than one statement", 0};
        return statement;
    }
    statement.kind = node_kind(tree.statement());
    statement.tree = std::make_shared<const Tree>(std::move(tree));
    return statement;
}

}  // namespace pgbelay::sql
