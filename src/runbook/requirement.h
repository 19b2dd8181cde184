// What a runbook requires of its target before anything is changed, and whom it tells.
#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "sql/name.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgbelay::runbook {

// Comparisons that must all hold: ">=13 <18", "<80%", ">1000". Versions are compared part by part, and as many parts as the bound
// has: 15.3 is <=15, and 1.10 is >=1.2.
struct Range {
    enum class Operator { less, at_most, equal, not_equal, at_least, more };
    struct Bound {
        Operator op = Operator::equal;
        std::vector<std::int64_t> parts;  // one or more
        bool percent = false;
        bool operator==(const Bound&) const = default;
    };
    std::vector<Bound> bounds;

    bool operator==(const Range&) const = default;
    static bool holds(const Bound& bound, const std::vector<std::int64_t>& value);
    // Whether all bounds hold for a plain number.
    bool holds(std::int64_t value) const;
    bool holds(const std::vector<std::int64_t>& version) const;
};

// Nothing when the text is no range: an operator (=, <>, !=, <, <=, >, >=; none is =) and a number, with '.' between parts and perhaps a
// final %, several with spaces or commas between them.
std::optional<Range> parse_range(std::string_view text);

// The numbers that a version begins with: "15.18" -> 15, 18; "3.4.0dev" -> 3, 4, 0; empty when it begins with none.
std::vector<std::int64_t> version_parts(std::string_view text);

// Named in requirements.h: who only carries requirements along does not ask which they are.
enum class RequirementKind : int;

struct Requirement {
    using Kind = RequirementKind;

    Kind kind{};
    base::Place place;
    std::string key;      // "extensions.pg_trgm"
    std::string written;  // the value as the author wrote it: shown and digested; variables in it are not expanded
    std::string missing;  // the variable in it that has no value: then it cannot hold
    std::string subject;
    sql::QualifiedName name;  // schema "": the first on the role's search_path
    std::string column;
    Range range;
    std::vector<std::string> any_of;
    base::Millis time{};
    std::map<std::string, std::string> options;  // what else belongs to it, by the names of the front matter
};

// A value that is used as it was written, with its place.
struct Written {
    std::string text;
    base::Place place;
};

// Whom to tell of what happens in a run.
struct Notification {
    enum class Form { slack, json, command };

    Form form = Form::json;
    std::string url;                   // a secret; empty for a command, and when `missing` is not
    std::vector<std::string> command;  // with its arguments
    std::vector<std::string> events;   // "start", "pause", …; empty: all
    std::string missing;               // the variable without a value
    base::Place place;
};

}  // namespace pgbelay::runbook
