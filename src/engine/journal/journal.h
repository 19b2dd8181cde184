// The only writer of schema pgbelay. FORMAT.md beside this file says what its tables hold and what may be concluded from them.
#pragma once

#include "engine/event.h"
#include "engine/expectation.h"
#include "engine/journal/format.h"
#include "engine/journal/records.h"
#include "engine/rows.h"
#include "pg/connection.h"
#include "pg/server.h"
#include "plan/plan.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pgbelay::engine {

// Which run we write for, and as which incarnation: a take-over raises the epoch, and nobody of an older one can commit any more.
struct RunKey {
    std::int64_t id = 0;
    int epoch = 1;
    // The incarnations that led to ours, as far as we saw them; ours is the last. By them we know the run's row again on a server to
    // which the last take-over, or the whole row, has not come.
    std::vector<std::string> line;
};

// What one attempt at a step cost.
struct Timing {
    int n = 0;
    StepResult result = StepResult::done;
    StepTimes times;
    std::string note;
    base::Clock::time_point finished{};
};

struct NewRun {
    std::string kind = "deploy";
    std::int64_t undoes = 0;
    std::string url_source;
};

// What was true right before a step that cannot run in a transaction.
struct Intent {
    bool condition_held = false;
    std::vector<std::uint32_t> index_oids;  // of a REINDEX: the indexes that it will replace
    std::vector<sql::QualifiedName> built;  // of a partitioned index: parts of which the plan knew nothing
};

struct Debt {
    std::int64_t id = 0;
    std::int64_t run = 0;
    sql::QualifiedName index;
    std::string table;  // for people
    std::uint32_t index_oid = 0;
    std::string why;
};

// A session that is to be told to end: exactly the one that was seen, in exactly that transaction.
struct Signal {
    bool terminate = false;
    int pid = 0;
    std::string started;  // its backend_start and xact_start, as the server wrote them
    std::string transaction_started;
    std::string who;  // described, for the record
};
struct SignalResult {
    enum class Outcome { sent, gone, refused } outcome = Outcome::gone;
    std::string why;  // of `refused`: the server's word
};

struct DeployedFile {
    std::string digest;
    std::string text;
    std::string how;  // deployed, marked
    std::string at;
};

enum class ControlRequest { run, pause, pause_now, abort };

struct ControlState {
    ControlRequest request = ControlRequest::run;
    std::string by;
    int epoch = 0;
    std::string state;        // of the run: "running", "deployed", …
    std::string incarnation;  // who had it last
    bool over() const { return state == "deployed" || state == "rolled_back" || state == "aborted"; }
};

// A record as the content of evidence, and back.
std::string to_json_text(const Record& record);
Record record_of(const std::string& content);

// Who runs pgbelay here: "alice@laptop", from the operating system.
std::string operator_name();

// For who finds that another process has taken his run over: Error{conflict}.
[[noreturn]] void throw_replaced(const RunKey& key);

// Wraps one connection, over which it writes outside of steps. Every write is a boundary for the fail points.
class Journal {
public:
    explicit Journal(pg::Connection& connection) : connection_(&connection) {}

    RunKey begin(const plan::Plan& plan, const NewRun& run, const pg::ServerFacts& facts);
    // Writes the row of a run that is ours and that this server does not have, as its next incarnation, under the number that it had.
    void begin_again(RunKey& key, const plan::Plan& plan, const NewRun& run, const pg::ServerFacts& facts);
    // Raises the epoch. Waits (in short tries, until the deadline) for the transaction of an orphan; false when it did not end.
    bool take_over(RunKey& key, base::Deadline deadline, const base::StopSignal* stop);

    // The pieces that begin every step's transaction: BEGIN, then the fence, which is also the step's row. Whatever follows them in the
    // same pipeline runs only when the run is still ours.
    std::vector<pg::Connection::Piece> opening(const RunKey& key, int n, StepResult result = StepResult::done,
                                               const std::string& note = "") const;
    // The same for a part of a step, whose end is written elsewhere.
    std::vector<pg::Connection::Piece> opening_without_record(const RunKey& key) const;
    // Throws Error{conflict} when it was the fence that ended a pipeline which began with an opening.
    static void throw_if_replaced(const RunKey& key, const std::vector<pg::Outcome>& outcomes);
    // Whether it failed only because the user's statements took the session's prepared ones away (26000): nothing ran, another try may.
    static bool was_forgotten(const std::vector<pg::Outcome>& outcomes);

    // For a step that may delete rows: the last of its opening, and what goes right before COMMIT. What was deferred runs first, under the
    // user's own role and settings; then it is written down, under ours, from which tables rows were deleted.
    pg::Connection::Piece watch_deletions() const;
    std::vector<pg::Connection::Piece> record_deletions(const RunKey& key, int n) const;

    // Counted before the first step: what is there already is not written again. Nothing is written by who was replaced.
    void count_before(const RunKey& key, const std::vector<RowCount>& counts);
    void count_after(const RunKey& key, const std::vector<RowCount>& counts);

    std::map<int, StepResult> steps_done(const RunKey& key);
    std::map<int, Intent> intents(const RunKey& key);
    // Throws Error{conflict} when we were replaced.
    void intend(const RunKey& key, int n, const Intent& intent);
    // The end of a step that had no transaction to carry its row, with `also` in the same transaction. Throws Error{conflict} when
    // replaced.
    void finish(const RunKey& key, int n, StepResult result, const std::string& note, const std::vector<pg::Connection::Piece>& also = {});
    void add_timings(const RunKey& key, const std::vector<Timing>& timings);
    void set_state(const RunKey& key, const std::string& state, const std::string& error = "", bool verified = false);
    ControlState control(const RunKey& key);
    std::optional<ControlState> find(std::int64_t run);
    // The row, for the transaction of the step; what an earlier incarnation wrote of it is replaced.
    pg::Connection::Piece evidence(const RunKey& key, const Evidence& evidence) const;
    // At once, outside of any step.
    void keep(const RunKey& key, const Evidence& evidence);
    std::vector<Evidence> evidence(const RunKey& key);
    Records records(const RunKey& key);
    // When the time of a step has come, by the server's clock; the run is written down as waiting for it.
    struct Due {
        bool now = true;
        std::string at;
    };
    Due due(const RunKey& key, const plan::Step& step);
    void wait_until(const RunKey& key, const plan::Step& step, const std::string& until);
    void guard_summary(const RunKey& key, int samples, const std::map<std::string, double>& maxima);

    pg::Connection::Piece file_deployed(const plan::PlannedFile& file, const RunKey& key, const std::string& how) const;
    pg::Connection::Piece forget_file(const std::string& key) const;
    std::map<std::string, DeployedFile> files(const std::vector<std::string>& keys);
    bool knows_any_file();

    void add_debt(const RunKey& key, int n, const Debt& debt);
    std::vector<Debt> open_debts();
    void settle_debt(std::int64_t id);

    // Looks again, signals and writes it down in one statement: what is not in the journal was not sent.
    SignalResult signal(const RunKey& key, int n, const Signal& signal);

    // The steps of run `undone` that a rollback has taken back; `whole` closes that run as rolled back.
    void mark_undone(std::int64_t undone, const std::vector<int>& steps, bool whole);

private:
    pg::Result write(const pg::Query& query, const pg::Params& params);
    // A part of a transaction on our connection; rolls it back and throws when one of the pieces fails.

    pg::Connection* connection_;
};

// Marks steps of a run as undone, for the transaction of the step that undoes them.
pg::Connection::Piece mark_undone_piece(std::int64_t undone, const std::vector<int>& steps);

// Empty where the journal is from before there were any.
std::vector<RowCount> row_counts(pg::Connection& connection, std::int64_t run);
std::vector<RowDeletion> row_deletions(pg::Connection& connection, std::int64_t run);

// Of one run, in the order in which it was written; empty where the journal is from before there was any.
std::vector<Evidence> read_evidence(pg::Connection& connection, std::int64_t run);

// An unfinished run of this very database (a restored copy's rows never count).
struct Unfinished {
    std::int64_t id = 0;
    std::string digest;
    std::string name;
    std::string kind;
    std::string state;
    std::string who;
    std::string since;
};
std::optional<Unfinished> unfinished_run(pg::Connection& connection, const pg::ServerFacts& facts);

// Who holds the database's lock, described with since when; nothing when nobody does.
std::optional<std::string> keeper_holder(pg::Connection& connection);

void request_control(pg::Connection& connection, std::int64_t run, ControlRequest request);

}  // namespace pgbelay::engine
