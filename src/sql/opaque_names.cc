#include "sql/opaque_names.h"

#include "base/error.h"
#include "sql/tokens.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

namespace pgbelay::sql {

namespace {

constexpr std::array<std::string_view, 9> kBeforeRelation = {"table", "index",  "view", "on",        "from",
                                                             "into",  "update", "join", "references"};
// Between such a word and the name.
constexpr std::array<std::string_view, 6> kSkipped = {"if", "not", "exists", "only", "concurrently", "lateral"};
// After such a word in place of a name: ON DELETE, ON CONFLICT, UPDATE SET, FROM SELECT.
constexpr std::array<std::string_view, 7> kNoName = {"delete", "update", "conflict", "commit", "set", "select", "values"};

template <std::size_t N>
bool is_one_of(const Token& token, const std::array<std::string_view, N>& words) {
    return token.keyword && std::find(words.begin(), words.end(), token.text) != words.end();
}

// The identifier as the catalog holds it; nothing for any other token.
std::optional<std::string> identifier(const Token& token) {
    const auto& written = token.text;
    if (written.size() >= 2 && written.front() == '"' && written.back() == '"') {
        std::string name;
        for (std::size_t i = 1; i + 1 < written.size(); ++i) {
            name += written[i];
            i += written[i] == '"' ? 1 : 0;
        }
        return name;
    }
    const auto first = static_cast<unsigned char>(written.front());
    const bool plain = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') || first == '_' || first >= 0x80;
    if (!plain || written.back() == '\'' || is_one_of(token, kNoName)) {
        return std::nullopt;
    }
    std::string name = written;
    std::transform(name.begin(), name.end(), name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return name;
}

// The dotted name that begins at token `i`.
QualifiedName name_at(const std::vector<Token>& tokens, std::size_t i) {
    QualifiedName name;
    for (; i < tokens.size(); i += 2) {
        const auto part = identifier(tokens[i]);
        if (!part) {
            return {};
        }
        name = {name.name, *part};
        if (i + 1 >= tokens.size() || tokens[i + 1].text != ".") {
            break;
        }
    }
    return name;
}

std::vector<Token> tokens_without_comments(std::string_view sql) {
    try {
        auto tokens = scan(sql);
        std::erase_if(tokens, [](const Token& token) { return token.comment || token.begin == token.end; });
        return tokens;
    } catch (const base::Error& error) {
        if (error.code() != base::ErrorCode::input) {
            throw;
        }
        return {};
    }
}

// What stands between the quotes of a string, plain or dollar-quoted; nothing for any other token.
std::optional<std::string_view> inside_of_string(std::string_view written) {
    if (written.starts_with('$')) {
        const auto tag = written.find('$', 1);
        if (tag == std::string_view::npos || written.size() < 2 * (tag + 1)) {
            return std::nullopt;
        }
        return written.substr(tag + 1, written.size() - 2 * (tag + 1));
    }
    const auto quote = written.find('\'');
    if (quote > 2 || !written.ends_with('\'') || written.size() < quote + 2) {
        return std::nullopt;
    }
    return written.substr(quote + 1, written.size() - quote - 2);
}

void add_identifiers(std::string_view sql, int depth, std::set<std::string>& into) {
    constexpr int kDeepest = 4;  // a block, a statement in it as text, strings in that
    for (const auto& token : tokens_without_comments(sql)) {
        if (const auto inside = inside_of_string(token.text); inside && depth < kDeepest) {
            add_identifiers(*inside, depth + 1, into);
        } else if (auto name = identifier(token); name) {
            into.insert(std::move(*name));
        }
    }
}

}  // namespace

std::set<std::string> identifiers_in(std::string_view sql) {
    std::set<std::string> names;
    add_identifiers(sql, 0, names);
    return names;
}

std::vector<QualifiedName> relations_in_tokens(std::string_view sql) {
    const auto tokens = tokens_without_comments(sql);
    std::vector<QualifiedName> names;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        if (!is_one_of(tokens[i], kBeforeRelation)) {
            continue;
        }
        std::size_t at = i + 1;
        while (at < tokens.size() && is_one_of(tokens[at], kSkipped)) {
            ++at;
        }
        const auto name = name_at(tokens, at);
        if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) {
            names.push_back(name);
        }
    }
    return names;
}

}  // namespace pgbelay::sql
