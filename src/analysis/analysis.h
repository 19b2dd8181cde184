// What a statement does to a live database, and the form in which it is safe to run. Pure: no server, no clock.
#pragma once

#include "analysis/fact_list.h"
#include "base/error.h"
#include "catalog/catalog.h"
#include "catalog/condition.h"
#include "catalog/lock_mode.h"
#include "sql/statement.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace pgbelay::analysis {

using catalog::LockMode;
using catalog::QualifiedName;

struct RelationLock {
    QualifiedName relation;  // resolved
    LockMode mode = LockMode::access_share;
    // Whether LOCK TABLE may take it ahead of the statement: an ordinary or partitioned table on which we have the privilege.
    bool lockable = false;
    bool only = true;  // LOCK TABLE ONLY: the statement does not recurse to children

    bool operator==(const RelationLock&) const = default;
};

// One a relation: the strongest, with what it is needed for; of two equal ones the first. Temporary ones are left out, for which nobody
// waits.
class LockFacts : public FactList<RelationLock> {
public:
    void add(const RelationLock& lock, Reason reason);
    void add_all(const LockFacts& others);
};

// Each once, with the reason that means the most work; of two equal ones the first.
class NameFacts : public FactList<QualifiedName> {
public:
    void add(const QualifiedName& name, Reason reason);
    void add_all(const NameFacts& others);
};

// The server's answer to a statement that cannot succeed.
struct Failure {
    std::string sqlstate;
    std::string message;
};

// Of the statement as written.
struct Facts {
    LockFacts locks;                    // of relations that existed before; in order of appearance
    NameFacts rewrites;                 // relations whose storage is written anew
    NameFacts scans;                    // relations read from end to end while the locks are held
    std::vector<QualifiedName> writes;  // tables whose rows an INSERT, UPDATE, DELETE, MERGE, TRUNCATE or COPY changes
    bool transactional = true;          // may run inside a transaction block
    bool opaque = false;                // the locks and effects are not known
    std::optional<Failure> fails;       // for certain, whatever the rows
    std::vector<QualifiedName> fills;   // tables into which code, such as a trigger's, puts rows
    bool runs_code = false;             // it calls volatile functions of users, whose writes are not in `writes`
    bool hidden = false;                // besides, code that it calls does what cannot be told from its text
};

// Where a run goes relative to the transaction of the group (or of the single statement) that it belongs to.
enum class Phase { before, inside, after };

enum class Method {
    transaction,        // short, in the group's transaction
    validate,           // a transaction of its own that may run for long under a lock that lets the application work
    build,              // CREATE INDEX CONCURRENTLY or REINDEX … CONCURRENTLY: outside a transaction, may leave an INVALID index
    attach,             // ALTER INDEX … ATTACH PARTITION until a partitioned index is valid, each in a transaction of its own
    drop_concurrently,  // DROP INDEX CONCURRENTLY, DETACH PARTITION … CONCURRENTLY
    repeatable,         // outside a transaction, harmless to repeat: VACUUM
    once,               // outside a transaction, its effect cannot be seen afterwards: a CALL or DO that commits
};

// What undoes a run.
struct Inverse {
    bool possible = true;          // false: a point of no return; `why` says what makes it so
    std::vector<std::string> sql;  // statements in the order in which they run; empty: nothing is left to undo
    bool loses_data = false;
    std::string why;  // what is lost, or why there is no inverse
    // Nothing is lost when this relation (and column, if named) holds nothing but NULL: looked at under the lock.
    QualifiedName loss_in;
    std::string loss_column;
    // It writes or reads a large table under a strong lock, for which there is no gentler form: `why` says so.
    bool as_written = false;
    // Its statements need not stand or fall together: each is planned on its own.
    bool in_parts = false;

    bool operator==(const Inverse&) const = default;
};

// One statement that will be sent.
struct Run {
    std::string sql;
    std::string name;  // what it does, where the statement takes several: "validate orders_total_check"
    Phase phase = Phase::inside;
    Method method = Method::transaction;
    std::vector<RelationLock> locks;   // what this form takes
    std::vector<QualifiedName> scans;  // what this form reads from end to end
    catalog::Condition condition;      // what holds afterwards
    Inverse inverse;
    // For Method::build: the index that it makes, and its table (leftovers are looked for there).
    QualifiedName index;
    QualifiedName table;
    // For DETACH PARTITION … CONCURRENTLY: what ends one that was cut off in the middle.
    std::string finish_with;
};

struct Refusal {
    std::string message;
    std::string hint;
};

struct Analysis {
    std::string name;  // short, for people and step names: "create index orders_user_idx"
    Facts facts;
    std::vector<Run> runs;           // at least one, unless refused or skipped
    bool rewritten = false;          // `runs` is not simply the author's bytes
    std::string why;                 // why it is rewritten, or why it runs as written although a safe form exists
    std::vector<std::string> notes;  // what a person should know besides: one sentence each, lower case
    std::optional<Refusal> refusal;
    std::optional<std::string> skip;  // it is already there: what was found
};

struct Context {
    // The catalog at the point where the group begins: hoisted runs see this one.
    const catalog::Catalog& base;
    // The catalog as the statement itself finds it, after the earlier ones of its group.
    const catalog::Catalog& now;
    bool in_group = false;                // inside BEGIN … COMMIT (or a layout's one transaction per file) with other statements
    bool rewrite = true;                  // false with --as-written or the directive
    std::set<QualifiedName> written;      // tables that DML earlier in the same group has changed
    std::int64_t tiny = 8 * 1024 * 1024;  // bytes; see Limits::tiny
    // Where a name for a temporary object is needed: unique within the plan, such as "pgbelay_3f2a".
    std::string temporary_prefix = "pgbelay";
    int depth = 0;  // how many bodies of functions it stands in
    // Inside of a function: those that were followed for the same statement, each with what it was called with.
    std::shared_ptr<std::set<std::string>> followed;
    int trigger_depth = 0;  // how many of them are triggers', as pg_trigger_depth() counts
};

// Transaction control, SET and other session statements are the planner's own; everything else comes here. An opaque
// statement gets Facts::opaque and runs as written. Never throws for what an author can write.
Analysis analyze(const sql::Statement& statement, const Context& context);

}  // namespace pgbelay::analysis
