#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <string>

namespace pgbelay::cli {

namespace {

std::string_view variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

int columns_of(int fd) {
    constexpr int kNarrowest = 40;
    constexpr int kWidest = 200;  // longer lines are hard to read
    winsize size{};
    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
        return 80;
    }
    return std::clamp(static_cast<int>(size.ws_col), kNarrowest, kWidest);
}

}  // namespace

bool writes_utf8(std::string_view lc_all, std::string_view lc_ctype, std::string_view lang) {
    std::string locale(!lc_all.empty() ? lc_all : !lc_ctype.empty() ? lc_ctype : lang);
    std::transform(locale.begin(), locale.end(), locale.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return locale.find("utf-8") != std::string::npos || locale.find("utf8") != std::string::npos;
}

Terminal look_at_terminal() {
    Terminal terminal;
    terminal.in = isatty(STDIN_FILENO) == 1;
    terminal.out = isatty(STDOUT_FILENO) == 1;
    terminal.err = isatty(STDERR_FILENO) == 1;
    terminal.dumb = variable("TERM") == "dumb" || variable("TERM").empty();
    terminal.no_color = !variable("NO_COLOR").empty();
    terminal.utf8 = writes_utf8(variable("LC_ALL"), variable("LC_CTYPE"), variable("LANG"));
    if (terminal.out) {
        terminal.columns = columns_of(STDOUT_FILENO);
    }
    return terminal;
}

report::Style style_for(const Terminal& terminal, bool on_terminal, Color color, bool verbose) {
    report::Style style;
    style.columns = terminal.columns;
    style.utf8 = terminal.utf8;
    style.color = color == Color::always || (color == Color::automatic && on_terminal && !terminal.dumb && !terminal.no_color);
    style.verbose = verbose;
    return style;
}

}  // namespace pgbelay::cli
