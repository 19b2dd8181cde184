#include "sql/tokens.h"

#include "base/error.h"
#include "sql/message.h"
#include "sql/tree.h"

#include <pg_query/pg_query.pb-c.h>

#include <algorithm>
#include <utility>

namespace pgbelay::sql {

namespace {

std::vector<Token> without_comments(std::vector<Token> tokens) {
    std::erase_if(tokens, [](const Token& token) { return token.comment; });
    while (!tokens.empty() && tokens.back().text == ";") {
        tokens.pop_back();
    }
    return tokens;
}

bool is(const std::vector<Token>& tokens, std::size_t i, std::string_view text) {
    return i < tokens.size() && tokens[i].text == text;
}

// The index of the first token after the relation's name; nothing when this is no ALTER TABLE (or INDEX, VIEW, …).
std::size_t after_head(const std::vector<Token>& tokens) {
    std::size_t i = 1;
    if (is(tokens, i, "foreign") || is(tokens, i, "materialized")) {
        ++i;
    }
    ++i;  // TABLE, INDEX, VIEW, SEQUENCE
    if (is(tokens, i, "if") && is(tokens, i + 1, "exists")) {
        i += 2;
    }
    const bool only = is(tokens, i, "only");
    i += only ? 1 : 0;
    const bool brackets = only && is(tokens, i, "(");
    i += brackets ? 1 : 0;
    ++i;  // the name's first part
    while (is(tokens, i, ".")) {
        i += 2;
    }
    if (brackets || is(tokens, i, "*")) {
        ++i;
    }
    return i;
}

// The indexes of the tokens at which the subcommands begin and, one past the last, end.
std::vector<std::pair<std::size_t, std::size_t>> cut_at_commas(const std::vector<Token>& tokens, std::size_t first) {
    std::vector<std::pair<std::size_t, std::size_t>> ranges;
    std::size_t begin = first;
    int depth = 0;
    for (std::size_t i = first; i < tokens.size(); ++i) {
        const auto& text = tokens[i].text;
        if (text == "(" || text == "[") {
            ++depth;
        } else if (text == ")" || text == "]") {
            --depth;
        } else if (text == "," && depth == 0) {
            ranges.emplace_back(begin, i);
            begin = i + 1;
        }
    }
    ranges.emplace_back(begin, tokens.size());
    return ranges;
}

const PgQuery__AlterTableStmt* only_alter_table(const std::variant<Tree, SyntaxError>& parsed) {
    const auto* tree = std::get_if<Tree>(&parsed);
    if (tree == nullptr || tree->size() != 1) {
        return nullptr;
    }
    const auto& node = tree->statement();
    return node.node_case == PG_QUERY__NODE__NODE_ALTER_TABLE_STMT ? node.alter_table_stmt : nullptr;
}

bool is_command_of(const AlterTablePieces& cut, const std::string& piece, const PgQuery__AlterTableStmt& whole, std::size_t i) {
    const auto parsed = parse(cut.head + " " + piece);
    const auto* alone = only_alter_table(parsed);
    return alone != nullptr && alone->n_cmds == 1 && equal_but_for_locations(alone->relation->base, whole.relation->base) &&
           alone->objtype == whole.objtype && alone->missing_ok == whole.missing_ok &&
           equal_but_for_locations(alone->cmds[0]->base, whole.cmds[i]->base);
}

}  // namespace

AlterTablePieces cut_alter_table(std::string_view sql) {
    const auto parsed = parse(sql);
    const auto* whole = only_alter_table(parsed);
    return whole == nullptr ? AlterTablePieces{} : cut_alter_table(sql, *whole);
}

AlterTablePieces cut_alter_table(std::string_view sql, const PgQuery__AlterTableStmt& whole) {
    const auto tokens = without_comments(scan(sql));
    const std::size_t first = after_head(tokens);
    if (first >= tokens.size()) {
        return {};
    }
    const auto bytes = [&](std::size_t from, std::size_t to) {
        return std::string(sql.substr(tokens[from].begin, tokens[to - 1].end - tokens[from].begin));
    };
    AlterTablePieces cut;
    cut.head = bytes(0, first);
    for (const auto& [begin, end] : cut_at_commas(tokens, first)) {
        cut.pieces.push_back(begin < end ? bytes(begin, end) : "");
    }
    bool fits = cut.pieces.size() == whole.n_cmds;
    // The only piece is the statement again.
    for (std::size_t i = 0; fits && cut.pieces.size() > 1 && i < cut.pieces.size(); ++i) {
        fits = is_command_of(cut, cut.pieces[i], whole, i);
    }
    return fits ? cut : AlterTablePieces{};
}

std::string splice(std::string_view sql, std::vector<Splice> edits) {
    std::stable_sort(edits.begin(), edits.end(), [](const Splice& a, const Splice& b) { return a.begin < b.begin; });
    std::string result;
    std::size_t at = 0;
    for (const auto& edit : edits) {
        if (edit.begin < at || edit.end < edit.begin || edit.end > sql.size()) {
            throw base::Error(base::ErrorCode::internal, "edits of a statement that overlap or leave it");
        }
        result += sql.substr(at, edit.begin - at);
        result += edit.text;
        at = edit.end;
    }
    return result + std::string(sql.substr(at));
}

bool equals_ignoring_case(std::string_view word, std::string_view lower) {
    return word.size() == lower.size() && std::equal(word.begin(), word.end(), lower.begin(), [](char a, char b) {
               return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b;
           });
}

}  // namespace pgbelay::sql
