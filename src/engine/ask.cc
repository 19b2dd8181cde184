#include "engine/ask.h"

#include "analysis/body.h"
#include "analysis/tree_util.h"
#include "sql/tokens.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

namespace pgbelay::engine {

namespace {

bool is_harmless(const sql::QualifiedName& function) {
    // Those that look at nothing but the system catalogs and the session, and do nothing.
    static const std::set<std::string_view> kHarmless{
        "array_agg",
        "array_length",
        "array_position",
        "bool_and",
        "bool_or",
        "concat",
        "count",
        "current_schema",
        "current_schemas",
        "current_setting",
        "current_database",
        "format",
        "format_type",
        "has_column_privilege",
        "has_schema_privilege",
        "has_table_privilege",
        "length",
        "lower",
        "max",
        "min",
        "pg_get_constraintdef",
        "pg_get_expr",
        "pg_get_functiondef",
        "pg_get_indexdef",
        "pg_get_viewdef",
        "pg_table_is_visible",
        "pg_type_is_visible",
        "position",
        "quote_ident",
        "replace",
        "split_part",
        "starts_with",
        "string_agg",
        "strpos",
        "substring",
        "to_regclass",
        "to_regproc",
        "to_regprocedure",
        "to_regtype",
        "to_regnamespace",
        "trim",
        "btrim",
        "unnest",
        "upper",
        "version",
        "any_value",
        "array_to_string",
    };
    return (function.schema.empty() || function.schema == "pg_catalog") && kHarmless.contains(function.name);
}

bool reads_only_catalogs(const sql::Statement& query) {
    const auto is_catalog = [](const sql::QualifiedName& name) {
        return name.schema == "pg_catalog" || name.schema == "information_schema" || (name.schema.empty() && name.name.starts_with("pg_"));
    };
    return query.kind == "SelectStmt" && std::ranges::all_of(sql::relations_named(query), is_catalog) &&
           std::ranges::all_of(sql::functions_named(query), is_harmless);
}

// What a condition asks after stands in it as constants: names of tables, columns, constraints. In lower case, without a schema.
std::vector<std::string> asked_after(const std::string& question) {
    static const std::set<std::string> kEverywhere{"public", "base table", "yes", "no", "true", "false"};
    std::vector<std::string> names;
    for (const auto& token : sql::scan(question)) {
        const bool constant = token.text.size() > 3 && token.text.front() == '\'' && token.text.back() == '\'';
        const auto value = constant ? analysis::lower(token.text.substr(1, token.text.size() - 2)) : std::string();
        if (constant && !kEverywhere.contains(value)) {
            names.push_back(value.substr(value.rfind('.') == std::string::npos ? 0 : value.rfind('.') + 1));
        }
    }
    return names;
}

// EXECUTE of a DO block, other than that of CREATE TRIGGER.
bool executes(std::string_view statement) {
    constexpr std::string_view kWord = "execute";
    for (auto at = statement.find(kWord); at != std::string_view::npos; at = statement.find(kWord, at + 1)) {
        const auto next = statement.find_first_not_of(" \t\r\n", at + kWord.size());
        const auto behind = statement.substr(std::min(next, statement.size()));
        if (!behind.starts_with("function") && !behind.starts_with("procedure")) {
            return true;
        }
    }
    return false;
}

// Whether the statement may change the answer: it says all that the condition asks after, or makes, drops or renames any of it, or runs
// what it does not say.
bool concerns(const std::string& statement, const std::vector<std::string>& names) {
    static const std::array<std::string_view, 14> kWhole{
        "create table",      "create temp",         "create unlogged",  "create schema", "create type", "create domain", "create view",
        "create or replace", "create materialized", "create extension", "drop table",    "drop schema", "rename to",     "set schema",
    };
    const auto says = [&](const auto& words) { return statement.find(words) != std::string::npos; };
    if (statement.starts_with("call") || statement.starts_with("select") || executes(statement)) {
        return true;
    }
    const bool whole = statement.starts_with("drop") || says("cascade") || std::ranges::any_of(kWhole, says);
    return whole ? names.empty() || std::ranges::any_of(names, says) : std::ranges::all_of(names, says);
}

}  // namespace

void Questions::note(const sql::Statement& statement, bool changed_path) {
    if (statement.kind == "DoStmt" && !changed_path) {
        const auto [questions, changes] = analysis::questions_of(statement);
        for (const auto& question : questions) {
            const auto names = asked_after(question.sql);
            const auto is_concerned = [&](const std::string& other) { return concerns(other, names); };
            if (reads_only_catalogs(sql::read_statement(question.sql)) && std::ranges::none_of(before_, is_concerned) &&
                std::none_of(changes.begin(), changes.begin() + static_cast<std::ptrdiff_t>(question.before), is_concerned)) {
                questions_.emplace_back(question.key, question.sql);
            }
        }
    }
    const bool reads = statement.kind == "SelectStmt" && std::ranges::all_of(sql::functions_named(statement), is_harmless);
    if (!reads && statement.kind != "TransactionStmt") {
        before_.push_back(analysis::lower(statement.sql));
    }
}

void Questions::ask(pg::Connection& connection, catalog::Catalog& catalog) const {
    constexpr base::Millis kLongest{1000};
    if (connection.in_transaction()) {
        return;
    }
    for (const auto& [key, sql] : questions_) {
        const std::array<std::string, 4> all{"BEGIN READ ONLY", "SET LOCAL statement_timeout = '1s'",
                                             connection.default_search_path().empty()
                                                 ? "SET LOCAL search_path = ''"
                                                 : "SET LOCAL search_path = " + connection.default_search_path(),
                                             sql};
        for (const std::string& one : all) {
            const auto outcome = connection.run(one, std::nullopt, base::in(2 * kLongest), nullptr);
            const auto* result = std::get_if<pg::Result>(&outcome);
            if (result == nullptr) {
                break;
            }
            if (&one == &all.back() && result->rows() == 1 && result->columns() == 1) {
                const auto value = result->maybe(0, 0);
                if (!value || *value == "t" || *value == "f") {
                    catalog.answers.insert_or_assign(key, value == "t");
                }
            }
        }
        connection.run("ROLLBACK", std::nullopt, base::in(2 * kLongest), nullptr);
    }
}

}  // namespace pgbelay::engine
