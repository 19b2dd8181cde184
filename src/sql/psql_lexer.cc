#include "sql/psql_lexer.h"

#include "sql/tokens.h"

#include <algorithm>

namespace pgbelay::sql {

namespace {

bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_name_start(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80U;
}
bool is_name_char(char c) {
    return is_name_start(c) || is_digit(c) || c == '$';
}

char at_or_nul(std::string_view bytes, std::size_t i) {
    return i < bytes.size() ? bytes[i] : '\0';
}

bool starts_with(std::string_view bytes, std::size_t at, std::string_view what) {
    return bytes.substr(at, what.size()) == what;
}

template <typename Predicate>
std::size_t skip(std::string_view bytes, std::size_t at, Predicate&& predicate) {
    while (at < bytes.size() && predicate(bytes[at])) {
        ++at;
    }
    return at;
}

std::size_t end_of_line(std::string_view bytes, std::size_t at) {
    return skip(bytes, at, [](char c) { return c != '\n' && c != '\r'; });
}

// A string constant goes on at a quote on a later line; where that quote is, or nothing (`at`).
std::size_t continuation(std::string_view bytes, std::size_t at) {
    bool newline = false;
    std::size_t i = at;
    while (i < bytes.size()) {
        if (is_space(bytes[i])) {
            newline = newline || bytes[i] == '\n' || bytes[i] == '\r';
            ++i;
        } else if (starts_with(bytes, i, "--")) {
            i = end_of_line(bytes, i);
        } else {
            break;
        }
    }
    return newline && at_or_nul(bytes, i) == '\'' ? i : at;
}

}  // namespace

bool is_variable_char(char c) {
    return is_name_start(c) || is_digit(c);
}

Lexeme variable_at(std::string_view bytes, std::size_t at) {
    Lexeme lexeme{.kind = LexemeKind::variable, .begin = at, .end = at};
    std::size_t name = at + 1;
    std::string_view closing;
    if (at_or_nul(bytes, name) == '\'') {
        lexeme.form = VariableForm::literal;
        closing = "'";
    } else if (at_or_nul(bytes, name) == '"') {
        lexeme.form = VariableForm::identifier;
        closing = "\"";
    } else if (starts_with(bytes, name, "{?")) {
        lexeme.form = VariableForm::is_set;
        closing = "}";
        ++name;
    }
    name += closing.empty() ? 0 : 1;
    const std::size_t end = skip(bytes, name, is_variable_char);
    if (end > name && starts_with(bytes, end, closing)) {
        lexeme.name = bytes.substr(name, end - name);
        lexeme.end = end + closing.size();
    }
    return lexeme;
}

void PsqlLexer::begin_statement() {
    parentheses_ = 0;
    begins_ = 0;
    first_words_.clear();
}

Lexeme PsqlLexer::next(std::string_view bytes, std::size_t at) {
    Lexeme lexeme{.begin = at};
    switch (inside_) {
        case Inside::nothing: return next_outside(bytes, at);
        case Inside::quote:
        case Inside::escape_quote:
        case Inside::quoted_name: lexeme.end = end_of_quote(bytes, at); break;
        case Inside::dollar_quote: lexeme.end = end_of_dollar_quote(bytes, at); break;
        case Inside::block_comment:
            lexeme.kind = LexemeKind::comment;
            lexeme.end = end_of_comment(bytes, at);
            break;
    }
    return lexeme;
}

Lexeme PsqlLexer::next_outside(std::string_view bytes, std::size_t at) {
    const char c = bytes[at];
    Lexeme lexeme{.begin = at, .end = at + 1};
    if (is_space(c)) {
        lexeme.kind = LexemeKind::space;
        lexeme.end = skip(bytes, at, is_space);
    } else if (starts_with(bytes, at, "--")) {
        lexeme.kind = LexemeKind::comment;
        lexeme.end = end_of_line(bytes, at);
    } else if (starts_with(bytes, at, "/*")) {
        lexeme.kind = LexemeKind::comment;
        inside_ = Inside::block_comment;
        lexeme.end = end_of_comment(bytes, at);
    } else if (is_name_start(c)) {
        return name_or_prefixed_string(bytes, at);
    } else if (is_digit(c)) {
        lexeme.end = skip(bytes, at, [](char d) { return is_digit(d) || is_name_start(d) || d == '.'; });
    } else if (c == '\'' || c == '"') {
        inside_ = c == '\'' ? Inside::quote : Inside::quoted_name;
        lexeme.end = end_of_quote(bytes, at + 1);
    } else if (c == '$') {
        return dollar(bytes, at);
    } else if (c == '\\') {
        lexeme.kind = LexemeKind::backslash;
    } else if (c == ':' && (at_or_nul(bytes, at + 1) == ':' || at_or_nul(bytes, at + 1) == '=')) {
        lexeme.end = at + 2;
    } else if (c == ':') {
        const auto variable = variable_at(bytes, at);
        return variable.end > at ? variable : lexeme;
    } else if (c == '(') {
        ++parentheses_;
    } else if (c == ')') {
        parentheses_ = std::max(0, parentheses_ - 1);
    } else if (c == ';' && parentheses_ == 0 && begins_ == 0) {
        lexeme.kind = LexemeKind::semicolon;
    }
    return lexeme;
}

Lexeme PsqlLexer::name_or_prefixed_string(std::string_view bytes, std::size_t at) {
    Lexeme lexeme{.begin = at};
    if ((bytes[at] == 'e' || bytes[at] == 'E') && at_or_nul(bytes, at + 1) == '\'') {
        inside_ = Inside::escape_quote;
        lexeme.end = end_of_quote(bytes, at + 2);
        return lexeme;
    }
    lexeme.end = skip(bytes, at, is_name_char);
    count_word(bytes.substr(at, lexeme.end - at));
    return lexeme;
}

Lexeme PsqlLexer::dollar(std::string_view bytes, std::size_t at) {
    Lexeme lexeme{.begin = at, .end = at + 1};
    std::size_t end = at + 1;
    if (is_name_start(at_or_nul(bytes, end))) {
        end = skip(bytes, end, is_variable_char);
    }
    if (at_or_nul(bytes, end) == '$') {
        dollar_tag_ = bytes.substr(at, end + 1 - at);
        inside_ = Inside::dollar_quote;
        lexeme.end = end_of_dollar_quote(bytes, end + 1);
    }
    return lexeme;
}

// From inside the quotes to past the closing one, or to the end of the bytes.
std::size_t PsqlLexer::end_of_quote(std::string_view bytes, std::size_t at) {
    const char quote = inside_ == Inside::quoted_name ? '"' : '\'';
    for (std::size_t i = at; i < bytes.size(); ++i) {
        if (bytes[i] == '\\' && inside_ == Inside::escape_quote) {
            ++i;
        } else if (bytes[i] == quote) {
            if (at_or_nul(bytes, i + 1) == quote) {
                ++i;
                continue;
            }
            const std::size_t more = inside_ == Inside::escape_quote ? continuation(bytes, i + 1) : i + 1;
            if (more == i + 1) {
                inside_ = Inside::nothing;
                return i + 1;
            }
            i = more;
        }
    }
    return bytes.size();
}

std::size_t PsqlLexer::end_of_dollar_quote(std::string_view bytes, std::size_t at) {
    const std::size_t closing = bytes.find(dollar_tag_, at);
    if (closing == std::string_view::npos) {
        return bytes.size();
    }
    inside_ = Inside::nothing;
    return closing + dollar_tag_.size();
}

std::size_t PsqlLexer::end_of_comment(std::string_view bytes, std::size_t at) {
    for (std::size_t i = at; i < bytes.size(); ++i) {
        if (starts_with(bytes, i, "/*")) {
            ++comment_depth_;
            ++i;
        } else if (starts_with(bytes, i, "*/")) {
            ++i;
            if (--comment_depth_ == 0) {
                inside_ = Inside::nothing;
                return i + 1;
            }
        }
    }
    return bytes.size();
}

// Semicolons inside BEGIN ATOMIC … END do not end CREATE [OR REPLACE] FUNCTION or PROCEDURE. As in psql the statement is
// known by its first words, and CASE counts because it has an END of its own.
void PsqlLexer::count_word(std::string_view word) {
    constexpr std::size_t kWordsThatMatter = 4;
    if (first_words_.size() < kWordsThatMatter) {
        char letter = '-';
        for (const std::string_view known : {"create", "or", "replace", "function", "procedure"}) {
            letter = equals_ignoring_case(word, known) ? known.front() : letter;
        }
        first_words_ += letter;
    }
    const std::string_view words = first_words_;
    const bool routine = words.starts_with("cf") || words.starts_with("cp") || words.starts_with("corf") || words.starts_with("corp");
    if (!routine || parentheses_ != 0) {
        return;
    }
    if (equals_ignoring_case(word, "begin") || (begins_ > 0 && equals_ignoring_case(word, "case"))) {
        ++begins_;
    } else if (begins_ > 0 && equals_ignoring_case(word, "end")) {
        --begins_;
    }
}

}  // namespace pgbelay::sql
