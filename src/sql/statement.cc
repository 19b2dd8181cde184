#include "sql/statement.h"

#include "sql/tokens.h"

#include <utility>

namespace pgbelay::sql {

namespace {

// Only bytes that the author's statement consists of: leading comments and the final semicolon belong to the file.
std::string trimmed(std::string sql) {
    std::vector<Token> tokens;
    try {
        tokens = scan(sql);
    } catch (const base::Error& error) {
        if (error.code() != base::ErrorCode::input) {
            throw;
        }
        return sql;  // cannot be cut into tokens: parse() says why, at its place
    }
    while (!tokens.empty() && (tokens.back().comment || tokens.back().text == ";")) {
        tokens.pop_back();
    }
    for (const auto& token : tokens) {
        if (!token.comment) {
            return sql.substr(token.begin, tokens.back().end - token.begin);
        }
    }
    return {};
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

Statement read_statement(std::string sql, base::Place place, int n) {
    Statement statement;
    statement.n = n;
    statement.place = std::move(place);
    statement.sql = trimmed(std::move(sql));
    auto parsed = parse(statement.sql);
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
