#include "analysis/common.h"

#include "analysis/code.h"
#include "analysis/row_effects.h"
#include "catalog/walk.h"
#include "sql/quote.h"

#include <fmt/format.h>
#include <pg_query/pg_query.pb-c.h>

#include <algorithm>
#include <set>
#include <utility>

namespace pgbelay::analysis {

namespace {

template <class T>
const T& as(const ProtobufCMessage& message) {
    return reinterpret_cast<const T&>(message);
}

// Names of common table expressions: inside the statement they hide relations. Their scopes are not told apart, which matters
// only where one statement uses a name both ways.
std::set<std::string> cte_names(const ProtobufCMessage& query) {
    std::set<std::string> names;
    catalog::walk(query, [&](const ProtobufCMessage& message) {
        if (message.descriptor == &pg_query__common_table_expr__descriptor) {
            names.insert(text(as<PgQuery__CommonTableExpr>(message).ctename));
        }
        return true;
    });
    return names;
}

const PgQuery__RangeVar* written_by(const ProtobufCMessage& message) {
    if (message.descriptor == &pg_query__insert_stmt__descriptor) {
        return as<PgQuery__InsertStmt>(message).relation;
    }
    if (message.descriptor == &pg_query__update_stmt__descriptor) {
        return as<PgQuery__UpdateStmt>(message).relation;
    }
    if (message.descriptor == &pg_query__delete_stmt__descriptor) {
        return as<PgQuery__DeleteStmt>(message).relation;
    }
    if (message.descriptor == &pg_query__merge_stmt__descriptor) {
        return as<PgQuery__MergeStmt>(message).relation;
    }
    return nullptr;
}

// Every relation in the FROM list of one SELECT, with what it is called there.
struct Source {
    const PgQuery__RangeVar* relation;
    std::string alias;
};

std::vector<Source> from_list(const PgQuery__SelectStmt& select) {
    std::vector<Source> sources;
    for (std::size_t i = 0; i < select.n_from_clause; ++i) {
        catalog::walk(select.from_clause[i]->base, [&](const ProtobufCMessage& message) {
            if (message.descriptor == &pg_query__range_var__descriptor) {
                const auto& relation = as<PgQuery__RangeVar>(message);
                sources.push_back({&relation, relation.alias == nullptr ? text(relation.relname) : text(relation.alias->aliasname)});
            }
            return true;
        });
    }
    return sources;
}

void touch_locked_rows(Facts& facts, const Context& ctx, const PgQuery__SelectStmt& select, const std::set<std::string>& hidden,
                       Extent extent) {
    for (std::size_t i = 0; i < select.n_locking_clause; ++i) {
        const auto& clause = *select.locking_clause[i]->locking_clause;
        std::set<std::string> only;
        for (std::size_t k = 0; k < clause.n_locked_rels; ++k) {
            only.insert(text(clause.locked_rels[k]->range_var->relname));
        }
        for (const auto& source : from_list(select)) {
            const bool cte = text(source.relation->schemaname).empty() && hidden.contains(text(source.relation->relname));
            if (!cte && (only.empty() || only.contains(source.alias))) {
                touch(facts, ctx, name_of(source.relation), LockMode::row_share, Reason::locks_rows);
                if (extent != Extent::parsed) {
                    touch_all(facts, ctx, name_of(source.relation), LockMode::row_share, Reason::locks_rows);
                    for (const auto& storage : storages(ctx, name_of(source.relation), true)) {
                        touch_indexes(facts, ctx, storage, LockMode::row_share, Reason::index_of_used_table);
                    }
                }
            }
        }
    }
}

void touch_read(Facts& facts, const Context& ctx, const PgQuery__RangeVar& relation) {
    if (text(relation.schemaname) == "pg_catalog" || text(relation.schemaname) == "information_schema") {
        return;  // nobody waits for those
    }
    const auto* found = relation.inh ? touch_all(facts, ctx, name_of(&relation), LockMode::access_share, Reason::reads)
                                     : touch(facts, ctx, name_of(&relation), LockMode::access_share, Reason::reads);
    if (found != nullptr && found->kind == 'v') {
        for (const auto& below : below_view(ctx.now, found->name)) {
            touch_all(facts, ctx, below, LockMode::access_share, Reason::reads_through_view);
        }
    }
}

}  // namespace

Inverse nothing_to_undo() {
    return {};
}

Inverse no_inverse(std::string why) {
    return {.possible = false, .why = std::move(why)};
}

Inverse undo(std::vector<std::string> sql) {
    return {.sql = std::move(sql)};
}

Inverse undo_with_loss(std::vector<std::string> sql, std::string why, const QualifiedName& relation) {
    return {.sql = std::move(sql), .loses_data = true, .why = std::move(why), .loss_in = relation};
}

Analysis& run_as_written(Analysis& analysis, const sql::Statement& statement, Inverse inverse, catalog::Condition condition,
                         Method method) {
    analysis.runs.push_back({.sql = statement.sql,
                             .method = method,
                             .locks = analysis.facts.locks,
                             .scans = analysis.facts.scans,
                             .condition = std::move(condition),
                             .inverse = std::move(inverse)});
    return analysis;
}

const catalog::Relation* touch(Facts& facts, const Context& ctx, const QualifiedName& written, LockMode mode, Reason reason) {
    if (written.empty()) {
        return nullptr;
    }
    const auto* found = ctx.now.find(written);
    if (found != nullptr || !ctx.now.loaded) {
        facts.locks.add(lock_on(ctx, written, mode), reason);
    }
    return found;
}

const catalog::Relation* touch_all(Facts& facts, const Context& ctx, const QualifiedName& written, LockMode mode, Reason reason) {
    const auto* found = touch(facts, ctx, written, mode, reason);
    for (const auto& child : descendants(ctx, written)) {
        touch(facts, ctx, child, mode, Reason::stands_below);
    }
    return found;
}

const catalog::Relation* touch_family(Facts& facts, const Context& ctx, const QualifiedName& written, LockMode mode, Reason reason) {
    return is_partitioned(ctx, written) ? touch_all(facts, ctx, written, mode, reason) : touch(facts, ctx, written, mode, reason);
}

void touch_indexes(Facts& facts, const Context& ctx, const QualifiedName& relation, LockMode mode, Reason reason) {
    const auto* found = ctx.now.find(relation);
    for (const auto& index : found == nullptr ? std::vector<catalog::Index>{} : found->indexes) {
        touch(facts, ctx, index.name, mode, reason);
    }
}

void add_rewrites(Facts& facts, const Context& ctx, const QualifiedName& relation, Reason of_table, Reason of_index) {
    for (const auto& storage : storages(ctx, relation, true)) {
        facts.rewrites.add(storage, of_table);
        const auto* found = ctx.now.find(storage);
        for (const auto& index : found == nullptr ? std::vector<catalog::Index>{} : found->indexes) {
            facts.rewrites.add(index.name, of_index);
        }
    }
}

void touch_query(Facts& facts, const Context& ctx, const ProtobufCMessage& query, Extent extent) {
    const auto hidden = cte_names(query);
    std::set<const PgQuery__RangeVar*> targets;
    catalog::walk(query, [&](const ProtobufCMessage& message) {
        if (const auto* target = written_by(message)) {
            targets.insert(target);
            touch_write(facts, ctx, message, extent);
        } else if (message.descriptor == &pg_query__select_stmt__descriptor) {
            touch_locked_rows(facts, ctx, as<PgQuery__SelectStmt>(message), hidden, extent);
        } else if (message.descriptor == &pg_query__locking_clause__descriptor ||
                   message.descriptor == &pg_query__into_clause__descriptor) {
            return false;
        } else if (message.descriptor == &pg_query__range_var__descriptor) {
            const auto& relation = as<PgQuery__RangeVar>(message);
            const bool cte = text(relation.schemaname).empty() && hidden.contains(text(relation.relname));
            if (!cte && !targets.contains(&relation)) {
                touch_read(facts, ctx, relation);
            }
        }
        return true;
    });
    if (extent == Extent::executed) {
        facts.hidden = !touch_calls(facts, ctx, query).known || facts.hidden;
    }
}

void touch_query(Facts& facts, const Context& ctx, const PgQuery__Node* query, Extent extent) {
    if (query != nullptr) {
        touch_query(facts, ctx, query->base, extent);
    }
}

std::vector<QualifiedName> sources_of(const Context& ctx, const PgQuery__Node* query) {
    Facts facts;
    touch_query(facts, ctx, query);
    std::vector<QualifiedName> names;
    for (const auto& lock : facts.locks) {
        const auto* relation = ctx.now.find(lock.relation);
        if (relation == nullptr || relation->kind == 'r' || relation->kind == 'm') {
            names.push_back(lock.relation);
        }
    }
    return names;
}

std::vector<QualifiedName> below_view(const catalog::Catalog& catalog, const QualifiedName& view) {
    std::vector<QualifiedName> found;
    std::vector<QualifiedName> level{view};
    while (!level.empty()) {
        std::vector<QualifiedName> next;
        for (const auto& [name, relation] : catalog.relations) {
            const auto& views = relation.dependent_views;
            const bool used = std::any_of(level.begin(), level.end(), [&](const QualifiedName& above) {
                return std::find(views.begin(), views.end(), above) != views.end();
            });
            if (used && std::find(found.begin(), found.end(), name) == found.end()) {
                found.push_back(name);
                if (relation.kind == 'v') {
                    next.push_back(name);
                }
            }
        }
        level = std::move(next);
    }
    return found;
}

bool refused_in_group(Analysis& analysis, const Context& ctx, std::string_view statement) {
    analysis.facts.transactional = false;
    if (!ctx.in_group) {
        return false;
    }
    analysis.refusal = Refusal{fmt::format("{} cannot run inside a transaction", statement),
                               "move it out of the BEGIN … COMMIT group, into a file of its own where the whole file is one transaction"};
    return true;
}

std::string new_name(const Context& ctx, const QualifiedName& written) {
    return sql::quote_name(ctx.now.resolve_new(written));
}

std::string named(std::string_view verb, const QualifiedName& name) {
    return fmt::format("{} {}", verb, sql::quote_name(name));
}

Refusal already_there(const std::string& what) {
    return {fmt::format("{} is already there, of unknown origin", what),
            "write IF NOT EXISTS if it is the one that is meant, or record the file as deployed: see `pgbelay mark`"};
}

}  // namespace pgbelay::analysis
