#include "engine/ask.h"

#include "analysis/body.h"
#include "analysis/tree_util.h"
#include "sql/body_values.h"
#include "sql/quote.h"
#include "sql/tokens.h"

#include <fmt/format.h>
#include <pg_query/pg_query.pb-c.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <optional>
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

bool is_catalog(const sql::QualifiedName& relation) {
    return relation.schema == "pg_catalog" || relation.schema == "information_schema" ||
           (relation.schema.empty() && relation.name.starts_with("pg_"));
}

bool reads_only_catalogs(const sql::Statement& query) {
    return query.kind == "SelectStmt" && std::ranges::all_of(sql::relations_named(query), is_catalog) &&
           std::ranges::all_of(sql::functions_named(query), is_harmless);
}

// Whether the answer depends on anything that is there: that of arithmetic and text does not.
bool looks_up(const std::string& question, const std::vector<sql::Token>& tokens) {
    const auto query = sql::read_statement(question);
    const auto looks = [](const std::string& name) {
        static const std::array<std::string_view, 7> kLookUp{"reg", "pg_", "to_reg", "has_", "current_schema", "obj_", "col_"};
        return std::ranges::any_of(kLookUp, [&](std::string_view prefix) { return name.starts_with(prefix); });
    };
    return !sql::relations_named(query).empty() ||
           std::ranges::any_of(tokens, [&](const auto& token) { return looks(analysis::lower(token.text)); });
}

// What a question looks at, by which it is told whether a statement may change the answer.
struct Asked {
    bool reads = false;
    std::vector<std::string> pins;  // names of tables, columns, constraints that something has to have, in lower case, without a schema
    bool several = false;           // they may be those of several things
};

bool is_constant(const std::string& token) {
    return token.size() > 2 && token.front() == '\'' && token.back() == '\'';
}

Asked asked_of(const std::string& question) {
    static const std::set<std::string> kNames{
        "table_name", "column_name", "constraint_name", "index_name",  "sequence_name", "trigger_name", "routine_name",
        "view_name",  "relname",     "attname",         "conname",     "tgname",        "typname",      "proname",
        "polname",    "policyname",  "tablename",       "indexname",   "viewname",      "matviewname",  "sequencename",
        "indexrelid", "conrelid",    "confrelid",       "attrelid",    "indrelid",      "tgrelid",      "enumlabel",
        "enumtypid",  "oid",         "udt_name",        "domain_name", "evtname",       "stxname",
    };
    const auto tokens = sql::scan(question);
    const auto word = [&](std::size_t i) { return i < tokens.size() ? analysis::lower(tokens[i].text) : std::string(); };
    Asked asked{.reads = looks_up(question, tokens)};
    int wheres = 0;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        wheres += tokens[i].text == "where" ? 1 : 0;
        if (!is_constant(tokens[i].text)) {
            continue;
        }
        const bool compared = i > 1 && word(i - 1) == "=" && kNames.contains(word(i - 2));
        const bool named = word(i + 2).starts_with("reg") || (i > 1 && word(i - 2).starts_with("to_reg"));
        if (compared || named) {
            const auto value = word(i).substr(1, tokens[i].text.size() - 2);
            asked.pins.push_back(value.substr(value.rfind('.') == std::string::npos ? 0 : value.rfind('.') + 1));
        }
    }
    asked.several = wheres > 1;
    return asked;
}

// What a statement may change of the answers to questions.
struct Change {
    bool settings = false;    // role, search_path and the like
    bool everything = false;  // nobody knows what
    std::string text;         // in lower case: the names in it
    std::vector<std::string> relations;
    bool of_one = false;  // of the relation that it names nothing but what it says
};

bool changes_one(const sql::Statement& statement) {
    if (statement.kind != "AlterTableStmt") {
        return statement.kind == "IndexStmt" || statement.kind == "CommentStmt" || statement.kind == "CreateTrigStmt";
    }
    const auto& alter = *statement.node().alter_table_stmt;
    return std::all_of(alter.cmds, alter.cmds + alter.n_cmds, [](const PgQuery__Node* node) {
        switch (node->alter_table_cmd->subtype) {
            case PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn:
            case PG_QUERY__ALTER_TABLE_TYPE__AT_AddConstraint:
            case PG_QUERY__ALTER_TABLE_TYPE__AT_ColumnDefault:
            case PG_QUERY__ALTER_TABLE_TYPE__AT_SetNotNull:
            case PG_QUERY__ALTER_TABLE_TYPE__AT_DropNotNull:
            case PG_QUERY__ALTER_TABLE_TYPE__AT_AlterColumnType:
            case PG_QUERY__ALTER_TABLE_TYPE__AT_ValidateConstraint: return true;
            default: return false;
        }
    });
}

// Kinds of which what they name is all that they change.
bool says_what_it_changes(const sql::Statement& statement) {
    static const std::set<std::string_view> kKinds{"CreateStmt",         "CreateTableAsStmt", "ViewStmt",          "CreateSeqStmt",
                                                   "CreateEnumStmt",     "AlterEnumStmt",     "CompositeTypeStmt", "CreateDomainStmt",
                                                   "CreateFunctionStmt", "CreatePolicyStmt",  "CreateStatsStmt"};
    return kKinds.contains(statement.kind) || changes_one(statement);
}

// Settings that no question depends on.
bool is_quiet_setting(const sql::Statement& statement) {
    static const std::set<std::string_view> kQuiet{
        "lock_timeout",
        "statement_timeout",
        "idle_in_transaction_session_timeout",
        "client_min_messages",
        "client_encoding",
        "check_function_bodies",
        "default_tablespace",
        "default_table_access_method",
        "work_mem",
        "maintenance_work_mem",
        "xmloption",
        "transaction_timeout",
        "max_parallel_maintenance_workers",
    };
    const char* name = statement.node().variable_set_stmt->name;
    return name != nullptr && kQuiet.contains(name);
}

// Nothing for what changes none. `looking`: by that_only_look().
std::optional<Change> change_of(const sql::Statement& statement, const std::set<std::string>& looking) {
    static const std::set<std::string_view> kRows{"SelectStmt",      "InsertStmt",       "UpdateStmt",   "DeleteStmt",
                                                  "MergeStmt",       "CopyStmt",         "TruncateStmt", "LockStmt",
                                                  "TransactionStmt", "VariableShowStmt", "ExplainStmt",  "ConstraintsSetStmt"};
    if (statement.opaque()) {
        return Change{.everything = true};
    }
    if (statement.kind == "VariableSetStmt") {
        return is_quiet_setting(statement) ? std::nullopt : std::optional(Change{.settings = true, .everything = true});
    }
    const auto looks = [&](const auto& function) { return is_system(function) && looking.contains(function.name); };
    const auto functions = sql::functions_named(statement);
    const bool makes_table = statement.kind == "SelectStmt" && statement.node().select_stmt->into_clause != nullptr;
    if (kRows.contains(statement.kind) && !makes_table) {
        const bool all_look = std::ranges::all_of(functions, looks);
        const bool sets = std::ranges::any_of(functions, [](const auto& function) { return function.name == "set_config"; });
        return all_look ? std::nullopt : std::optional(Change{.settings = sets, .everything = true});
    }
    if (!makes_table && !says_what_it_changes(statement)) {
        return Change{.everything = true};
    }
    Change change{.text = analysis::lower(statement.sql), .of_one = changes_one(statement)};
    for (const auto& relation : sql::relations_named(statement)) {
        change.relations.push_back(analysis::lower(relation.name));
    }
    return change;
}

// Names that the server chooses begin with the table's: orders_pkey, orders_id_seq.
bool names(const Change& change, const std::string& pin) {
    return change.text.find(pin) != std::string::npos ||
           std::ranges::any_of(change.relations, [&](const auto& relation) { return pin.starts_with(relation); });
}

bool concerns(const Change& change, const Asked& asked) {
    if (change.settings || !asked.reads) {
        return change.settings;
    }
    const auto is_named = [&](const auto& pin) { return names(change, pin); };
    if (change.everything || asked.pins.empty()) {
        return true;
    }
    if (!change.of_one || asked.several) {
        return std::ranges::any_of(asked.pins, is_named);
    }
    std::vector<std::string> rest;
    std::ranges::copy_if(asked.pins, std::back_inserter(rest),
                         [&](const auto& pin) { return std::ranges::find(change.relations, pin) == change.relations.end(); });
    return rest.empty() || std::ranges::any_of(rest, is_named);
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

std::string list_of(const std::set<std::string>& names) {
    std::string list;
    for (const auto& name : names) {
        list += (list.empty() ? "" : ", ") + sql::quote_literal(name);
    }
    return list.empty() ? "NULL" : list;
}

std::set<std::string> names_in(const std::optional<Values>& rows) {
    std::set<std::string> found;
    for (const auto& name : rows.value_or(Values{})) {
        found.insert(name.value_or(std::string()));
    }
    return found;
}

// Of the system's own functions that changes call, those that change nothing that a question reads.
std::set<std::string> that_only_look(pg::Connection& connection, const std::vector<analysis::BlockQuestions>& entries) {
    std::set<std::string> called;
    for (const auto& entry : entries) {
        for (const auto& change : entry.changes) {
            for (const auto& statement : change.statements) {
                for (const auto& function : sql::functions_named(statement)) {
                    called.insert(function.name);
                }
            }
        }
    }
    return names_in(rows_of(connection, fmt::format(R"(
SELECT DISTINCT p.proname::text FROM pg_catalog.pg_proc AS p
WHERE p.pronamespace = 'pg_catalog'::pg_catalog.regnamespace AND p.proname IN ({})
    AND (p.provolatile <> 'v'
         OR p.proname IN ('nextval', 'setval', 'currval', 'lastval', 'random', 'clock_timestamp', 'gen_random_uuid'))
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_proc AS o WHERE o.proname = p.proname AND o.pronamespace <> p.pronamespace))",
                                                    list_of(called))));
}

// Functions and operators that somebody has added to the system's of the same name, and tables that are called like its own; "::" for
// casts.
std::set<std::string> that_are_not_the_systems(pg::Connection& connection, const std::vector<analysis::BlockQuestions>& entries) {
    std::set<std::string> functions;
    std::set<std::string> relations;
    for (const auto& entry : entries) {
        for (const auto& question : entry.questions) {
            const auto query = sql::read_statement(question.sql);
            for (const auto& function : sql::functions_named(query)) {
                functions.insert(function.name);
            }
            for (const auto& relation : sql::relations_named(query)) {
                if (relation.schema.empty()) {
                    relations.insert(relation.name);
                }
            }
        }
    }
    return names_in(rows_of(connection, fmt::format(R"(
SELECT proname::text FROM pg_catalog.pg_proc
WHERE pronamespace <> 'pg_catalog'::pg_catalog.regnamespace AND proname IN ({}) AND 16384 > ALL (proargtypes::oid[])
UNION ALL
SELECT oprname::text FROM pg_catalog.pg_operator WHERE oid >= 16384 AND oprleft < 16384 AND oprright < 16384
UNION ALL
SELECT '::' FROM pg_catalog.pg_cast WHERE oid >= 16384 AND castsource < 16384 AND casttarget < 16384
UNION ALL
SELECT c.relname::text FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND c.relname IN ({}))",
                                                    list_of(functions), list_of(relations))));
}

bool is_systems(const std::string& question, const std::set<std::string>& others) {
    const auto query = sql::read_statement(question);
    const auto is_other = [&](const auto& name) { return others.contains(name.name); };
    return !others.contains("::") && std::ranges::none_of(sql::functions_named(query), is_other) &&
           std::ranges::none_of(sql::relations_named(query), [&](const auto& name) { return name.schema.empty() && is_other(name); }) &&
           std::ranges::none_of(sql::scan(question), [&](const auto& token) { return others.contains(token.text); });
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

// The changes of a plan so far.
class Changes {
public:
    explicit Changes(std::set<std::string> looking) : looking_(std::move(looking)) {}

    void note(const analysis::BlockChange& change, const catalog::Catalog::Answers& answers) {
        for (const auto& [condition, holds] : change.guards) {
            if (const bool* answer = answers.conditions.find(condition); answer != nullptr && *answer != holds) {
                return;
            }
        }
        if (!change.known) {
            done_.push_back({.everything = true});
        }
        for (const auto& statement : change.statements) {
            if (auto one = change_of(statement, looking_)) {
                done_.push_back(std::move(*one));
            }
        }
    }

    bool concern(const std::string& question) const {
        const auto asked = asked_of(question);
        return std::ranges::any_of(done_, [&](const auto& change) { return concerns(change, asked); });
    }

private:
    std::set<std::string> looking_;
    std::vector<Change> done_;
};

analysis::BlockChange change_by(const std::vector<std::string>& executed) {
    analysis::BlockChange change;
    for (const auto& sql : executed) {
        auto statements = analysis::statements_in(sql);
        change.known = change.known && statements;
        std::ranges::move(statements.value_or(std::vector<sql::Statement>{}), std::back_inserter(change.statements));
    }
    return change;
}

// A condition is NULL, true or false; another type's value means what a cast makes of it.
std::optional<bool> truth_of(const Values& values) {
    const bool boolean = values.size() == 1 && (!values.front() || values.front() == "t" || values.front() == "f");
    return boolean ? std::optional(values.front() == "t") : std::nullopt;
}

}  // namespace

void Questions::note(const sql::Statement& statement) {
    analysis::BlockQuestions entry;
    if (statement.kind == "DoStmt") {
        entry = analysis::questions_of(statement);
        std::erase_if(entry.questions, [](const auto& question) { return !reads_only_catalogs(sql::read_statement(question.sql)); });
        questions_ += entry.questions.size();
    }
    if (entry.changes.empty()) {
        entry.changes.push_back({{statement}});
    }
    entries_.push_back(std::move(entry));
}

catalog::Catalog::Answers Questions::ask(pg::Connection& connection) const {
    catalog::Catalog::Answers answers;
    if (questions_ == 0 || connection.in_transaction()) {
        return answers;
    }
    const auto end = base::in(kLongestOfAll);
    const auto others = that_are_not_the_systems(connection, entries_);
    Changes before(that_only_look(connection, entries_));
    for (const auto& entry : entries_) {
        std::map<std::size_t, std::vector<std::string>> told;  // what EXECUTE gets, by the number of the change
        std::size_t next = 0;
        const auto note_until = [&](std::size_t end_of_changes) {
            for (; next < end_of_changes; ++next) {
                const auto executed = told.find(next);
                before.note(executed == told.end() ? entry.changes[next] : change_by(executed->second), answers);
            }
        };
        for (const auto& question : entry.questions) {
            note_until(question.before);
            if (base::Clock::now() > end) {
                return answers;
            }
            const auto values =
                is_systems(question.sql, others) && !before.concern(question.sql) ? rows_of(connection, question.sql) : std::nullopt;
            if (const auto truth = values && !question.executed ? truth_of(*values) : std::nullopt) {
                answers.conditions.insert_or_assign(question.key, *truth);
            }
            if (const auto executed = values && question.executed ? statements_of(*values) : std::nullopt) {
                told[question.change] = *executed;
                answers.executed.insert_or_assign(question.key, *executed);
            }
        }
        note_until(entry.changes.size());
    }
    return answers;
}

}  // namespace pgbelay::engine
