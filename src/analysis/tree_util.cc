#include "analysis/tree_util.h"

#include "base/error.h"

#include <algorithm>

namespace pgbelay::analysis {

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return text;
}

std::vector<sql::Token> significant_tokens(std::string_view sql) {
    std::vector<sql::Token> tokens;
    try {
        tokens = sql::scan(sql);
    } catch (const base::Error&) {
        return {};  // the reader has reported what cannot be scanned; here it merely has no places
    }
    std::erase_if(tokens, [](const sql::Token& token) { return token.comment; });
    return tokens;
}

std::size_t find_keyword(const std::vector<sql::Token>& tokens, std::string_view keyword, std::size_t from) {
    int depth = 0;
    for (std::size_t i = from; i < tokens.size(); ++i) {
        if (tokens[i].text == "(" || tokens[i].text == "[") {
            ++depth;
        }
        if (tokens[i].text == ")" || tokens[i].text == "]") {
            --depth;
        }
        if (depth == 0 && tokens[i].keyword && tokens[i].text == keyword) {
            return i;
        }
    }
    return tokens.size();
}

std::size_t past_parenthesis(const std::vector<sql::Token>& tokens, std::size_t open) {
    int depth = 0;
    for (std::size_t i = open; i < tokens.size(); ++i) {
        if (tokens[i].text == "(") {
            ++depth;
        }
        if (tokens[i].text == ")" && --depth == 0) {
            return i + 1;
        }
    }
    return tokens.size();
}

}  // namespace pgbelay::analysis
