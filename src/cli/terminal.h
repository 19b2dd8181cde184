// What is known about the terminal, and what follows for the looks of our text.
#pragma once

#include "cli/arguments.h"
#include "report/style.h"

#include <string_view>

namespace pgbelay::cli {

struct Terminal {
    bool in = false;  // standard input is a terminal: a person can answer
    bool out = false;
    bool err = false;
    bool dumb = false;      // TERM=dumb: nothing can be redrawn
    bool no_color = false;  // NO_COLOR is set (no-color.org)
    bool utf8 = false;
    int columns = 80;
};

Terminal look_at_terminal();

// Whether the locale that the variables name writes UTF-8. The first that is set and not empty decides, as setlocale(3) has it.
bool writes_utf8(std::string_view lc_all, std::string_view lc_ctype, std::string_view lang);

// `on_terminal`: whether the stream that the text goes to is one.
report::Style style_for(const Terminal& terminal, bool on_terminal, Color color, bool verbose);

}  // namespace pgbelay::cli
