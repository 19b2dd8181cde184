#include "analysis/constant_text.h"

#include "analysis/common.h"
#include "sql/quote.h"

#include <pg_query/pg_query.pb-c.h>

#include <algorithm>
#include <string_view>

namespace pgbelay::analysis {

namespace {

using Texts = std::optional<std::vector<std::string>>;

constexpr std::size_t kMost = 256;
// Variables that are assigned from variables; one that is assigned from itself has no end.
constexpr int kDeepest = 8;

// The value of format(): %s, %I and %L, each with the next argument or with that of its position, as in %1$I (manual, "String Functions
// and Operators", format). Nothing where a width is asked for, or an argument is missing.
std::optional<std::string> formatted(std::string_view pattern, const std::vector<std::string>& arguments) {
    std::string result;
    std::size_t next = 0;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] != '%') {
            result += pattern[i];
            continue;
        }
        std::size_t position = 0;
        while (++i < pattern.size() && pattern[i] >= '0' && pattern[i] <= '9' && position < kMost) {
            position = position * 10 + static_cast<std::size_t>(pattern[i] - '0');
        }
        if (i < pattern.size() && position > 0) {
            next = pattern[i] == '$' ? position - 1 : arguments.size();
            ++i;
        }
        const char conversion = i < pattern.size() ? pattern[i] : '\0';
        if (conversion == '%') {
            result += '%';
            continue;
        }
        if ((conversion != 's' && conversion != 'I' && conversion != 'L') || next >= arguments.size()) {
            return std::nullopt;
        }
        const std::string& argument = arguments[next++];
        result += conversion == 's' ? argument : conversion == 'I' ? sql::quote_identifier(argument) : sql::quote_literal(argument);
    }
    return result;
}

std::optional<std::string> called(const QualifiedName& function, const std::vector<std::string>& arguments) {
    if (arguments.empty() || (!function.schema.empty() && function.schema != "pg_catalog")) {
        return std::nullopt;
    }
    if (function.name == "format") {
        return formatted(arguments.front(), {arguments.begin() + 1, arguments.end()});
    }
    if (function.name == "quote_ident" && arguments.size() == 1) {
        return sql::quote_identifier(arguments.front());
    }
    if (function.name == "quote_literal" && arguments.size() == 1) {
        return sql::quote_literal(arguments.front());
    }
    return std::nullopt;
}

class Values {
public:
    Values(const Variables& variables, const std::string& placeholder) : variables_(variables), placeholder_(placeholder) {}

    Texts of(const std::string& expression, bool each, int depth) const {
        if (depth > kDeepest) {
            return std::nullopt;
        }
        const auto read = sql::read_statement("SELECT " + expression);
        const auto* select = read.kind == "SelectStmt" ? read.node().select_stmt : nullptr;
        const bool plain = select != nullptr && select->n_target_list == 1 && select->n_from_clause == 0 && select->where_clause == nullptr;
        const auto* target = plain ? select->target_list[0]->res_target : nullptr;
        return target == nullptr ? std::nullopt : of(target->val, each, depth);
    }

private:
    // `each`: of an array, the values of its elements.
    Texts of(const PgQuery__Node* node, bool each, int depth) const {
        const auto known = known_of(node, each, depth);
        return known || placeholder_.empty() ? known : Texts({placeholder_});
    }

    Texts known_of(const PgQuery__Node* node, bool each, int depth) const {
        switch (node == nullptr ? PG_QUERY__NODE__NODE__NOT_SET : node->node_case) {
            case PG_QUERY__NODE__NODE_A_CONST: return constant(*node->a_const, each);
            case PG_QUERY__NODE__NODE_TYPE_CAST: return cast(*node->type_cast, each, depth);
            case PG_QUERY__NODE__NODE_COLUMN_REF:
                return node->column_ref->n_fields == 1 ? variable(string_of(node->column_ref->fields[0]), each, depth) : std::nullopt;
            case PG_QUERY__NODE__NODE_PARAM_REF: return variable("$" + std::to_string(node->param_ref->number), each, depth);
            case PG_QUERY__NODE__NODE_A_ARRAY_EXPR: return each ? elements(*node->a_array_expr, depth) : std::nullopt;
            case PG_QUERY__NODE__NODE_FUNC_CALL: return each ? std::nullopt : call(*node->func_call, depth);
            case PG_QUERY__NODE__NODE_A_EXPR: return each ? std::nullopt : joined(*node->a_expr, depth);
            default: return std::nullopt;
        }
    }

    static Texts constant(const PgQuery__AConst& constant, bool each) {
        if (constant.val_case != PG_QUERY__A__CONST__VAL_SVAL) {
            return std::nullopt;
        }
        const std::string value = text(constant.sval->sval);
        if (!each) {
            return std::vector{value};
        }
        // {a,b}, with nothing in it that has to be quoted.
        if (value.size() < 3 || value.front() != '{' || value.back() != '}' || value.find_first_of("{}\"\\ ", 1) != value.size() - 1) {
            return std::nullopt;
        }
        std::vector<std::string> parts;
        for (std::size_t begin = 1; begin < value.size();) {
            const std::size_t end = std::min(value.find(',', begin), value.size() - 1);
            parts.push_back(value.substr(begin, end - begin));
            begin = end + 1;
        }
        return parts;
    }

    // To other types than those of text the value may be written in another way.
    Texts cast(const PgQuery__TypeCast& cast, bool each, int depth) const {
        const auto type = name_of(cast.type_name->n_names, cast.type_name->names).name;
        const bool same = type == "text" || type == "varchar" || type == "name" || type == "regclass";
        return same ? of(cast.arg, each, depth) : std::nullopt;
    }

    Texts variable(const std::string& name, bool each, int depth) const {
        const auto found = variables_.find(name);
        if (found == variables_.end() || found->second.empty()) {
            return std::nullopt;
        }
        std::vector<std::string> all;
        for (const auto& assigned : found->second) {
            const auto some = assigned.each && each ? std::nullopt : of(assigned.expression, each || assigned.each, depth + 1);
            if (!some || all.size() + some->size() > kMost) {
                return std::nullopt;
            }
            all.insert(all.end(), some->begin(), some->end());
        }
        std::ranges::sort(all);
        const auto twice = std::ranges::unique(all);
        all.erase(twice.begin(), twice.end());
        return all;
    }

    Texts elements(const PgQuery__AArrayExpr& array, int depth) const {
        std::vector<std::string> all;
        for (std::size_t i = 0; i < array.n_elements; ++i) {
            const auto some = of(array.elements[i], false, depth);
            if (!some || all.size() + some->size() > kMost) {
                return std::nullopt;
            }
            all.insert(all.end(), some->begin(), some->end());
        }
        return all;
    }

    Texts call(const PgQuery__FuncCall& call, int depth) const {
        std::vector<std::vector<std::string>> lists{{}};  // one for each way to choose the arguments
        for (std::size_t i = 0; i < call.n_args; ++i) {
            const auto values = of(call.args[i], false, depth);
            if (!values || lists.size() * values->size() > kMost) {
                return std::nullopt;
            }
            std::vector<std::vector<std::string>> longer;
            for (const auto& list : lists) {
                for (const auto& value : *values) {
                    longer.push_back(list);
                    longer.back().push_back(value);
                }
            }
            lists = std::move(longer);
        }
        const auto function = name_of(call.n_funcname, call.funcname);
        std::vector<std::string> all;
        for (const auto& list : lists) {
            const auto result = called(function, list);
            if (!result) {
                return std::nullopt;
            }
            all.push_back(*result);
        }
        return all;
    }

    Texts joined(const PgQuery__AExpr& expression, int depth) const {
        const bool joins = expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP && expression.n_name == 1 && expression.lexpr != nullptr &&
                           string_of(expression.name[0]) == "||";
        const auto left = joins ? of(expression.lexpr, false, depth) : std::nullopt;
        const auto right = left ? of(expression.rexpr, false, depth) : std::nullopt;
        if (!right || left->size() * right->size() > kMost) {
            return std::nullopt;
        }
        std::vector<std::string> all;
        for (const auto& head : *left) {
            for (const auto& tail : *right) {
                all.push_back(head + tail);
            }
        }
        return all;
    }

    const Variables& variables_;
    const std::string& placeholder_;
};

}  // namespace

std::optional<std::vector<std::string>> constant_texts(const std::string& expression, const Variables& variables,
                                                       const std::string& placeholder) {
    return Values(variables, placeholder).of(expression, false, 0);
}

}  // namespace pgbelay::analysis
