#include "analysis/alter_table_parts.h"
#include "analysis/names.h"
#include "analysis/partitioned_index.h"
#include "analysis/relation_facts.h"
#include "analysis/tree_util.h"
#include "catalog/names.h"
#include "sql/quote.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace pgbelay::analysis {

using sql::quote_identifier;
using sql::quote_name;

namespace {

QualifiedName child_of(const AlterTable& work, const PgQuery__AlterTableCmd& command) {
    return found_name(work.ctx.now, name_of(command.def->partition_cmd->name));
}

QualifiedName default_partition(const AlterTable& work, const QualifiedName& but) {
    for (const QualifiedName& sibling : work.now == nullptr ? std::vector<QualifiedName>{} : *work.now->children) {
        const catalog::Relation* found = work.ctx.now.find(sibling);
        if (found != nullptr && found->partition_bound == "DEFAULT" && sibling != but) {
            return sibling;
        }
    }
    return {};
}

std::string form(const AlterTable& work, const std::string& key) {
    const auto* found = work.ctx.now.canonical_forms.find(key);
    return found == nullptr ? std::string() : *found;
}

// What every row of the new partition must fulfil, in the server's own words: its bound, and all that bounds its parent.
std::string whole_constraint(const AlterTable& work, const std::string& bound) {
    const std::string above = form(work, "partition " + quote_name(work.table));
    return above.empty() ? bound : fmt::format("({} AND {})", above, bound);
}

// `(a AND (b AND c))` in the server's form, which has parentheses around everything, as its parts.
void add_conjuncts(const std::string& expression, std::set<std::string>& parts) {
    const auto tokens = significant_tokens(expression);
    std::vector<std::size_t> ands;
    int depth = 0;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        depth += tokens[i].text == "(" ? 1 : tokens[i].text == ")" ? -1 : 0;
        if (depth == 1 && tokens[i].keyword && tokens[i].text == "and") {
            ands.push_back(i);
        }
    }
    if (ands.empty() || past_parenthesis(tokens, 0) != tokens.size()) {
        parts.insert(expression);
        return;
    }
    ands.push_back(tokens.size() - 1);
    std::size_t from = 1;
    for (const std::size_t to : ands) {
        add_conjuncts(expression.substr(tokens[from].begin, tokens[to - 1].end - tokens[from].begin), parts);
        from = to + 1;
    }
}

// Whether checks that hold already and NOT NULL say all of it: then the server reads nothing, and nothing has to be proved.
bool proved(const AlterTable& work, const QualifiedName& table, const std::string& expression) {
    const catalog::Relation* found = work.ctx.now.find(table);
    if (found == nullptr) {
        return false;
    }
    std::set<std::string> known;
    for (const catalog::Constraint& constraint : found->constraints) {
        if (constraint.type == 'c' && constraint.validated && constraint.enforced) {
            add_conjuncts(constraint.expression, known);
        }
    }
    for (const catalog::Column& column : found->columns) {
        if (column.not_null) {
            known.insert(fmt::format("({} IS NOT NULL)", quote_identifier(column.name)));
        }
    }
    std::set<std::string> wanted;
    add_conjuncts(expression, wanted);
    return std::ranges::includes(known, wanted);
}

std::vector<RelationLock> locks_below(const AlterTable& work, const QualifiedName& table, LockMode mode) {
    std::vector<RelationLock> locks = {lock_on(work.ctx, table, mode)};
    for (const QualifiedName& child : descendants(work.ctx, table)) {
        add_lock(locks, lock_on(work.ctx, child, mode));
    }
    return locks;
}

// Proves ahead what ATTACH would read the table for under its strongest lock. The check goes with the attachment.
void prove(AlterTable& work, const QualifiedName& table, const std::string& expression) {
    const std::string name = temporary_name(work.ctx, catalog::make_object_name(table.name, "", "bound"));
    const std::string alter = "ALTER TABLE " + quote_name(table) + " ";
    work.before.push_back({.sql = fmt::format("{}ADD CONSTRAINT {} CHECK ({}) NOT VALID", alter, quote_identifier(name), expression),
                           .name = fmt::format("add {} not valid", name),
                           .phase = Phase::before,
                           .locks = locks_below(work, table, LockMode::access_exclusive),
                           .condition = {.facts = {catalog::ConstraintIs{table, name, 'c', {}, false}}},
                           .inverse = {.sql = {fmt::format("{}DROP CONSTRAINT IF EXISTS {}", alter, quote_identifier(name))}},
                           .table = table});
    work.before.push_back({.sql = fmt::format("{}VALIDATE CONSTRAINT {}", alter, quote_identifier(name)),
                           .name = "validate " + name,
                           .phase = Phase::before,
                           .method = Method::validate,
                           .locks = locks_below(work, table, LockMode::share_update_exclusive),
                           .scans = storages(work.ctx, table, true),
                           .condition = {.facts = {catalog::ConstraintIs{table, name, 0, {}, true}}},
                           .inverse = {.why = "the check goes with the attachment"},
                           .table = table});
    work.inside.push_back({.sql = fmt::format("{}DROP CONSTRAINT {}", alter, quote_identifier(name)),
                           .name = "drop helper check " + name,
                           .locks = locks_below(work, table, LockMode::access_exclusive),
                           .condition = {.facts = {catalog::Absent{catalog::Absent::What::constraint, table, name}}},
                           .inverse = {.why = "the check was there to prove what the partition holds"},
                           .table = table});
}

void no_scan(AlterTable& work, const QualifiedName& table) {
    std::vector<QualifiedName>& scans = work.kept.back().scans;
    for (const QualifiedName& storage : storages(work.ctx, table, true)) {
        std::erase(scans, storage);
    }
}

bool has_foreign_key(const catalog::Relation& table, const catalog::Constraint& wanted) {
    return std::ranges::any_of(table.constraints, [&](const catalog::Constraint& constraint) {
        return constraint.type == 'f' && constraint.definition == wanted.definition && constraint.validated;
    });
}

// ATTACH copies the parent's foreign keys, and checks all rows against them, unless the table has them.
void foreign_keys_ahead(AlterTable& work, const catalog::Relation& child) {
    for (const catalog::Constraint& constraint : work.now->constraints) {
        if (constraint.type != 'f' || !constraint.references || has_foreign_key(child, constraint) ||
            child.constraint(constraint.name) != nullptr) {
            continue;
        }
        add_lock(work.kept.back().locks, lock_on(work.ctx, *constraint.references, LockMode::access_exclusive));
        const std::string alter = "ALTER TABLE " + quote_name(child.name) + " ";
        const std::string name = quote_identifier(constraint.name);
        work.before.push_back({.sql = fmt::format("{}ADD CONSTRAINT {} {} NOT VALID", alter, name, constraint.definition),
                               .name = fmt::format("add {} to {} not valid", constraint.name, child.name.name),
                               .phase = Phase::before,
                               .locks = {lock_on(work.ctx, child.name, LockMode::share_row_exclusive),
                                         lock_on(work.ctx, *constraint.references, LockMode::share_row_exclusive)},
                               .condition = {.facts = {catalog::ConstraintIs{child.name, constraint.name, 'f', {}, false}}},
                               .inverse = {.sql = {fmt::format("{}DROP CONSTRAINT IF EXISTS {}", alter, name)}},
                               .table = child.name});
        work.before.push_back({.sql = fmt::format("{}VALIDATE CONSTRAINT {}", alter, name),
                               .name = fmt::format("validate {} of {}", constraint.name, child.name.name),
                               .phase = Phase::before,
                               .method = Method::validate,
                               .locks = {lock_on(work.ctx, child.name, LockMode::share_update_exclusive),
                                         lock_on(work.ctx, *constraint.references, LockMode::row_share)},
                               .scans = {child.name},
                               .condition = {.facts = {catalog::ConstraintIs{child.name, constraint.name, 0, {}, true}}},
                               .inverse = {.why = "it goes with the key"},
                               .table = child.name});
    }
}

// Indexes, keys and foreign keys that the server would make on the new partition under its locks.
void make_ahead(AlterTable& work, const catalog::Relation& child) {
    const std::size_t before = work.before.size();
    for (const catalog::Index& index : work.now->indexes) {
        for (Run& run : runs_for_child(work.ctx, index, child.name, Phase::before)) {
            work.before.push_back(std::move(run));
        }
    }
    if (child.kind == 'r') {
        foreign_keys_ahead(work, child);
    }
    if (work.before.size() != before) {
        work.because(fmt::format("what {} has and {} lacks is made before, since ATTACH would make it under its locks",
                                 quote_name(work.table), quote_name(child.name)));
    }
}

// Dropping what ATTACH PARTITION made on a small or new partition by itself, and DETACH leaves there.
std::vector<std::string> drop_what_attach_makes(const AlterTable& work, const catalog::Relation& child) {
    std::vector<std::string> sql;
    const std::string alter = "ALTER TABLE " + quote_name(child.name) + " DROP CONSTRAINT IF EXISTS ";
    for (const catalog::Constraint& constraint : work.now->constraints) {
        if (constraint.type == 'f' && !has_foreign_key(child, constraint) && child.constraint(constraint.name) == nullptr) {
            sql.push_back(alter + quote_identifier(constraint.name));
        }
    }
    for (const catalog::Index& index : work.now->indexes) {
        const std::vector<Run> runs = runs_for_child(work.ctx, index, child.name, Phase::before);
        if (!runs.empty()) {
            const std::vector<std::string>& undo =
                runs.size() == 1 || !index.constraint.empty() ? runs.back().inverse.sql : runs.front().inverse.sql;
            sql.insert(sql.end(), undo.begin(), undo.end());
        }
    }
    return sql;
}

// The columns that say what belongs to a partition of the table: those of its key, and of the keys above.
std::set<std::string> bounding_columns(const AlterTable& work) {
    std::set<std::string> columns;
    for (const catalog::Relation* table = work.now; table != nullptr; table = table->parent ? work.ctx.now.find(*table->parent) : nullptr) {
        const auto tokens = significant_tokens(*table->partition_key);
        for (const catalog::Column& column : table->columns) {
            const std::string quoted = quote_identifier(column.name);
            if (std::ranges::any_of(tokens, [&](const sql::Token& token) { return token.text == quoted; })) {
                columns.insert(column.name);
            }
        }
    }
    return columns;
}

// Whether the author's group makes or changes the table, so that nothing can be done to it before the group.
bool is_of_the_group(const AlterTable& work, const QualifiedName& child) {
    return work.ctx.in_group && (work.ctx.base.find(child) == nullptr || work.ctx.base.find(work.table) == nullptr);
}

void refuse_unproved(AlterTable& work, const QualifiedName& table, const std::string& why) {
    work.refuse(fmt::format("{}, and ATTACH PARTITION would read all of it under ACCESS EXCLUSIVE: {}", size_reason(work.ctx, table), why),
                fmt::format("in a window in which {} may stand still, {} and give it the time that it needs with `--limit hold=…`",
                            quote_name(table), kAsWrittenWayOut));
}

}  // namespace

void attach_partition(AlterTable& work, const Subcommand& subcommand) {
    const QualifiedName child = child_of(work, *subcommand.node);
    const catalog::Relation* found = work.ctx.now.find(child);
    keep(work, subcommand);
    if (work.now == nullptr || work.now->kind != 'p' || found == nullptr || is_fresh(work.ctx, work.table)) {
        return;
    }
    const PgQuery__PartitionBoundSpec* bound = subcommand.node->def->partition_cmd->bound;
    const bool is_default = bound != nullptr && bound->is_default;
    const std::string own = form(work, work.statement.sql);
    const bool hash = own.find("satisfies_hash_partition(") != std::string::npos;
    const std::string cannot = hash          ? "a check that proves what belongs to a hash partition has to name its parent's OID"
                               : is_default  ? "what belongs to a default partition is said by all others, which may change meanwhile"
                               : own.empty() ? "the server was not asked for its partition constraint"
                                             : "";
    const QualifiedName rest = default_partition(work, child);
    const bool large = !is_tiny(work.ctx, child);
    const bool rest_is_large = !rest.empty() && !is_tiny(work.ctx, rest) && !is_default;
    if (!large && !rest_is_large) {
        work.because(fmt::format("{}: reading it takes a moment", size_reason(work.ctx, child)));
        return;
    }
    if (large) {
        work.kept.back().inverse.sql.resize(1);  // the rest is undone by the runs that make it
    }
    if (!cannot.empty() || is_of_the_group(work, child)) {
        return refuse_unproved(work, large ? child : rest, cannot.empty() ? "its group makes it" : cannot);
    }
    if (const std::string whole = whole_constraint(work, own); large) {
        no_scan(work, child);
        if (!proved(work, child, whole)) {
            prove(work, child, whole);
        }
        make_ahead(work, *found);
        work.because(
            fmt::format("{}; ATTACH would read all of it under ACCESS EXCLUSIVE: a check, validated while the application works, proves "
                        "that every row belongs there",
                        size_reason(work.ctx, child)));
    }
    if (const std::string others = fmt::format("(NOT {})", own); rest_is_large) {
        no_scan(work, rest);
        if (!proved(work, rest, others)) {
            prove(work, rest, others);
        }
        work.analysis.notes.push_back(
            fmt::format("from the check on to the attachment {} refuses rows that belong to {}: ATTACH itself would fail if there were any",
                        quote_name(rest), quote_name(child)));
        work.because(
            fmt::format("{}, the default partition, would be read too, to see that it holds none of the new one's rows: a check proves "
                        "that before",
                        size_reason(work.ctx, rest)));
    }
}

void detach_partition(AlterTable& work, const Subcommand& subcommand) {
    const QualifiedName child = child_of(work, *subcommand.node);
    const QualifiedName rest = default_partition(work, {});
    const std::string table = quote_name(work.table);
    const bool asked = subcommand.node->def->partition_cmd->concurrent != 0;
    if (asked || work.now == nullptr || is_fresh(work.ctx, work.table)) {
        return keep(work, subcommand);
    }
    if (work.ctx.now.server_major < 14 || work.ctx.in_group || !rest.empty()) {
        work.because(
            work.ctx.now.server_major < 14 ? fmt::format("PostgreSQL {} has no DETACH PARTITION CONCURRENTLY", work.ctx.now.server_major)
            : !rest.empty()
                ? fmt::format("{} has a default partition, {}, with which the server refuses CONCURRENTLY", table, quote_name(rest))
                : "inside a group it stays in the group's transaction: the lock is short, a scan is not needed");
        return keep(work, subcommand);
    }
    Run run{.sql = without_tail(work.statement.sql) + " CONCURRENTLY",
            .name = "detach partition " + child.name,
            .phase = Phase::after,
            .method = Method::drop_concurrently,
            .locks = {lock_on(work.ctx, work.table, LockMode::share_update_exclusive),
                      lock_on(work.ctx, child, LockMode::share_update_exclusive)},
            .condition = condition_of(work, *subcommand.node),
            .inverse = inverse_of(work, *subcommand.node),
            .table = work.table};
    run.finish_with = without_tail(work.statement.sql) + " FINALIZE";
    work.after.push_back(std::move(run));
    // CONCURRENTLY leaves a check of the bound behind, under the name that the server chooses for it.
    const std::set<std::string> columns = bounding_columns(work);
    const std::string check = catalog::choose_constraint_name(work.ctx.now, child, columns.size() == 1 ? *columns.begin() : "", "check");
    work.after.push_back({.sql = fmt::format("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}", quote_name(child), quote_identifier(check)),
                          .name = "drop check " + check,
                          .phase = Phase::after,
                          .locks = locks_below(work, child, LockMode::access_exclusive),
                          .condition = {.facts = {catalog::Absent{catalog::Absent::What::constraint, child, check}}},
                          .inverse = {.why = "the server put the check there when it detached the partition"},
                          .table = child});
    work.edited = true;
    work.because(
        fmt::format("DETACH PARTITION takes ACCESS EXCLUSIVE on {}, and everybody queues behind it; CONCURRENTLY lets reads and writes "
                    "go on, and leaves a check behind, which is dropped",
                    table));
}

std::string finish_of(const AlterTable& work) {
    const PgQuery__AlterTableCmd& command = *work.subcommands.front().node;
    if (command.subtype != PG_QUERY__ALTER_TABLE_TYPE__AT_DetachPartition || !command.def->partition_cmd->concurrent) {
        return {};
    }
    return fmt::format("ALTER TABLE {} DETACH PARTITION {} FINALIZE", quote_name(work.table), quote_name(child_of(work, command)));
}

Inverse partition_inverse(const AlterTable& work, const PgQuery__AlterTableCmd& command) {
    const QualifiedName child = child_of(work, command);
    const catalog::Relation* found = work.ctx.now.find(child);
    if (work.node.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_INDEX) {
        return {.possible = false, .why = "an index cannot be detached from a partitioned index"};
    }
    const std::string alter = work.alter();
    if (command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_AttachPartition) {
        // DETACH … CONCURRENTLY is outside of transactions: hence in parts.
        Inverse inverse{.sql = {alter + "DETACH PARTITION " + quote_name(child)}, .in_parts = true};
        for (std::string& drop :
             work.now == nullptr || found == nullptr ? std::vector<std::string>{} : drop_what_attach_makes(work, *found)) {
            inverse.sql.push_back(std::move(drop));
        }
        return inverse;
    }
    if (found == nullptr || found->partition_bound.empty()) {
        return {.possible = false, .why = "what " + quote_name(work.table) + " looked like before is not known"};
    }
    return {.sql = {alter + "ATTACH PARTITION " + quote_name(child) + " " + *found->partition_bound}};
}

}  // namespace pgbelay::analysis
