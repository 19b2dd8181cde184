#include "report/text.h"

#include "report/redact.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <limits>

namespace pgbelay::report {

namespace {

struct Character {
    char32_t code = 0;
    std::size_t bytes = 1;
};

// The character at the front of `text`, which is not empty. A byte that is not UTF-8 counts as one character.
Character first(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    std::size_t bytes = 1;
    char32_t code = lead;
    if (lead >= 0xF0) {
        bytes = 4;
        code = lead & 0x07U;
    } else if (lead >= 0xE0) {
        bytes = 3;
        code = lead & 0x0FU;
    } else if (lead >= 0xC0) {
        bytes = 2;
        code = lead & 0x1FU;
    }
    if (bytes > text.size()) {
        return {lead, 1};
    }
    for (std::size_t i = 1; i < bytes; ++i) {
        if ((byte(i) & 0xC0U) != 0x80U) {
            return {lead, 1};
        }
        code = (code << 6U) | (byte(i) & 0x3FU);
    }
    return {code, bytes};
}

struct Range {
    char32_t from;
    char32_t to;
};

// The blocks that matter of Unicode's East_Asian_Width W and F, and of its combining marks.
constexpr std::array<Range, 10> kWide{{{0x1100, 0x115F},
                                       {0x2E80, 0x303E},
                                       {0x3041, 0x33FF},
                                       {0x3400, 0x4DBF},
                                       {0x4E00, 0x9FFF},
                                       {0xA000, 0xA4CF},
                                       {0xAC00, 0xD7A3},
                                       {0xF900, 0xFAFF},
                                       {0xFE30, 0xFE6F},
                                       {0xFF00, 0xFF60}}};
constexpr std::array<Range, 6> kCombining{
    {{0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x200B, 0x200F}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}}};

template <std::size_t N>
bool within(const std::array<Range, N>& ranges, char32_t code) {
    return std::any_of(ranges.begin(), ranges.end(), [&](const Range& r) { return code >= r.from && code <= r.to; });
}

int columns_of(char32_t code) {
    if (code < 0x300) {
        return 1;
    }
    if (within(kCombining, code)) {
        return 0;
    }
    const bool wide = within(kWide, code) || (code >= 0x1F300 && code <= 0x1FAFF) || (code >= 0x20000 && code <= 0x3FFFD);
    return wide ? 2 : 1;
}

bool is_control(char32_t code) {
    return code < 0x20 || (code >= 0x7F && code <= 0x9F) || code == 0x2028 || code == 0x2029 || (code >= 0x202A && code <= 0x202E) ||
           (code >= 0x2066 && code <= 0x2069);
}

// The longest front of `text` that is at most `columns` wide, in bytes.
std::size_t fitting(std::string_view text, int columns) {
    std::size_t at = 0;
    int used = 0;
    while (at < text.size()) {
        const Character c = first(text.substr(at));
        used += columns_of(c.code);
        if (used > columns) {
            break;
        }
        at += c.bytes;
    }
    return at;
}

// Folds one line; what hangs over goes on under the line's own indentation and two columns more.
void fold_line(std::string_view line, int columns, int hang, std::vector<std::string>& out) {
    std::string prefix;
    while (!line.empty()) {
        const int room = std::max(columns - width(prefix), 8);
        // Measured no further than it fits: a statement may be one line of megabytes.
        std::size_t cut = fitting(line, room);
        if (cut == line.size()) {
            out.push_back(prefix + std::string(line));
            return;
        }
        const std::size_t indentation = std::min(line.find_first_not_of(' '), line.size());
        std::size_t space = cut < line.size() && line[cut] == ' ' ? cut : line.rfind(' ', cut);
        if (space == std::string_view::npos || space <= indentation) {
            space = line.find(' ', std::max(cut, indentation));
        }
        cut = space == std::string_view::npos ? line.size() : space;
        out.push_back(prefix + std::string(line.substr(0, cut)));
        if (prefix.empty()) {
            prefix = std::string(indentation + static_cast<std::size_t>(hang), ' ');
        }
        line.remove_prefix(std::min(line.size(), line.find_first_not_of(' ', cut)));
    }
}

std::vector<std::string> split_lines(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string line(text.substr(0, end));
        line.erase(line.find_last_not_of(' ') + 1);
        lines.push_back(std::move(line));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

// The first line begins where its statement does, so only the others show how far the author indented it.
void remove_common_indentation(std::vector<std::string>& lines) {
    std::size_t common = std::numeric_limits<std::size_t>::max();
    for (std::size_t i = 1; i < lines.size(); ++i) {
        if (!lines[i].empty()) {
            common = std::min(common, lines[i].find_first_not_of(' '));
        }
    }
    // Lines that hang under the first one keep two columns to show it.
    for (std::size_t i = 1; i < lines.size(); ++i) {
        if (!lines[i].empty() && common > 2) {
            lines[i].erase(0, common - 2);
        }
    }
}

}  // namespace

int width(std::string_view text) {
    int columns = 0;
    while (!text.empty()) {
        const Character c = first(text);
        columns += columns_of(c.code);
        text.remove_prefix(c.bytes);
    }
    return columns;
}

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const Character c = first(text);
        if (c.code == '\n') {
            out += '\n';
        } else if (c.code == '\t') {
            out += "    ";
        } else if (c.code == '\r') {
            // The end of a line as Windows writes it: the line feed that follows says it all.
        } else if (is_control(c.code) || (c.bytes == 1 && c.code >= 0x80)) {
            out += '?';
        } else {
            out += text.substr(0, c.bytes);
        }
        text.remove_prefix(c.bytes);
    }
    return out;
}

std::string one_line(std::string_view text) {
    std::string out;
    bool gap = false;
    for (const char c : printable(text)) {
        if (c == ' ' || c == '\n') {
            gap = !out.empty();
            continue;
        }
        if (gap) {
            out += ' ';
            gap = false;
        }
        out += c;
    }
    return out;
}

std::string shorten(std::string_view text, int columns, const Style& style) {
    if (width(text) <= columns) {
        return std::string(text);
    }
    const std::string_view ellipsis = style.utf8 ? "…" : "...";
    const int room = std::max(columns - width(ellipsis), 0);
    return std::string(text.substr(0, fitting(text, room))) + std::string(ellipsis);
}

std::vector<std::string> wrap(std::string_view text, int columns) {
    std::vector<std::string> out;
    for (const std::string& line : split_lines(printable(text))) {
        if (line.empty()) {
            out.emplace_back();
        } else {
            fold_line(line, columns, 0, out);
        }
    }
    return out;
}

std::vector<std::string> sql_lines(std::string_view sql, int columns, const Style& style) {
    constexpr std::size_t kMost = 24;
    // A word is not broken, so that it can be copied; but it may be megabytes.
    constexpr int kWidest = 500;
    std::vector<std::string> lines = split_lines(printable(redact(sql)));
    remove_common_indentation(lines);
    std::vector<std::string> out;
    for (const std::string& line : lines) {
        if (line.empty()) {
            out.emplace_back();
        } else {
            fold_line(line, columns, 2, out);
        }
    }
    if (!style.verbose) {
        for (std::string& line : out) {
            line = shorten(line, std::max(columns, kWidest), style);
        }
    }
    if (!style.verbose && out.size() > kMost) {
        const std::size_t more = out.size() - (kMost - 1);
        out.resize(kMost - 1);
        out.push_back(fmt::format("({} more lines; -v shows them)", more));
    }
    return out;
}

std::string labelled_lines(std::string_view label, const std::vector<std::string>& lines, const Style& style, const Column& column) {
    std::string out;
    const std::string margin(static_cast<std::size_t>(column.indent), ' ');
    const std::string under(static_cast<std::size_t>(column.indent + column.label), ' ');
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (i == 0) {
            const std::string gap(static_cast<std::size_t>(std::max(column.label - width(label), 1)), ' ');
            out += margin + paint(style, Ink::faint, label) + gap + lines[i] + "\n";
        } else {
            out += lines[i].empty() ? "\n" : under + lines[i] + "\n";
        }
    }
    return out;
}

std::string labelled(std::string_view label, std::string_view text, const Style& style, const Column& column) {
    return labelled_lines(label, wrap(text, style.columns - column.indent - column.label), style, column);
}

std::string labelled_in(Ink ink, std::string_view label, std::string_view text, const Style& style, const Column& column) {
    // Painted after folding: escape sequences have no width.
    std::vector<std::string> lines = wrap(text, style.columns - column.indent - column.label);
    for (std::string& line : lines) {
        line = paint(style, ink, line);
    }
    return labelled_lines(label, lines, style, column);
}

std::string count(std::int64_t n, std::string_view noun) {
    return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s");
}

std::string pad(std::string_view text, int columns) {
    return std::string(text) + std::string(static_cast<std::size_t>(std::max(columns - width(text), 0)), ' ');
}

std::string join(const std::vector<std::string>& items, std::string_view separator) {
    std::string out;
    for (const std::string& item : items) {
        if (!out.empty()) {
            out += separator;
        }
        out += item;
    }
    return out;
}

}  // namespace pgbelay::report
