// What the files of ALTER TABLE share: the statement cut into subcommands, and what each of them adds to the runs.
#pragma once

#include "analysis/analysis.h"

#include <pg_query/pg_query.pb-c.h>

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace pgbelay::analysis {

struct Subcommand {
    const PgQuery__AlterTableCmd* node = nullptr;
    std::string sql;  // its bytes; those of the statement when it could not be cut
};

// A subcommand that stays in the one statement that is left of the author's.
struct Kept {
    std::string sql;
    std::string name;
    std::vector<RelationLock> locks;
    std::vector<QualifiedName> scans;
    bool transactional = true;
    catalog::Condition condition;
    Inverse inverse;
};

struct AlterTable {
    const sql::Statement& statement;
    const Context& ctx;
    const PgQuery__AlterTableStmt& node;
    QualifiedName table;                     // as found
    const catalog::Relation* now = nullptr;  // null: not known
    const catalog::Relation* base = nullptr;
    bool recurses = true;  // without ONLY
    bool partitioned = false;
    bool tiny = false;
    std::string head;  // the author's bytes up to the table's name
    std::vector<Subcommand> subcommands;
    std::set<std::string> dropped_constraints;  // by this statement
    std::set<std::string> chosen_names;         // for its unnamed constraints
    std::map<std::string, bool> added_columns;  // by this statement; true: they hold nothing but NULL
    std::set<std::string> retyped_columns;
    std::set<std::string> dropped_columns;  // they go first, whatever the order

    std::vector<Run> before;  // of all, in order
    std::vector<Run> first;   // inside, ahead of what is kept
    std::vector<Kept> kept;
    std::vector<Run> inside;  // behind what is kept
    std::vector<Run> after;
    bool edited = false;               // what is kept is not the author's bytes any more
    std::vector<std::string> reasons;  // why, one per rewritten part, without repetition
    std::vector<std::string> skipped;  // what was found already there
    Analysis analysis;

    // `ALTER TABLE schema.name `: for generated statements.
    std::string alter() const;
    const catalog::Column* column(const std::string& name) const { return now == nullptr ? nullptr : now->column(name); }
    const catalog::Constraint* constraint(const std::string& name) const { return now == nullptr ? nullptr : now->constraint(name); }
    bool writes_before() const { return ctx.written.contains(table); }
    void because(std::string reason);
    void refuse(std::string message, std::string hint);
    // A constraint of that name went away earlier in this group or in this statement, and a new one takes its place.
    bool replaces(const std::string& constraint_name) const;
};

// ---- alter_table_locks.cc
// The lock mode of AlterTableGetLockLevel() (commands/tablecmds.c).
LockMode lock_level(const PgQuery__AlterTableCmd& command);
// Why it takes that one.
Reason lock_reason(const PgQuery__AlterTableCmd& command);
// Subcommands that stay with the named table although ONLY is not written.
bool stays_on_the_table(PgQuery__AlterTableType type);
// Which relations below the named one it locks too.
enum class Below { none, children, all };
Below below_of(const AlterTable& work, const PgQuery__AlterTableCmd& command);
// On partitions a key is built under the lock of CREATE INDEX; from 18 on the strongest one is taken there too.
LockMode child_lock_level(const AlterTable& work, const PgQuery__AlterTableCmd& command, LockMode mode);
// SET EXPRESSION, which grammars before 17 do not have, not even as a name.
bool sets_expression(const PgQuery__AlterTableCmd& command);

// ---- alter_table_facts.cc: what the server does for one subcommand.
void add_effects(const AlterTable& work, const PgQuery__AlterTableCmd& command, Facts& facts);
// Locks on the table and, where the statement recurses, on its descendants.
std::vector<RelationLock> table_locks(const AlterTable& work, LockMode mode, bool recurses);
// The validated check that proves a column free of NULLs to the server; null when there is none.
const catalog::Constraint* not_null_proof(const AlterTable& work, const std::string& column);
// Why adding the column writes the table anew; nothing when it does not.
struct ColumnRewrite {
    Reason reason;
    std::string words;  // the same of this column
};
std::optional<ColumnRewrite> column_rewrite(const AlterTable& work, const PgQuery__ColumnDef& column);
// The table that a foreign key names; empty for other constraints.
QualifiedName referenced_table(const AlterTable& work, const PgQuery__Constraint& constraint);

// ---- alter_table_inverse.cc
Inverse inverse_of(const AlterTable& work, const PgQuery__AlterTableCmd& command);
catalog::Condition condition_of(const AlterTable& work, const PgQuery__AlterTableCmd& command);
// In reverse order; impossible as soon as one is.
Inverse combine(const std::vector<Inverse>& inverses);

// ---- alter_table.cc
void keep(AlterTable& work, const Subcommand& subcommand);
// Why something over these columns cannot be made before the statement (and its group) begins; empty when it can.
std::string hoist_obstacle(const AlterTable& work, const std::vector<std::string>& columns);
// At least one of the columns is new and empty, and all others are as they were.
bool only_new_empty(const AlterTable& work, const std::vector<std::string>& columns);
// The statement's text without what follows its last token.
std::string without_tail(const std::string& sql);

// ---- alter_table_constraint.cc: ADD CONSTRAINT, VALIDATE CONSTRAINT
void add_constraint(AlterTable& work, const Subcommand& subcommand);
void validate_constraint(AlterTable& work, const Subcommand& subcommand);
// The name that the constraint has or that the server will give it, and whether the catalog holds it already.
std::string constraint_name(AlterTable& work, const PgQuery__Constraint& constraint);
// `sql` is `ADD …` of one table constraint, `constraint` its node: splices `CONSTRAINT name` in when it has none.
std::string with_name(const std::string& sql, const PgQuery__Constraint& constraint, const std::string& name);
bool same_constraint(const AlterTable& work, const PgQuery__Constraint& wanted, const std::string& sql, const catalog::Constraint& there);
std::vector<std::string> constraint_columns(const PgQuery__Constraint& constraint);
Run validation(const AlterTable& work, const std::string& name, Phase phase, const QualifiedName& references);
char contype(const PgQuery__Constraint& constraint);

// ---- alter_table_key.cc: ADD UNIQUE and ADD PRIMARY KEY. `name` is decided, and nothing of that name is in the way.
void add_key(AlterTable& work, const Subcommand& subcommand, const PgQuery__Constraint& constraint, const std::string& name);

// Whether it is a key of a partitioned table that still waits for keys of its partitions.
bool waits_for_partitions(const AlterTable& work, const catalog::Constraint& constraint);

// ---- alter_table_partition.cc
void attach_partition(AlterTable& work, const Subcommand& subcommand);
void detach_partition(AlterTable& work, const Subcommand& subcommand);
// `… FINALIZE`, for a DETACH CONCURRENTLY that is cut off half-way; "" for all other statements.
std::string finish_of(const AlterTable& work);
Inverse partition_inverse(const AlterTable& work, const PgQuery__AlterTableCmd& command);

// ---- alter_table_not_null.cc
void set_not_null(AlterTable& work, const Subcommand& subcommand);
// The steps of SET NOT NULL without a long lock: `add` is short, `rest` reads the table under a weak lock and ends with the change.
struct NotNullSteps {
    std::vector<Run> add;
    std::vector<Run> rest;
};
NotNullSteps not_null_steps(const AlterTable& work, const std::string& column, Phase add, Phase rest);

// ---- alter_table_column.cc
void add_column(AlterTable& work, const Subcommand& subcommand);
void alter_type(AlterTable& work, const Subcommand& subcommand);

// Parses `head piece` and hands its only subcommand to `use`; nothing happens when it does not parse.
void with_parsed(const std::string& head, const std::string& piece, const std::function<void(const PgQuery__AlterTableCmd&)>& use);

}  // namespace pgbelay::analysis
