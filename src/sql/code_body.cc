#include "sql/code_body.h"

#include "sql/body_values.h"

#include <fmt/format.h>
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
// Of loops in loops that are followed: each is read once more for what it changes.
constexpr int kMostLoops = 8;
// Of what EXECUTE gets: each writes down all that it stands on.
constexpr int kMostQuestions = 200;

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
    const auto end = query.find_first_of("=:'\"()");
    if (end == std::string::npos || (query[end] != '=' && query.compare(end, 2, ":=") != 0)) {
        return query;
    }
    return query.substr(end + (query[end] == '=' ? 1 : 2));
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
        static const Json kNone = Json::array();
        for (const Json& datum : datums == nullptr ? kNone : *datums) {
            const auto* variable = member(datum, "PLpgSQL_var");
            data_.push_back(&datum);
            names_.push_back(name_of(datum));
            if (variable != nullptr || datum.contains("PLpgSQL_rec")) {
                values_.declare(names_.back());
            }
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
        for (std::size_t i = 0; i < data_.size(); ++i) {
            const auto* variable = member(*data_[i], "PLpgSQL_var");
            if (const auto* value = variable == nullptr ? nullptr : member(*variable, "default_val")) {
                values_.fill({names_[i]}, as_declared(i, query_of(*value)));
            }
        }
    }

    // "" for a row of INTO or of a loop.
    std::string name_of(const Json& datum) const {
        if (const auto* field = member(datum, "PLpgSQL_recfield")) {
            const auto record = field->value("recparentno", names_.size());
            return record < names_.size() ? names_[record] : std::string();
        }
        const auto* variable = member(datum, "PLpgSQL_var");
        const auto* named = variable == nullptr ? member(datum, "PLpgSQL_rec") : variable;
        return named == nullptr ? std::string() : named->value("refname", std::string());
    }

    // A query of the expression's value, in the type of the variable.
    std::string as_declared(std::size_t number, const std::string& expression) const {
        const auto* variable = member(*data_[number], "PLpgSQL_var");
        const auto* type = variable == nullptr ? nullptr : member(*variable, "datatype");
        const auto* inner = type == nullptr ? nullptr : member(*type, "PLpgSQL_type");
        const std::string name = inner == nullptr ? std::string() : inner->value("typname", std::string());
        const bool known = !name.empty() && name.find('%') == std::string::npos;
        return known ? fmt::format("SELECT ({}\n)::{}", expression, name) : fmt::format("SELECT ({}\n)", expression);
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
        if (sql.empty()) {
            return;
        }
        const std::size_t kept = std::min(guards_.size(), kMostGuards);
        BodyPiece piece{.kind = kind, .only_for = only_for, .conditional = conditional_ > 0 || kept < guards_.size()};
        for (std::size_t i = 0; i < kept; ++i) {
            piece.guards.push_back(guards_[i].guard);
        }
        if (kind == BodyPiece::Kind::dynamic && lost_ == 0 && kept == guards_.size() && questions_ < kMostQuestions) {
            ++questions_;
            piece.question = values_.in_loops(fmt::format("({}\n)::text", sql), conditions());
        }
        piece.sql = std::move(sql);
        body_.pieces.push_back(std::move(piece));
    }

    std::string conditions() const {
        std::string all;
        for (const auto& [guard, text] : guards_) {
            all += fmt::format("{}(({}\n) IS {}TRUE)", all.empty() ? "" : " AND ", text, guard.holds ? "" : "NOT ");
        }
        return all;
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

    // A condition that what is being read stands behind.
    struct Standing {
        Guard guard;
        std::string condition;
    };

    // As of the values that variables have now.
    Standing guard_by(const Json& condition, bool holds) {
        const std::string text = query_of(condition);
        body_.conditions.push_back({loops_ > kMostLoops ? std::string() : values_.once(text), body_.pieces.size()});
        return {{body_.conditions.size() - 1, holds}, text};
    }

    void visit_if(const Json& statement, Events only_for) {
        Events rest = only_for;
        const std::size_t outside = guards_.size();
        const auto branch = [&](const Json* condition, const Json* body) {
            const auto asked = condition == nullptr ? std::nullopt : events_of(query_of(*condition));
            if (condition != nullptr) {
                guards_.push_back(guard_by(*condition, true));
                add_expression(*condition, rest);
            }
            const std::size_t entered = values_.enter();
            if (body != nullptr) {
                visit(*body, asked ? *asked : rest);
            }
            values_.leave(entered);
            if (condition != nullptr) {
                guards_.back().guard.holds = false;
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
        branch(nullptr, member(statement, "else_body"));
        guards_.resize(outside);
    }

    // IF … THEN …; RETURN; END IF, or CONTINUE: what follows is reached where the condition does not hold.
    static const Json* leaves_if(const Json& statement) {
        if (const auto* next = statement.is_object() ? member(statement, "PLpgSQL_stmt_exit") : nullptr) {
            return member(*next, "cond");
        }
        const auto* branch = statement.is_object() ? member(statement, "PLpgSQL_stmt_if") : nullptr;
        const auto* body =
            branch == nullptr || branch->contains("else_body") || branch->contains("elsif_list") ? nullptr : member(*branch, "then_body");
        return body != nullptr && body->is_array() && !body->empty() && leaves(body->back()) ? member(*branch, "cond") : nullptr;
    }

    // What stands behind it in its list is not reached: RETURN, RAISE EXCEPTION, EXIT or CONTINUE without a condition.
    static bool leaves(const Json& statement) {
        constexpr int kError = 21;  // elog.h
        const auto* raised = member(statement, "PLpgSQL_stmt_raise");
        const auto* next = member(statement, "PLpgSQL_stmt_exit");
        return statement.contains("PLpgSQL_stmt_return") || (raised != nullptr && raised->value("elog_level", 0) >= kError) ||
               (next != nullptr && !next->contains("cond"));
    }

    // The variables of INTO or FOR; of a record, its name.
    static std::vector<std::string> targets(const Json& target) {
        std::vector<std::string> names;
        if (const auto* record = member(target, "PLpgSQL_rec")) {
            names.push_back(record->value("refname", std::string()));
        } else if (const auto* variable = member(target, "PLpgSQL_var")) {
            names.push_back(variable->value("refname", std::string()));
        } else if (const auto* row = member(target, "PLpgSQL_row")) {
            for (const Json& field : row->value("fields", Json::array())) {
                const std::string name = field.value("name", std::string());
                names.push_back(name.substr(0, name.find('.')));
            }
        }
        return names;
    }

    // SELECT … INTO.
    void note_row(const Json& statement) {
        const auto* target = member(statement, "target");
        if (target == nullptr) {
            return;
        }
        const std::string query = query_of(statement.value("sqlstmt", Json::object()));
        if (target->contains("PLpgSQL_rec")) {
            values_.fill_record(targets(*target).front(), query);
        } else {
            values_.fill(targets(*target), query);
        }
    }

    // FOUND: whether there was a row; "" for what sets it otherwise.
    void note_found(const std::string& query) {
        values_.fill({"found"}, query.empty() ? query : fmt::format("SELECT EXISTS ({}\n)", query));
    }

    void note_assigned(const Json& statement) {
        const auto number = statement.value("varno", names_.size());
        if (number >= names_.size()) {
            return;
        }
        const std::string query = query_of(statement.value("expr", Json::object()));
        const std::string value = assigned(query);
        std::string target = query.substr(0, query.size() - value.size());
        target.erase(std::min(target.find_last_not_of(" \t\r\n:=") + 1, target.size()));
        if (target == names_[number] && data_[number]->contains("PLpgSQL_var")) {
            values_.fill({target}, as_declared(number, value));
        } else {
            values_.forget({names_[number]});
        }
    }

    // What a pass of a loop leaves in variables, the next one begins with.
    struct Changes {
        std::vector<std::string> names;
        bool leaves = false;        // EXIT or RETURN: not all rows of a loop are gone through
        std::size_t continues = 0;  // CONTINUE
    };

    void find_changes(const Json& node, Changes& changes) const {
        if (node.is_object()) {
            for (const auto& [name, child] : node.items()) {
                if (name == "target" || name == "var") {
                    const auto names = targets(child);
                    changes.names.insert(changes.names.end(), names.begin(), names.end());
                } else if (name == "varno" && child.is_number_unsigned() && child.get<std::size_t>() < names_.size()) {
                    changes.names.push_back(names_[child.get<std::size_t>()]);
                } else if (name == "PLpgSQL_diag_item" && child.value("target", names_.size()) < names_.size()) {
                    changes.names.push_back(names_[child.value("target", names_.size())]);
                } else if (name == "PLpgSQL_stmt_return" || name == "PLpgSQL_stmt_exit") {
                    const bool leaves = name != "PLpgSQL_stmt_exit" || child.value("is_exit", false) || child.contains("label");
                    changes.leaves = changes.leaves || leaves;
                    changes.continues += leaves ? 0 : 1;
                }
            }
        }
        for (const Json& child : node.is_structured() ? node : Json::array()) {
            find_changes(child, changes);
        }
    }

    // The assignments of the whole body, which find_changes() tells of its parts.
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

    // Of a loop, a handler or CASE. `known`: it is reached once for each of the rows that values_ has.
    void visit_inner(const Json& body, const Events& only_for, bool known) {
        ++conditional_;
        lost_ += known ? 0 : 1;
        visit(body, only_for);
        lost_ -= known ? 0 : 1;
        --conditional_;
    }

    // The rows that a loop goes through; false where no query tells.
    bool note_passes(const std::string& kind, const Json& statement) {
        if (kind == "PLpgSQL_stmt_foreach_a") {
            const auto number = statement.value("varno", names_.size());
            if (number >= names_.size() || statement.contains("slice")) {
                return false;
            }
            values_.loop({names_[number]}, fmt::format("SELECT * FROM unnest({}\n)", query_of(statement.value("expr", Json::object()))));
            return true;
        }
        const auto* target = member(statement, "var");
        const auto names = target == nullptr ? std::vector<std::string>{} : targets(*target);
        if (names.empty()) {
            return false;
        }
        if (kind == "PLpgSQL_stmt_fori") {
            const auto bound = [&](const char* name) { return query_of(statement.value(name, Json::object())); };
            const std::string step = statement.contains("step") ? bound("step") : "1";
            values_.loop(names, fmt::format("SELECT * FROM generate_series(({}\n)::integer, ({}\n)::integer, {}({}\n)::integer)",
                                            bound("lower"), bound("upper"), statement.value("reverse", false) ? "-" : "", step));
            return true;
        }
        std::string query = kind == "PLpgSQL_stmt_fors" ? query_of(statement.value("query", Json::object())) : std::string();
        if (kind == "PLpgSQL_stmt_forc") {
            const auto cursor = statement.value("curvar", data_.size());
            const auto* variable =
                cursor < data_.size() && !statement.contains("argquery") ? member(*data_[cursor], "PLpgSQL_var") : nullptr;
            query = variable == nullptr ? std::string() : query_of(variable->value("cursor_explicit_expr", Json::object()));
        }
        if (query.empty()) {
            return false;
        }
        if (target->contains("PLpgSQL_rec")) {
            values_.loop_record(names.front(), query);
        } else {
            values_.loop(names, query);
        }
        return true;
    }

    void visit_dynamic(const Json& statement, const char* query, const Events& only_for) {
        if (const auto* expression = member(statement, query)) {
            add(BodyPiece::Kind::dynamic, query_of(*expression), only_for);
        }
        if (const auto* target = member(statement, "target")) {
            values_.forget(targets(*target));
        }
        if (statement.contains("body")) {
            visit_loop("EXECUTE", statement, only_for);
        }
    }

    void note_values(const std::string& kind, const Json& statement) {
        if (kind == "PLpgSQL_stmt_assign") {
            assign(statement, {assigned(query_of(statement.value("expr", Json::object())))});
            note_assigned(statement);
        } else if (kind == "PLpgSQL_stmt_foreach_a") {
            assign(statement, {query_of(statement.value("expr", Json::object())), true});
        } else if (kind == "PLpgSQL_stmt_getdiag") {
            for (const Json& item : statement.value("diag_items", Json::array())) {
                const auto* inner = member(item, "PLpgSQL_diag_item");
                const auto number = inner == nullptr ? names_.size() : inner->value("target", names_.size());
                if (number < names_.size()) {
                    otherwise_.insert(names_[number]);
                    assigned_.insert(names_[number]);
                    values_.forget({names_[number]});
                }
            }
        }
    }

    void visit_statement(const std::string& kind, const Json& statement, const Events& only_for) {
        note_values(kind, statement);
        if (kind == "PLpgSQL_stmt_if") {
            visit_if(statement, only_for);
        } else if (kind == "PLpgSQL_stmt_execsql") {
            const std::string query = query_of(statement.value("sqlstmt", Json::object()));
            add(BodyPiece::Kind::statement, query, only_for);
            note_row(statement);
            note_found(statement.contains("target") ? query : std::string());
        } else if (kind == "PLpgSQL_stmt_perform") {
            const std::string query = query_of(statement.value("expr", Json::object()));
            add(BodyPiece::Kind::statement, query, only_for);
            note_found(query);
        } else if (kind == "PLpgSQL_stmt_call") {
            add(BodyPiece::Kind::statement, query_of(statement.value("expr", Json::object())), only_for);
        } else if (kind == "PLpgSQL_stmt_dynexecute" || kind == "PLpgSQL_stmt_dynfors") {
            visit_dynamic(statement, "query", only_for);
        } else if (kind == "PLpgSQL_stmt_commit" || kind == "PLpgSQL_stmt_rollback") {
            body_.ends_transactions = true;
        } else if (kind == "PLpgSQL_stmt_block") {
            visit_block(statement, only_for);
        } else {
            if (statement.contains("dynquery")) {
                visit_dynamic(statement, "dynquery", only_for);
            }
            visit_other(kind, statement, only_for);
        }
    }

    void visit_block(const Json& block, const Events& only_for) {
        const auto* handlers = member(block, "exceptions");
        const std::size_t entered = values_.enter();
        if (const auto* body = member(block, "body")) {
            visit(*body, only_for);
        }
        if (handlers != nullptr) {
            values_.leave(entered);
            visit_inner(*handlers, only_for, false);
            values_.leave(entered);
        }
    }

    // A loop, CASE, or a statement that has no others in it.
    void visit_other(const std::string& kind, const Json& statement, const Events& only_for) {
        const std::size_t entered = values_.enter();
        for (const auto& [name, child] : statement.items()) {
            if (name != "body" && name != "dynquery") {
                visit_inner(child, only_for, false);
            }
        }
        values_.leave(entered);
        if (const auto* target = member(statement, "target")) {
            values_.forget(targets(*target));
        }
        if (statement.contains("body")) {
            visit_loop(kind, statement, only_for);
        }
    }

    void visit_loop(const std::string& kind, const Json& statement, const Events& only_for) {
        const Json& body = statement.at("body");
        const std::size_t entered = values_.enter();
        Changes changes;
        ++loops_;
        if (loops_ <= kMostLoops) {
            for (const Json& child : body) {
                // CONTINUE is followed where it stands in the loop itself.
                const auto continues = changes.continues;
                find_changes(child, changes);
                const auto more = changes.continues - continues;
                changes.leaves = changes.leaves || more > 1 || (more == 1 && leaves_if(child) == nullptr);
            }
            values_.forget(std::move(changes.names));
        }
        const bool all_passes = loops_ <= kMostLoops && !changes.leaves;
        visit_inner(body, only_for, note_passes(kind, statement) && all_passes);
        --loops_;
        values_.leave(entered);
        note_found({});
    }

    void visit(const Json& node, const Events& only_for) {
        if (node.is_array()) {
            const std::size_t outside = guards_.size();
            for (const Json& child : node) {
                const auto* condition = leaves_if(child);
                const auto behind = condition == nullptr ? std::nullopt : std::optional(guard_by(*condition, false));
                visit(child, only_for);
                if (behind) {
                    guards_.push_back(*behind);
                }
                if (child.is_object() && leaves(child)) {
                    break;
                }
            }
            guards_.resize(outside);
            return;
        }
        if (!node.is_object()) {
            return;
        }
        if (node.contains("PLpgSQL_expr")) {
            add_expression(node, only_for);
            return;
        }
        for (const auto& [name, child] : node.items()) {
            if (name.starts_with("PLpgSQL_stmt_")) {
                visit_statement(name, child, only_for);
            } else if (name == "PLpgSQL_exception" || name == "PLpgSQL_case_when") {
                const std::size_t entered = values_.enter();
                visit(child, only_for);
                values_.leave(entered);
            } else {
                visit(child, only_for);
            }
        }
    }

    CodeBody body_;
    std::map<std::string, int> into_;  // how many rows of INTO, or of loops, have the variable in them
    std::set<std::string> assigned_;
    std::vector<Standing> guards_;  // of the place that is being read
    int conditional_ = 0;           // how many loops, handlers and branches of CASE it stands in
    int lost_ = 0;                  // how many of those are not known to be reached so many times
    int loops_ = 0;                 // how many loops it stands in
    int questions_ = 0;
    BodyValues values_;                // what variables hold there
    std::vector<const Json*> data_;    // what libpg_query tells of variables, by their number
    std::vector<std::string> names_;   // theirs; of a record's field, the record's
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
