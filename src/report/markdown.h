// Text that becomes part of a Markdown document of ours.
#pragma once

#include <string>
#include <string_view>

namespace pgbelay::report {

// On one line, and shown as it is: what Markdown, or a cell of a table, would take for marks of its own is escaped.
std::string markdown_text(std::string_view text);

// A code block whose fence is longer than any run of backticks inside.
std::string markdown_fence(std::string_view language, std::string_view content);

}  // namespace pgbelay::report
