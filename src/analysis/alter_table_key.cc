#include "analysis/alter_table_parts.h"

#include "analysis/index_definition.h"
#include "analysis/names.h"
#include "analysis/partitioned_index.h"
#include "analysis/relation_facts.h"
#include "analysis/tree_util.h"
#include "sql/quote.h"

#include <fmt/format.h>

#include <algorithm>

namespace pgbelay::analysis {

using sql::quote_identifier;
using sql::quote_name;

namespace {

std::string column_list(const std::vector<std::string>& columns) {
    std::vector<std::string> quoted;
    for (const std::string& column : columns) {
        quoted.push_back(quote_identifier(column));
    }
    return fmt::format("({})", fmt::join(quoted, ", "));
}

// `WITH (fillfactor = 70)` as the author wrote it; "" when there is none.
std::string storage_options(const std::string& sql) {
    const auto tokens = significant_tokens(sql);
    const std::size_t with = find_keyword(tokens, "with");
    if (with + 1 >= tokens.size() || tokens[with + 1].text != "(") {
        return {};
    }
    const std::size_t past = past_parenthesis(tokens, with + 1);
    return " " + sql.substr(tokens[with].begin, tokens[past - 1].end - tokens[with].begin);
}

std::string build_sql(const QualifiedName& table, const Subcommand& subcommand, const PgQuery__Constraint& constraint,
                      const std::string& name) {
    std::string sql = fmt::format("CREATE UNIQUE INDEX CONCURRENTLY {} ON {} {}", quote_identifier(name), quote_name(table),
                                  column_list(constraint_columns(constraint)));
    if (constraint.n_including > 0) {
        sql += " INCLUDE " + column_list(strings_of(constraint.n_including, constraint.including));
    }
    if (constraint.nulls_not_distinct) {
        sql += " NULLS NOT DISTINCT";
    }
    sql += storage_options(subcommand.sql);
    if (const std::string space = text(constraint.indexspace); !space.empty()) {
        sql += " TABLESPACE " + quote_identifier(space);
    }
    return sql;
}

Run build(const AlterTable& work, const Subcommand& subcommand, const PgQuery__Constraint& constraint, const std::string& name,
          Phase phase) {
    const QualifiedName index{work.table.schema, name};
    return {.sql = build_sql(work.table, subcommand, constraint, name),
            .name = "build index " + name,
            .phase = phase,
            .method = Method::build,
            .locks = {lock_on(work.ctx, work.table, LockMode::share_update_exclusive)},
            .scans = {work.table},
            .condition = {.facts = {catalog::IndexIs{index, work.table, {}}}},
            // Dropping the constraint takes its index with it.
            .inverse = {.sql = {"DROP INDEX IF EXISTS " + quote_name(index)}},
            .index = index,
            .table = work.table};
}

std::string timing(const PgQuery__Constraint& constraint) {
    if (!constraint.deferrable) {
        return {};
    }
    return constraint.initdeferred ? " DEFERRABLE INITIALLY DEFERRED" : " DEFERRABLE";
}

Run attach(const AlterTable& work, const PgQuery__Constraint& constraint, const std::string& name, const std::string& index, Phase phase) {
    const bool primary = contype(constraint) == 'p';
    Run run{.sql = fmt::format("{}ADD CONSTRAINT {} {} USING INDEX {}{}", work.alter(), quote_identifier(name),
                               primary ? "PRIMARY KEY" : "UNIQUE", quote_identifier(index), timing(constraint)),
            .name = fmt::format("add {} {}", primary ? "primary key" : "constraint", name),
            .phase = phase,
            .locks = {lock_on(work.ctx, work.table, LockMode::access_exclusive)},
            .condition = {.facts = {catalog::ConstraintIs{work.table, name, contype(constraint), {}, true}}},
            .inverse = {.sql = {fmt::format("{}DROP CONSTRAINT {}", work.alter(), quote_identifier(name))}},
            .table = work.table};
    if (index != name) {
        run.condition.facts.push_back(catalog::Absent{catalog::Absent::What::index, {work.table.schema, index}, {}});
    }
    return run;
}

// Columns of a primary key that may hold NULLs as far as the server can tell.
std::vector<std::string> nullable(const AlterTable& work, const std::vector<std::string>& columns) {
    std::vector<std::string> found;
    for (const std::string& name : columns) {
        const catalog::Column* column = work.column(name);
        if (column != nullptr && !column->not_null && not_null_proof(work, name) == nullptr) {
            found.push_back(name);
        }
    }
    return found;
}

void not_null_before(AlterTable& work, const std::vector<std::string>& columns) {
    for (const std::string& column : nullable(work, columns)) {
        NotNullSteps steps = not_null_steps(work, column, Phase::before, Phase::before);
        for (Run& run : steps.add) {
            work.before.push_back(std::move(run));
        }
        for (Run& run : steps.rest) {
            work.before.push_back(std::move(run));
        }
        work.because(fmt::format("{} is made NOT NULL first, since a primary key would look for NULLs under its lock", column));
    }
}

const catalog::Constraint* primary_key(const AlterTable& work) {
    if (work.now == nullptr) {
        return nullptr;
    }
    for (const catalog::Constraint& constraint : work.now->constraints) {
        if (constraint.type == 'p' && !work.dropped_constraints.contains(constraint.name)) {
            return &constraint;
        }
    }
    return nullptr;
}

// What stops it outright. True when the statement is refused or has nothing left to do.
bool settled(AlterTable& work, const PgQuery__Constraint& constraint, const std::string& name) {
    const std::string table = sql::quote_name(work.table);
    if (const catalog::Constraint* key = primary_key(work);
        key != nullptr && contype(constraint) == 'p' && !waits_for_partitions(work, *key)) {
        if (text(constraint.conname).empty() && key->columns == constraint_columns(constraint)) {
            work.skipped.push_back(fmt::format("{} has its primary key already, as {}", table, key->name));
            work.edited = true;
        } else {
            work.refuse(fmt::format("{} has a primary key already: {}", table, key->definition),
                        "drop it in the same statement or group to replace it");
        }
        return true;
    }
    const QualifiedName index{work.table.schema, name};
    const bool in_the_way =
        relation_name_taken(work.ctx.now, index) && !work.dropped_constraints.contains(name) && work.ctx.now.find_index(index) == nullptr;
    if (in_the_way) {
        work.refuse(fmt::format("{} is the name of another relation", sql::quote_name(index)), "give the constraint another name");
    }
    return in_the_way;
}

bool fits(const PgQuery__Constraint& constraint, const catalog::Index& index) {
    return index.unique && !index.predicate && !index.has_expressions && index.has_default_options &&
           index.keys == constraint_columns(constraint) && index.included == strings_of(constraint.n_including, constraint.including) &&
           index.nulls_not_distinct == (constraint.nulls_not_distinct != 0);
}

// An index under the constraint's name that is not a constraint's: what an interrupted deployment leaves, or another's.
enum class Standing { nothing, fits, leftover, other };

Standing standing_index(const AlterTable& work, const PgQuery__Constraint& constraint, const std::string& name) {
    if (work.dropped_constraints.contains(name)) {
        return Standing::nothing;
    }
    const catalog::Index* index = work.ctx.now.find_index({work.table.schema, name});
    if (index == nullptr) {
        return Standing::nothing;
    }
    if (index->table != work.table) {
        return Standing::other;
    }
    if (!index->valid) {
        return Standing::leftover;
    }
    return index->constraint.empty() && fits(constraint, *index) ? Standing::fits : Standing::other;
}

void add_after(AlterTable& work, const Subcommand& subcommand, const PgQuery__Constraint& constraint, const std::string& name,
               const std::string& obstacle) {
    const std::vector<std::string> columns = constraint_columns(constraint);
    const bool empty =
        contype(constraint) == 'u' && !constraint.nulls_not_distinct && !work.writes_before() && only_new_empty(work, columns);
    if (!empty) {
        return work.refuse(fmt::format("{} cannot be built before the group ({}), and must hold when that commits", name, obstacle),
                           fmt::format("add it in a statement of its own, after a COMMIT; or {}", kAsWrittenWayOut));
    }
    work.after.push_back(build(work, subcommand, constraint, name, Phase::after));
    work.after.push_back(attach(work, constraint, name, name, Phase::after));
    work.because(fmt::format("the index of {} is built concurrently afterwards, since {}", name, obstacle));
    work.analysis.notes.push_back(fmt::format("{} begins to hold a moment after its new column is there; until then that is empty", name));
}

// What a key of a partitioned table cannot be; false when it was refused.
bool can_be_in_parts(AlterTable& work, const PgQuery__Constraint& constraint, const std::string& name) {
    const std::string table = quote_name(work.table);
    if (const QualifiedName foreign = foreign_partition(work.ctx.now, work.table); !foreign.empty()) {
        work.refuse(fmt::format("{} has a foreign table among its partitions, {}, which can have no index", table, quote_name(foreign)),
                    "make keys of the other partitions, one statement each");
        return false;
    }
    if (!text(constraint.indexname).empty()) {
        work.refuse(fmt::format("{} is partitioned: no server takes USING INDEX there", table),
                    fmt::format("write the columns instead: each partition's index is built concurrently, under whatever name"));
        return false;
    }
    if (work.dropped_constraints.contains(name) ||
        (work.ctx.in_group && relation_name_taken(work.ctx.base, {work.table.schema, name}) && work.constraint(name) == nullptr)) {
        work.refuse(
            fmt::format("{} is partitioned: the successor of {} has to be built in parts, and cannot take its name in one transaction",
                        table, name),
            fmt::format("add it under another name, drop the old one in a statement of its own, and rename it; or {}", kAsWrittenWayOut));
        return false;
    }
    return true;
}

// From 18 on a leaf's own primary key makes the NOT NULL that it has from its parent its own as well: undone, it goes there too.
void not_null_before_in_parts(AlterTable& work, const std::vector<std::string>& columns) {
    const std::size_t first = work.before.size();
    const std::vector<std::string> made = nullable(work, columns);
    not_null_before(work, columns);
    if (work.ctx.now.server_major < 18 || made.empty()) {
        return;
    }
    for (const QualifiedName& leaf : storages(work.ctx, work.table, true)) {
        for (const std::string& column : made) {
            work.before.at(first).inverse.sql.push_back(
                fmt::format("ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL", quote_name(leaf), quote_identifier(column)));
        }
    }
}

// ON ONLY the partitioned tables first, so that what is wrong with it is found at once; then each leaf's index, which becomes the
// constraint of its leaf when it is attached.
void add_key_in_parts(AlterTable& work, const Subcommand& subcommand, const PgQuery__Constraint& constraint, const std::string& name) {
    if (!can_be_in_parts(work, constraint, name)) {
        return;
    }
    const bool primary = contype(constraint) == 'p';
    const std::vector<std::string> columns = constraint_columns(constraint);
    const std::string obstacle = hoist_obstacle(work, columns);
    if (!obstacle.empty() || work.writes_before()) {
        return work.refuse(fmt::format("{} cannot be built before the group ({}), and must hold when that commits", name,
                                       obstacle.empty() ? "which changes rows of " + quote_name(work.table) : obstacle),
                           fmt::format("add it in a statement of its own, after a COMMIT; or {}", kAsWrittenWayOut));
    }
    if (primary) {
        not_null_before_in_parts(work, columns);
    }
    PartedIndex whole{.table = work.table, .index = {work.table.schema, name}, .columns = columns, .constraint = contype(constraint)};
    for (const std::string& column : strings_of(constraint.n_including, constraint.including)) {
        whole.columns.push_back(column);
    }
    whole.timing = timing(constraint);
    whole.fits = [&](const catalog::Index& index) { return fits(constraint, index); };
    const auto make = [&](const IndexPart& part) {
        if (!part.partitioned) {
            return build_sql(part.table, subcommand, constraint, part.index.name);
        }
        return fmt::format("ALTER TABLE ONLY {} {}", quote_name(part.table),
                           without_tail(with_name(subcommand.sql, constraint, part.index.name)));
    };
    for (Run& run : runs_in_parts(work.ctx, whole, Phase::before, make)) {
        work.before.push_back(std::move(run));
    }
    work.edited = true;
    work.because(
        fmt::format("{}; it is partitioned: the constraint is added ONLY to it, a unique index is built concurrently on each "
                    "partition, and these are attached to it",
                    size_reason(work.ctx, work.table)));
}

}  // namespace

bool waits_for_partitions(const AlterTable& work, const catalog::Constraint& constraint) {
    const catalog::Index* index = !work.partitioned || work.now == nullptr ? nullptr : work.now->index(constraint.index);
    return index != nullptr && !index->valid;
}

void add_key(AlterTable& work, const Subcommand& subcommand, const PgQuery__Constraint& constraint, const std::string& name) {
    const bool primary = contype(constraint) == 'p';
    if (settled(work, constraint, name)) {
        return;
    }
    if (work.partitioned && work.recurses) {
        return add_key_in_parts(work, subcommand, constraint, name);
    }
    if (work.partitioned) {
        work.because("a key ON ONLY a partitioned table is a catalog entry: nothing is read");
        return keep(work, subcommand);
    }
    if (const std::string index = text(constraint.indexname); !index.empty()) {
        const catalog::Index* found = work.now == nullptr ? nullptr : work.now->index(index);
        if (primary && found != nullptr) {
            not_null_before(work, found->keys);
        }
        return keep(work, subcommand);
    }
    const std::vector<std::string> columns = constraint_columns(constraint);
    work.edited = true;
    if (const std::string obstacle = hoist_obstacle(work, columns); !obstacle.empty()) {
        return add_after(work, subcommand, constraint, name, obstacle);
    }
    if (work.writes_before()) {
        return work.refuse(
            fmt::format("the index of {} would be built before the group's own changes to {}", name, sql::quote_name(work.table)),
            fmt::format("end the group before it (so that those changes are committed first), or {}", kAsWrittenWayOut));
    }
    const Standing standing = standing_index(work, constraint, name);
    if (standing == Standing::other) {
        return work.refuse(fmt::format("index {} is there with another definition", sql::quote_name({work.table.schema, name})),
                           "drop that index first, or give the constraint another name");
    }
    if (primary) {
        not_null_before(work, columns);
    }
    // A name that the statement or its group frees is not free yet when the build begins.
    const bool replaces = work.dropped_constraints.contains(name) ||
                          (standing == Standing::nothing && relation_name_taken(work.ctx.base, {work.table.schema, name}));
    const std::string index = replaces ? temporary_name(work.ctx, name) : name;
    if (standing == Standing::leftover) {
        work.analysis.notes.push_back(
            fmt::format("an INVALID index {} is there: it is dropped and built anew", sql::quote_name({work.table.schema, name})));
    }
    if (standing != Standing::fits) {
        work.before.push_back(build(work, subcommand, constraint, index, Phase::before));
    }
    work.inside.push_back(attach(work, constraint, name, index, Phase::inside));
    if (standing == Standing::fits) {
        // The index that was there before goes with the constraint.
        for (std::string& sql : recreate_index(*work.ctx.now.find_index({work.table.schema, name})).sql) {
            work.inside.back().inverse.sql.push_back(std::move(sql));
        }
    }
    work.because(fmt::format("{}; the unique index is built concurrently, and becomes the constraint under a short lock",
                             size_reason(work.ctx, work.table)));
    if (replaces) {
        work.because(fmt::format("the successor of {} is built under a temporary name and takes its place in one transaction", name));
    }
}

}  // namespace pgbelay::analysis
