// Where psql sees quotes, comments, variables, backslash commands and the ends of statements (its manual page, and
// src/fe_utils/psqlscan.l for what the manual leaves open).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pgbelay::sql {

enum class LexemeKind {
    space,
    comment,
    text,       // names, constants, operators: whatever is sent to the server as it stands
    semicolon,  // one that ends the statement
    variable,   // :name and its relatives
    backslash,  // the backslash of a command; the command itself is not consumed
};

enum class VariableForm { plain, literal, identifier, is_set };

struct Lexeme {
    LexemeKind kind = LexemeKind::text;
    std::size_t begin = 0;
    std::size_t end = 0;
    VariableForm form = VariableForm::plain;
    std::string_view name;  // of the variable
};

// Which construct the text is inside of.
enum class Inside { nothing, quote, escape_quote, quoted_name, dollar_quote, block_comment };

// Goes through text lexeme by lexeme and keeps its state from one piece of text to the next, since a variable's value may
// open what the text after it closes.
class PsqlLexer {
public:
    // The lexeme at `at`, which is less than `bytes.size()`.
    Lexeme next(std::string_view bytes, std::size_t at);
    Inside inside() const { return inside_; }
    // Forgets the statement: parentheses, BEGIN ATOMIC, its first words.
    void begin_statement();

private:
    Lexeme next_outside(std::string_view bytes, std::size_t at);
    Lexeme name_or_prefixed_string(std::string_view bytes, std::size_t at);
    Lexeme dollar(std::string_view bytes, std::size_t at);
    std::size_t end_of_quote(std::string_view bytes, std::size_t at);
    std::size_t end_of_dollar_quote(std::string_view bytes, std::size_t at);
    std::size_t end_of_comment(std::string_view bytes, std::size_t at);
    void count_word(std::string_view word);

    Inside inside_ = Inside::nothing;
    std::string dollar_tag_;  // with both dollars
    int comment_depth_ = 0;
    int parentheses_ = 0;
    int begins_ = 0;           // BEGIN (and CASE inside it) of a function's body that are still open
    std::string first_words_;  // a letter for each of the first four words, see count_word()
};

// Whether the byte can be part of a psql variable's name.
bool is_variable_char(char c);

// The variable reference that begins with the ':' at `at`; `end == at` when it is none.
Lexeme variable_at(std::string_view bytes, std::size_t at);

}  // namespace pgbelay::sql
