#include "analysis/dml.h"

#include "analysis/common.h"
#include "analysis/row_effects.h"
#include "catalog/walk.h"
#include "sql/quote.h"

#include <fmt/format.h>
#include <pg_query/pg_query.pb-c.h>

#include <algorithm>
#include <set>

namespace pgbelay::analysis {

namespace {

// Functions called anywhere in the statement, by their names as written.
std::vector<QualifiedName> calls_in(const sql::Statement& statement) {
    std::vector<QualifiedName> names;
    catalog::walk(statement.node().base, [&](const ProtobufCMessage& message) {
        if (message.descriptor == &pg_query__func_call__descriptor) {
            const auto& call = reinterpret_cast<const PgQuery__FuncCall&>(message);
            add_name(names, name_of(call.n_funcname, call.funcname));
        }
        return true;
    });
    return names;
}

// A lock that belongs to the session stays behind on a connection that later steps do not use.
std::optional<Refusal> session_lock(const sql::Statement& statement) {
    static const std::set<std::string> kSession{"pg_advisory_lock", "pg_advisory_lock_shared", "pg_try_advisory_lock",
                                                "pg_try_advisory_lock_shared"};
    for (const auto& name : calls_in(statement)) {
        if (kSession.contains(name.name)) {
            auto transactional = name.name;
            transactional.insert(transactional.find("advisory_") + std::string_view("advisory_").size(), "xact_");
            return Refusal{fmt::format("{}() takes a lock of the session, which cannot outlive its transaction here", name.name),
                           fmt::format("use {}(); one deployment at a time is ensured anyway", transactional)};
        }
    }
    return {};
}

bool all_fresh(const Facts& facts, const Context& ctx) {
    return !facts.writes.empty() &&
           std::all_of(facts.writes.begin(), facts.writes.end(), [&](const QualifiedName& name) { return is_fresh(ctx, name); });
}

// An UPDATE of nothing but columns that this plan added is undone together with them.
bool only_new_columns(const sql::Statement& statement, const Facts& facts, const Context& ctx) {
    if (statement.node().node_case != PG_QUERY__NODE__NODE_UPDATE_STMT || facts.writes.size() != 1) {
        return false;
    }
    const auto& update = *statement.node().update_stmt;
    const auto* table = ctx.now.find(name_of(update.relation));
    for (std::size_t i = 0; i < update.n_target_list; ++i) {
        const auto& target = *update.target_list[i];
        const auto* column = table == nullptr || target.node_case != PG_QUERY__NODE__NODE_RES_TARGET
                                 ? nullptr
                                 : table->column(text(target.res_target->name));
        if (column == nullptr || !column->created_by_plan) {
            return false;
        }
    }
    return true;
}

Inverse inverse_of_write(const sql::Statement& statement, const Facts& facts, const Context& ctx) {
    if (all_fresh(facts, ctx) || only_new_columns(statement, facts, ctx)) {
        return nothing_to_undo();
    }
    const auto where = facts.writes.empty() ? std::string("the table") : sql::quote_name(facts.writes.front());
    if (statement.kind == "InsertStmt" || statement.kind == "CopyStmt") {
        return no_inverse(fmt::format("the rows put into {} cannot be told from others afterwards", where));
    }
    return no_inverse(fmt::format("the former rows of {} are not kept", where));
}

std::string target_of(const Facts& facts, const Context& ctx, const PgQuery__RangeVar* relation) {
    return !facts.writes.empty() ? sql::quote_name(facts.writes.front()) : sql::quote_name(found_name(ctx.now, name_of(relation)));
}

std::string_view verb_of(const std::string& kind) {
    return kind == "InsertStmt" ? "insert into" : kind == "UpdateStmt" ? "update" : kind == "DeleteStmt" ? "delete from" : "merge into";
}

const PgQuery__RangeVar* relation_of(const PgQuery__Node& node) {
    switch (node.node_case) {
        case PG_QUERY__NODE__NODE_INSERT_STMT: return node.insert_stmt->relation;
        case PG_QUERY__NODE__NODE_UPDATE_STMT: return node.update_stmt->relation;
        case PG_QUERY__NODE__NODE_DELETE_STMT: return node.delete_stmt->relation;
        default: return node.merge_stmt->relation;
    }
}

bool reads_whole_table(const PgQuery__Node& node) {
    return (node.node_case == PG_QUERY__NODE__NODE_UPDATE_STMT && node.update_stmt->where_clause == nullptr) ||
           (node.node_case == PG_QUERY__NODE__NODE_DELETE_STMT && node.delete_stmt->where_clause == nullptr);
}

// Functions of a user's that may write; the server's own that change something are few.
std::vector<std::string> effects_of(const sql::Statement& statement, const Context& ctx) {
    static const std::set<std::string> kEffects{"setval",
                                                "nextval",
                                                "pg_notify",
                                                "dblink_exec",
                                                "pg_terminate_backend",
                                                "pg_cancel_backend",
                                                "pg_reload_conf",
                                                "create_hypertable",
                                                "lo_create",
                                                "lo_import",
                                                "lo_unlink"};
    std::vector<std::string> found;
    for (const auto& name : calls_in(statement)) {
        const auto* overloads = ctx.now.find_functions(name);
        const bool volatile_one = overloads != nullptr && std::any_of(overloads->begin(), overloads->end(), [](const auto& function) {
                                      return function.volatility == 'v' && function.name.schema != "pg_catalog";
                                  });
        if (volatile_one || kEffects.contains(name.name)) {
            found.push_back(name.name);
        }
    }
    return found;
}

void touch_referencing(Facts& facts, const Context& ctx, const QualifiedName& table, std::vector<QualifiedName>& done) {
    add_name(done, table);
    const auto* relation = ctx.now.find(table);
    for (const auto& key : relation == nullptr ? std::vector<catalog::ForeignKeyIn>{} : *relation->referenced_by) {
        if (std::find(done.begin(), done.end(), key.table) == done.end()) {
            touch_all(facts, ctx, key.table, LockMode::access_exclusive, Reason::truncated_along);
            touch_referencing(facts, ctx, key.table, done);
        }
    }
}

}  // namespace

Analysis analyze_select(const sql::Statement& statement, const Context& ctx) {
    Analysis analysis;
    analysis.name = "select";
    touch_query(analysis.facts, ctx, &statement.node());
    if (auto refusal = session_lock(statement)) {
        analysis.refusal = std::move(refusal);
        return analysis;
    }
    const auto effects = effects_of(statement, ctx);
    if (!effects.empty()) {
        analysis.name = "select " + effects.front();
        analysis.facts.opaque = analysis.facts.hidden || ctx.now.find_functions({"", effects.front()}) == nullptr;
        return run_as_written(analysis, statement, no_inverse(fmt::format("what {}() did cannot be undone", effects.front())));
    }
    // A data-modifying common table expression makes a SELECT a write.
    auto inverse = analysis.facts.writes.empty() ? nothing_to_undo() : inverse_of_write(statement, analysis.facts, ctx);
    return run_as_written(analysis, statement, std::move(inverse));
}

Analysis analyze_write(const sql::Statement& statement, const Context& ctx) {
    const auto& node = statement.node();
    Analysis analysis;
    touch_query(analysis.facts, ctx, &node);
    const auto* relation = relation_of(node);
    analysis.name = fmt::format("{} {}", verb_of(statement.kind), sql::quote_name(found_name(ctx.now, name_of(relation))));
    if (auto refusal = session_lock(statement)) {
        analysis.refusal = std::move(refusal);
        return analysis;
    }
    if (reads_whole_table(node)) {
        analysis.facts.scans.add(found_name(ctx.now, name_of(relation)), Reason::changes_every_row);
        if (!is_tiny(ctx, name_of(relation))) {
            analysis.notes.push_back(fmt::format("every row of {} is changed in one transaction: each stays locked until the commit",
                                                 sql::quote_name(found_name(ctx.now, name_of(relation)))));
        }
    }
    return run_as_written(analysis, statement, inverse_of_write(statement, analysis.facts, ctx));
}

Analysis analyze_copy(const sql::Statement& statement, const Context& ctx) {
    const auto& copy = *statement.node().copy_stmt;
    Analysis analysis;
    touch_query(analysis.facts, ctx, copy.query);
    if (copy.relation == nullptr || !copy.is_from) {
        if (copy.relation != nullptr) {
            touch(analysis.facts, ctx, name_of(copy.relation), LockMode::access_share, Reason::reads);
        }
        analysis.name = "copy to " + (text(copy.filename).empty() ? std::string("stdout") : text(copy.filename));
        return run_as_written(analysis, statement,
                              analysis.facts.writes.empty() ? nothing_to_undo() : inverse_of_write(statement, analysis.facts, ctx));
    }
    // From a file or a program, nobody knows how many.
    const bool rows = !statement.copy_data || !statement.copy_data->empty();
    touch_copy_from(analysis.facts, ctx, copy, rows);
    add_name(analysis.facts.writes, found_name(ctx.now, name_of(copy.relation)));
    analysis.name = "copy into " + target_of(analysis.facts, ctx, copy.relation);
    return run_as_written(analysis, statement, inverse_of_write(statement, analysis.facts, ctx));
}

Analysis analyze_truncate(const sql::Statement& statement, const Context& ctx) {
    const auto& truncate = *statement.node().truncate_stmt;
    Analysis analysis;
    std::vector<QualifiedName> done;
    for (std::size_t i = 0; i < truncate.n_relations; ++i) {
        const auto& relation = *truncate.relations[i]->range_var;
        if (relation.inh) {
            touch_all(analysis.facts, ctx, name_of(&relation), LockMode::access_exclusive, Reason::truncates);
        } else {
            touch(analysis.facts, ctx, name_of(&relation), LockMode::access_exclusive, Reason::truncates);
        }
        add_name(analysis.facts.writes, found_name(ctx.now, name_of(&relation)));
        if (truncate.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE) {
            touch_referencing(analysis.facts, ctx, found_name(ctx.now, name_of(&relation)), done);
        }
    }
    for (const auto& lock : std::vector<RelationLock>(analysis.facts.locks.items())) {
        touch_truncate_triggers(analysis.facts, ctx, lock.relation);
        add_name(analysis.facts.writes, lock.relation);
        if (!is_partitioned(ctx, lock.relation)) {
            touch_indexes(analysis.facts, ctx, lock.relation, LockMode::access_exclusive, Reason::index_of_truncated_table);
        }
        add_rewrites(analysis.facts, ctx, lock.relation, Reason::gets_empty_file, Reason::index_of_truncated_table);
        for (const auto& sequence : truncate.restart_seqs ? ctx.now.sequences_of(lock.relation) : std::vector<QualifiedName>{}) {
            touch(analysis.facts, ctx, sequence, LockMode::access_exclusive, Reason::sequence_restarts);
            analysis.facts.rewrites.add(sequence, Reason::sequence_restarts);
        }
    }
    analysis.name = "truncate " + (analysis.facts.writes.empty() ? std::string() : sql::quote_name(analysis.facts.writes.front()));
    return run_as_written(analysis, statement,
                          all_fresh(analysis.facts, ctx) ? nothing_to_undo() : no_inverse("the rows that TRUNCATE removes are not kept"));
}

}  // namespace pgbelay::analysis
