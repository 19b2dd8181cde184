#include "analysis/body.h"

#include "analysis/tree_util.h"
#include "sql/code_body.h"
#include "sql/quote.h"
#include "sql/script.h"

#include <fmt/format.h>
#include <pg_query/pg_query.pb-c.h>

#include <algorithm>
#include <utility>
#include <variant>

namespace pgbelay::analysis {

namespace {

std::string option_of(std::size_t n, PgQuery__Node* const* options, std::string_view name) {
    for (std::size_t i = 0; i < n; ++i) {
        const auto* option = options[i]->node_case == PG_QUERY__NODE__NODE_DEF_ELEM ? options[i]->def_elem : nullptr;
        if (option != nullptr && text(option->defname) == name && option->arg != nullptr) {
            const auto* list = option->arg->node_case == PG_QUERY__NODE__NODE_LIST ? option->arg->list : nullptr;
            return list == nullptr ? string_of(option->arg) : list->n_items == 0 ? std::string() : string_of(list->items[0]);
        }
    }
    return {};
}

// Of the condition or the piece by that number.
std::string answer_key(const sql::Statement& block, bool executed, std::size_t number) {
    return fmt::format("{}:{}:{} {} {}", block.place.file, block.place.line, block.place.column, executed ? "execute" : "if", number);
}

// What the catalog says of the questions of one block; nothing of those that were not answered.
class Answers {
public:
    Answers() = default;
    Answers(const sql::Statement& block, const catalog::Catalog& catalog) : block_(&block), answers_(&catalog.answers) {}

    std::optional<bool> holds(std::size_t condition) const {
        const bool none = answers_ == nullptr || answers_->conditions.empty();
        const bool* found = none ? nullptr : answers_->conditions.find(answer_key(*block_, false, condition));
        return found == nullptr ? std::nullopt : std::optional(*found);
    }

    const std::vector<std::string>* executed(std::size_t piece) const {
        const bool none = answers_ == nullptr || answers_->executed.empty();
        return none ? nullptr : answers_->executed.find(answer_key(*block_, true, piece));
    }

private:
    const sql::Statement* block_ = nullptr;
    const catalog::Catalog::Answers* answers_ = nullptr;
};

void add_statements(Body& body, std::optional<std::vector<sql::Statement>> statements, bool conditional) {
    body.known = body.known && statements;
    for (auto& statement : statements.value_or(std::vector<sql::Statement>{})) {
        body.statements.push_back({std::move(statement), conditional});
    }
}

// What stands in a statement for what is known only while it runs.
const std::string kUnknown = "pgbelay_unknown";

// Statements of which a part is not known, as long as it is none of the relations.
std::vector<sql::Statement> statements_with_gaps(const std::string& expression, const Variables& variables) {
    std::vector<sql::Statement> all;
    for (const auto& sql : constant_texts(expression, variables, kUnknown).value_or(std::vector<std::string>{})) {
        for (auto& statement : statements_in(sql).value_or(std::vector<sql::Statement>{})) {
            const auto names = sql::relations_named(statement);
            const auto has_gap = [](const QualifiedName& name) {
                return (name.schema + "." + name.name).find(kUnknown) != std::string::npos;
            };
            if (!statement.opaque() && !names.empty() && std::ranges::none_of(names, has_gap)) {
                all.push_back(std::move(statement));
            }
        }
    }
    return all;
}

// `event` and `arguments`: as of touch_function().
Body plpgsql_body(const std::string& statement, std::string_view event, const Answers& answers = {}, const Variables& arguments = {}) {
    Body body;
    const auto read = sql::read_plpgsql(statement);
    const auto* code = std::get_if<sql::CodeBody>(&read);
    if (code == nullptr) {
        return {.known = false};
    }
    body.ends_transactions = code->ends_transactions;
    Variables variables = code->variables;
    for (const auto& [name, value] : arguments) {
        if (!code->changed.contains(name)) {
            variables[name] = value;
        }
    }
    std::vector<std::optional<bool>> conditions;
    for (std::size_t i = 0; i < code->conditions.size(); ++i) {
        conditions.push_back(answers.holds(i));
    }
    for (std::size_t i = 0; i < code->pieces.size(); ++i) {
        const auto& piece = code->pieces[i];
        if (const auto* executed = answers.executed(i)) {
            body.asked = true;
            for (const auto& sql : *executed) {
                add_statements(body, statements_in(sql), false);
            }
            continue;
        }
        const bool reached = event.empty() || piece.only_for.empty() ||
                             std::find(piece.only_for.begin(), piece.only_for.end(), event) != piece.only_for.end();
        if (!reached) {
            continue;
        }
        bool refuted = false;
        bool conditional = piece.conditional;
        for (const sql::Guard& guard : piece.guards) {
            const auto answer = conditions[guard.condition];
            refuted = refuted || answer.value_or(guard.holds) != guard.holds;
            conditional = conditional || !answer;
        }
        if (refuted) {
            body.left_out = true;
            continue;
        }
        if (piece.kind != sql::BodyPiece::Kind::dynamic) {
            body.statements.push_back({sql::read_statement(piece.sql), conditional});
            continue;
        }
        const auto texts = constant_texts(piece.sql, variables);
        body.dynamic = body.dynamic || !texts;
        body.known = body.known && texts;
        if (!texts) {
            add_statements(body, statements_with_gaps(piece.sql, variables), true);
            continue;
        }
        for (const auto& sql : *texts) {
            auto statements = statements_in(sql);
            body.dynamic = body.dynamic || !statements;
            add_statements(body, std::move(statements), conditional || texts->size() > 1);
        }
    }
    return body;
}

bool is_readable(const sql::Statement& block) {
    const auto& parsed = *block.node().do_stmt;
    const auto language = option_of(parsed.n_args, parsed.args, "language");
    return (language.empty() || language == "plpgsql") && !option_of(parsed.n_args, parsed.args, "as").empty();
}

Body body_of_block(const sql::Statement& block, const Answers& answers) {
    return is_readable(block) ? plpgsql_body(block.sql, {}, answers) : Body{.known = false};
}

}  // namespace

std::optional<std::vector<sql::Statement>> statements_in(const std::string& text) {
    try {
        return sql::read_script(text, "function", {}).statements;
    } catch (const base::Error&) {
        return std::nullopt;
    }
}

bool is_query(const sql::Statement& statement) {
    return statement.kind == "SelectStmt" || statement.kind == "CallStmt";
}

Body body_of_block(const sql::Statement& block, const catalog::Catalog& catalog) {
    return body_of_block(block, Answers(block, catalog));
}

std::string language_of(const PgQuery__CreateFunctionStmt& create) {
    return lower(option_of(create.n_options, create.options, "language"));
}

Body body_of(const PgQuery__CreateFunctionStmt& create, const std::string& sql, std::string_view event, const Variables& arguments) {
    if (create.sql_body != nullptr) {
        return {.atomic = &create.sql_body->base};
    }
    const auto language = language_of(create);
    if (language == "plpgsql") {
        return plpgsql_body(sql, event, {}, arguments);
    }
    Body body{.known = language == "sql"};
    if (body.known) {
        add_statements(body, statements_in(option_of(create.n_options, create.options, "as")), false);
    }
    return body;
}

// The constants among the arguments of the call, by the parameters' names and places.
Variables arguments_of(const PgQuery__CreateFunctionStmt& create, const PgQuery__FuncCall* call) {
    Variables arguments;
    std::size_t place = 0;
    for (std::size_t i = 0; call != nullptr && i < create.n_parameters && place < call->n_args; ++i) {
        const auto& parameter = *create.parameters[i]->function_parameter;
        if (parameter.mode == PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_OUT ||
            parameter.mode == PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_TABLE) {
            continue;
        }
        const auto* given = call->args[place++];
        while (given->node_case == PG_QUERY__NODE__NODE_TYPE_CAST && given->type_cast->arg != nullptr) {
            given = given->type_cast->arg;
        }
        if (given->node_case == PG_QUERY__NODE__NODE_NAMED_ARG_EXPR) {
            break;
        }
        const auto* constant = given->node_case == PG_QUERY__NODE__NODE_A_CONST ? given->a_const : nullptr;
        if (constant != nullptr && constant->val_case == PG_QUERY__A__CONST__VAL_SVAL) {
            const sql::Assigned value{sql::quote_literal(text(constant->sval->sval))};
            arguments["$" + std::to_string(place)] = {value};
            if (!text(parameter.name).empty()) {
                arguments[text(parameter.name)] = {value};
            }
        }
    }
    return arguments;
}

std::optional<std::vector<std::string>> own_search_path(const sql::Statement& create) {
    const auto* function = create.kind == "CreateFunctionStmt" ? create.node().create_function_stmt : nullptr;
    for (std::size_t i = 0; function != nullptr && i < function->n_options; ++i) {
        const auto* option = function->options[i]->node_case == PG_QUERY__NODE__NODE_DEF_ELEM ? function->options[i]->def_elem : nullptr;
        const bool sets = option != nullptr && text(option->defname) == "set" && option->arg != nullptr &&
                          option->arg->node_case == PG_QUERY__NODE__NODE_VARIABLE_SET_STMT;
        if (!sets || text(option->arg->variable_set_stmt->name) != "search_path" ||
            option->arg->variable_set_stmt->kind != PG_QUERY__VARIABLE_SET_KIND__VAR_SET_VALUE) {
            continue;
        }
        std::vector<std::string> path;
        const auto& set = *option->arg->variable_set_stmt;
        for (std::size_t j = 0; j < set.n_args; ++j) {
            const auto* value = set.args[j]->node_case == PG_QUERY__NODE__NODE_A_CONST ? set.args[j]->a_const : nullptr;
            if (value != nullptr && value->val_case == PG_QUERY__A__CONST__VAL_SVAL && !text(value->sval->sval).empty()) {
                path.push_back(text(value->sval->sval));
            }
        }
        // With none at all only the system's names are found.
        return path.empty() ? std::vector<std::string>{"pg_catalog"} : path;
    }
    return std::nullopt;
}

std::vector<sql::Statement> statements_inside(const sql::Statement& statement) {
    Body body;
    if (statement.kind == "DoStmt") {
        body = body_of_block(statement, Answers{});
    } else if (statement.kind == "CreateFunctionStmt") {
        body = body_of(*statement.node().create_function_stmt, statement.sql);
    }
    std::vector<sql::Statement> all;
    for (auto& inner : body.statements) {
        all.push_back(std::move(inner.statement));
    }
    return all;
}

BlockQuestions questions_of(const sql::Statement& block) {
    BlockQuestions found;
    const auto read = is_readable(block) ? sql::read_plpgsql(block.sql) : std::variant<sql::CodeBody, sql::SyntaxError>(sql::CodeBody{});
    const auto* code = std::get_if<sql::CodeBody>(&read);
    if (code == nullptr) {
        return found;
    }
    for (std::size_t i = 0; i < code->conditions.size(); ++i) {
        if (const auto& condition = code->conditions[i]; !condition.question.empty()) {
            found.questions.push_back({answer_key(block, false, i), condition.question, condition.after, false});
        }
    }
    for (std::size_t i = 0; i < code->pieces.size(); ++i) {
        const auto& piece = code->pieces[i];
        auto& change = found.changes.emplace_back();
        for (const auto& guard : piece.guards) {
            change.guards.emplace_back(answer_key(block, false, guard.condition), guard.holds);
        }
        if (piece.kind != sql::BodyPiece::Kind::dynamic) {
            change.statements.push_back(sql::read_statement(piece.sql));
            continue;
        }
        const auto texts = constant_texts(piece.sql, code->variables);
        auto statements = texts && texts->size() == 1 && !piece.conditional ? statements_in(texts->front()) : std::nullopt;
        if (!statements && !piece.question.empty()) {
            found.questions.push_back({answer_key(block, true, i), piece.question, piece.after, true, i});
        }
        change.known = statements.has_value();
        change.statements = std::move(statements).value_or(std::vector<sql::Statement>{});
    }
    std::ranges::stable_sort(found.questions, {}, &Question::before);
    return found;
}

}  // namespace pgbelay::analysis
