#include "engine/ask.h"

#include "analysis/body.h"
#include "analysis/tree_util.h"
#include "sql/quote.h"
#include "sql/tokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

namespace pgbelay::engine {

namespace {

constexpr base::Millis kLongest{1000};  // one question
constexpr std::chrono::seconds kLongestOfAll{10};
constexpr std::size_t kMostStatements = 1000;  // of one EXECUTE

bool is_system(const sql::QualifiedName& function) {
    return function.schema.empty() || function.schema == "pg_catalog";
}

bool is_harmless(const sql::QualifiedName& function) {
    // Those that look at nothing but the system catalogs and the session, and do nothing.
    static const std::set<std::string_view> kHarmless{
        "any_value",
        "array_agg",
        "array_append",
        "array_cat",
        "array_length",
        "array_position",
        "array_remove",
        "array_to_string",
        "array_upper",
        "bool_and",
        "bool_or",
        "btrim",
        "cardinality",
        "col_description",
        "concat",
        "concat_ws",
        "count",
        "current_database",
        "current_schema",
        "current_schemas",
        "current_setting",
        "date",
        "date_part",
        "date_trunc",
        "extract",
        "format",
        "format_type",
        "generate_series",
        "generate_subscripts",
        "has_column_privilege",
        "has_function_privilege",
        "has_schema_privilege",
        "has_sequence_privilege",
        "has_table_privilege",
        "has_type_privilege",
        "initcap",
        "left",
        "length",
        "lower",
        "lpad",
        "ltrim",
        "make_date",
        "make_interval",
        "max",
        "md5",
        "min",
        "now",
        "obj_description",
        "oidvectortypes",
        "pg_function_is_visible",
        "pg_get_constraintdef",
        "pg_get_expr",
        "pg_get_function_identity_arguments",
        "pg_get_functiondef",
        "pg_get_indexdef",
        "pg_get_partkeydef",
        "pg_get_ruledef",
        "pg_get_serial_sequence",
        "pg_get_statisticsobjdef",
        "pg_get_triggerdef",
        "pg_get_userbyid",
        "pg_get_viewdef",
        "pg_has_role",
        "pg_is_in_recovery",
        "pg_table_is_visible",
        "pg_type_is_visible",
        "position",
        "quote_ident",
        "quote_literal",
        "quote_nullable",
        "regexp_match",
        "regexp_matches",
        "regexp_replace",
        "regexp_split_to_array",
        "regexp_split_to_table",
        "repeat",
        "replace",
        "reverse",
        "right",
        "row_number",
        "rpad",
        "rtrim",
        "split_part",
        "starts_with",
        "string_agg",
        "string_to_array",
        "strpos",
        "substr",
        "substring",
        "timezone",
        "to_char",
        "to_regclass",
        "to_regnamespace",
        "to_regproc",
        "to_regprocedure",
        "to_regtype",
        "translate",
        "trim",
        "unnest",
        "upper",
        "version",
    };
    return is_system(function) && kHarmless.contains(function.name);
}

bool only_reads(const sql::Statement& query) {
    return query.kind == "SelectStmt" && std::ranges::all_of(sql::functions_named(query), is_harmless);
}

bool is_catalog(const sql::QualifiedName& relation) {
    return relation.schema == "pg_catalog" || relation.schema == "information_schema" ||
           (relation.schema.empty() && relation.name.starts_with("pg_"));
}

bool reads_catalogs(const sql::Statement& query, const std::vector<sql::Token>& tokens) {
    const auto looks = [](const sql::QualifiedName& function) {
        static const std::array<std::string_view, 6> kLookUp{"pg_", "to_reg", "has_", "current_", "obj_", "col_"};
        return std::ranges::any_of(kLookUp, [&](std::string_view prefix) { return function.name.starts_with(prefix); });
    };
    return std::ranges::any_of(sql::relations_named(query), is_catalog) || std::ranges::any_of(sql::functions_named(query), looks) ||
           std::ranges::any_of(tokens, [](const auto& token) { return analysis::lower(token.text).starts_with("reg"); });
}

// What a question looks at, by which it is told whether a statement may change the answer.
struct Asked {
    std::vector<std::string> tables;  // whose rows it reads, in lower case
    bool catalogs = false;
    // Names of tables, columns, constraints that stand in it as constants. In lower case, without a schema. Of EXECUTE only those that
    // something has to be equal to: others are parts of statements.
    std::vector<std::string> names;
};

Asked asked_after(const analysis::Question& question) {
    static const std::set<std::string> kEverywhere{"public", "base table", "yes", "no", "true", "false"};
    const auto tokens = sql::scan(question.sql);
    const auto query = sql::read_statement(question.sql);
    Asked asked{.catalogs = reads_catalogs(query, tokens)};
    for (const auto& relation : sql::relations_named(query)) {
        if (!is_catalog(relation)) {
            asked.tables.push_back(analysis::lower(relation.name));
        }
    }
    bool in_list = false;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        const std::string& text = tokens[i].text;
        in_list = (in_list && text != ")") || text == "in" || text == "any";
        const bool constant = text.size() > 3 && text.front() == '\'' && text.back() == '\'';
        const bool equal = in_list || (i > 0 && tokens[i - 1].text == "=") || (i + 2 < tokens.size() && tokens[i + 2].text == "regclass");
        if (!constant || (question.executed && !equal)) {
            continue;
        }
        const auto value = analysis::lower(text.substr(1, text.size() - 2));
        if (!kEverywhere.contains(value)) {
            asked.names.push_back(value.substr(value.rfind('.') == std::string::npos ? 0 : value.rfind('.') + 1));
        }
    }
    return asked;
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

// Whether the statement may change the answer: it names a table whose rows are read, or changes rows, which may change others; it says all
// that the condition asks after, or makes, drops or renames any of it; or it runs what it does not say.
bool concerns(const std::string& statement, const Asked& asked) {
    static const std::array<std::string_view, 7> kRows{"insert", "update", "delete", "merge", "copy", "truncate", "do"};
    static const std::array<std::string_view, 14> kWhole{
        "create table",      "create temp",         "create unlogged",  "create schema", "create type", "create domain", "create view",
        "create or replace", "create materialized", "create extension", "drop table",    "drop schema", "rename to",     "set schema",
    };
    const auto says = [&](const auto& words) { return statement.find(words) != std::string::npos; };
    const auto starts = [&](std::string_view word) { return statement.starts_with(word); };
    if (!asked.catalogs && asked.tables.empty()) {
        return false;
    }
    if (starts("call") || starts("select") || executes(statement) || std::ranges::any_of(asked.tables, says)) {
        return true;
    }
    if (!asked.tables.empty() && std::ranges::any_of(kRows, starts)) {
        return true;
    }
    if (!asked.catalogs) {
        return false;
    }
    const bool whole = starts("drop") || says("cascade") || std::ranges::any_of(kWhole, says);
    return whole ? asked.names.empty() || std::ranges::any_of(asked.names, says) : std::ranges::all_of(asked.names, says);
}

using Values = std::vector<std::optional<std::string>>;

// The values of the query's one column.
std::optional<Values> rows_of(pg::Connection& connection, const std::string& query) {
    const std::array<std::string, 5> all{
        "BEGIN READ ONLY", fmt::format("SET LOCAL statement_timeout = {}", kLongest.count()), "SET LOCAL lock_timeout = '100ms'",
        connection.default_search_path().empty() ? "SET LOCAL search_path = ''"
                                                 : "SET LOCAL search_path = " + connection.default_search_path(),
        fmt::format("{}\nLIMIT {}", query, kMostStatements + 1)};
    const auto deadline = base::in(2 * kLongest);
    std::optional<Values> values;
    for (const std::string& one : all) {
        const auto outcome = connection.run(one, std::nullopt, deadline, nullptr);
        const auto* result = std::get_if<pg::Result>(&outcome);
        if (result == nullptr) {
            break;
        }
        if (&one == &all.back() && result->columns() == 1) {
            values.emplace();
            for (int row = 0; row < result->rows(); ++row) {
                values->push_back(result->maybe(row, 0));
            }
        }
    }
    connection.run("ROLLBACK", std::nullopt, deadline, nullptr);
    return values;
}

// The functions that queries among the changes call.
std::vector<sql::QualifiedName> called_by(const std::string& change) {
    return change.starts_with("select") ? sql::functions_named(sql::read_statement(change)) : std::vector<sql::QualifiedName>{};
}

// Of the system's own functions that these call, those that change no catalog: they read, or change rows of sequences.
std::set<std::string> that_only_look(pg::Connection& connection, const std::vector<analysis::BlockQuestions>& entries) {
    std::string names;
    for (const auto& entry : entries) {
        for (const auto& change : entry.changes) {
            for (const auto& function : called_by(change)) {
                names += (names.empty() ? "" : ", ") + sql::quote_literal(function.name);
            }
        }
    }
    std::set<std::string> found;
    const auto rows = names.empty() ? std::nullopt
                                    : rows_of(connection, fmt::format(R"(
SELECT DISTINCT proname::text FROM pg_catalog.pg_proc
WHERE pronamespace = 'pg_catalog'::regnamespace AND proname IN ({})
    AND (provolatile <> 'v' OR proname IN ('nextval', 'setval', 'currval', 'lastval', 'random', 'clock_timestamp', 'gen_random_uuid')))",
                                                                      names));
    for (const auto& name : rows.value_or(Values{})) {
        found.insert(name.value_or(std::string()));
    }
    return found;
}

// What EXECUTE gets; nothing when one of it is NULL, which fails, and of too many.
std::optional<std::vector<std::string>> statements_of(const Values& values) {
    std::vector<std::string> statements;
    for (const auto& value : values) {
        if (!value || values.size() > kMostStatements) {
            return std::nullopt;
        }
        statements.push_back(*value);
    }
    return statements;
}

}  // namespace

void Questions::note(const sql::Statement& statement, bool changed_path) {
    analysis::BlockQuestions entry;
    if (statement.kind == "DoStmt") {
        entry = analysis::questions_of(statement);
        std::erase_if(entry.questions,
                      [&](const auto& question) { return changed_path || !only_reads(sql::read_statement(question.sql)); });
        std::ranges::stable_sort(entry.questions, {}, &analysis::Question::before);
        asks_ = asks_ || !entry.questions.empty();
    }
    if (entry.changes.empty() && statement.kind != "TransactionStmt") {
        entry.changes.push_back(analysis::lower(statement.sql));
    }
    entries_.push_back(std::move(entry));
}

catalog::Catalog::Answers Questions::ask(pg::Connection& connection) const {
    catalog::Catalog::Answers answers;
    if (!asks_ || connection.in_transaction()) {
        return answers;
    }
    const auto end = base::in(kLongestOfAll);
    const auto looking = that_only_look(connection, entries_);
    std::vector<std::string> done;  // changes before what is asked
    const auto note = [&](const std::string& change) {
        const bool query = change.starts_with("select") && change.find(" into ") == std::string::npos;
        const auto looks = [&](const auto& function) { return is_system(function) && looking.contains(function.name); };
        if (change.starts_with("lock")) {
            return;
        }
        if (!query || !std::ranges::all_of(called_by(change), looks)) {
            done.push_back(change);
        }
    };
    for (const auto& entry : entries_) {
        const auto& changes = entry.changes;
        std::size_t next = 0;
        for (const auto& question : entry.questions) {
            for (; next < question.before; ++next) {
                note(changes[next]);
            }
            const auto asked = asked_after(question);
            const auto is_concerned = [&](const auto& change) { return concerns(change, asked); };
            if (base::Clock::now() > end || std::ranges::any_of(done, is_concerned)) {
                continue;
            }
            const auto values = rows_of(connection, question.sql);
            if (!values) {
                continue;
            }
            if (!question.executed && values->size() == 1) {
                answers.conditions.insert_or_assign(question.key, values->front() == "t");
            } else if (const auto statements = question.executed ? statements_of(*values) : std::nullopt; statements) {
                std::ranges::for_each(*statements, [&](const auto& sql) { note(analysis::lower(sql)); });
                ++next;
                answers.executed.insert_or_assign(question.key, *statements);
            }
        }
        for (; next < changes.size(); ++next) {
            note(changes[next]);
        }
    }
    return answers;
}

}  // namespace pgbelay::engine
