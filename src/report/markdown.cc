#include "report/markdown.h"

#include "report/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>

namespace pgbelay::report {

namespace {

bool in_word(std::string_view text, std::size_t i) {
    return i < text.size() &&
           (std::isalnum(static_cast<unsigned char>(text[i])) != 0 || (static_cast<unsigned char>(text[i]) & 0x80U) != 0);
}

// An underscore inside a word is none of Markdown's: names stay as they are.
bool is_mark(std::string_view text, std::size_t i) {
    constexpr std::string_view kMarks = "\\`*[]|";
    const char next = i + 1 < text.size() ? text[i + 1] : ' ';
    switch (text[i]) {
        case '_': return i == 0 || !in_word(text, i - 1) || !in_word(text, i + 1);
        case '<': return std::isalpha(static_cast<unsigned char>(next)) != 0 || next == '/' || next == '!' || next == '?';
        case '&': return in_word(text, i + 1) || next == '#';
        default: return kMarks.find(text[i]) != std::string_view::npos;
    }
}

}  // namespace

std::string markdown_text(std::string_view text) {
    const std::string line = one_line(text);
    std::string out;
    for (std::size_t i = 0; i < line.size(); ++i) {
        out += is_mark(line, i) ? "\\" : "";
        out += line[i];
    }
    return out;
}

std::string markdown_fence(std::string_view language, std::string_view content) {
    std::size_t longest = 0;
    std::size_t run = 0;
    for (const char c : content) {
        run = c == '`' ? run + 1 : 0;
        longest = std::max(longest, run);
    }
    const std::string mark(std::max<std::size_t>(3, longest + 1), '`');
    return fmt::format("{}{}\n{}{}{}\n\n", mark, language, content, content.empty() || content.ends_with('\n') ? "" : "\n", mark);
}

}  // namespace pgbelay::report
