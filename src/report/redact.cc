#include "report/redact.h"

#include <cctype>
#include <cstddef>
#include <optional>

namespace pgbelay::report {

namespace {

constexpr std::string_view kMask = "********";
constexpr std::string_view kWord = "password";

bool is_space(char c) {
    return std::isspace(static_cast<unsigned char>(c)) != 0;
}

bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' || static_cast<unsigned char>(c) >= 0x80;
}

bool word_at(std::string_view text, std::size_t at) {
    if (at + kWord.size() > text.size() || (at > 0 && is_word(text[at - 1]))) {
        return false;
    }
    for (std::size_t i = 0; i < kWord.size(); ++i) {
        if (std::tolower(static_cast<unsigned char>(text[at + i])) != kWord[i]) {
            return false;
        }
    }
    return at + kWord.size() == text.size() || !is_word(text[at + kWord.size()]);
}

std::size_t skip_spaces(std::string_view text, std::size_t at) {
    while (at < text.size() && is_space(text[at])) {
        ++at;
    }
    return at;
}

// Past the closing quote of a constant in single quotes whose opening quote is at `at`.
std::size_t end_of_quoted(std::string_view text, std::size_t at, bool backslashes) {
    for (std::size_t i = at + 1; i < text.size(); ++i) {
        if (backslashes && text[i] == '\\') {
            ++i;
        } else if (text[i] == '\'') {
            if (i + 1 < text.size() && text[i + 1] == '\'') {
                ++i;
            } else {
                return i + 1;
            }
        }
    }
    return text.size();
}

// Past a constant that begins at `at`: '…', E'…', U&'…', $tag$…$tag$. Nothing when there is none.
std::optional<std::size_t> end_of_constant(std::string_view text, std::size_t at) {
    if (at >= text.size()) {
        return std::nullopt;
    }
    const std::string_view rest = text.substr(at);
    if (rest[0] == '\'') {
        return end_of_quoted(text, at, false);
    }
    if (rest.size() > 1 && (rest[0] == 'E' || rest[0] == 'e') && rest[1] == '\'') {
        return end_of_quoted(text, at + 1, true);
    }
    if (rest.size() > 2 && (rest[0] == 'U' || rest[0] == 'u') && rest[1] == '&' && rest[2] == '\'') {
        return end_of_quoted(text, at + 2, false);
    }
    if (rest[0] == '$') {
        const std::size_t close = rest.find('$', 1);
        if (close == std::string_view::npos) {
            return std::nullopt;
        }
        const std::string_view tag = rest.substr(0, close + 1);
        const std::size_t end = rest.find(tag, tag.size());
        return end == std::string_view::npos ? text.size() : at + end + tag.size();
    }
    return std::nullopt;
}

// Past the bare value of `password=…` in a connection string, which may stand inside a constant.
std::size_t end_of_bare_value(std::string_view text, std::size_t at) {
    while (at < text.size() && !is_space(text[at]) && std::string_view("'\"&;,)").find(text[at]) == std::string_view::npos) {
        ++at;
    }
    return at;
}

struct Masked {
    std::size_t begin;
    std::size_t end;
};

// What to mask after the word PASSWORD that ends at `after`.
std::optional<Masked> secret_after_word(std::string_view text, std::size_t after) {
    std::size_t at = after < text.size() && text[after] == '"' ? after + 1 : after;  // a quoted option name
    at = skip_spaces(text, at);
    const bool assigned = at < text.size() && text[at] == '=';
    if (assigned) {
        at = skip_spaces(text, at + 1);
    }
    if (const auto end = end_of_constant(text, at)) {
        return Masked{at, *end};
    }
    if (assigned) {
        const std::size_t end = end_of_bare_value(text, at);
        if (end > at) {
            return Masked{at, end};
        }
    }
    return std::nullopt;
}

// The password of `scheme://user:password@host` when "://" stands at `at`.
std::optional<Masked> secret_of_url(std::string_view text, std::size_t at) {
    std::size_t begin = std::string_view::npos;
    for (std::size_t i = at + 3; i < text.size() && !is_space(text[i]) && text[i] != '/' && text[i] != '\''; ++i) {
        if (text[i] == ':' && begin == std::string_view::npos) {
            begin = i + 1;
        } else if (text[i] == '@' && begin != std::string_view::npos) {
            return i > begin ? std::optional(Masked{begin, i}) : std::nullopt;
        }
    }
    return std::nullopt;
}

}  // namespace

std::string redact(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        std::optional<Masked> secret;
        if (word_at(text, i)) {
            secret = secret_after_word(text, i + kWord.size());
        } else if (text.substr(i).starts_with("://")) {
            secret = secret_of_url(text, i);
        }
        if (!secret) {
            out += text[i++];
            continue;
        }
        out += text.substr(i, secret->begin - i);
        const bool quoted = text[secret->begin] == '\'';
        out += quoted ? "'" + std::string(kMask) + "'" : std::string(kMask);
        i = secret->end;
    }
    return out;
}

}  // namespace pgbelay::report
