#include "report/syntax.h"

#include "report/redact.h"
#include "report/text.h"
#include "sql/statement.h"
#include "sql/tree.h"

#include <fmt/core.h>

#include <algorithm>

namespace pgbelay::report {

namespace {

struct Unknown {
    base::Place place;
    std::string message;
};

constexpr std::string_view kWayOut = "mend the statement; if it is the syntax of a newer server, `pgbelay check PATH --db …` asks that";

std::vector<Unknown> unknown_syntax(const runbook::Runbook& runbook) {
    std::vector<Unknown> found;
    for (const runbook::Item& item : runbook.items) {
        for (const sql::Statement* statement : runbook::statements_of(item)) {
            if (statement->opaque()) {
                const auto& error = statement->syntax_error;
                found.push_back({error ? statement->place_at(error->offset) : statement->place,
                                 error ? error->message : "the statement cannot be read"});
            }
        }
    }
    return found;
}

std::string heading(const runbook::Runbook& runbook) {
    std::string text = fmt::format("{}: {}", one_line(runbook.name), count(static_cast<std::int64_t>(runbook.items.size()), "step"));
    if (runbook.fences > 0) {
        const auto others = static_cast<int>(runbook.documentation.size());
        text += fmt::format(", {} of {} fences run", runbook.fences - others, runbook.fences);
        text += others == 0 ? "" : "; documentation: " + join(runbook.documentation, ", ");
    }
    return text;
}

std::size_t statements_in(const runbook::Item& item) {
    return runbook::statements_of(item).size();
}

}  // namespace

bool has_unknown_syntax(const runbook::Runbook& runbook) {
    return !unknown_syntax(runbook).empty();
}

std::string syntax_text(const runbook::Runbook& runbook, const Style& style) {
    std::string out = join(wrap(heading(runbook), style.columns), "\n") + "\n\n";
    int names = 0;
    for (const runbook::Item& item : runbook.items) {
        names = std::max(names, width(one_line(item.name)));
    }
    names = std::min(names, style.columns / 2);
    for (const runbook::Item& item : runbook.items) {
        const std::string verb(runbook::verb_of(item));
        const std::string what = statements_in(item) == 0 ? "" : count(static_cast<std::int64_t>(statements_in(item)), "statement");
        out += fmt::format("  {}  {}  {}  {}\n", pad(shorten(one_line(item.name), names, style), names), pad(verb, 12), pad(what, 14),
                           base::to_string(item.place));
    }
    out += "\n";
    const auto unknown = unknown_syntax(runbook);
    for (const Unknown& u : unknown) {
        out += labelled_in(Ink::bad, "", base::to_string(u.place) + ": " + redact(u.message), style, {0, 1});
    }
    if (!unknown.empty()) {
        out += labelled("hint:", kWayOut, style, {4, 6});
        out += fmt::format("{}: {} that PostgreSQL {} does not know.\n", paint(style, Ink::bad, "Not read"),
                           count(static_cast<std::int64_t>(unknown.size()), "statement"), sql::parser_major());
    } else {
        out += paint(style, Ink::good, "Read to the last line") + ".\n";
    }
    return out + fmt::format("digest       {}\n", runbook.digest);
}

Json syntax_json(const runbook::Runbook& runbook) {
    Json json;
    json["name"] = runbook.name;
    json["digest"] = runbook.digest;
    json["parser"] = sql::parser_name();
    json["fences"] = runbook.fences;
    json["documentation"] = runbook.documentation;
    json["steps"] = Json::array();
    for (const runbook::Item& item : runbook.items) {
        json["steps"].push_back({{"name", item.name},
                                 {"verb", std::string(runbook::verb_of(item))},
                                 {"file", item.place.file},
                                 {"line", item.place.line},
                                 {"column", item.place.column},
                                 {"statements", statements_in(item)}});
    }
    json["findings"] = Json::array();
    for (const Unknown& u : unknown_syntax(runbook)) {
        json["findings"].push_back({{"message", redact(u.message)},
                                    {"hint", std::string(kWayOut)},
                                    {"file", u.place.file},
                                    {"line", u.place.line},
                                    {"column", u.place.column}});
    }
    return json;
}

}  // namespace pgbelay::report
