#include "analysis/create_table_as.h"

#include "analysis/common.h"
#include "sql/quote.h"

#include <fmt/format.h>
#include <pg_query/pg_query.pb-c.h>

#include <algorithm>

namespace pgbelay::analysis {

namespace {

struct Filled {
    const PgQuery__IntoClause* into;
    const PgQuery__Node* query;
    char kind;
    bool if_not_exists;
};

Analysis filled_relation(const Filled& filled, const sql::Statement& statement, const Context& ctx) {
    const bool matview = filled.kind == 'm';
    const auto name = ctx.now.resolve_new(name_of(filled.into->rel));
    Analysis analysis;
    analysis.name = named(matview ? "create materialized view" : "create table", name);
    if (text(filled.into->rel->relpersistence) == "t" && !ctx.in_group) {
        analysis.refusal = Refusal{"a temporary table cannot outlive its transaction here: later steps run on other connections",
                                   "put it and all that uses it between BEGIN and COMMIT, or make an ordinary table"};
        return analysis;
    }
    if (const auto* existing = ctx.now.find(name)) {
        const auto what = fmt::format("{} {}", existing->kind == 'm' ? "materialized view" : "relation", sql::quote_name(name));
        if (filled.if_not_exists) {
            analysis.skip = what + " is already there; its query was not compared";
        } else {
            analysis.refusal = already_there(what);
        }
        return analysis;
    }
    touch_query(analysis.facts, ctx, filled.query);
    if (!filled.into->skip_data) {
        for (const auto& source : sources_of(ctx, filled.query)) {
            analysis.facts.scans.add(source, Reason::fills_new_table);
        }
    }
    if (text(filled.into->rel->relpersistence) == "t") {
        return run_as_written(analysis, statement, nothing_to_undo());
    }
    const auto drop = fmt::format("DROP {} {}", matview ? "MATERIALIZED VIEW" : "TABLE", sql::quote_name(name));
    auto inverse = matview ? undo({drop}) : undo_with_loss({drop}, fmt::format("the rows of {}", sql::quote_name(name)), name);
    // Only ACCESS SHARE on what it reads: it may run for as long as it needs.
    const auto method = ctx.in_group ? Method::transaction : Method::validate;
    return run_as_written(analysis, statement, std::move(inverse), {.facts = {catalog::RelationIs{name, filled.kind}}}, method);
}

// REFRESH … CONCURRENTLY needs a unique index over plain columns and all rows, and a matview that was filled before.
bool can_refresh_concurrently(const catalog::Relation& view) {
    return view.populated && std::any_of(view.indexes.begin(), view.indexes.end(), [](const catalog::Index& index) {
               return index.unique && index.valid && !index.has_expressions && !index.predicate;
           });
}

std::string concurrently(const sql::Statement& statement) {
    const auto tokens = significant_tokens(statement.sql);
    const auto at = find_keyword(tokens, "view");
    return at == tokens.size() ? statement.sql : sql::splice(statement.sql, {{tokens[at].end, tokens[at].end, " CONCURRENTLY"}});
}

}  // namespace

Analysis analyze_create_table_as(const sql::Statement& statement, const Context& ctx) {
    const auto& create = *statement.node().create_table_as_stmt;
    const char kind = create.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW ? 'm' : 'r';
    return filled_relation({create.into, create.query, kind, create.if_not_exists != 0}, statement, ctx);
}

Analysis analyze_select_into(const sql::Statement& statement, const Context& ctx) {
    return filled_relation({statement.node().select_stmt->into_clause, &statement.node(), 'r', false}, statement, ctx);
}

Analysis analyze_refresh_matview(const sql::Statement& statement, const Context& ctx) {
    const auto& refresh = *statement.node().refresh_mat_view_stmt;
    Analysis analysis;
    const auto* view =
        touch(analysis.facts, ctx, name_of(refresh.relation), refresh.concurrent ? LockMode::exclusive : LockMode::access_exclusive,
              refresh.concurrent ? Reason::refreshes_concurrently : Reason::refreshes);
    const auto name = found_name(ctx.now, name_of(refresh.relation));
    analysis.name = named("refresh materialized view", name);
    if (!refresh.concurrent) {
        touch_indexes(analysis.facts, ctx, name, LockMode::access_exclusive, Reason::index_of_rewritten_table);
        add_rewrites(analysis.facts, ctx, name, Reason::refreshes);
        analysis.facts.scans.add(name, Reason::refreshes);
    } else {
        touch_indexes(analysis.facts, ctx, name, LockMode::row_exclusive, Reason::index_of_used_table);
    }
    for (const auto& source : below_view(ctx.now, name)) {
        touch(analysis.facts, ctx, source, LockMode::access_share, Reason::fills_matview);
        analysis.facts.scans.add(source, Reason::fills_matview);
    }
    // What the plan itself made goes with it.
    auto inverse =
        is_fresh(ctx, name) ? nothing_to_undo() : no_inverse(fmt::format("the former contents of {} are not kept", sql::quote_name(name)));
    if (!ctx.in_group && !refresh.concurrent && !refresh.skip_data && ctx.rewrite && view != nullptr && can_refresh_concurrently(*view)) {
        run_as_written(analysis, statement, std::move(inverse), {}, Method::validate);
        auto& run = analysis.runs.back();
        run.sql = concurrently(statement);
        for (auto& lock : run.locks) {
            lock.mode = std::min(lock.mode, LockMode::exclusive);
        }
        analysis.rewritten = true;
        analysis.why = "a plain REFRESH keeps readers out for as long as the query runs; CONCURRENTLY lets them read";
        return analysis;
    }
    if (!refresh.concurrent) {
        analysis.notes.push_back(fmt::format(
            "readers of {} wait while it is filled; a unique index on it makes REFRESH … CONCURRENTLY possible", sql::quote_name(name)));
    }
    const bool lets_work = refresh.concurrent && !ctx.in_group;
    return run_as_written(analysis, statement, std::move(inverse), {}, lets_work ? Method::validate : Method::transaction);
}

}  // namespace pgbelay::analysis
