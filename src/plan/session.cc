#include "plan/session.h"

#include "analysis/tree_util.h"
#include "sql/quote.h"
#include "sql/tokens.h"

#include <fmt/core.h>
#include <pg_query/pg_query.pb-c.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace pgbelay::plan {

namespace {

constexpr std::array<std::string_view, 4> kTimeouts{"lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout",
                                                    "transaction_timeout"};

void forget(SessionContext& context, const std::string& variable) {
    std::erase_if(context.settings, [&](const Setting& s) { return s.variable == variable; });
    if (variable == "search_path") {
        context.search_path.clear();
    } else if (variable == "role") {
        context.role.clear();
    }
}

// The bytes after SET [SESSION | LOCAL], as written.
std::string assignment(const std::string& sql) {
    const auto tokens = sql::scan(sql);
    std::size_t begin = 0;
    for (const auto& token : tokens) {
        if (token.comment) {
            continue;
        }
        if (token.text != "set" && token.text != "session" && token.text != "local") {
            begin = token.begin;
            break;
        }
    }
    return sql.substr(begin);
}

const char* string_of(const PgQuery__Node* node) {
    if (node == nullptr) {
        return nullptr;
    }
    if (node->node_case == PG_QUERY__NODE__NODE_A_CONST && node->a_const->val_case == PG_QUERY__A__CONST__VAL_SVAL) {
        return node->a_const->sval->sval;
    }
    if (node->node_case == PG_QUERY__NODE__NODE_TYPE_CAST) {
        return string_of(node->type_cast->arg);
    }
    return nullptr;
}

bool is_true(const PgQuery__Node* node) {
    if (node->node_case == PG_QUERY__NODE__NODE_TYPE_CAST) {
        const char* text = string_of(node);
        return text != nullptr && std::string_view(text).starts_with('t');
    }
    return node->node_case == PG_QUERY__NODE__NODE_A_CONST && node->a_const->val_case == PG_QUERY__A__CONST__VAL_BOOLVAL &&
           node->a_const->boolval->boolval;
}

// The value of `SET search_path TO a, b` as the setting's text: each name quoted, so that it can be set again.
std::string path_of(const PgQuery__VariableSetStmt& set) {
    std::string path;
    for (std::size_t i = 0; i < set.n_args; ++i) {
        if (const char* item = string_of(set.args[i]); item != nullptr) {
            path += (path.empty() ? "" : ", ") + std::string("\"");
            for (const char c : std::string_view(item)) {
                path += c == '"' ? std::string("\"\"") : std::string(1, c);
            }
            path += '"';
        }
    }
    return path;
}

void set(SessionContext& context, Setting setting, const std::string& value) {
    forget(context, setting.variable);
    if (setting.variable == "role" && value == "none") {
        return;
    }
    if (setting.variable == "search_path") {
        context.search_path = value;
    } else if (setting.variable == "role") {
        context.role = value;
    }
    context.settings.push_back(std::move(setting));
}

// What SET, RESET and SET … TO DEFAULT leave behind.
void change(const sql::Statement& statement, const PgQuery__VariableSetStmt& stmt, const std::string& variable, SessionContext& context) {
    if (stmt.kind == PG_QUERY__VARIABLE_SET_KIND__VAR_RESET_ALL) {
        // RESET ALL leaves the role as it is.
        std::erase_if(context.settings, [](const Setting& s) { return s.variable != "role"; });
        context.search_path.clear();
        return;
    }
    if (stmt.kind != PG_QUERY__VARIABLE_SET_KIND__VAR_SET_VALUE) {
        forget(context, variable);
        return;
    }
    const char* value = stmt.n_args > 0 ? string_of(stmt.args[0]) : nullptr;
    const std::string rest = assignment(statement.sql);
    set(context, {variable, "SET LOCAL " + rest, "SET " + rest}, variable == "search_path" ? path_of(stmt) : value != nullptr ? value : "");
}

std::string variable_of(const PgQuery__VariableSetStmt& stmt) {
    std::string variable = stmt.name != nullptr ? stmt.name : "";
    std::ranges::transform(variable, variable.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return variable;
}

Folded fold_set(const sql::Statement& statement, const PgQuery__VariableSetStmt& stmt, SessionContext& context) {
    const std::string variable = variable_of(stmt);
    if (std::ranges::find(kTimeouts, variable) != kTimeouts.end()) {
        return {SessionEffect::superseded, fmt::format("{} is superseded by limits", variable)};
    }
    if (stmt.kind == PG_QUERY__VARIABLE_SET_KIND__VAR_SET_MULTI) {
        return {SessionEffect::refused, "SET TRANSACTION and SET SESSION CHARACTERISTICS do not reach the transactions of later steps"};
    }
    if (variable == "session_authorization" && stmt.kind == PG_QUERY__VARIABLE_SET_KIND__VAR_SET_VALUE) {
        return {SessionEffect::refused, "SET SESSION AUTHORIZATION would take our own rights away in mid-run; use SET ROLE"};
    }
    if (stmt.is_local) {
        return {SessionEffect::local, ""};
    }
    change(statement, stmt, variable, context);
    return {SessionEffect::folded, ""};
}

// The arguments of SELECT [pg_catalog.]set_config(…) and nothing else.
PgQuery__Node** set_config_arguments(const PgQuery__SelectStmt& select) {
    if (select.n_target_list != 1 || select.n_from_clause != 0 || select.where_clause != nullptr ||
        select.target_list[0]->node_case != PG_QUERY__NODE__NODE_RES_TARGET) {
        return nullptr;
    }
    const PgQuery__Node* value = select.target_list[0]->res_target->val;
    if (value == nullptr || value->node_case != PG_QUERY__NODE__NODE_FUNC_CALL) {
        return nullptr;
    }
    const PgQuery__FuncCall& call = *value->func_call;
    const bool ours =
        call.n_funcname > 0 && call.n_args == 3 && std::string_view(call.funcname[call.n_funcname - 1]->string->sval) == "set_config";
    return ours ? call.args : nullptr;
}

void change(const std::string& variable, const std::string& value, SessionContext& context) {
    const auto form = [&](std::string_view local) {
        return fmt::format("SELECT pg_catalog.set_config({}, {}, {})", sql::quote_literal(variable), sql::quote_literal(value), local);
    };
    // An empty path must not read as "the session's default".
    set(context, {variable, form("true"), form("false")}, variable == "search_path" && value.empty() ? "\"\"" : value);
}

Folded fold_set_config(const PgQuery__SelectStmt& select, SessionContext& context) {
    PgQuery__Node** arguments = set_config_arguments(select);
    if (arguments == nullptr) {
        return {};
    }
    const char* name = string_of(arguments[0]);
    const char* text = string_of(arguments[1]);
    if (name == nullptr || text == nullptr) {
        return {SessionEffect::refused, "set_config() with values that are not constants cannot be carried to later steps"};
    }
    if (std::ranges::find(kTimeouts, std::string_view(name)) != kTimeouts.end()) {
        return {SessionEffect::superseded, fmt::format("{} is superseded by limits", name)};
    }
    if (is_true(arguments[2])) {
        return {SessionEffect::local, ""};
    }
    change(name, text, context);
    return {SessionEffect::folded, ""};
}

}  // namespace

Folded fold(const sql::Statement& statement, SessionContext& context) {
    if (statement.opaque()) {
        return {};
    }
    const PgQuery__Node& node = statement.node();
    if (node.node_case == PG_QUERY__NODE__NODE_VARIABLE_SET_STMT) {
        return fold_set(statement, *node.variable_set_stmt, context);
    }
    if (node.node_case == PG_QUERY__NODE__NODE_SELECT_STMT) {
        return fold_set_config(*node.select_stmt, context);
    }
    if (node.node_case == PG_QUERY__NODE__NODE_CONSTRAINTS_SET_STMT) {
        return {SessionEffect::local, ""};
    }
    return {};
}

bool fold_local(const sql::Statement& statement, SessionContext& context) {
    const PgQuery__Node& node = statement.node();
    if (node.node_case == PG_QUERY__NODE__NODE_VARIABLE_SET_STMT) {
        change(statement, *node.variable_set_stmt, variable_of(*node.variable_set_stmt), context);
        return true;
    }
    if (node.node_case == PG_QUERY__NODE__NODE_SELECT_STMT) {
        PgQuery__Node** arguments = set_config_arguments(*node.select_stmt);
        change(string_of(arguments[0]), string_of(arguments[1]), context);
        return true;
    }
    return false;
}

std::optional<std::string> as_local(const sql::Statement& statement) {
    SessionContext context;
    if (fold(statement, context).effect != SessionEffect::folded) {
        return std::nullopt;
    }
    if (!context.settings.empty()) {
        return context.settings.front().local;
    }
    if (statement.node().node_case != PG_QUERY__NODE__NODE_VARIABLE_SET_STMT) {
        return statement.sql;
    }
    const std::string variable = variable_of(*statement.node().variable_set_stmt);
    // Our connections' own default of search_path is not what the author means, and RESET ALL would reset our limits.
    if (variable.empty() || variable == "search_path") {
        return std::nullopt;
    }
    return fmt::format("SET LOCAL {} TO DEFAULT", sql::quote_identifier(variable));
}

namespace {

// What the author has set the variable to; nothing when he has not.
std::optional<std::string> value_of(const SessionContext& context, std::string_view variable) {
    for (const Setting& setting : context.settings) {
        if (setting.variable == variable) {
            const auto tokens = sql::scan(setting.local);
            std::string value = tokens.empty() ? std::string() : tokens.back().text;
            const bool quoted = value.size() > 1 && (value.front() == '\'' || value.front() == '"');
            return quoted ? value.substr(1, value.size() - 2) : value;
        }
    }
    return std::nullopt;
}

}  // namespace

void put_in_effect(const SessionContext& context, const SessionDefaults& defaults, catalog::Catalog& catalog) {
    catalog.search_path = split_path(context.search_path, catalog.role, defaults.search_path);
    catalog.time_zone = value_of(context, "timezone").value_or(defaults.time_zone);
    catalog.as_replica = analysis::lower(value_of(context, "session_replication_role").value_or("")) == "replica";
}

// As the server's SplitIdentifierString (utils/adt/varlena.c): bare names fold to lower case, quoted ones stay.
std::vector<std::string> split_path(const std::string& search_path, const std::string& role, const std::vector<std::string>& defaults) {
    if (search_path.empty()) {
        return defaults;
    }
    std::vector<std::string> schemas;
    std::string name;
    bool quoted = false;
    bool was_quoted = false;
    const auto end_name = [&] {
        if (name == "$user") {
            name = role;
        }
        if (!name.empty()) {
            schemas.push_back(name);
        }
        name.clear();
        was_quoted = false;
    };
    for (std::size_t i = 0; i < search_path.size(); ++i) {
        const char c = search_path[i];
        if (c == '"' && quoted && i + 1 < search_path.size() && search_path[i + 1] == '"') {
            name += c;
            ++i;
        } else if (c == '"') {
            quoted = !quoted;
            was_quoted = true;
        } else if (c == ',' && !quoted) {
            end_name();
        } else if (quoted) {
            name += c;
        } else if (!was_quoted && std::isspace(static_cast<unsigned char>(c)) == 0) {
            name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        }
    }
    end_name();
    return schemas;
}

void each_with_path(const runbook::Runbook& runbook, const WithPath& visit) {
    SessionContext context;
    int file = -1;
    for (const auto& item : runbook.items) {
        if (item.file != file) {
            context = {};
            file = item.file;
        }
        SessionContext now = context;
        const auto* sql = std::get_if<runbook::SqlItem>(&item.what);
        for (std::size_t i = 0; sql != nullptr && i < sql->statements.size(); ++i) {
            const sql::Statement& statement = sql->statements[i];
            switch (fold(statement, context).effect) {
                case SessionEffect::none: visit(statement, now.search_path, false); break;
                case SessionEffect::folded: fold(statement, now); break;
                case SessionEffect::local: fold_local(statement, now); break;
                case SessionEffect::superseded:
                case SessionEffect::refused: break;
            }
            if (statement.kind == "TransactionStmt") {
                // Here SET LOCAL ends.
                now = context;
            }
        }
        if (const auto* attempt = std::get_if<runbook::TryItem>(&item.what); attempt != nullptr) {
            for (const sql::Statement& statement : attempt->statements) {
                visit(statement, context.search_path, true);
            }
        }
    }
}

}  // namespace pgbelay::plan
