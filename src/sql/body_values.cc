#include "sql/body_values.h"

#include "sql/quote.h"
#include "sql/tokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pgbelay::sql {

namespace {

// Each question looks through them, and writes down all that it stands on: blocks of thousands of lines would ask in megabytes.
constexpr std::size_t kMostSources = 1000;
constexpr std::size_t kMostInQuestion = 64;
constexpr std::size_t kLongestQuestion = std::size_t{64} << 10;

// As the server folds a name: it is in lower case where it is not quoted.
std::string folded(const std::string& word) {
    if (word.size() > 2 && word.front() == '"' && word.back() == '"') {
        return word.substr(1, word.size() - 2);
    }
    std::string name = word;
    std::ranges::transform(name, name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return name;
}

// To stand before a parenthesis that closes: a comment at its end would hide that.
std::string closed(const std::string& expression) {
    return expression.find("--") == std::string::npos ? expression : expression + "\n";
}

}  // namespace

void BodyValues::declare(const std::string& name) {
    declared_.insert(name);
}

void BodyValues::declare_ambiguous(const std::string& name) {
    ambiguous_.insert(name);
}

void BodyValues::leave(std::size_t entered) {
    std::vector<std::string> names;
    while (sources_.size() > entered) {
        names.insert(names.end(), sources_.back().names.begin(), sources_.back().names.end());
        sources_.pop_back();
    }
    std::ranges::sort(names);
    const auto twice = std::ranges::unique(names);
    names.erase(twice.begin(), twice.end());
    forget(std::move(names));
}

void BodyValues::forget(std::vector<std::string> names) {
    const bool twice = !sources_.empty() && sources_.back().kind == Kind::unknown && sources_.back().names == names;
    if (!names.empty() && !twice) {
        sources_.push_back({Kind::unknown, std::move(names), {}, false, {}});
    }
}

bool BodyValues::add(Kind kind, std::vector<std::string> names, const std::string& query, bool record) {
    const bool hidden = std::ranges::any_of(names, [&](const auto& name) { return ambiguous_.contains(name); });
    if (hidden || query.empty() || query.size() > kLongestQuestion) {
        forget(std::move(names));
        return false;
    }
    auto needs = variables_in(query);
    sources_.push_back({kind, std::move(names), query, record, std::move(needs)});
    return true;
}

void BodyValues::fill(std::vector<std::string> names, const std::string& query) {
    add(Kind::row, std::move(names), query, false);
}

void BodyValues::fill_record(const std::string& name, const std::string& query) {
    add(Kind::row, {name}, query, true);
}

bool BodyValues::loop(std::vector<std::string> names, const std::string& query) {
    return add(Kind::loop, std::move(names), query, false);
}

bool BodyValues::loop_record(const std::string& name, const std::string& query) {
    return add(Kind::loop, {name}, query, true);
}

std::set<std::string> BodyValues::variables_in(std::string_view expression) const {
    std::set<std::string> names;
    for (const Token& token : scan(expression)) {
        if (auto name = folded(token.text); !token.comment && declared_.contains(name)) {
            names.insert(std::move(name));
        }
    }
    return names;
}

bool BodyValues::collect(std::set<std::string> needed, bool loops, std::vector<std::size_t>& places) const {
    std::set<std::string> taken;
    if (sources_.size() > kMostSources) {
        return needed.empty() && !loops;
    }
    for (std::size_t i = sources_.size(); i-- > 0 && (loops || !needed.empty());) {
        const Source& source = sources_[i];
        const bool names_it = std::ranges::any_of(source.names, [&](const auto& name) { return needed.contains(name); });
        if (source.kind == Kind::unknown ? names_it : (source.kind == Kind::loop && names_it && !loops)) {
            return false;
        }
        if (source.kind == Kind::unknown || (!names_it && (source.kind != Kind::loop || !loops))) {
            continue;
        }
        for (const auto& name : source.names) {
            needed.erase(name);
            // An older value of the same variable would stand beside it.
            if (!taken.insert(name).second) {
                return false;
            }
        }
        needed.insert(source.needs.begin(), source.needs.end());
        places.push_back(i);
    }
    std::ranges::reverse(places);
    return needed.empty() && places.size() <= kMostInQuestion;
}

std::string BodyValues::from(const std::vector<std::size_t>& places) const {
    std::string text;
    for (std::size_t n = 0; n < places.size(); ++n) {
        const Source& source = sources_[places[n]];
        std::string alias = source.record ? quote_identifier(source.names.front()) : fmt::format("pgbelay_{}", n);
        for (std::size_t i = 0; !source.record && i < source.names.size(); ++i) {
            alias += (i == 0 ? " (" : ", ") + quote_identifier(source.names[i]) + (i + 1 == source.names.size() ? ")" : "");
        }
        text += source.kind == Kind::loop ? fmt::format(" CROSS JOIN LATERAL ({}) AS {}", closed(source.query), alias)
                                          : fmt::format(" LEFT JOIN LATERAL (SELECT * FROM ({}) AS pgbelay_row LIMIT 1) AS {} ON true",
                                                        closed(source.query), alias);
    }
    return text.empty() ? text : " FROM (SELECT) AS pgbelay_once" + text;
}

std::string BodyValues::in_loop(const std::string& value, const std::string& condition) const {
    std::vector<std::size_t> places;
    const std::string both = value + " " + condition;
    if (both.size() > kLongestQuestion || !collect(variables_in(both), true, places)) {
        return {};
    }
    const auto is_loop = [&](std::size_t place) { return sources_[place].kind == Kind::loop; };
    const auto first = std::ranges::find_if(places, is_loop);
    const auto reads = [&](std::size_t place) { return may_read(sources_[place].query); };
    if (first != places.end() &&
        (std::any_of(first + 1, places.end(), is_loop) || may_read(both) || std::any_of(first + 1, places.end(), reads))) {
        return {};
    }
    auto query = fmt::format("SELECT ({}){}{}", closed(value), from(places), condition.empty() ? "" : " WHERE " + condition);
    return query.size() > kLongestQuestion ? std::string() : query;
}

std::string BodyValues::once(const std::string& value, bool looped) const {
    std::vector<std::size_t> places;
    if (value.size() > kLongestQuestion || (looped && may_read(value)) || !collect(variables_in(value), false, places)) {
        return {};
    }
    if (looped && std::ranges::any_of(places, [&](std::size_t place) { return may_read(sources_[place].query); })) {
        return {};
    }
    auto query = fmt::format("SELECT ({}){}", closed(value), from(places));
    return query.size() > kLongestQuestion ? std::string() : query;
}

bool may_read(std::string_view expression) {
    static const std::array<std::string_view, 3> kQuery{"from", "table", "with"};
    static const std::array<std::string_view, 13> kLookUp{"reg",
                                                          "pg_",
                                                          "to_reg",
                                                          "has_",
                                                          "obj_",
                                                          "col_",
                                                          "session_",
                                                          "current_user",
                                                          "current_role",
                                                          "current_schema",
                                                          "current_setting",
                                                          "current_catalog",
                                                          "current_database"};
    const auto tokens = scan(expression);
    return std::ranges::any_of(tokens, [](const Token& token) {
        const auto name = folded(token.text);
        const auto begins = [&](std::string_view prefix) { return name.starts_with(prefix); };
        return !token.comment && (std::ranges::find(kQuery, name) != kQuery.end() || std::ranges::any_of(kLookUp, begins));
    });
}

}  // namespace pgbelay::sql
