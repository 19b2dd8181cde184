#include "analysis/code.h"

#include "analysis/body.h"
#include "catalog/apply.h"
#include "catalog/walk.h"

#include <fmt/format.h>
#include <pg_query/pg_query.pb-c.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

namespace pgbelay::analysis {

namespace {

// Bodies that call functions that call functions: further down nothing is looked at, and nothing claimed.
constexpr int kDeepest = 6;
// Of one statement.
constexpr std::size_t kMostFollowed = 200;

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

// One body, statement after statement. The catalog is copied only for one that changes it.
class Code {
public:
    Code(Facts& facts, const Context& ctx) : facts_(facts), ctx_(ctx) {}

    CodeEffects take(const Body& body) {
        effects_.known = body.known;
        effects_.dynamic = body.dynamic;
        effects_.ends_transactions = body.ends_transactions;
        effects_.left_out = body.left_out;
        effects_.asked = body.asked;
        if (body.atomic != nullptr) {
            Facts found;
            touch_query(found, inner(), *body.atomic);
            effects_.known = !found.hidden;
            add_in_passing(facts_, found);
        }
        for (const auto& inside : body.statements) {
            take(inside.statement);
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
    catalog::Catalog inside = ctx.now;
    inside.search_path = own_search_path(statement).value_or(inside.search_path);
    const auto there = over(ctx, ctx.base, inside);
    const auto body = create.sql_body != nullptr || language_of(create) == "sql" ? body_of(create, statement.sql) : Body{};
    if (body.atomic != nullptr) {
        touch_query(facts, there, *body.atomic, Extent::parsed);
    }
    for (const auto& one : body.statements) {
        if (!one.statement.opaque()) {
            touch_query(facts, there, one.statement.node().base, Extent::parsed);
        }
    }
}

namespace {

// What the user's functions and procedures that the statement calls consist of.
std::vector<std::vector<BodyStatement>> bodies_called(const sql::Statement& statement, const catalog::Catalog& catalog,
                                                      std::set<std::string>& followed) {
    std::vector<std::vector<BodyStatement>> bodies;
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
                bodies.push_back(body_of(create, function.definition, {}, arguments).statements);
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

void apply_body(const std::vector<BodyStatement>& body, catalog::Catalog& catalog, std::set<std::string>& followed) {
    for (const auto& [statement, conditional] : body) {
        if (statement.opaque() || statement.kind == "DropStmt" || statement.kind == "TruncateStmt" ||
            (conditional && !only_adds(statement))) {
            continue;
        }
        apply_branch(statement, catalog);
        for (const auto& called : bodies_called(statement, catalog, followed)) {
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
        apply_body(body_of_block(statement, catalog).statements, catalog, followed);
        return;
    }
    for (const auto& body : bodies_called(statement, catalog, followed)) {
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
