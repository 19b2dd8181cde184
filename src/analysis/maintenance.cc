#include "analysis/maintenance.h"

#include "analysis/common.h"
#include "sql/quote.h"

#include <fmt/format.h>
#include <pg_query/pg_query.pb-c.h>

#include <algorithm>

namespace pgbelay::analysis {

namespace {

bool has_option(std::size_t count, PgQuery__Node* const* options, std::string_view name) {
    return std::any_of(options, options + count, [&](const PgQuery__Node* option) {
        if (option->node_case != PG_QUERY__NODE__NODE_DEF_ELEM || text(option->def_elem->defname) != name) {
            return false;
        }
        const auto value = string_of(option->def_elem->arg);
        return value != "false" && value != "off" && integer_of(option->def_elem->arg).value_or(1) != 0;
    });
}

}  // namespace

Analysis analyze_lock(const sql::Statement& statement, const Context& ctx) {
    const auto& lock = *statement.node().lock_stmt;
    Analysis analysis;
    analysis.name = "lock";
    const auto mode = static_cast<LockMode>(std::clamp(lock.mode, 1, 8));
    for (std::size_t i = 0; i < lock.n_relations; ++i) {
        const auto& relation = *lock.relations[i]->range_var;
        const auto* found = relation.inh ? touch_all(analysis.facts, ctx, name_of(&relation), mode, Reason::locks_table)
                                         : touch(analysis.facts, ctx, name_of(&relation), mode, Reason::locks_table);
        analysis.name += (i == 0 ? " " : ", ") + sql::quote_name(found_name(ctx.now, name_of(&relation)));
        // Locking a view locks what it reads.
        for (const auto& below : found != nullptr && found->kind == 'v' ? below_view(ctx.now, found->name) : std::vector<QualifiedName>{}) {
            touch_all(analysis.facts, ctx, below, mode, Reason::locks_through_view);
        }
    }
    if (!ctx.in_group) {
        analysis.notes.emplace_back("outside of BEGIN … COMMIT the lock is given up at once: it protects nothing");
    }
    return run_as_written(analysis, statement, nothing_to_undo());
}

Analysis analyze_vacuum(const sql::Statement& statement, const Context& ctx) {
    const auto& vacuum = *statement.node().vacuum_stmt;
    const bool only_analyze = vacuum.is_vacuumcmd == 0;
    const bool full = !only_analyze && has_option(vacuum.n_options, vacuum.options, "full");
    Analysis analysis;
    analysis.name = only_analyze ? "analyze" : full ? "vacuum full" : "vacuum";
    for (std::size_t i = 0; i < vacuum.n_rels; ++i) {
        const auto written = name_of(vacuum.rels[i]->vacuum_relation->relation);
        touch_all(analysis.facts, ctx, written, full ? LockMode::access_exclusive : LockMode::share_update_exclusive,
                  full           ? Reason::vacuums_full
                  : only_analyze ? Reason::analyzes
                                 : Reason::vacuums);
        analysis.name += (i == 0 ? " " : ", ") + sql::quote_name(found_name(ctx.now, written));
        if (full) {
            touch_indexes(analysis.facts, ctx, written, LockMode::access_exclusive, Reason::index_of_rewritten_table);
            add_rewrites(analysis.facts, ctx, written, Reason::vacuums_full);
        }
    }
    if (!only_analyze && refused_in_group(analysis, ctx, full ? "VACUUM FULL" : "VACUUM")) {
        return analysis;
    }
    if (full) {
        analysis.notes.emplace_back("VACUUM FULL keeps readers and writers out for as long as it copies the table");
    }
    const auto method = only_analyze && ctx.in_group ? Method::transaction : Method::repeatable;
    return run_as_written(analysis, statement, nothing_to_undo(), {}, method);
}

Analysis analyze_cluster(const sql::Statement& statement, const Context& ctx) {
    const auto& cluster = *statement.node().cluster_stmt;
    Analysis analysis;
    if (cluster.relation == nullptr) {
        analysis.name = "cluster";
        if (refused_in_group(analysis, ctx, "CLUSTER of all tables")) {
            return analysis;
        }
        analysis.facts.opaque = true;
        return run_as_written(analysis, statement, nothing_to_undo(), {}, Method::repeatable);
    }
    touch_all(analysis.facts, ctx, name_of(cluster.relation), LockMode::access_exclusive, Reason::clusters);
    add_rewrites(analysis.facts, ctx, name_of(cluster.relation), Reason::clusters);
    for (const auto& storage : storages(ctx, name_of(cluster.relation), true)) {
        touch_indexes(analysis.facts, ctx, storage, LockMode::access_exclusive, Reason::index_of_rewritten_table);
        analysis.facts.scans.add(storage, Reason::clusters);
    }
    const auto name = found_name(ctx.now, name_of(cluster.relation));
    analysis.name = named("cluster", name);
    analysis.notes.push_back(
        fmt::format("CLUSTER keeps readers and writers of {} out for as long as it copies the table", sql::quote_name(name)));
    return run_as_written(analysis, statement,
                          no_inverse(fmt::format("the former order of the rows of {} is not kept", sql::quote_name(name))));
}

Analysis analyze_server_statement(const sql::Statement& statement, const Context& ctx) {
    const auto tokens = significant_tokens(statement.sql);
    std::string words;
    std::string label;
    for (std::size_t i = 0; i < std::min<std::size_t>(tokens.size(), 3); ++i) {
        label += (i == 0 ? "" : " ") + tokens[i].text;
        if (i < 2) {
            words += (i == 0 ? "" : " ") + tokens[i].text;
        }
    }
    Analysis analysis;
    analysis.name = label;
    analysis.notes.emplace_back(
        "it runs outside of a transaction, and nothing shows afterwards whether it has run: "
        "if it is interrupted, a person decides");
    if (refused_in_group(analysis, ctx, words)) {
        return analysis;
    }
    return run_as_written(analysis, statement, no_inverse("no way back is known for a statement that concerns the whole server"), {},
                          statement.kind == "CheckPointStmt" ? Method::repeatable : Method::once);
}

}  // namespace pgbelay::analysis
