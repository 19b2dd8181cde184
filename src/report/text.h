// Text for people: measured, folded and cut in columns of a terminal, and free of control characters.
#pragma once

#include "report/style.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pgbelay::report {

// Columns that UTF-8 text takes on a terminal: combining marks take none, East Asian wide characters two.
int width(std::string_view text);

// Without control characters, which could otherwise drive the terminal; tabs and ends of lines become spaces of their own kind:
// `one_line` folds all white space, `printable` keeps ends of lines.
std::string one_line(std::string_view text);
std::string printable(std::string_view text);

// At most `columns` wide; what is cut off is replaced by an ellipsis.
std::string shorten(std::string_view text, int columns, const Style& style);

// Lines of at most `columns`, folded at spaces; a word that is longer stands on a line of its own.
std::vector<std::string> wrap(std::string_view text, int columns);

// A statement for display: its own lines without their common indentation, folded where they are too long, and without passwords.
// Past 24 lines the rest is counted instead, unless the style is verbose.
std::vector<std::string> sql_lines(std::string_view sql, int columns, const Style& style);

// `label` in a column of its own with `text` beside it, folded to the style's width under itself. Ends with a newline.
struct Column {
    int indent = 2;
    int label = 10;
};
std::string labelled(std::string_view label, std::string_view text, const Style& style, const Column& column = {});
std::string labelled_in(Ink ink, std::string_view label, std::string_view text, const Style& style, const Column& column = {});
std::string labelled_lines(std::string_view label, const std::vector<std::string>& lines, const Style& style, const Column& column = {});

// "1 step", "3 steps".
std::string count(std::int64_t n, std::string_view noun);

std::string pad(std::string_view text, int columns);
std::string join(const std::vector<std::string>& items, std::string_view separator);

}  // namespace pgbelay::report
