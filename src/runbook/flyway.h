// Flyway's file names, versions and script configurations.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace pgbelay::runbook {

enum class FlywayKind { versioned, undo, repeatable, baseline, callback };

struct FlywayName {
    FlywayKind kind = FlywayKind::versioned;
    std::string version;      // as flyway_schema_history has it: `_` read as `.`, leading zeros kept
    std::string description;  // `_` read as space
};

// V1_2__add_users.sql, U1.2__add_users.sql, R__views.sql, beforeMigrate.sql; nothing for every other name.
std::optional<FlywayName> parse_flyway_name(std::string_view file_name);

// Numeric, part by part; missing parts are 0, so that 1.0 and 1 are equal. Parts of any length.
std::strong_ordering compare_flyway_versions(std::string_view a, std::string_view b);

// The settings of `V1__x.sql.conf` that mean something here.
struct FlywayScriptConfig {
    bool execute_in_transaction = true;
    bool placeholder_replacement = true;
};

// Throws Error{input} at the line of a setting that is not supported or has no such value.
FlywayScriptConfig parse_flyway_script_config(std::string_view text, const std::string& file);

// Throws Error{input} at the first `${name}`, which Flyway would replace by a value that is not in the file.
void refuse_flyway_placeholders(std::string_view text, const std::string& file);

}  // namespace pgbelay::runbook
