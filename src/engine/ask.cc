#include "engine/ask.h"

#include "analysis/code.h"
#include "analysis/tree_util.h"
#include "sql/quote.h"
#include "sql/tokens.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

namespace pgbelay::engine {

namespace {

bool reads_only_catalogs(const sql::Statement& query) {
    // Those that look at nothing but the system catalogs and the session, and do nothing.
    static const std::set<std::string_view> kHarmless{
        "array_agg",      "array_length",  "array_position", "bool_and",        "bool_or",         "concat",
        "count",          "current_schema", "current_schemas", "current_setting", "current_database", "format",
        "format_type",    "has_column_privilege", "has_schema_privilege", "has_table_privilege", "length", "lower",
        "max",            "min",           "pg_get_constraintdef", "pg_get_expr", "pg_get_functiondef", "pg_get_indexdef",
        "pg_get_viewdef", "pg_table_is_visible", "pg_type_is_visible", "position", "quote_ident", "replace",
        "split_part",     "starts_with",   "string_agg",     "strpos",          "substring",       "to_regclass",
        "to_regproc",     "to_regprocedure", "to_regtype",   "to_regnamespace", "trim",            "btrim",
        "unnest",         "upper",         "version",        "any_value",       "array_to_string",
    };
    if (query.kind != "SelectStmt") {
        return false;
    }
    const auto is_catalog = [](const sql::QualifiedName& name) {
        return name.schema == "pg_catalog" || name.schema == "information_schema" || (name.schema.empty() && name.name.starts_with("pg_"));
    };
    const auto is_harmless = [](const sql::QualifiedName& name) {
        return (name.schema.empty() || name.schema == "pg_catalog") && kHarmless.contains(name.name);
    };
    return std::ranges::all_of(sql::relations_named(query), is_catalog) && std::ranges::all_of(sql::functions_named(query), is_harmless);
}

// What a condition asks after stands in it as constants: names of tables, columns, constraints.
bool is_concerned(const std::string& question, const std::string& before) {
    static const std::set<std::string> kEverywhere{"public", "base table", "yes", "no", "true", "false"};
    bool asks_after_something = false;
    for (const auto& token : sql::scan(question)) {
        const bool constant = token.text.size() > 3 && token.text.front() == '\'' && token.text.back() == '\'';
        const auto value = constant ? analysis::lower(token.text.substr(1, token.text.size() - 2)) : std::string();
        if (!constant || kEverywhere.contains(value)) {
            continue;
        }
        asks_after_something = true;
        // regclass constants may have a schema in front.
        if (before.find(value.substr(value.rfind('.') == std::string::npos ? 0 : value.rfind('.') + 1)) != std::string::npos) {
            return true;
        }
    }
    return !asks_after_something && !before.empty();
}

}  // namespace

void Questions::note(const sql::Statement& statement, bool changed_path) {
    if (statement.kind == "DoStmt" && !changed_path) {
        for (const auto& question : analysis::questions_of(statement)) {
            if (reads_only_catalogs(sql::read_statement(question.sql)) && !is_concerned(question.sql, before_ + question.before)) {
                questions_.emplace_back(question.key, question.sql);
            }
        }
    }
    if (statement.kind != "SelectStmt" && statement.kind != "TransactionStmt") {
        before_ += analysis::lower(statement.sql) + "\n";
    }
}

void Questions::ask(pg::Connection& connection, catalog::Catalog& catalog) const {
    constexpr base::Millis kLongest{1000};
    if (connection.in_transaction()) {
        return;
    }
    for (const auto& [key, sql] : questions_) {
        const std::array<std::string, 4> all{
            "BEGIN READ ONLY", "SET LOCAL statement_timeout = '1s'",
            connection.default_search_path().empty() ? "SET LOCAL search_path = ''"
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
