// How text may look where it is going: its width, its characters, its colours.
#pragma once

#include <string>
#include <string_view>

namespace pgbelay::report {

struct Style {
    int columns = 80;
    bool utf8 = true;  // false: ASCII only, for a LANG that is not UTF-8
    bool color = false;
    bool verbose = false;  // long statements in full
};

enum class Ink { strong, faint, good, warning, bad };

// The text between the ink's escape sequences; the text itself where the style has no colour.
std::string paint(const Style& style, Ink ink, std::string_view text);

}  // namespace pgbelay::report
