#include "sql/copy_data.h"

#include "base/error.h"
#include "sql/tokens.h"

#include <pg_query/pg_query.pb-c.h>

#include <algorithm>

namespace pgbelay::sql {

namespace {

bool tokens_copy_from_stdin(std::string_view sql) {
    // Statements of megabytes are not cut into tokens for their first word.
    constexpr std::string_view kWord = "copy";
    if (!equals_ignoring_case(sql.substr(0, kWord.size()), kWord)) {
        return false;
    }
    try {
        auto tokens = scan(sql);
        std::erase_if(tokens, [](const Token& token) { return token.comment; });
        for (std::size_t i = 1; tokens.front().text == "copy" && i + 1 < tokens.size(); ++i) {
            if (tokens[i].text == "from" && tokens[i + 1].text == "stdin") {
                return true;
            }
        }
        return false;
    } catch (const base::Error& error) {
        if (error.code() != base::ErrorCode::input) {
            throw;
        }
        return false;
    }
}

}  // namespace

bool copies_from_stdin(const Statement& statement) {
    if (statement.opaque()) {
        return tokens_copy_from_stdin(statement.sql);
    }
    const auto& node = statement.node();
    if (node.node_case != PG_QUERY__NODE__NODE_COPY_STMT) {
        return false;
    }
    const auto& copy = *node.copy_stmt;
    const bool names_file = copy.filename != nullptr && *copy.filename != '\0';
    return copy.is_from && !copy.is_program && !names_file;
}

CopyData read_copy_data(std::string_view bytes, std::size_t at) {
    for (std::size_t line = at; line < bytes.size();) {
        const std::size_t newline = std::min(bytes.find('\n', line), bytes.size());
        auto text = bytes.substr(line, newline - line);
        if (text.ends_with('\r')) {
            text.remove_suffix(1);
        }
        const std::size_t next = std::min(newline + 1, bytes.size());
        if (text == "\\.") {
            return {std::string(bytes.substr(at, line - at)), next};
        }
        line = next;
    }
    return {std::string(bytes.substr(std::min(at, bytes.size()))), bytes.size()};
}

}  // namespace pgbelay::sql
