#include "sql/psql_arguments.h"

#include "sql/psql_lexer.h"
#include "sql/quote.h"

#include <algorithm>

namespace pgbelay::sql {

namespace {

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}
bool is_octal(char c) {
    return c >= '0' && c <= '7';
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Reads one line's arguments from left to right.
class ArgumentReader {
public:
    ArgumentReader(std::string_view bytes, std::size_t at, const Variables& variables)
        : bytes_(bytes.substr(0, std::min(bytes.find('\n', at), bytes.size()))), at_(at), variables_(variables) {}

    Arguments read() {
        Arguments arguments;
        for (;;) {
            while (!done() && is_blank(bytes_[at_])) {
                ++at_;
            }
            if (done() || bytes_[at_] == '\\') {
                break;
            }
            arguments.values.push_back(argument());
        }
        if (bytes_.substr(at_, 2) == "\\\\") {
            at_ += 2;  // ends the arguments, and nothing else
        }
        arguments.end = at_;
        return arguments;
    }

private:
    bool done() const { return at_ >= bytes_.size(); }

    std::string argument() {
        std::string value;
        while (!done() && !is_blank(bytes_[at_]) && bytes_[at_] != '\\') {
            if (bytes_[at_] == '\'') {
                value += quoted();
            } else if (bytes_[at_] == '"') {
                value += double_quoted();
            } else if (bytes_[at_] == '`') {
                throw BadArguments{at_, "a shell command in backquotes", "pgbelay runs none: write its output, or give it with --set"};
            } else if (const auto variable = bytes_[at_] == ':' ? variable_at(bytes_, at_) : Lexeme{}; variable.end > at_) {
                value += expand(bytes_.substr(at_, variable.end - at_), variable, variables_);
                at_ = variable.end;
            } else {
                value += bytes_[at_++];
            }
        }
        return value;
    }

    std::string quoted() {
        const std::size_t opened = at_++;
        std::string value;
        while (!done()) {
            const char c = bytes_[at_++];
            if (c == '\\' && !done()) {
                value += escape();
            } else if (c == '\'') {
                if (done() || bytes_[at_] != '\'') {
                    return value;
                }
                value += bytes_[at_++];
            } else {
                value += c;
            }
        }
        throw BadArguments{opened, "unterminated quoted string", "close the quote on the same line"};
    }

    // After the backslash: \n, \t, \b, \r, \f, octal and hexadecimal digits; any other character is itself.
    std::string escape() {
        const char c = bytes_[at_++];
        switch (c) {
            case 'n': return "\n";
            case 't': return "\t";
            case 'b': return "\b";
            case 'r': return "\r";
            case 'f': return "\f";
            default: break;
        }
        int code = -1;
        if (c == 'x' && !done() && hex_value(bytes_[at_]) >= 0) {
            code = hex_value(bytes_[at_++]);
            if (!done() && hex_value(bytes_[at_]) >= 0) {
                code = code * 16 + hex_value(bytes_[at_++]);
            }
        } else if (is_octal(c)) {
            code = c - '0';
            for (int digits = 1; digits < 3 && !done() && is_octal(bytes_[at_]); ++digits) {
                code = code * 8 + (bytes_[at_++] - '0');
            }
        }
        if (code < 0) {
            return std::string(1, c);
        }
        // Bytes are put together only as ASCII: everything else could break the text's encoding.
        if (code == 0 || code > 127) {
            throw BadArguments{at_, "an escape that is no ASCII character", "write the character itself, in UTF-8"};
        }
        return std::string(1, static_cast<char>(code));
    }

    // The quotes stay, as in psql: they are for SQL identifiers.
    std::string double_quoted() {
        const std::size_t opened = at_;
        const std::size_t closing = bytes_.find('"', at_ + 1);
        if (closing == std::string_view::npos) {
            throw BadArguments{opened, "unterminated quoted identifier", "close the quote on the same line"};
        }
        at_ = closing + 1;
        return std::string(bytes_.substr(opened, at_ - opened));
    }

    std::string_view bytes_;
    std::size_t at_;
    const Variables& variables_;
};

}  // namespace

Arguments read_arguments(std::string_view bytes, std::size_t at, const Variables& variables) {
    return ArgumentReader(bytes, at, variables).read();
}

std::string expand(std::string_view reference, const Lexeme& variable, const Variables& variables) {
    const auto found = variables.find(std::string(variable.name));
    if (variable.form == VariableForm::is_set) {
        return found != variables.end() ? "TRUE" : "FALSE";
    }
    if (found == variables.end()) {
        return std::string(reference);
    }
    switch (variable.form) {
        case VariableForm::literal: {
            // As libpq does: the blank keeps E'…' apart from a name before it.
            const auto literal = quote_literal(found->second);
            return literal.front() == 'E' ? " " + literal : literal;
        }
        case VariableForm::identifier: return quote_identifier(found->second);
        default: return found->second;
    }
}

}  // namespace pgbelay::sql
