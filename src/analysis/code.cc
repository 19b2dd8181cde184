#include "analysis/code.h"

#include "analysis/constant_text.h"
#include "catalog/apply.h"
#include "catalog/walk.h"
#include "sql/code_body.h"
#include "sql/quote.h"
#include "sql/script.h"

#include <fmt/format.h>
#include <pg_query/pg_query.pb-c.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

namespace pgbelay::analysis {

namespace {

// Bodies that call functions that call functions: further down nothing is looked at, and nothing claimed.
constexpr int kDeepest = 6;
// Of one statement.
constexpr std::size_t kMostFollowed = 200;

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

// The statements of an SQL function's body; nothing when they cannot be read.
std::optional<std::vector<sql::Statement>> statements_in(const std::string& body) {
    try {
        return sql::read_script(body, "function", {}).statements;
    } catch (const base::Error&) {
        return std::nullopt;
    }
}

// "create index", "alter table": the first two words of a statement, or what stands for it.
std::string kind_words(const std::string& statement) {
    const auto tokens = significant_tokens(statement);
    const auto first = tokens.empty() ? std::string() : lower(tokens[0].text);
    const bool one_word = first == "insert" || first == "update" || first == "delete" || first == "merge" || first == "copy" ||
                          first == "grant" || first == "revoke" || first == "truncate" || first == "lock";
    if (one_word || tokens.size() < 2) {
        return first;
    }
    const auto second = lower(tokens[1].text);
    return second == "unique" || second == "or" ? first + (second == "unique" ? " index" : "") : first + " " + second;
}

bool is_query(const sql::Statement& statement) {
    return statement.kind == "SelectStmt" || statement.kind == "CallStmt";
}

// The body of a function, procedure or DO block, as far as its text says what it does.
struct Body {
    std::vector<sql::Statement> statements;
    std::vector<bool> conditional;             // of each statement, whether it may not be reached
    const ProtobufCMessage* atomic = nullptr;  // BEGIN ATOMIC, or RETURN with an expression: part of the statement's own tree
    bool known = true;
    bool dynamic = false;
    bool ends_transactions = false;
    bool left_out = false;
};

// The answer to a question of a block, where there is one.
using Answers = std::function<std::optional<bool>(const std::string& question)>;

void add_statements(Body& body, std::optional<std::vector<sql::Statement>> statements, bool conditional) {
    body.known = body.known && statements;
    if (statements) {
        std::move(statements->begin(), statements->end(), std::back_inserter(body.statements));
        body.conditional.resize(body.statements.size(), conditional);
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
    for (const auto& piece : code->pieces) {
        const bool reached = event.empty() || piece.only_for.empty() ||
                             std::find(piece.only_for.begin(), piece.only_for.end(), event) != piece.only_for.end();
        if (!reached) {
            continue;
        }
        bool refuted = false;
        bool conditional = piece.conditional;
        for (const sql::Guard& guard : piece.guards) {
            const auto answer = answers ? answers(guard.question) : std::nullopt;
            refuted = refuted || answer.value_or(guard.holds) != guard.holds;
            conditional = conditional || !answer;
        }
        if (refuted) {
            body.left_out = true;
            continue;
        }
        if (piece.kind != sql::BodyPiece::Kind::dynamic) {
            body.statements.push_back(sql::read_statement(piece.sql));
            body.conditional.push_back(conditional);
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

std::string answer_key(const sql::Statement& block, const std::string& question) {
    return fmt::format("{}:{}:{} {}", block.place.file, block.place.line, block.place.column, question);
}

bool is_readable(const sql::Statement& block) {
    const auto& parsed = *block.node().do_stmt;
    const auto language = option_of(parsed.n_args, parsed.args, "language");
    return (language.empty() || language == "plpgsql") && !option_of(parsed.n_args, parsed.args, "as").empty();
}

Body body_of_block(const sql::Statement& block, const Answers& answers = {}) {
    return is_readable(block) ? plpgsql_body(block.sql, {}, answers) : Body{.known = false};
}

// As far as the catalog has answers to its questions, without the branches that are not reached.
Body body_of_block(const sql::Statement& block, const catalog::Catalog& catalog) {
    if (catalog.answers.empty()) {
        return body_of_block(block);
    }
    return body_of_block(block, [&](const std::string& question) {
        const bool* answer = catalog.answers.find(answer_key(block, question));
        return answer == nullptr ? std::nullopt : std::optional(*answer);
    });
}

std::string language_of(const PgQuery__CreateFunctionStmt& create) {
    return lower(option_of(create.n_options, create.options, "language"));
}

Body body_of(const PgQuery__CreateFunctionStmt& create, const std::string& sql, std::string_view event = {},
             const Variables& arguments = {}) {
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

// One body, statement after statement. The catalog is copied only for one that changes it.
class Code {
public:
    Code(Facts& facts, const Context& ctx) : facts_(facts), ctx_(ctx) {}

    CodeEffects take(const Body& body) {
        effects_.known = body.known;
        effects_.dynamic = body.dynamic;
        effects_.ends_transactions = body.ends_transactions;
        effects_.left_out = body.left_out;
        if (body.atomic != nullptr) {
            Facts found;
            touch_query(found, inner(), *body.atomic);
            effects_.known = !found.hidden;
            add_in_passing(facts_, found);
        }
        for (const auto& statement : body.statements) {
            take(statement);
        }
        return effects_;
    }

private:
    Context inner() const {
        Context inner = over(ctx_, ctx_.base, grown_ ? *grown_ : ctx_.now);
        inner.rewrite = false;
        inner.depth = ctx_.depth + 1;
        return inner;
    }

    void take(const sql::Statement& statement) {
        if (!is_query(statement)) {
            note_kind(kind_words(statement.sql));
        }
        if (statement.opaque()) {
            effects_.known = false;
            return;
        }
        const Facts found = analyze(statement, inner()).facts;
        effects_.known = effects_.known && !found.opaque;
        add_in_passing(facts_, grown_ ? without_new(found) : found);
        const bool fills = statement.kind == "InsertStmt" || statement.kind == "MergeStmt" || statement.kind == "CopyStmt";
        for (const auto& name : found.writes) {
            add_name(facts_.writes, name);
            if (fills) {
                add_name(facts_.fills, name);
            }
        }
        const bool only_rows = statement.kind == "InsertStmt" || statement.kind == "UpdateStmt" || statement.kind == "DeleteStmt";
        if (!is_query(statement) && !only_rows) {
            grown_ = grown_ ? std::move(grown_) : std::optional(ctx_.now);
            catalog::apply(statement, *grown_);
            if (statement.kind == "CreateStmt" || statement.kind == "CreateTableAsStmt") {
                for (const auto& name : sql::relations_named(statement)) {
                    made_.insert(grown_->resolve(name));
                    break;
                }
            }
        }
    }

    // Nobody waits for what the body itself made.
    Facts without_new(const Facts& found) const {
        Facts rest = found;
        rest.locks = {};
        for (std::size_t i = 0; i < found.locks.size(); ++i) {
            if (!is_new(found.locks[i].relation)) {
                rest.locks.add(found.locks[i], found.locks.reason(i));
            }
        }
        rest.rewrites = without_new(found.rewrites);
        rest.scans = without_new(found.scans);
        return rest;
    }

    NameFacts without_new(const NameFacts& found) const {
        NameFacts rest;
        for (std::size_t i = 0; i < found.size(); ++i) {
            if (!is_new(found[i])) {
                rest.add(found[i], found.reason(i));
            }
        }
        return rest;
    }

    // It may have the name of one that was renamed.
    bool is_new(const QualifiedName& name) const {
        return grown_->find(name) != nullptr && (made_.contains(name) || ctx_.now.find(name) == nullptr);
    }

    void note_kind(std::string kind) {
        if (std::find(effects_.kinds.begin(), effects_.kinds.end(), kind) == effects_.kinds.end()) {
            effects_.kinds.push_back(std::move(kind));
        }
    }

    Facts& facts_;
    const Context& ctx_;
    std::optional<catalog::Catalog> grown_;
    std::set<QualifiedName> made_;  // tables
    CodeEffects effects_;
};

}  // namespace

std::vector<sql::Statement> statements_inside(const sql::Statement& statement) {
    if (statement.kind == "DoStmt") {
        return body_of_block(statement).statements;
    }
    if (statement.kind == "CreateFunctionStmt") {
        return body_of(*statement.node().create_function_stmt, statement.sql).statements;
    }
    return {};
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

Context over(const Context& context, const catalog::Catalog& base, const catalog::Catalog& now) {
    return {.base = base,
            .now = now,
            .in_group = context.in_group,
            .rewrite = context.rewrite,
            .written = context.written,
            .tiny = context.tiny,
            .temporary_prefix = context.temporary_prefix,
            .depth = context.depth,
            .followed = context.followed,
            .trigger_depth = context.trigger_depth};
}

std::vector<Question> questions_of(const sql::Statement& block) {
    const auto read = is_readable(block) ? sql::read_plpgsql(block.sql) : std::variant<sql::CodeBody, sql::SyntaxError>(sql::CodeBody{});
    const auto* code = std::get_if<sql::CodeBody>(&read);
    std::vector<Question> questions;
    for (std::size_t i = 0; code != nullptr && i < code->pieces.size(); ++i) {
        for (const auto& guard : code->pieces[i].guards) {
            Question question{answer_key(block, guard.question), guard.question, {}};
            if (std::ranges::any_of(questions, [&](const Question& other) { return other.key == question.key; })) {
                continue;
            }
            for (std::size_t j = 0; j < guard.after && j < code->pieces.size(); ++j) {
                const auto& piece = code->pieces[j];
                const bool changes = piece.kind == sql::BodyPiece::Kind::dynamic ||
                                     (piece.kind == sql::BodyPiece::Kind::statement && !is_query(sql::read_statement(piece.sql)));
                if (changes) {
                    question.before.push_back((piece.kind == sql::BodyPiece::Kind::dynamic ? "execute " : "") + lower(piece.sql));
                }
            }
            questions.push_back(std::move(question));
        }
    }
    return questions;
}

void add_in_passing(Facts& facts, const Facts& of_code) {
    facts.locks.add_all(of_code.locks);
    facts.rewrites.add_all(of_code.rewrites);
    facts.scans.add_all(of_code.scans);
    for (const auto& name : of_code.fills) {
        add_name(facts.fills, name);
    }
}

CodeEffects touch_do_block(Facts& facts, const Context& ctx, const sql::Statement& statement) {
    if (ctx.depth >= kDeepest) {
        return {.known = false};
    }
    return Code(facts, ctx).take(body_of_block(statement, ctx.now));
}

namespace {

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

std::string key_of(const catalog::Function& function, std::string_view event, const Variables& arguments) {
    std::string key = fmt::format("{} {}", function.definition, event);
    for (const auto& [name, values] : arguments) {
        key += fmt::format("\n{} {}", name, values.front().expression);
    }
    return key;
}

}  // namespace

CodeEffects touch_function(Facts& facts, const Context& ctx, const catalog::Function& function, std::string_view event,
                           const PgQuery__FuncCall* call) {
    if (function.definition.empty() || function.kind == 'a' || function.kind == 'w' || ctx.depth >= kDeepest) {
        return {.known = false};
    }
    const auto read = sql::read_statement(function.definition);
    if (read.kind != "CreateFunctionStmt") {
        return {.known = false};
    }
    const auto& create = *read.node().create_function_stmt;
    const auto arguments = arguments_of(create, call);
    // What a function does that functions call many times, or that calls itself, need be told but once.
    const auto followed = ctx.followed ? ctx.followed : std::make_shared<std::set<std::string>>();
    if (!followed->insert(key_of(function, event, arguments)).second) {
        return {};
    }
    const auto body = body_of(create, function.definition, event, arguments);
    const auto path = own_search_path(read);
    catalog::Catalog inside = ctx.now;
    inside.search_path = path.value_or(inside.search_path);
    Context there = over(ctx, ctx.base, inside);
    there.trigger_depth += event.empty() ? 0 : 1;
    there.followed = followed;
    return Code(facts, there).take(body);
}

namespace {

void touch_sequence(Facts& facts, const Context& ctx, const sql::CalledSequence& called) {
    const auto* relation = ctx.now.find(called.name);
    if (relation == nullptr) {
        return;
    }
    if (called.column.empty()) {
        touch(facts, ctx, relation->name, LockMode::row_exclusive, Reason::takes_number);
        return;
    }
    for (const auto& sequence : ctx.now.sequences_of(relation->name, called.column)) {
        touch(facts, ctx, sequence, LockMode::row_exclusive, Reason::takes_number);
    }
}

}  // namespace

CodeEffects touch_calls(Facts& facts, const Context& ctx, const ProtobufCMessage& query) {
    CodeEffects all;
    catalog::walk(query, [&](const ProtobufCMessage& message) {
        if (message.descriptor != &pg_query__func_call__descriptor) {
            return true;
        }
        const auto& call = reinterpret_cast<const PgQuery__FuncCall&>(message);
        if (const auto sequence = sql::sequence_called(call)) {
            touch_sequence(facts, ctx, *sequence);
        }
        const auto* overloads = ctx.now.find_functions(name_of(call.n_funcname, call.funcname));
        for (const auto& function : overloads == nullptr ? std::vector<catalog::Function>{} : *overloads) {
            if (function.volatility == 'v' && function.name.schema != "pg_catalog") {
                Facts in_passing;
                const auto one = touch_function(in_passing, ctx, function, {}, &call);
                add_in_passing(facts, in_passing);
                facts.runs_code = true;
                all.known = all.known && one.known;
                all.ends_transactions = all.ends_transactions || one.ends_transactions;
            }
        }
        return true;
    });
    return all;
}

void touch_sql_body(Facts& facts, const Context& ctx, const sql::Statement& statement) {
    const auto& create = *statement.node().create_function_stmt;
    const auto body = create.sql_body != nullptr || language_of(create) == "sql" ? body_of(create, statement.sql) : Body{};
    if (body.atomic != nullptr) {
        touch_query(facts, ctx, *body.atomic, Extent::parsed);
    }
    for (const auto& inner : body.statements) {
        if (!inner.opaque()) {
            touch_query(facts, ctx, inner.node().base, Extent::parsed);
        }
    }
}

namespace {

// What the user's functions and procedures that the statement calls consist of.
std::vector<Body> bodies_called(const sql::Statement& statement, const catalog::Catalog& catalog, std::set<std::string>& followed) {
    std::vector<Body> bodies;
    catalog::walk(statement.node().base, [&](const ProtobufCMessage& message) {
        if (message.descriptor != &pg_query__func_call__descriptor) {
            return true;
        }
        const auto& call = reinterpret_cast<const PgQuery__FuncCall&>(message);
        const auto* overloads = catalog.find_functions(name_of(call.n_funcname, call.funcname));
        for (const auto& function : overloads == nullptr ? std::vector<catalog::Function>{} : *overloads) {
            const bool code = function.volatility == 'v' && function.name.schema != "pg_catalog" && !function.definition.empty();
            const auto read = code ? sql::read_statement(function.definition) : sql::Statement{};
            if (read.kind != "CreateFunctionStmt") {
                continue;
            }
            const auto& create = *read.node().create_function_stmt;
            const auto arguments = arguments_of(create, &call);
            if (followed.size() < kMostFollowed && followed.insert(key_of(function, {}, arguments)).second) {
                bodies.push_back(body_of(create, function.definition, {}, arguments));
            }
        }
        return true;
    });
    return bodies;
}

// Whether nothing that was there before is another afterwards.
bool only_adds(const sql::Statement& statement) {
    if (statement.kind != "AlterTableStmt") {
        return statement.kind != "RenameStmt" && statement.kind != "AlterObjectSchemaStmt";
    }
    const auto& alter = *statement.node().alter_table_stmt;
    return std::all_of(alter.cmds, alter.cmds + alter.n_cmds, [](const PgQuery__Node* node) {
        const auto type = node->alter_table_cmd->subtype;
        return type == PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn || type == PG_QUERY__ALTER_TABLE_TYPE__AT_AddConstraint;
    });
}

void apply_branch(const sql::Statement& statement, catalog::Catalog& catalog) {
    const auto before = catalog;
    catalog::apply(statement, catalog);
    for (const auto& name : sql::relations_named(statement)) {
        const auto* then = before.find(name);
        const auto* now = then == nullptr || then->created_by_plan ? nullptr : catalog.relations.find(then->name);
        for (std::size_t i = 0; now != nullptr && i < now->columns.size(); ++i) {
            const auto* column = then->column(now->columns[i].name);
            auto& changed = catalog.relations.at(then->name).columns[i];
            changed.created_by_plan = column != nullptr && column->created_by_plan;
            changed.all_null = column != nullptr && column->all_null && changed.all_null;
        }
    }
}

void apply_body(const Body& body, catalog::Catalog& catalog, std::set<std::string>& followed) {
    for (std::size_t i = 0; i < body.statements.size(); ++i) {
        const auto& statement = body.statements[i];
        if (statement.opaque() || statement.kind == "DropStmt" || statement.kind == "TruncateStmt" ||
            (body.conditional[i] && !only_adds(statement))) {
            continue;
        }
        apply_branch(statement, catalog);
        for (const Body& called : bodies_called(statement, catalog, followed)) {
            apply_body(called, catalog, followed);
        }
    }
}

}  // namespace

bool runs_code(const sql::Statement& statement, const Facts& facts) {
    return !statement.opaque() && (statement.kind == "DoStmt" || statement.kind == "CallStmt" || facts.runs_code);
}

void apply_code(const sql::Statement& statement, const Facts& facts, catalog::Catalog& catalog) {
    if (!runs_code(statement, facts)) {
        return;
    }
    catalog.rows_may_be_gone = true;
    catalog.changed_by_code = true;
    std::set<std::string> followed;
    if (statement.kind == "DoStmt") {
        apply_body(body_of_block(statement, catalog), catalog, followed);
        return;
    }
    for (const Body& body : bodies_called(statement, catalog, followed)) {
        apply_body(body, catalog, followed);
    }
}

void note_filled(const Facts& facts, catalog::Catalog& catalog) {
    for (const auto& name : facts.fills) {
        if (const auto* relation = catalog.find(name); relation != nullptr && !relation->rows_of_plan) {
            catalog.relations.at(relation->name).rows_of_plan = true;
        }
    }
}

}  // namespace pgbelay::analysis
