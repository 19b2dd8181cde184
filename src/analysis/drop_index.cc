#include "analysis/drop_index.h"

#include "analysis/index_definition.h"
#include "analysis/partitioned_index.h"
#include "analysis/relation_facts.h"
#include "analysis/tree_util.h"
#include "sql/quote.h"

#include <fmt/format.h>
#include <pg_query/pg_query.pb-c.h>

namespace pgbelay::analysis {

namespace {

// One of the indexes that the statement names.
struct Dropped {
    QualifiedName written;
    QualifiedName name;                     // with its schema
    const catalog::Index* index = nullptr;  // null: not known
    QualifiedName table;                    // empty when not known
};

std::vector<Dropped> dropped_indexes(const PgQuery__DropStmt& drop, const Context& ctx) {
    std::vector<Dropped> all;
    for (std::size_t i = 0; i < drop.n_objects; ++i) {
        Dropped one;
        one.written = name_of_list(drop.objects[i]);
        one.index = ctx.now.find_index(one.written);
        one.name = one.index == nullptr ? ctx.now.resolve(one.written) : one.index->name;
        if (one.index != nullptr) {
            one.table = one.index->table;
        }
        all.push_back(one);
    }
    return all;
}

bool is_absent(const Dropped& dropped, const Context& ctx) {
    return dropped.index == nullptr && ctx.now.loaded && ctx.now.find(dropped.written) == nullptr;
}

LockFacts locks_of(const Dropped& dropped, LockMode mode, const Context& ctx) {
    const bool concurrent = mode == LockMode::share_update_exclusive;
    LockFacts locks;
    if (!dropped.table.empty()) {
        locks.add(lock_on(ctx, dropped.table, mode), concurrent ? Reason::drops_index_concurrently : Reason::table_of_dropped_index);
    }
    locks.add(lock_on(ctx, dropped.name, mode), concurrent ? Reason::drops_index_concurrently : Reason::drops_index);
    if (dropped.index == nullptr || !dropped.index->partitioned) {
        return locks;
    }
    for (const QualifiedName& child : descendants(ctx, dropped.table)) {
        locks.add(lock_on(ctx, child, mode), Reason::index_of_partition_goes_along);
    }
    for (const QualifiedName& child : descendants(ctx, dropped.name)) {
        locks.add(lock_on(ctx, child, mode), Reason::index_of_partition_goes_along);
    }
    return locks;
}

Inverse inverse_of(const Dropped& dropped, const Context& ctx) {
    if (dropped.index == nullptr) {
        return {.possible = false, .why = "the definition of " + sql::quote_name(dropped.name) + " is not known"};
    }
    if (dropped.index->partitioned) {
        return {.sql = recreate_partitioned_index(ctx.now, *dropped.index), .in_parts = true};
    }
    return recreate_index(*dropped.index);
}

catalog::Condition gone(const Dropped& dropped) {
    return {.facts = {catalog::Absent{catalog::Absent::What::index, dropped.name, {}}}};
}

Run concurrent_drop(const Dropped& dropped, bool if_exists, const Context& ctx) {
    return {.sql = fmt::format("DROP INDEX CONCURRENTLY {}{}", if_exists ? "IF EXISTS " : "", sql::quote_name(dropped.name)),
            .name = "drop index " + dropped.name.name,
            .phase = Phase::after,
            .method = Method::drop_concurrently,
            .locks = locks_of(dropped, LockMode::share_update_exclusive, ctx),
            .condition = gone(dropped),
            .inverse = inverse_of(dropped, ctx),
            .index = dropped.name,
            .table = dropped.table};
}

// Why the server does not drop this one concurrently, or drops more than it; empty when it can.
std::string needs_as_written(const Dropped& dropped, bool cascade, const Context& ctx) {
    if (cascade) {
        return "CASCADE drops more than the index, which DROP INDEX CONCURRENTLY cannot";
    }
    if (dropped.index == nullptr) {
        return {};
    }
    const catalog::Index& index = *dropped.index;
    if (!index.constraint.empty()) {
        return fmt::format("{} belongs to constraint {}: the server refuses to drop it; drop the constraint instead",
                           sql::quote_name(index.name), index.constraint);
    }
    if (index.partitioned) {
        return sql::quote_name(index.name) +
               " is on a partitioned table, where DROP INDEX CONCURRENTLY does not exist; the partitions' "
               "indexes go with it, under the locks of all partitions";
    }
    if (index.parent) {
        return sql::quote_name(index.name) + " is part of " + sql::quote_name(*index.parent) + ": the server refuses to drop it alone";
    }
    if (is_fresh(ctx, index.table)) {
        return "nobody else sees a table that this plan makes";
    }
    return {};
}

// The foreign keys that go with the indexes: what CASCADE is for here.
std::vector<catalog::ForeignKeyIn> dropped_keys(const std::vector<Dropped>& all, const Context& ctx) {
    std::vector<catalog::ForeignKeyIn> keys;
    for (const Dropped& dropped : all) {
        if (dropped.index != nullptr) {
            const auto more = ctx.now.foreign_keys_on(*dropped.index).value_or(std::vector<catalog::ForeignKeyIn>{});
            keys.insert(keys.end(), more.begin(), more.end());
        }
    }
    return keys;
}

void note_dropped_keys(const std::vector<Dropped>& all, const Context& ctx, Analysis& analysis) {
    for (const catalog::ForeignKeyIn& key : dropped_keys(all, ctx)) {
        analysis.notes.push_back(
            fmt::format("CASCADE drops foreign key {} of {} too", sql::quote_identifier(key.constraint), sql::quote_name(key.table)));
    }
}

// The indexes come back first, then what stood on them.
Inverse inverse_of(const std::vector<Dropped>& all, bool cascade, const Context& ctx) {
    Inverse whole;
    const auto add = [&](const Inverse& inverse) {
        whole.possible = whole.possible && inverse.possible;
        whole.why = inverse.possible ? whole.why : inverse.why;
        whole.in_parts = whole.in_parts || inverse.in_parts;
        whole.sql.insert(whole.sql.end(), inverse.sql.begin(), inverse.sql.end());
    };
    for (const Dropped& dropped : all) {
        if (!is_absent(dropped, ctx)) {
            add(inverse_of(dropped, ctx));
        }
    }
    for (const Dropped& dropped : all) {
        if (cascade && dropped.index != nullptr) {
            add(recreate_foreign_keys_on(ctx.now, *dropped.index));
        }
    }
    return whole;
}

LockFacts locks_of(const std::vector<Dropped>& all, bool concurrent, bool cascade, const Context& ctx) {
    LockFacts locks;
    for (const Dropped& dropped : all) {
        locks.add_all(locks_of(dropped, concurrent ? LockMode::share_update_exclusive : LockMode::access_exclusive, ctx));
    }
    for (const catalog::ForeignKeyIn& key : cascade ? dropped_keys(all, ctx) : std::vector<catalog::ForeignKeyIn>{}) {
        locks.add(lock_on(ctx, key.table, LockMode::access_exclusive), Reason::foreign_key_goes_along);
    }
    return locks;
}

Run as_written(const std::vector<Dropped>& all, const sql::Statement& statement, bool concurrent, bool cascade, const Context& ctx) {
    Run run{.sql = statement.sql,
            .method = concurrent ? Method::drop_concurrently : Method::transaction,
            .locks = locks_of(all, concurrent, cascade, ctx)};
    for (const Dropped& dropped : all) {
        for (const catalog::Fact& fact : gone(dropped).facts) {
            run.condition.facts.push_back(fact);
        }
    }
    for (const catalog::ForeignKeyIn& key : cascade ? dropped_keys(all, ctx) : std::vector<catalog::ForeignKeyIn>{}) {
        run.condition.facts.push_back(catalog::Absent{catalog::Absent::What::constraint, key.table, key.constraint});
    }
    run.inverse = inverse_of(all, cascade, ctx);
    if (concurrent && !all.empty()) {
        run.index = all.front().name;
        run.table = all.front().table;
    }
    return run;
}

std::string name_for_people(const std::vector<Dropped>& all) {
    std::string name = "drop index";
    for (const Dropped& dropped : all) {
        name += (&dropped == &all.front() ? " " : ", ") + dropped.name.name;
    }
    return name;
}

// Leaves out what IF EXISTS does not find, and says so.
std::vector<Dropped> present(std::vector<Dropped> all, bool if_exists, const Context& ctx, Analysis& analysis) {
    std::vector<Dropped> left;
    for (const Dropped& dropped : all) {
        if (!is_absent(dropped, ctx)) {
            left.push_back(dropped);
        } else if (if_exists) {
            analysis.notes.push_back(fmt::format("index {} is not there", sql::quote_name(dropped.written)));
        } else {
            analysis.notes.push_back(
                fmt::format("index {} is not known here: the server will refuse to drop it", sql::quote_name(dropped.written)));
            left.push_back(dropped);
        }
    }
    return left;
}

}  // namespace

Analysis analyze_drop_index(const sql::Statement& statement, const Context& ctx) {
    const PgQuery__DropStmt& drop = *statement.node().drop_stmt;
    const bool cascade = drop.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
    const bool concurrent = drop.concurrent != 0;
    const bool if_exists = drop.missing_ok != 0;
    Analysis analysis;
    const std::vector<Dropped> named = dropped_indexes(drop, ctx);
    analysis.name = name_for_people(named);
    const std::vector<Dropped> all = present(named, if_exists, ctx, analysis);
    analysis.facts.transactional = !concurrent;
    analysis.facts.locks = locks_of(all, concurrent, cascade, ctx);
    if (all.empty()) {
        analysis.skip = "there is no such index";
        return analysis;
    }
    if (cascade) {
        note_dropped_keys(all, ctx, analysis);
    }
    if (concurrent && ctx.in_group) {
        analysis.refusal = Refusal{"DROP INDEX CONCURRENTLY cannot run inside a transaction", "move it out of the BEGIN … COMMIT group"};
        return analysis;
    }
    std::string reason;
    for (const Dropped& dropped : all) {
        if (reason.empty()) {
            reason = needs_as_written(dropped, cascade, ctx);
        }
    }
    if (reason.empty() && ctx.in_group) {
        reason = "inside a group it stays in the group's transaction: the lock is short, a scan is not needed";
    }
    if (!ctx.rewrite || !reason.empty() || (concurrent && drop.n_objects == 1)) {
        analysis.why = ctx.rewrite ? reason : "as the author asked";
        analysis.runs.push_back(as_written(all, statement, concurrent, cascade, ctx));
        return analysis;
    }
    for (const Dropped& dropped : all) {
        analysis.runs.push_back(concurrent_drop(dropped, if_exists, ctx));
    }
    analysis.rewritten = true;
    analysis.why =
        "DROP INDEX takes ACCESS EXCLUSIVE on the table and everybody queues behind it; CONCURRENTLY lets reads and writes go on";
    return analysis;
}

}  // namespace pgbelay::analysis
