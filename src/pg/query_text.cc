#include "pg/query_text.h"

#include <cctype>
#include <cstddef>

namespace pgbelay::pg {

namespace {

constexpr std::size_t kMostCharacters = 200;
constexpr std::string_view kEllipsis = "…";

bool is_space(char c) {
    return std::isspace(static_cast<unsigned char>(c)) != 0;
}
bool is_digit(char c) {
    return std::isdigit(static_cast<unsigned char>(c)) != 0;
}
bool is_name(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' || static_cast<unsigned char>(c) >= 0x80;
}

// The end of the token that begins at `i`, whatever it is; the end of the text when it is not closed.
class Scanner {
public:
    explicit Scanner(std::string_view text) : text_(text) {}

    std::size_t string_end(std::size_t i) const {
        for (++i; i < text_.size(); ++i) {
            if (text_[i] == '\\' && i + 1 < text_.size() && (text_[i + 1] == '\'' || text_[i + 1] == '\\')) {
                // Whether the backslash escapes depends on the session that sent this: nothing after it can be told apart.
                return text_.size();
            }
            if (text_[i] == '\'') {
                if (i + 1 == text_.size() || text_[i + 1] != '\'') {
                    return i + 1;
                }
                ++i;
            }
        }
        return text_.size();
    }
    std::size_t after(std::string_view what, std::size_t from) const {
        const std::size_t found = text_.find(what, from);
        return found == std::string_view::npos ? text_.size() : found + what.size();
    }
    std::size_t comment_end(std::size_t i) const {
        int depth = 0;
        while (i < text_.size()) {
            const std::string_view two = text_.substr(i, 2);
            depth += two == "/*" ? 1 : two == "*/" ? -1 : 0;
            i += two == "/*" || two == "*/" ? 2 : 1;
            if (depth == 0) {
                return i;
            }
        }
        return i;
    }
    // The length of `$tag$` at `i`, 0 when there is none.
    std::size_t dollar_quote(std::size_t i) const {
        std::size_t end = i + 1;
        while (end < text_.size() && text_[end] != '$' && is_name(text_[end])) {
            ++end;
        }
        const bool tag = end < text_.size() && text_[end] == '$' && (end == i + 1 || !is_digit(text_[i + 1]));
        return tag ? end + 1 - i : 0;
    }
    std::size_t name_end(std::size_t i) const {
        while (i < text_.size() && is_name(text_[i])) {
            ++i;
        }
        return i;
    }
    std::size_t number_end(std::size_t i) const {
        while (i < text_.size() && (is_name(text_[i]) || text_[i] == '.')) {
            const bool exponent = text_[i] == 'e' || text_[i] == 'E';
            ++i;
            if (exponent && i < text_.size() && (text_[i] == '+' || text_[i] == '-')) {
                ++i;
            }
        }
        return i;
    }

private:
    std::string_view text_;
};

struct Piece {
    std::size_t end;
    std::string shown;
};

Piece next_piece(std::string_view text, std::size_t i) {
    const Scanner scanner(text);
    const char c = text[i];
    const char following = i + 1 < text.size() ? text[i + 1] : '\0';
    if (is_space(c)) {
        return {i + 1, " "};
    }
    if (c == '-' && following == '-') {
        return {scanner.after("\n", i), " "};
    }
    if (c == '/' && following == '*') {
        return {scanner.comment_end(i), " "};
    }
    if (c == '\'') {
        return {scanner.string_end(i), std::string(kEllipsis)};
    }
    if (c == '"') {
        const std::size_t end = scanner.after("\"", i + 1);
        return {end, std::string(text.substr(i, end - i))};
    }
    if (c == '$') {
        if (const std::size_t length = scanner.dollar_quote(i); length > 0) {
            return {scanner.after(text.substr(i, length), i + length), std::string(kEllipsis)};
        }
    }
    if (is_digit(c) || (c == '.' && is_digit(following))) {
        return {scanner.number_end(i), std::string(kEllipsis)};
    }
    if (is_name(c)) {
        const std::size_t end = scanner.name_end(i);
        // The letter of E'…', B'…', X'…' and N'…' goes with its constant.
        const bool prefix = end == i + 1 && end < text.size() && text[end] == '\'';
        return {end, prefix ? "" : std::string(text.substr(i, end - i))};
    }
    return {i + 1, std::string(1, c)};
}

std::string first_characters(const std::string& text) {
    std::size_t characters = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool starts_one = (static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U;
        if (starts_one && characters++ == kMostCharacters) {
            return text.substr(0, i) + std::string(kEllipsis);
        }
    }
    return text;
}

}  // namespace

std::string shown_query(std::string_view query) {
    std::string shown;
    for (std::size_t i = 0; i < query.size();) {
        Piece piece = next_piece(query, i);
        i = piece.end;
        if (piece.shown != " " || (!shown.empty() && !shown.ends_with(' '))) {
            shown += piece.shown;
        }
    }
    while (shown.ends_with(' ') || shown.ends_with(';')) {
        shown.pop_back();
    }
    return first_characters(shown);
}

}  // namespace pgbelay::pg
