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
// Of one block: each question writes down all that it stands on.
constexpr std::size_t kMostAsked = std::size_t{1} << 20;

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

const Json& list_of(const Json* list) {
    static const Json kNone = Json::array();
    return list != nullptr && list->is_array() ? *list : kNone;
}

class Reader {
public:
    // `asks`: what its questions mean can be told.
    explicit Reader(bool asks) : asks_(asks) {}

    CodeBody take(const Json& tree) {
        find_assigned(tree);
        declare(tree);
        visit(tree, {});
        for (const auto& name : otherwise_) {
            body_.variables.erase(name);
        }
        body_.changed = std::move(changed_);
        return std::move(body_);
    }

private:
    // The variables of DECLARE; what has no line is an argument, or comes from the server (FOUND, TG_OP). Two of one name are not told
    // apart.
    void declare(const Json& tree) {
        const auto* function = tree.is_array() && !tree.empty() ? member(tree[0], "PLpgSQL_function") : nullptr;
        const Json& datums = list_of(function == nullptr ? nullptr : member(*function, "datums"));
        for (const Json& datum : datums) {
            data_.push_back(&datum);
            names_.push_back(name_of(datum));
        }
        for (const std::size_t number : assigned_) {
            changed_.insert(name_at(number));
        }
        std::set<std::string> seen;
        for (std::size_t i = 0; i < data_.size(); ++i) {
            const auto* variable = member(*data_[i], "PLpgSQL_var");
            if (variable != nullptr || data_[i]->contains("PLpgSQL_rec")) {
                values_.declare(names_[i]);
                // With one block alone, the other is a loop's own.
                if (!seen.insert(names_[i]).second && blocks_ > 1) {
                    values_.declare_ambiguous(names_[i]);
                }
            }
            for (const auto& name : targets(*data_[i])) {
                if (data_[i]->contains("PLpgSQL_row")) {  // of INTO, or of a loop over rows
                    set_otherwise(name);
                }
            }
            if (variable == nullptr) {
                continue;
            }
            if (!variable->contains("lineno") || body_.variables.contains(names_[i])) {
                otherwise_.insert(names_[i]);
            }
            auto& values = body_.variables[names_[i]];
            if (const auto* value = member(*variable, "default_val")) {
                values.push_back({query_of(*value)});
            }
        }
        fill_declared();
    }

    // A block in another takes the values of its DECLARE when it begins, which may be others then.
    void fill_declared() {
        for (std::size_t i = 0; i < data_.size(); ++i) {
            const auto* variable = member(*data_[i], "PLpgSQL_var");
            if (const auto* value = variable == nullptr ? nullptr : member(*variable, "default_val")) {
                const std::string expression = query_of(*value);
                const bool depends = blocks_ > 1 && (may_read(expression) || !values_.variables_in(expression).empty());
                values_.fill({names_[i]}, depends ? std::string() : as_declared(i, expression));
            }
        }
    }

    void set_otherwise(const std::string& name) {
        otherwise_.insert(name);
        changed_.insert(name);
    }

    std::string name_at(std::size_t number) const { return number < names_.size() ? names_[number] : std::string(); }

    // "" for a row of INTO or of a loop.
    std::string name_of(const Json& datum) const {
        if (const auto* field = member(datum, "PLpgSQL_recfield")) {
            return name_at(field->value("recparentno", names_.size()));
        }
        const auto* variable = member(datum, "PLpgSQL_var");
        const auto* named = variable == nullptr ? member(datum, "PLpgSQL_rec") : variable;
        return named == nullptr ? std::string() : named->value("refname", std::string());
    }

    // As it is written; "" for %TYPE and for what is no plain variable.
    std::string type_of(std::size_t number) const {
        const auto* variable = number < data_.size() ? member(*data_[number], "PLpgSQL_var") : nullptr;
        const auto* type = variable == nullptr ? nullptr : member(*variable, "datatype");
        const auto* inner = type == nullptr ? nullptr : member(*type, "PLpgSQL_type");
        const std::string name = inner == nullptr ? std::string() : inner->value("typname", std::string());
        return name.find('%') == std::string::npos ? name : std::string();
    }

    // A query of the expression's value in the type of the variable; "" where that is not known.
    std::string as_declared(std::size_t number, const std::string& expression) const {
        const std::string type = type_of(number);
        return type.empty() ? type : fmt::format("SELECT ({}\n)::{}", expression, type);
    }

    // The same of the columns of a query, for the variables that get them.
    std::string as_declared(const std::vector<std::size_t>& numbers, const std::string& query) const {
        std::string values;
        std::string columns;
        for (std::size_t i = 0; i < numbers.size(); ++i) {
            const std::string type = type_of(numbers[i]);
            if (type.empty()) {
                return {};
            }
            values += fmt::format("{}(c{})::{}", i == 0 ? "" : ", ", i, type);
            columns += fmt::format("{}c{}", i == 0 ? "" : ", ", i);
        }
        return query.empty() ? query : fmt::format("SELECT {} FROM ({}\n) AS pgbelay_columns ({})", values, query, columns);
    }

    std::string variable_of(const Json& statement) const { return name_at(statement.value("varno", std::size_t{0})); }

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
        if (kind == BodyPiece::Kind::dynamic && lost_ == 0 && kept == guards_.size() && may_ask()) {
            piece.question = within(values_.in_loop(fmt::format("({}\n)::text", sql), conditions()));
            piece.after = loops_ > 0 ? loop_at_ : body_.pieces.size();
        }
        piece.sql = std::move(sql);
        body_.pieces.push_back(std::move(piece));
    }

    bool may_ask() const { return asks_ && asked_ < kMostAsked; }

    std::string within(std::string question) {
        asked_ += question.size();
        return question;
    }

    std::string conditions() const {
        std::string all;
        for (const auto& [guard, name] : guards_) {
            all += fmt::format("{}{} IS {}TRUE", all.empty() ? "" : " AND ", name, guard.holds ? "" : "NOT ");
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
        std::string name;  // of its value, among the variables
    };

    Standing guard_by(const Json& condition, bool holds) {
        const std::string text = query_of(condition);
        auto name = fmt::format("pgbelay_condition_{}", body_.conditions.size());
        const bool known = may_ask() && loops_ <= kMostLoops;
        body_.conditions.push_back({known ? within(values_.once(text, loops_ > 0)) : std::string(), body_.pieces.size()});
        values_.declare(name);
        values_.fill({name}, known ? fmt::format("SELECT ({}\n)", text) : std::string());
        return {{body_.conditions.size() - 1, holds}, std::move(name)};
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
        for (const Json& other : list_of(member(statement, "elsif_list"))) {
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

    // The variables of INTO or FOR, by their numbers; of a record, that one's.
    static std::vector<std::size_t> numbers_of(const Json& target) {
        std::vector<std::size_t> numbers;
        const auto* row = member(target, "PLpgSQL_row");
        for (const Json& field : list_of(row == nullptr ? nullptr : member(*row, "fields"))) {
            numbers.push_back(field.value("varno", std::size_t{0}));
        }
        return numbers;
    }

    std::vector<std::string> targets(const Json& target) const {
        std::vector<std::string> names;
        for (const char* kind : {"PLpgSQL_rec", "PLpgSQL_var"}) {
            if (const auto* variable = member(target, kind)) {
                names.push_back(variable->value("refname", std::string()));
            }
        }
        for (const std::size_t number : numbers_of(target)) {
            names.push_back(name_at(number));
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
            values_.fill(targets(*target), as_declared(numbers_of(*target), query));
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
                    const auto names = child.is_object() ? targets(child) : std::vector<std::string>{};
                    changes.names.insert(changes.names.end(), names.begin(), names.end());
                } else if (name == "varno" && child.is_number_unsigned()) {
                    changes.names.push_back(name_at(child.get<std::size_t>()));
                } else if (name == "PLpgSQL_diag_item") {
                    changes.names.push_back(name_at(child.value("target", names_.size())));
                } else if (name == "PLpgSQL_stmt_call") {
                    const auto names = values_.variables_in(query_of(child.value("expr", Json::object())));
                    changes.names.insert(changes.names.end(), names.begin(), names.end());
                } else if (name == "PLpgSQL_stmt_return" || name == "PLpgSQL_stmt_exit") {
                    const bool leaves = name != "PLpgSQL_stmt_exit" || child.value("is_exit", false) || child.contains("label");
                    changes.leaves = changes.leaves || leaves;
                    changes.continues += leaves ? 0 : 1;
                }
            }
        }
        if (node.is_structured()) {
            for (const Json& child : node) {
                find_changes(child, changes);
            }
        }
    }

    // The assignments and blocks of the whole body.
    void find_assigned(const Json& node) {
        if (node.is_object()) {
            blocks_ += node.contains("PLpgSQL_stmt_block") ? 1 : 0;
            if (const auto* statement = member(node, "PLpgSQL_stmt_assign")) {
                assigned_.insert(statement->value("varno", std::size_t{0}));
            }
        }
        if (node.is_structured()) {
            for (const Json& child : node) {
                find_assigned(child);
            }
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
            const std::string elements = fmt::format("SELECT * FROM unnest({}\n)", query_of(statement.value("expr", Json::object())));
            return values_.loop({names_[number]}, as_declared(std::vector{number}, elements));
        }
        const auto* target = member(statement, "var");
        const auto names = target == nullptr ? std::vector<std::string>{} : targets(*target);
        if (names.empty()) {
            return false;
        }
        if (kind == "PLpgSQL_stmt_fori") {
            const auto bound = [&](const char* name) { return query_of(statement.value(name, Json::object())); };
            const std::string step = statement.contains("step") ? bound("step") : "1";
            return values_.loop(names, fmt::format("SELECT * FROM generate_series(({}\n)::integer, ({}\n)::integer, {}({}\n)::integer)",
                                                   bound("lower"), bound("upper"), statement.value("reverse", false) ? "-" : "", step));
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
        return target->contains("PLpgSQL_rec") ? values_.loop_record(names.front(), query)
                                               : values_.loop(names, as_declared(numbers_of(*target), query));
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
                set_otherwise(name_at(number));
                values_.forget({name_at(number)});
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
            const std::string query = query_of(statement.value("expr", Json::object()));
            add(BodyPiece::Kind::statement, query, only_for);
            // One may be an INOUT argument.
            for (const auto& name : values_.variables_in(query)) {
                set_otherwise(name);
                values_.forget({name});
            }
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
        if (kind == "PLpgSQL_stmt_fetch") {
            note_found({});
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
        loop_at_ = loops_ == 1 ? body_.pieces.size() : loop_at_;
        if (loops_ <= kMostLoops) {
            for (const Json& child : body) {
                // CONTINUE is followed where it stands in the loop itself.
                const auto continues = changes.continues;
                find_changes(child, changes);
                const auto more = changes.continues - continues;
                changes.leaves = changes.leaves || more > 1 || (more == 1 && leaves_if(child) == nullptr);
            }
            values_.forget(std::move(changes.names));
            note_found({});
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
    bool asks_;
    std::size_t asked_ = 0;           // bytes of questions
    std::vector<Standing> guards_;    // of the place that is being read
    int conditional_ = 0;             // how many loops, handlers and branches of CASE it stands in
    int lost_ = 0;                    // how many of those are not known to be reached so many times
    int loops_ = 0;                   // how many loops it stands in
    std::size_t loop_at_ = 0;         // how many pieces stand before the outermost of them
    BodyValues values_;               // what variables hold there
    std::vector<const Json*> data_;   // what libpg_query tells of variables, by their number
    std::vector<std::string> names_;  // theirs; of a record's field, the record's
    std::set<std::size_t> assigned_;  // by number
    int blocks_ = 0;
    std::set<std::string> otherwise_;  // variables that are given what no expression says
    std::set<std::string> changed_;    // those that get a value behind DECLARE
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
    // A block may say that names in queries are its variables' rather than columns'.
    const bool asks = statement.find("#variable_conflict") == std::string_view::npos;
    return Reader(asks).take(tree);
}

}  // namespace pgbelay::sql
