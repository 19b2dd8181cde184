#include "analysis/reindex.h"

#include "analysis/relation_facts.h"
#include "analysis/tree_util.h"
#include "sql/quote.h"

#include <fmt/format.h>
#include <pg_query/pg_query.pb-c.h>

#include <algorithm>

namespace pgbelay::analysis {

namespace {

struct Reindex {
    const PgQuery__ReindexStmt& node;
    const sql::Statement& statement;
    const Context& ctx;
    bool concurrent = false;
    std::vector<const catalog::Index*> indexes;  // those that are made anew, as far as they are known
    QualifiedName table;                         // of an index or a table; empty for a schema, a database or the system
};

bool is_concurrent(const PgQuery__ReindexStmt& node) {
    for (std::size_t i = 0; i < node.n_params; ++i) {
        const PgQuery__DefElem& option = *node.params[i]->def_elem;
        if (text(option.defname) != "concurrently") {
            continue;
        }
        const std::string value = string_of(option.arg);
        return option.arg == nullptr || (value != "false" && value != "off" && integer_of(option.arg).value_or(1) != 0);
    }
    return false;
}

void add_indexes_of(const QualifiedName& table, Reindex& reindex) {
    const catalog::Relation* found = reindex.ctx.now.find(table);
    if (found == nullptr) {
        return;
    }
    for (const catalog::Index& index : found->indexes) {
        if (!index.partitioned) {
            reindex.indexes.push_back(&index);
        }
    }
}

Reindex read(const sql::Statement& statement, const Context& ctx) {
    Reindex reindex{*statement.node().reindex_stmt, statement, ctx};
    reindex.concurrent = is_concurrent(reindex.node);
    const QualifiedName written = name_of(reindex.node.relation);
    if (reindex.node.kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_TABLE) {
        reindex.table = found_name(ctx.now, written);
        for (const QualifiedName& table : storages(ctx, written, true)) {
            add_indexes_of(table, reindex);
        }
    } else if (reindex.node.kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_INDEX) {
        if (const catalog::Index* index = ctx.now.find_index(written)) {
            reindex.table = index->table;
            if (!index->partitioned) {
                reindex.indexes.push_back(index);
            }
        }
    } else if (reindex.node.kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_SCHEMA) {
        for (const auto& [name, relation] : ctx.now.relations) {
            if (name.schema == text(reindex.node.name) && (relation.kind == 'r' || relation.kind == 'm')) {
                add_indexes_of(name, reindex);
            }
        }
    }
    return reindex;
}

// As REINDEX takes them: SHARE on the table and ACCESS EXCLUSIVE on the index; SHARE UPDATE EXCLUSIVE on the table when concurrent.
LockFacts locks_of(const Reindex& reindex, bool concurrent) {
    LockFacts locks;
    const LockMode on_table = concurrent ? LockMode::share_update_exclusive : LockMode::share;
    const Reason why = concurrent ? Reason::rebuilds_concurrently : Reason::table_of_rebuilt_index;
    if (!reindex.table.empty() && !is_partitioned(reindex.ctx, reindex.table)) {
        locks.add(lock_on(reindex.ctx, reindex.table, on_table), why);
    }
    for (const catalog::Index* index : reindex.indexes) {
        locks.add(lock_on(reindex.ctx, index->table, on_table), why);
        if (!concurrent) {
            locks.add(lock_on(reindex.ctx, index->name, LockMode::access_exclusive), Reason::rebuilds_index);
        }
    }
    return locks;
}

NameFacts scans_of(const Reindex& reindex) {
    NameFacts scans;
    for (const catalog::Index* index : reindex.indexes) {
        scans.add(index->table, reindex.concurrent ? Reason::reads_for_rebuilding_twice : Reason::reads_for_rebuilding);
    }
    return scans;
}

catalog::Condition valid_indexes(const Reindex& reindex) {
    catalog::Condition condition;
    for (const catalog::Index* index : reindex.indexes) {
        condition.facts.push_back(catalog::IndexIs{index->name, index->table, index->canonical});
    }
    return condition;
}

bool is_system(const QualifiedName& name) {
    return name.schema == "pg_catalog" || name.schema == "pg_toast" || name.name.starts_with("pg_");
}

// Why the server has no concurrent form for this one; empty when it has.
std::string needs_as_written(const Reindex& reindex) {
    const auto kind = reindex.node.kind;
    const QualifiedName written = name_of(reindex.node.relation);
    if (kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_SYSTEM || (!written.empty() && is_system(written))) {
        return "system catalogs cannot be reindexed concurrently";
    }
    if (kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_INDEX && reindex.indexes.size() == 1 && reindex.indexes[0]->exclusion) {
        return "the index of an exclusion constraint cannot be reindexed concurrently";
    }
    if (!reindex.table.empty() && is_fresh(reindex.ctx, reindex.table)) {
        return "nobody else sees a table that this plan makes";
    }
    if (!reindex.table.empty() && reindex.ctx.in_group && is_tiny(reindex.ctx, reindex.table)) {
        return size_reason(reindex.ctx, reindex.table) + ": it stays in the group's transaction";
    }
    return {};
}

// CONCURRENTLY stands behind INDEX, TABLE, SCHEMA or DATABASE, whatever options stand before.
std::string spliced(const sql::Statement& statement) {
    const auto tokens = significant_tokens(statement.sql);
    if (tokens.size() < 2) {
        return statement.sql;
    }
    const std::size_t kind = tokens[1].text == "(" ? past_parenthesis(tokens, 1) : 1;
    if (kind >= tokens.size()) {
        return statement.sql;
    }
    return sql::splice(statement.sql, {{tokens[kind].end, tokens[kind].end, " CONCURRENTLY"}});
}

void add_notes(const Reindex& reindex, Analysis& analysis) {
    for (const catalog::Index* index : reindex.indexes) {
        if (!index->exclusion) {
            continue;
        }
        analysis.notes.push_back(
            fmt::format("{} belongs to an exclusion constraint: the server leaves it out with a warning", sql::quote_name(index->name)));
    }
}

// Several transactions of its own, or outside of any: REINDEX of schemas, databases, and of partitioned relations from 14 on.
bool outside_transactions(const Reindex& reindex) {
    if (reindex.node.kind != PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_INDEX &&
        reindex.node.kind != PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_TABLE) {
        return true;
    }
    return !reindex.table.empty() && is_partitioned(reindex.ctx, reindex.table);
}

Run run_of(const Reindex& reindex, std::string sql, bool concurrent) {
    Run run{.sql = std::move(sql), .locks = locks_of(reindex, concurrent), .scans = scans_of(reindex), .condition = valid_indexes(reindex)};
    run.inverse.why = "a rebuilt index holds what it held before";
    if (concurrent) {
        run.phase = Phase::after;
        run.method = Method::build;
    } else if (outside_transactions(reindex)) {
        run.phase = Phase::after;
        run.method = Method::repeatable;
    }
    run.table = reindex.table;
    if (reindex.node.kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_INDEX) {
        run.index = found_name(reindex.ctx.now, name_of(reindex.node.relation));
    }
    return run;
}

// The leaves' indexes below a partitioned one, at every level.
void add_leaf_indexes(const catalog::Catalog& catalog, const QualifiedName& index, std::vector<const catalog::Index*>& leaves) {
    for (const auto& [name, relation] : catalog.relations) {
        for (const catalog::Index& child : relation.indexes) {
            if (child.parent != index) {
                continue;
            }
            if (child.partitioned) {
                add_leaf_indexes(catalog, child.name, leaves);
            } else {
                leaves.push_back(&child);
            }
        }
    }
}

// The author's statement for another relation: from its kind's word on, and what follows the name is nothing.
std::string on_leaf(const sql::Statement& statement, const QualifiedName& name) {
    const auto tokens = significant_tokens(statement.sql);
    const std::size_t kind = tokens.size() > 1 && tokens[1].text == "(" ? past_parenthesis(tokens, 1) : 1;
    return statement.sql.substr(0, tokens.at(kind).end) + " CONCURRENTLY " + sql::quote_name(name);
}

Run rebuild_leaf(const Reindex& reindex, const QualifiedName& name, const QualifiedName& table, bool index) {
    Run run{.sql = on_leaf(reindex.statement, name),
            .name = "reindex " + name.name,
            .phase = Phase::after,
            .method = Method::build,
            .locks = {lock_on(reindex.ctx, table, LockMode::share_update_exclusive)},
            .scans = {table},
            .inverse = {.why = "a rebuilt index holds what it held before"},
            .table = table};
    if (index) {
        run.index = name;
    }
    for (const catalog::Index& each : reindex.ctx.now.find(table)->indexes) {
        if (!index || each.name == name) {
            run.condition.facts.push_back(catalog::IndexIs{each.name, each.table, each.canonical, reindex.table});
        }
    }
    return run;
}

// Of a partitioned table or index each leaf's on its own: 13 knows no other way, and an interrupted one goes on where it was.
std::vector<Run> rebuild_leaves(const Reindex& reindex) {
    std::vector<Run> runs;
    if (reindex.node.kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_TABLE) {
        for (const QualifiedName& table : storages(reindex.ctx, reindex.table, true)) {
            const catalog::Relation* leaf = reindex.ctx.now.find(table);
            if (leaf != nullptr && leaf->kind == 'r' && !leaf->indexes.empty()) {
                runs.push_back(rebuild_leaf(reindex, table, table, false));
            }
        }
        return runs;
    }
    std::vector<const catalog::Index*> leaves;
    add_leaf_indexes(reindex.ctx.now, found_name(reindex.ctx.now, name_of(reindex.node.relation)), leaves);
    for (const catalog::Index* leaf : leaves) {
        runs.push_back(rebuild_leaf(reindex, leaf->name, leaf->table, true));
    }
    return runs;
}

std::string name_for_people(const Reindex& reindex) {
    const std::string relation = name_of(reindex.node.relation).name;
    return "reindex " + (relation.empty() ? text(reindex.node.name) : relation);
}

}  // namespace

Analysis analyze_reindex(const sql::Statement& statement, const Context& ctx) {
    const Reindex reindex = read(statement, ctx);
    Analysis analysis;
    analysis.name = name_for_people(reindex);
    analysis.facts.transactional = !reindex.concurrent && !outside_transactions(reindex);
    analysis.facts.locks = locks_of(reindex, reindex.concurrent);
    analysis.facts.scans = scans_of(reindex);
    for (const catalog::Index* index : reindex.indexes) {
        analysis.facts.rewrites.add(index->name, reindex.concurrent ? Reason::replaces_index : Reason::rebuilds_index);
    }
    if (ctx.now.server_major == 13 && !reindex.table.empty() && is_partitioned(ctx, reindex.table)) {
        // 13 knows no such REINDEX: it warns, and does nothing (catalog/index.c, reindex_relation).
        analysis.facts.locks = {};
        analysis.facts.scans = {};
        analysis.facts.rewrites = {};
        analysis.facts.locks.add(lock_on(ctx, reindex.table, LockMode::share), Reason::table_of_rebuilt_index);
    }
    if (ctx.in_group && !analysis.facts.transactional) {
        analysis.refusal = Refusal{"this REINDEX cannot run inside a transaction", "move it out of the BEGIN … COMMIT group"};
        return analysis;
    }
    if (ctx.rewrite && !reindex.table.empty() && is_partitioned(ctx, reindex.table) && !is_fresh(ctx, reindex.table)) {
        analysis.runs = rebuild_leaves(reindex);
        if (analysis.runs.empty()) {
            analysis.skip = sql::quote_name(reindex.table) + " has no partition with an index to rebuild";
            return analysis;
        }
        analysis.rewritten = true;
        analysis.why = sql::quote_name(reindex.table) + " is partitioned: each partition's indexes are rebuilt on their own, concurrently";
        add_notes(reindex, analysis);
        return analysis;
    }
    const std::string reason = needs_as_written(reindex);
    if (reindex.concurrent || !ctx.rewrite || !reason.empty()) {
        analysis.why = reindex.concurrent || !ctx.rewrite ? "as the author asked" : reason;
        analysis.runs.push_back(run_of(reindex, statement.sql, reindex.concurrent));
        if (reindex.concurrent) {
            add_notes(reindex, analysis);
        }
        return analysis;
    }
    analysis.runs.push_back(run_of(reindex, spliced(statement), true));
    analysis.rewritten = true;
    analysis.why = "REINDEX makes writers of the table, and readers that would use the index, wait until it is done; CONCURRENTLY does not";
    add_notes(reindex, analysis);
    return analysis;
}

}  // namespace pgbelay::analysis
