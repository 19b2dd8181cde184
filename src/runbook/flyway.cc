#include "runbook/flyway.h"

#include "runbook/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace pgbelay::runbook {
namespace {

// Digits in groups with single `.` or `_` between them.
bool is_version(std::string_view text) {
    bool digit_before = false;
    for (const char c : text) {
        const bool digit = c >= '0' && c <= '9';
        if (!digit && !(digit_before && (c == '.' || c == '_'))) {
            return false;
        }
        digit_before = digit;
    }
    return digit_before;
}

// beforeMigrate, afterEachUndo, beforeConnect, createSchema: Flyway's events, with or without `__description`.
bool is_callback(std::string_view stem) {
    static constexpr std::array<std::string_view, 12> kEvents = {
        "migrate", "eachmigrate", "eachmigratestatement", "clean",  "info", "validate", "baseline", "repair",
        "undo",    "eachundo",    "repeatables",          "connect"};
    const std::string event = to_lower(stem.substr(0, stem.find("__")));
    if (event == "createschema") {
        return true;
    }
    for (const std::string_view moment : {"before", "after"}) {
        if (event.starts_with(moment)) {
            std::string rest = event.substr(moment.size());
            for (const std::string_view outcome : {"error", "operationfinish", "applied", "versioned"}) {
                if (rest.ends_with(outcome)) {
                    rest.resize(rest.size() - outcome.size());
                }
            }
            return std::find(kEvents.begin(), kEvents.end(), rest) != kEvents.end();
        }
    }
    return false;
}

std::string replaced(std::string_view text, char from, char to) {
    std::string result(text);
    std::replace(result.begin(), result.end(), from, to);
    return result;
}

std::string_view next_part(std::string_view& version) {
    std::string_view part = version.substr(0, version.find('.'));
    version.remove_prefix(std::min(part.size() + 1, version.size()));
    part.remove_prefix(std::min(part.find_first_not_of('0'), part.size()));
    return part;
}

bool parse_bool(std::string_view value, std::string_view key, const base::Place& place) {
    const std::string lower = to_lower(value);
    if (lower != "true" && lower != "false") {
        throw input_error(fmt::format("{} is \"{}\": true or false is meant", key, value), place);
    }
    return lower == "true";
}

}  // namespace

std::optional<FlywayName> parse_flyway_name(std::string_view file_name) {
    constexpr std::string_view kSuffix = ".sql";
    constexpr std::string_view kSeparator = "__";
    if (!file_name.ends_with(kSuffix)) {
        return std::nullopt;
    }
    const std::string_view stem = file_name.substr(0, file_name.size() - kSuffix.size());
    if (is_callback(stem)) {
        return FlywayName{.kind = FlywayKind::callback};
    }
    const std::size_t separator = stem.find(kSeparator);
    if (separator == std::string_view::npos || separator == 0) {
        return std::nullopt;
    }
    const std::string_view version = stem.substr(1, separator - 1);
    const std::string description = replaced(stem.substr(separator + kSeparator.size()), '_', ' ');
    if (stem.front() == 'R' && version.empty()) {
        return FlywayName{.kind = FlywayKind::repeatable, .description = description};
    }
    static constexpr std::string_view kPrefixes = "VUB";
    static constexpr std::array kKinds = {FlywayKind::versioned, FlywayKind::undo, FlywayKind::baseline};
    const std::size_t kind = kPrefixes.find(stem.front());
    if (kind == std::string_view::npos || !is_version(version)) {
        return std::nullopt;
    }
    return FlywayName{.kind = kKinds[kind], .version = replaced(version, '_', '.'), .description = description};
}

std::strong_ordering compare_flyway_versions(std::string_view a, std::string_view b) {
    while (!a.empty() || !b.empty()) {
        const std::string_view left = next_part(a);
        const std::string_view right = next_part(b);
        if (left.size() != right.size()) {
            return left.size() <=> right.size();
        }
        if (const auto order = left <=> right; order != 0) {
            return order;
        }
    }
    return std::strong_ordering::equal;
}

FlywayScriptConfig parse_flyway_script_config(std::string_view text, const std::string& file) {
    FlywayScriptConfig config;
    int number = 0;
    for (const std::string_view line : split_lines(without_bom(text))) {
        const base::Place place{file, ++number, 1};
        const std::string_view setting = trim(line);
        if (setting.empty() || setting.front() == '#' || setting.front() == '!') {
            continue;
        }
        const std::size_t equals = setting.find('=');
        if (equals == std::string_view::npos) {
            throw input_error("a line that is not \"key=value\"", place);
        }
        const std::string_view key = trim(setting.substr(0, equals));
        const std::string_view value = trim(setting.substr(equals + 1));
        if (key == "executeInTransaction") {
            config.execute_in_transaction = parse_bool(value, key, place);
        } else if (key == "placeholderReplacement") {
            config.placeholder_replacement = parse_bool(value, key, place);
        } else if (key != "encoding" || to_lower(value) != "utf-8") {
            throw input_error(fmt::format("\"{}\" is not supported in a Flyway script configuration", setting), place)
                .hint("supported are executeInTransaction, placeholderReplacement and encoding=UTF-8");
        }
    }
    return config;
}

void refuse_flyway_placeholders(std::string_view text, const std::string& file) {
    int number = 0;
    for (const std::string_view line : split_lines(text)) {
        ++number;
        const std::size_t at = line.find("${");
        const std::size_t end = line.find('}', at);
        if (at != std::string_view::npos && end != std::string_view::npos) {
            throw input_error(fmt::format("the Flyway placeholder {} has no value here", line.substr(at, end - at + 1)),
                              {file, number, column_at(line, at)})
                .hint("write the value itself; if it is no placeholder, put placeholderReplacement=false into the file's .sql.conf");
        }
    }
}

}  // namespace pgbelay::runbook
