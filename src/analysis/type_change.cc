#include "analysis/type_change.h"

#include "analysis/tree_util.h"
#include "sql/quote.h"
#include "sql/statement.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace pgbelay::analysis {

namespace {

// `character varying(50)[]` in parts. The words behind the modifier belong to the name: `timestamp with time zone`.
struct Shape {
    std::string name;
    std::vector<int> modifiers;
    bool array = false;
};

Shape read(std::string type) {
    Shape shape;
    if (type.ends_with("[]")) {
        shape.array = true;
        type.resize(type.size() - 2);
    }
    const std::size_t open = type.find('(');
    const std::size_t close = type.find(')');
    if (type.starts_with('"') || open == std::string::npos || close == std::string::npos) {
        shape.name = type;
        return shape;
    }
    shape.name = type.substr(0, open) + type.substr(close + 1);
    const char* at = type.data() + open + 1;
    const char* const end = type.data() + close;
    while (at < end) {
        int value = 0;
        const auto [next, error] = std::from_chars(at, end, value);
        if (error != std::errc{}) {
            break;
        }
        shape.modifiers.push_back(value);
        at = next + 1;
    }
    return shape;
}

bool is_text(const std::string& name) {
    return name == "text" || name == "character varying";
}

bool is_temporal(const std::string& name) {
    static constexpr std::array kNames = {"timestamp without time zone", "timestamp with time zone", "time without time zone",
                                          "time with time zone", "interval"};
    return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

// A longer limit, or none, takes every value as it stands.
bool limit_grows(const Shape& from, const Shape& to) {
    if (to.modifiers.empty()) {
        return true;
    }
    return !from.modifiers.empty() && from.modifiers[0] <= to.modifiers[0];
}

bool numeric_grows(const Shape& from, const Shape& to) {
    if (to.modifiers.empty()) {
        return true;
    }
    return from.modifiers.size() == 2 && to.modifiers.size() == 2 && from.modifiers[1] == to.modifiers[1] &&
           from.modifiers[0] <= to.modifiers[0];
}

// Fewer digits before the point are an error; fewer behind it round in silence.
bool keeps_scale(const Shape& from, const Shape& to) {
    if (to.modifiers.empty()) {
        return true;
    }
    return from.modifiers.size() == 2 && to.modifiers.size() == 2 && from.modifiers[1] <= to.modifiers[1];
}

constexpr int kFull = 6;  // MAX_TIMESTAMP_PRECISION

bool precision_grows(const Shape& from, const Shape& to) {
    const int before = from.modifiers.empty() ? kFull : from.modifiers[0];
    const int after = to.modifiers.empty() ? kFull : to.modifiers[0];
    return before <= after;
}

// pg_cast rows with castmethod 'b', other than those of text and varchar.
bool binary_coercible(const std::string& from, const std::string& to) {
    static const std::vector<std::pair<std::string, std::string>> casts = {
        {"cidr", "inet"},    {"xml", "text"},     {"xml", "character varying"}, {"integer", "oid"},      {"oid", "integer"},
        {"regclass", "oid"}, {"oid", "regclass"}, {"regclass", "integer"},      {"integer", "regclass"}, {"bit", "bit varying"},
    };
    return std::find(casts.begin(), casts.end(), std::pair{from, to}) != casts.end() || type_change_sorts_anew(from, to);
}

const catalog::Type* domain(const catalog::Catalog& catalog, const std::string& printed) {
    const auto* type = catalog.find_type(sql::read_name(printed));
    return type != nullptr && type->kind == 'd' ? type : nullptr;
}

// Zones whose offset is always nothing (commands/tablecmds.c, ATColumnChangeRequiresRewrite; datetime.c,
// TimestampTimestampTzRequiresRewrite).
bool is_utc(std::string zone) {
    static const std::set<std::string> kNames{"utc", "uct", "gmt", "gmt0", "gmt+0", "gmt-0", "zulu", "universal", "greenwich", "0", "00"};
    zone = lower(std::move(zone));
    return kNames.contains(zone.starts_with("etc/") ? zone.substr(4) : zone);
}

// timestamp and timestamptz hold the same number, when the session lives by UTC. The precision is cut by a second cast, which does not
// know that of the first.
bool same_moment(const catalog::Catalog& catalog, const Shape& from, const Shape& to) {
    const auto stamp = [](const Shape& shape) {
        return shape.name == "timestamp with time zone" || shape.name == "timestamp without time zone";
    };
    return stamp(from) && stamp(to) && is_utc(catalog.time_zone) && precision_grows({}, to);
}

bool is_citext(const std::string& name) {
    return name == "citext" || name.ends_with(".citext");
}

bool is_integer(const std::string& name) {
    return name == "smallint" || name == "integer" || name == "bigint";
}

}  // namespace

bool type_change_sorts_anew(const std::string& from, const std::string& to) {
    return (is_citext(from) && is_text(read(to).name)) || (is_text(read(from).name) && is_citext(to));
}

bool type_change_rewrites(const catalog::Catalog& catalog, const std::string& from, const std::string& to) {
    if (from == to) {
        return false;
    }
    if (from.empty() || to.empty()) {
        return true;
    }
    if (const catalog::Type* type = domain(catalog, to)) {
        return type->domain_constrained || type_change_rewrites(catalog, from, type->base_type);
    }
    if (const catalog::Type* type = domain(catalog, from)) {
        return type_change_rewrites(catalog, type->base_type, to);
    }
    const Shape before = read(from);
    const Shape after = read(to);
    // No limit, no cast.
    if (before.name == after.name && before.array == after.array && after.modifiers.empty()) {
        return false;
    }
    if (before.array || after.array) {
        return true;
    }
    if (is_text(before.name) && is_text(after.name)) {
        return !limit_grows(before, after);
    }
    if (binary_coercible(before.name, after.name)) {
        return !after.modifiers.empty();
    }
    if (before.name != after.name) {
        return !same_moment(catalog, before, after);
    }
    if (before.name == "numeric") {
        return !numeric_grows(before, after);
    }
    if (before.name == "bit varying") {
        return !limit_grows(before, after);
    }
    return !is_temporal(before.name) || !precision_grows(before, after);
}

bool type_change_is_lossless(const std::string& from, const std::string& to) {
    const Shape before = read(from);
    const Shape after = read(to);
    if (before.array != after.array) {
        return false;
    }
    if (is_text(before.name) && is_text(after.name)) {
        return true;  // too long a value is an error, never cut
    }
    if (before.name == after.name && before.name == "numeric") {
        return keeps_scale(before, after);
    }
    if (before.name == after.name && is_temporal(before.name)) {
        return precision_grows(before, after);
    }
    if (!is_integer(before.name)) {
        return false;
    }
    return is_integer(after.name) || (after.name == "numeric" && after.modifiers.empty());
}

}  // namespace pgbelay::analysis
