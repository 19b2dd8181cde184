#include "report/style.h"

#include <fmt/core.h>

namespace pgbelay::report {

namespace {

std::string_view code(Ink ink) {
    switch (ink) {
        case Ink::strong: return "1";
        case Ink::faint: return "2";
        case Ink::good: return "32";
        case Ink::warning: return "33";
        case Ink::bad: return "31";
    }
    return "0";
}

}  // namespace

std::string paint(const Style& style, Ink ink, std::string_view text) {
    if (!style.color || text.empty()) {
        return std::string(text);
    }
    return fmt::format("\x1b[{}m{}\x1b[0m", code(ink), text);
}

}  // namespace pgbelay::report
