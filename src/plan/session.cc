#include "plan/session.h"

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

Folded fold_set(const sql::Statement& statement, const PgQuery__VariableSetStmt& set, SessionContext& context) {
    std::string variable = set.name != nullptr ? set.name : "";
    std::ranges::transform(variable, variable.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (set.is_local) {
        return {SessionEffect::local, ""};
    }
    if (std::ranges::find(kTimeouts, variable) != kTimeouts.end()) {
        return {SessionEffect::superseded, fmt::format("{} is superseded by limits", variable)};
    }
    switch (set.kind) {
        case PG_QUERY__VARIABLE_SET_KIND__VAR_RESET_ALL:
            // RESET ALL leaves the role as it is.
            std::erase_if(context.settings, [](const Setting& s) { return s.variable != "role"; });
            context.search_path.clear();
            return {SessionEffect::folded, ""};
        case PG_QUERY__VARIABLE_SET_KIND__VAR_RESET:
        case PG_QUERY__VARIABLE_SET_KIND__VAR_SET_DEFAULT:
            forget(context, variable);
            return {SessionEffect::folded, ""};
        case PG_QUERY__VARIABLE_SET_KIND__VAR_SET_VALUE:
        case PG_QUERY__VARIABLE_SET_KIND__VAR_SET_CURRENT:
            break;
        default:
            return {SessionEffect::refused, "SET TRANSACTION and SET SESSION CHARACTERISTICS do not reach the transactions of later steps"};
    }
    if (variable == "session_authorization") {
        return {SessionEffect::refused, "SET SESSION AUTHORIZATION would take our own rights away in mid-run; use SET ROLE"};
    }
    forget(context, variable);
    const std::string rest = assignment(statement.sql);
    context.settings.push_back({variable, "SET LOCAL " + rest, "SET " + rest});
    if (variable == "search_path") {
        context.search_path = path_of(set);
    } else if (variable == "role") {
        const char* role = set.n_args > 0 ? string_of(set.args[0]) : nullptr;
        context.role = role != nullptr ? role : "";
    }
    return {SessionEffect::folded, ""};
}

// SELECT [pg_catalog.]set_config('name', 'value', is_local) and nothing else.
Folded fold_set_config(const PgQuery__SelectStmt& select, SessionContext& context) {
    if (select.n_target_list != 1 || select.n_from_clause != 0 || select.where_clause != nullptr ||
        select.target_list[0]->node_case != PG_QUERY__NODE__NODE_RES_TARGET) {
        return {};
    }
    const PgQuery__Node* value = select.target_list[0]->res_target->val;
    if (value == nullptr || value->node_case != PG_QUERY__NODE__NODE_FUNC_CALL) {
        return {};
    }
    const PgQuery__FuncCall& call = *value->func_call;
    if (call.n_funcname == 0 || call.n_args != 3 ||
        std::string_view(call.funcname[call.n_funcname - 1]->string->sval) != "set_config") {
        return {};
    }
    const char* name = string_of(call.args[0]);
    const char* text = string_of(call.args[1]);
    if (name == nullptr || text == nullptr) {
        return {SessionEffect::refused, "set_config() with values that are not constants cannot be carried to later steps"};
    }
    if (is_true(call.args[2])) {
        return {SessionEffect::local, ""};
    }
    const std::string variable = name;
    if (std::ranges::find(kTimeouts, variable) != kTimeouts.end()) {
        return {SessionEffect::superseded, fmt::format("{} is superseded by limits", variable)};
    }
    forget(context, variable);
    const auto form = [&](std::string_view local) {
        return fmt::format("SELECT pg_catalog.set_config({}, {}, {})", sql::quote_literal(variable), sql::quote_literal(text), local);
    };
    context.settings.push_back({variable, form("true"), form("false")});
    if (variable == "search_path") {
        // An empty path must not read as "the session's default".
        context.search_path = *text == '\0' ? "\"\"" : text;
    } else if (variable == "role") {
        context.role = text;
    }
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

std::optional<std::string> as_local(const sql::Statement& statement) {
    SessionContext context;
    if (fold(statement, context).effect != SessionEffect::folded) {
        return std::nullopt;
    }
    if (!context.settings.empty()) {
        return context.settings.front().local;
    }
    const PgQuery__VariableSetStmt& set = *statement.node().variable_set_stmt;
    if (set.name == nullptr) {
        return std::nullopt;
    }
    return fmt::format("SET LOCAL {} TO DEFAULT", sql::quote_identifier(set.name));
}

// As the server's SplitIdentifierString (utils/adt/varlena.c): bare names fold to lower case, quoted ones stay.
std::vector<std::string> split_path(const std::string& search_path, const std::string& role) {
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

}  // namespace pgbelay::plan
