#include "sql/code_body.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>
#include <regex>
#include <set>

namespace pgbelay::sql {

// In sql/parse.cc, which alone calls libpg_query: the tree as JSON.
std::variant<std::string, SyntaxError> plpgsql_json(std::string_view statement);

namespace {

using Json = nlohmann::json;
using Events = std::vector<std::string>;

const Json* member(const Json& object, const char* name) {
    const auto found = object.find(name);
    return found == object.end() ? nullptr : &*found;
}

std::string query_of(const Json& expression) {
    const auto* inner = member(expression, "PLpgSQL_expr");
    return inner == nullptr ? std::string() : inner->value("query", std::string());
}

// The value of an assignment, which stands behind its target: `n := count(*)`.
std::string assigned(const std::string& query) {
    static const std::regex kTarget(R"(^\s*[^=:'"()]*?(:=|=))");
    std::smatch found;
    return std::regex_search(query, found, kTarget) ? found.suffix().str() : query;
}

// The events that a condition such as `TG_OP = 'INSERT'` or `TG_OP IN ('INSERT', 'UPDATE')` asks for, and nothing else.
std::optional<Events> events_of(const std::string& condition) {
    static const std::regex kAsks(R"(^\s*\(*\s*TG_OP\s*(=|IN)\s*\(?\s*('\w+'(\s*,\s*'\w+')*)\s*\)*\s*$)", std::regex::icase);
    static const std::regex kEvent(R"('(\w+)')");
    std::smatch found;
    if (condition.size() > 200 || !std::regex_match(condition, found, kAsks)) {
        return std::nullopt;
    }
    const std::string list = found[2].str();
    Events events;
    for (std::sregex_iterator one(list.begin(), list.end(), kEvent), end; one != end; ++one) {
        events.push_back((*one)[1].str());
    }
    return events;
}

// Those that are left of `among` once `asked` has had its branch.
Events without(const Events& among, const Events& asked) {
    Events left;
    for (const std::string& event : among.empty() ? Events{"INSERT", "UPDATE", "DELETE", "TRUNCATE"} : among) {
        if (std::find(asked.begin(), asked.end(), event) == asked.end()) {
            left.push_back(event);
        }
    }
    return left.empty() ? Events{"none"} : left;
}

class Reader {
public:
    CodeBody take(const Json& tree) {
        declare(tree);
        visit(tree, {});
        for (const auto& name : otherwise_) {
            body_.variables.erase(name);
        }
        return std::move(body_);
    }

private:
    // The variables of DECLARE; what has no line is an argument, or comes from the server (FOUND, TG_OP). Two of one name are not told
    // apart.
    void declare(const Json& tree) {
        const auto* function = tree.is_array() && !tree.empty() ? member(tree[0], "PLpgSQL_function") : nullptr;
        const auto* datums = function == nullptr ? nullptr : member(*function, "datums");
        for (const Json& datum : datums == nullptr ? Json::array() : *datums) {
            const auto* variable = member(datum, "PLpgSQL_var");
            names_.push_back(variable == nullptr ? std::string() : variable->value("refname", std::string()));
            if (const auto* row = member(datum, "PLpgSQL_row")) {
                // Of INTO, or of a loop over rows.
                for (const Json& field : row->value("fields", Json::array())) {
                    otherwise_.insert(field.value("name", std::string()));
                }
            }
            if (variable == nullptr) {
                continue;
            }
            if (!variable->contains("lineno") || body_.variables.contains(names_.back())) {
                otherwise_.insert(names_.back());
            }
            auto& values = body_.variables[names_.back()];
            if (const auto* value = member(*variable, "default_val")) {
                values.push_back({query_of(*value)});
            }
        }
    }

    std::string variable_of(const Json& statement) const {
        const auto number = statement.value("varno", std::size_t{0});
        return number < names_.size() ? names_[number] : std::string();
    }

    void assign(const Json& statement, Assigned value) {
        if (const auto name = variable_of(statement); body_.variables.contains(name)) {
            body_.variables[name].push_back(std::move(value));
        }
    }

    void add(BodyPiece::Kind kind, std::string sql, const Events& only_for) {
        if (!sql.empty()) {
            body_.pieces.push_back({kind, std::move(sql), only_for, conditional_ > 0});
        }
    }

    void add_expression(const Json& expression, const Events& only_for) {
        const auto* inner = member(expression, "PLpgSQL_expr");
        if (inner == nullptr) {
            return;
        }
        // 0: a whole statement; 2: an expression; 3 and more: an assignment (plpgsql.h, RawParseMode).
        const int mode = inner->value("parseMode", 2);
        const std::string query = query_of(expression);
        add(BodyPiece::Kind::expression, mode == 0 ? query : "SELECT " + (mode == 2 ? query : assigned(query)), only_for);
    }

    void visit_if(const Json& statement, Events only_for) {
        Events rest = only_for;
        const auto branch = [&](const Json* condition, const Json* body) {
            const auto asked = condition == nullptr ? std::nullopt : events_of(query_of(*condition));
            if (condition != nullptr) {
                add_expression(*condition, rest);
            }
            if (body != nullptr) {
                ++conditional_;
                visit(*body, asked ? *asked : rest);
                --conditional_;
            }
            rest = asked ? without(rest, *asked) : rest;
        };
        branch(member(statement, "cond"), member(statement, "then_body"));
        for (const Json& other : member(statement, "elsif_list") == nullptr ? Json::array() : *member(statement, "elsif_list")) {
            const auto* inner = member(other, "PLpgSQL_if_elsif");
            if (inner != nullptr) {
                branch(member(*inner, "cond"), member(*inner, "stmts"));
            }
        }
        if (const auto* other = member(statement, "else_body")) {
            ++conditional_;
            visit(*other, rest);
            --conditional_;
        }
    }

    void visit_dynamic(const Json& statement, const char* query, const Events& only_for) {
        if (const auto* expression = member(statement, query)) {
            add(BodyPiece::Kind::dynamic, query_of(*expression), only_for);
        }
        if (const auto* body = member(statement, "body")) {
            ++conditional_;
            visit(*body, only_for);
            --conditional_;
        }
    }

    void note_values(const std::string& kind, const Json& statement) {
        if (kind == "PLpgSQL_stmt_assign") {
            assign(statement, {assigned(query_of(statement.value("expr", Json::object())))});
        } else if (kind == "PLpgSQL_stmt_foreach_a") {
            assign(statement, {query_of(statement.value("expr", Json::object())), true});
        } else if (kind == "PLpgSQL_stmt_getdiag") {
            for (const Json& item : statement.value("diag_items", Json::array())) {
                const auto* inner = member(item, "PLpgSQL_diag_item");
                const auto number = inner == nullptr ? names_.size() : inner->value("target", names_.size());
                if (number < names_.size()) {
                    otherwise_.insert(names_[number]);
                }
            }
        }
    }

    void visit_statement(const std::string& kind, const Json& statement, const Events& only_for) {
        note_values(kind, statement);
        if (kind == "PLpgSQL_stmt_if") {
            visit_if(statement, only_for);
        } else if (kind == "PLpgSQL_stmt_execsql") {
            add(BodyPiece::Kind::statement, query_of(statement.value("sqlstmt", Json::object())), only_for);
        } else if (kind == "PLpgSQL_stmt_perform") {
            add(BodyPiece::Kind::statement, query_of(statement.value("expr", Json::object())), only_for);
        } else if (kind == "PLpgSQL_stmt_call") {
            add(BodyPiece::Kind::statement, query_of(statement.value("expr", Json::object())), only_for);
        } else if (kind == "PLpgSQL_stmt_dynexecute" || kind == "PLpgSQL_stmt_dynfors") {
            visit_dynamic(statement, "query", only_for);
        } else if (kind == "PLpgSQL_stmt_commit" || kind == "PLpgSQL_stmt_rollback") {
            body_.ends_transactions = true;
        } else {
            if (statement.contains("dynquery")) {
                visit_dynamic(statement, "dynquery", only_for);
            }
            const bool block = kind == "PLpgSQL_stmt_block";
            conditional_ += block ? 0 : 1;
            visit(statement, only_for);
            conditional_ -= block ? 0 : 1;
        }
    }

    void visit(const Json& node, const Events& only_for) {
        if (node.is_array()) {
            for (const Json& child : node) {
                visit(child, only_for);
            }
            return;
        }
        if (!node.is_object()) {
            return;
        }
        for (const auto& [name, child] : node.items()) {
            if (name == "PLpgSQL_expr") {
                add_expression(node, only_for);
            } else if (name.starts_with("PLpgSQL_stmt_")) {
                visit_statement(name, child, only_for);
            } else if (name == "PLpgSQL_exception_block") {
                ++conditional_;
                visit(child, only_for);
                --conditional_;
            } else if (name != "dynquery") {
                visit(child, only_for);
            }
        }
    }

    CodeBody body_;
    int conditional_ = 0;  // how many branches, loops and handlers it stands in
    std::vector<std::string> names_;   // of variables, by their number
    std::set<std::string> otherwise_;  // variables that are given what no expression says
};

}  // namespace

std::variant<CodeBody, SyntaxError> read_plpgsql(std::string_view statement) {
    auto json = plpgsql_json(statement);
    if (auto* error = std::get_if<SyntaxError>(&json)) {
        return std::move(*error);
    }
    const Json tree = Json::parse(std::get<std::string>(json), nullptr, false);
    if (tree.is_discarded()) {
        return SyntaxError{"the body's tree cannot be read", 0};
    }
    return Reader().take(tree);
}

}  // namespace pgbelay::sql
