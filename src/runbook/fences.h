// The fenced code blocks and headings of a Markdown file, as CommonMark sees them, with their bytes as the file has them.
#pragma once

#include "base/error.h"

#include <string>
#include <string_view>
#include <vector>

namespace pgbelay::runbook {

struct Fence {
    base::Place place;    // of the opening fence
    std::string info;     // its info string, from the file's bytes: entities and backslashes as written
    int info_column = 1;  // in characters
    std::string content;  // the lines between the fences, \n after each
    bool in_list = false;
    bool in_quote = false;
    std::string heading;  // the nearest heading before it, at the top level of the document; "" = none
};

// All fences in order. `first_line` is where `text` begins in `file`. Throws Error{input} at a fence that does not end.
std::vector<Fence> read_fences(std::string_view text, const std::string& file, int first_line);

}  // namespace pgbelay::runbook
