#include "cli/error_text.h"

#include "report/redact.h"
#include "report/text.h"

#include <fmt/core.h>

#include <string_view>

namespace pgbelay::cli {

namespace {

// Its own lines, indented and not folded: a difference or a statement in it stays readable, and a script can match it.
std::string indented(std::string_view label, std::string_view text) {
    std::string out;
    std::string rest = report::printable(report::redact(text));
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        out += "  " + (out.empty() ? std::string(label) : "") + rest.substr(0, end) + "\n";
        rest.erase(0, end + 1);
    }
    return out;
}

}  // namespace

std::string error_text(const base::Error& error, const report::Style& style) {
    const std::string where = base::to_string(error.place());
    std::string out = fmt::format("pgbelay: {}: {}{}{}\n", report::paint(style, report::Ink::bad, "error"), where,
                                  where.empty() ? "" : ": ", report::one_line(report::redact(error.message())));
    out += indented("", error.detail());
    out += indented("cause: ", error.cause());
    if (!error.sqlstate().empty()) {
        out += fmt::format("  SQLSTATE {}\n", error.sqlstate());
    }
    return out + indented("hint: ", error.hint());
}

}  // namespace pgbelay::cli
