// PostgreSQL's own scanner: tokens with byte ranges, for splices and for statements that the grammar does not know.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

struct PgQuery__AlterTableStmt;

namespace pgbelay::sql {

struct Token {
    std::size_t begin;
    std::size_t end;
    bool keyword;  // any class of keyword, reserved or not
    bool comment;
    std::string text;  // keywords and operators in lower case, everything else as written
};

// ASCII letters only; the second word is in lower case.
bool equals_ignoring_case(std::string_view word, std::string_view lower);

// All tokens, comments included. Throws Error{input} when the text cannot be scanned (unterminated quote).
std::vector<Token> scan(std::string_view sql);

// `ALTER TABLE …` cut at its top-level commas: `head` runs up to and including the table's name (with IF EXISTS, ONLY, *),
// `pieces` are the subcommands' bytes in order, trimmed. Empty pieces when the text is not such a statement.
struct AlterTablePieces {
    std::string head;
    std::vector<std::string> pieces;
};
AlterTablePieces cut_alter_table(std::string_view sql);
// The same of what was parsed already: `whole` is the only statement in `sql`.
AlterTablePieces cut_alter_table(std::string_view sql, const PgQuery__AlterTableStmt& whole);

// Byte-range edits of one text, applied together; ranges must not overlap. An insertion has begin == end.
struct Splice {
    std::size_t begin;
    std::size_t end;
    std::string text;
};
std::string splice(std::string_view sql, std::vector<Splice> edits);

}  // namespace pgbelay::sql
