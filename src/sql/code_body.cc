#include "sql/code_body.h"

#include "sql/quote.h"
#include "sql/tokens.h"

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

// Of one piece; behind more, it only counts as conditional. An ELSIF stands behind all conditions before it.
constexpr std::size_t kMostGuards = 32;

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
        find_assigned(tree);
        visit(tree, {});
        for (const auto& name : otherwise_) {
            body_.variables.erase(name);
        }
        body_.changed = std::move(assigned_);
        for (const auto& [name, rows] : into_) {
            body_.changed.insert(name);
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
                    ++into_[field.value("name", std::string())];
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
            const auto kept = guards_.begin() + static_cast<std::ptrdiff_t>(std::min(guards_.size(), kMostGuards));
            body_.pieces.push_back({kind, std::move(sql), only_for, {guards_.begin(), kept}, conditional_ > 0 || kept != guards_.end()});
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

    // Of variables in it only those are known here that one query filled.
    Guard guard_of(const Json& condition) const {
        const std::string text = query_of(condition);
        Guard guard{.question = "SELECT (" + text + ")", .after = body_.pieces.size()};
        std::vector<const Filled*> sources;
        for (const Token& token : scan(text)) {
            const auto filled = filled_.find(token.text);
            if (filled != filled_.end() && std::ranges::find(sources, &filled->second) == sources.end()) {
                sources.push_back(&filled->second);
                guard.question += (sources.size() == 1 ? " FROM (" : ", (") + filled->second.query + ") AS filled_" +
                                  std::to_string(sources.size()) + " (" + quote_identifier(filled->first) + ")";
            }
        }
        return guard;
    }

    void visit_if(const Json& statement, Events only_for) {
        Events rest = only_for;
        const std::size_t outside = guards_.size();
        const auto branch = [&](const Json* condition, const Json* body) {
            const auto asked = condition == nullptr ? std::nullopt : events_of(query_of(*condition));
            if (condition != nullptr) {
                guards_.push_back(guard_of(*condition));
                add_expression(*condition, rest);
            }
            if (body != nullptr) {
                visit(*body, asked ? *asked : rest);
            }
            if (condition != nullptr) {
                guards_.back().holds = false;
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
            visit(*other, rest);
        }
        guards_.resize(outside);
    }

    // IF … THEN …; RETURN; END IF: what follows is reached where the condition does not hold.
    static const Json* returns_if(const Json& statement) {
        const auto* branch = statement.is_object() ? member(statement, "PLpgSQL_stmt_if") : nullptr;
        const auto* body =
            branch == nullptr || branch->contains("else_body") || branch->contains("elsif_list") ? nullptr : member(*branch, "then_body");
        const bool returns = body != nullptr && body->is_array() && !body->empty() && body->back().contains("PLpgSQL_stmt_return");
        return returns ? member(*branch, "cond") : nullptr;
    }

    // A variable that gets its value from one query, and from nothing else.
    void note_filled(const Json& statement) {
        const auto* target = member(statement, "target");
        const auto* row = target == nullptr || conditional_ > 0 || !guards_.empty() ? nullptr : member(*target, "PLpgSQL_row");
        const Json fields = row == nullptr ? Json::array() : row->value("fields", Json::array());
        const std::string name = fields.size() == 1 ? fields[0].value("name", std::string()) : std::string();
        if (const auto found = body_.variables.find(name);
            found != body_.variables.end() && into_[name] == 1 && assigned_.find(name) == assigned_.end()) {
            filled_[name] = {query_of(statement.value("sqlstmt", Json::object()))};
        }
    }

    void find_assigned(const Json& node) {
        if (node.is_object()) {
            if (const auto* statement = member(node, "PLpgSQL_stmt_assign")) {
                assigned_.insert(variable_of(*statement));
            }
        }
        for (const Json& child : node.is_structured() ? node : Json::array()) {
            find_assigned(child);
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
                    assigned_.insert(names_[number]);
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
            note_filled(statement);
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
            const std::size_t outside = guards_.size();
            for (const Json& child : node) {
                visit(child, only_for);
                if (const auto* condition = returns_if(child)) {
                    guards_.push_back(guard_of(*condition));
                    guards_.back().holds = false;
                }
            }
            guards_.resize(outside);
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
    struct Filled {
        std::string query;
    };
    std::map<std::string, Filled> filled_;  // variables that one query filled before the place that is being read
    std::map<std::string, int> into_;       // how many rows of INTO, or of loops, have the variable in them
    std::set<std::string> assigned_;
    std::vector<Guard> guards_;        // of the place that is being read
    int conditional_ = 0;              // how many loops, handlers and branches of CASE it stands in
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
