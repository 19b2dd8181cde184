// The plan: what will be sent to one target, in which order, under which locks, and what undoes it. Immutable once made;
// kept whole in the journal, so that resume, rollback and report need no files.
#pragma once

#include "analysis/analysis.h"
#include "base/error.h"
#include "catalog/catalog.h"
#include "plan/estimate.h"
#include "plan/gate_record.h"
#include "runbook/runbook.h"

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace pgbelay::plan {

enum class StepKind {
    transaction,  // one transaction, fenced, with every Send of it
    concurrent,   // one statement that cannot run in a transaction and whose end the catalog shows
    attach,       // a partitioned index: what the catalog shows as missing is built and attached until it is valid
    repeatable,   // one such statement that may simply be run again
    once,         // one such statement whose end nothing shows
    check,        // a read-only query with an expectation
    attempt,      // `sql try`: a transaction that is always rolled back
    confirm,      // a person says yes
};
std::string_view to_string(StepKind kind);

// One setting, in the two forms in which it is applied.
struct Setting {
    std::string variable;  // lower case: "search_path", "role"
    std::string local;     // inside a transaction: `SET LOCAL search_path TO app`
    std::string session;   // on a connection of its own: `SET search_path TO app`
    bool operator==(const Setting&) const = default;
};

// The settings that the user's statements run under: SET, RESET, SET ROLE and top-level set_config() folded, in order.
struct SessionContext {
    std::vector<Setting> settings;
    std::string search_path;  // in effect, for resolving names; "" = the session's default
    std::string role;         // SET ROLE; "" = none
    bool operator==(const SessionContext&) const = default;
};

struct Send {
    std::string sql;
    base::Place place;
    int statement = 0;  // n of the statement that it comes from
    std::optional<std::string> copy_data;
    bool takes_strong_lock = false;  // the union of the step's locks is taken before the first such
};

struct Step {
    int n = 0;  // from 1, the order of execution
    std::string name;
    base::Place place;
    base::Place fence;  // of a runbook, where its statements stand in a file of their own
    StepKind kind = StepKind::transaction;
    std::vector<Send> sends;
    SessionContext context;
    std::vector<analysis::RelationLock> locks;  // strong ones, busiest first is the engine's business
    bool long_running = false;                  // VALIDATE and the like: no hold budget, no statement timeout, watched
    catalog::Condition condition;
    std::vector<analysis::Inverse> inverses;  // one per send that has one, in the order of the sends
    std::vector<int> after;                   // n of the steps that it needs
    std::optional<std::string> skip;          // already there: what was found when the plan was made
    std::string why;                          // why it has this form
    std::string when;                         // `-- pgbelay: when`: a query; run only if it yields true
    int when_from = 0;                        // the step whose answer counts: asked once for all steps of a statement
    std::vector<std::string> echoes;          // printed before it
    std::vector<int> undoes;                  // in a rollback: the steps of the undone run that are undone with this one
    int file = -1;                            // index into Plan::files
    bool last_of_file = false;                // its transaction also records the file in the ledgers
    bool may_change_rows = false;             // not DDL alone: what it deletes from is asked before its COMMIT
    // Method::build and drop_concurrently:
    sql::QualifiedName index;
    sql::QualifiedName table;
    std::int64_t reads = 0;    // bytes of the tables that it reads from end to end, as they were when the plan was made
    std::string finish_with;   // sent instead when an earlier try was cut off half-way: DETACH … FINALIZE
    bool rebuilds = false;     // REINDEX: what it makes was there before; OIDs tell whether it happened
    base::Millis timeout{0};   // from its beginning to its end; 0 = only the limits
    std::string not_before;    // the run waits until then: "2026-01-31 02:00:00+01:00", or
    int not_before_after = 0;  // … until so long after the end of this step; 0 = neither
    base::Millis not_before_delay{0};
    // StepKind::check and attempt:
    runbook::Expectation expects;
    std::string record;  // the name under which a check keeps the values of its row
    // StepKind::confirm:
    std::vector<std::string> lines;
    bool waits() const { return !not_before.empty() || not_before_after != 0; }
    // Whether it can only look: nothing of it ever stands.
    bool only_looks() const { return kind == StepKind::check || kind == StepKind::attempt || kind == StepKind::confirm; }
};

// What `plan` shows about one statement as written.
struct StatementPlan {
    int n = 0;
    base::Place place;
    std::string kind;
    std::string sql;
    analysis::Facts facts;
    std::vector<analysis::Run> runs;
    std::string why;
    bool rewritten = false;
    std::vector<std::string> notes;
    std::optional<std::string> skip;
    catalog::Condition condition;
    std::optional<std::vector<std::string>> inverse;  // nothing: a point of no return
    std::string no_inverse_why;                       // what makes it one
    bool loses_data = false;
    std::string when;       // `-- pgbelay: when`
    std::string undone_by;  // the author's own rollback, which wins over `inverse`
    Estimate estimate;      // as written
    bool session = false;   // folded into the context, or transaction control: no step of its own
};

struct PlannedFile {
    std::string path;
    std::string key;
    std::string digest;
    std::string text;
    runbook::Layout layout = runbook::Layout::plain;
    std::string version;
    std::string description;
    std::string checksum;               // in the form of its tool's ledger
    std::vector<std::string> rollback;  // the author's own statements, in order
    bool rollback_in_one_transaction = false;
    std::string rollback_from;
};

// What a plan means to do to a table's rows; the later ones include the earlier.
enum class RowUse {
    none,                   // nothing: it touches the table, or reads it
    added,                  // INSERT, COPY
    changed,                // UPDATE, DELETE, MERGE, TRUNCATE, DROP, or reached from such a table
    truncated_with_others,  // TRUNCATE … CASCADE
};

// A table that the plan touches, for telling afterwards whether rows were lost where it had no business with them.
struct PlannedTable {
    catalog::QualifiedName name;  // when the plan was made
    catalog::Oid oid{};           // 0: made by the plan
    char kind = 'r';              // r; p and v only where their rows are changed
    RowUse use = RowUse::none;
    bool small = false;  // counted before and after
    bool operator==(const PlannedTable&) const = default;
};

// What is asked before the first change and after the last, under the settings in effect where it stands.
struct Measurement {
    std::string name;
    base::Place place;
    SessionContext context;
    runbook::Gauge gauge;
};

struct Refusal {
    base::Place place;
    std::string message;
    std::string hint;
};

// Of a statement that the grammar does not know, where the server's would not either.
Refusal refusal_of_opaque(const sql::Statement& statement, int server_major);

// What stands under one heading of a runbook.
struct Section {
    std::string title;  // "" for what stands before the first
    int last = 0;       // n of its last step
    bool operator==(const Section&) const = default;
};

struct Plan {
    std::string name;
    std::string digest;       // of the runbook
    std::string plan_digest;  // of the steps
    int server_major = 0;
    runbook::Limits limits;
    runbook::OnBreach on_breach = runbook::OnBreach::pause;
    runbook::Blockers blockers;
    std::vector<PlannedFile> files;
    std::vector<StatementPlan> statements;
    std::vector<Step> steps;
    std::vector<Measurement> measurements;
    std::vector<Section> sections;  // of a runbook with headings
    // Null outside of all sections.
    const Section* section_of(int n) const;
    std::vector<PlannedTable> tables;
    std::set<std::string> mentioned;         // identifiers in statements whose effects are not known
    bool row_statistics = true;              // track_counts was on when the plan was made
    std::vector<std::string> windows;        // when it may change anything, as written; none = always
    std::vector<GateRecord> gates;           // what is required before the first change
    std::vector<Refusal> refusals;           // any: nothing runs
    std::vector<std::string> notes;          // about the whole
    std::vector<std::string> not_whole;      // INVALID and NOT VALID things on these tables from before, in words
    runbook::Document document;              // what its steps stand in, for the report
    std::vector<std::string> documentation;  // fences that do not run
    int fences = 0;
    std::vector<std::string> trailing_echoes;
    bool undone_by_author(const Step& step) const;  // its file came with a rollback of the author's own
    bool points_of_no_return() const;               // some step has no inverse, or one that loses data
};

// Null when the plan has no such step.
const Step* find_step(const Plan& plan, int n);

// Steps, files, digests and limits: all that execution, rollback and reports need. Statements, refusals and documentation are for the
// eyes of the moment and are left out.
void to_json(nlohmann::json& j, const Plan& plan);
void from_json(const nlohmann::json& j, Plan& plan);

struct PlanOptions {
    bool as_written = false;
    std::string temporary_prefix = "pgbelay";  // for temporary objects
    std::set<std::string> skip_files;          // keys of files that a ledger knows: not planned
    const base::StopSignal* stop = nullptr;    // ends the planning with Error{interrupted}
    catalog::Catalog* after = nullptr;         // becomes the catalog as the plan leaves it
    bool undoes = false;                       // a rollback: its statements find out by themselves what is still there
};

// Pure. Refusals are collected, not thrown, so that a person sees all of them at once.
Plan make_plan(const runbook::Runbook& runbook, const catalog::Catalog& catalog, const PlanOptions& options);

// What rolls back the steps in `done` (n of the plan's steps that took effect), in reverse, as a runbook: the author's own rollback
// where his whole file is done, the steps' inverses otherwise. Steps without an inverse stop it: their reasons are in `refusals`.
struct RollbackRunbook {
    runbook::Runbook runbook;
    std::vector<Refusal> refusals;         // points of no return
    std::vector<std::string> loses_data;   // what would be lost, in words
    std::vector<std::vector<int>> undoes;  // per item of the runbook: the steps that it undoes
};
// An `automatic` rollback, which nobody was asked about, never loses data: what could is made to look first, under its lock, and
// to fail if something would be lost; what cannot look is refused.
RollbackRunbook rollback_runbook(const Plan& plan, const std::set<int>& done, bool automatic);

// Plans it against the catalog as it is now; each step knows which steps of the undone run it undoes.
Plan make_rollback_plan(const RollbackRunbook& rollback, const catalog::Catalog& catalog, const PlanOptions& options);

}  // namespace pgbelay::plan
