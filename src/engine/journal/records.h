// What the journal says about runs, for status, history and report. Reading only.
#pragma once

#include "engine/event.h"
#include "engine/journal/format.h"
#include "engine/measured.h"
#include "engine/rows.h"
#include "engine/target.h"
#include "pg/connection.h"
#include "plan/plan.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pgbelay::engine {

struct StepRecord {
    int n = 0;
    std::string result;      // done, skipped, adopted, failed, unknown, rolled_back; "" = not reached; "intent" = in flight
    std::string started_at;  // ISO 8601 with zone; "" = not known
    std::string finished_at;
    StepTimes times;
    std::string note;
};

// A session that the run told to end, since it was in the way.
struct SignalRecord {
    int n = 0;           // of the step
    std::string action;  // cancel, terminate
    int pid = 0;
    std::string session;  // described
    std::string at;
};

// What a step found out or whom it asked, and what was measured: kept for later steps and for the report.
struct Evidence {
    int n = 0;            // of the step; 0: of a measurement
    std::string kind;     // record, confirm, waiting, before, after
    std::string name;     // of the record, of the step, of the measurement
    std::string content;  // JSON
    std::string at;       // of a row that was read
};

struct RunRecord {
    std::int64_t id = 0;
    std::string kind;         // deploy, rollback, mark
    std::int64_t undoes = 0;  // the run that a rollback undoes
    std::string name;
    std::string digest;
    std::string plan_digest;
    std::string state;    // running, paused, waiting, deployed, stopped, rolled_back, interrupted, aborted
    std::string control;  // run, pause, pause_now, abort
    std::string started_at;
    std::string finished_at;
    std::string operator_name;  // who: OS user @ host
    std::string role;           // database role
    std::string client;         // pgbelay version
    std::string url_source;
    std::string system_identifier;   // of the server and
    std::uint32_t database_oid = 0;  // … the database that it ran on: others' runs come with copies
    bool verified = false;
    std::string error;
    bool process_alive = false;      // its keeper holds the database's lock
    std::string holder;              // described, when alive
    std::optional<plan::Plan> plan;  // only when asked for
    std::vector<StepRecord> steps;
    std::vector<SignalRecord> signals;
    std::vector<Evidence> evidence;
    std::vector<Measured> measured;
    RowsReport rows;
    // The guard's samples summed up: name -> maximum.
    std::vector<std::pair<std::string, double>> guard_maxima;
    int guard_samples = 0;
    std::vector<std::string> debts;  // clean-ups still owed
};
// Null when the plan has no such step, or was not asked for.
const plan::Step* find_step(const RunRecord& run, int n);

// Throws Error{refused} for a run of another database, whose journal came here with a copy of it.
void refuse_copied(Target& target, const RunRecord& run);

// Throws Error{refused} for a journal that a newer version has written.
bool journal_exists(pg::Connection& connection);
// Newest first; without plans.
std::vector<RunRecord> list_runs(pg::Connection& connection, int limit);
// The latest run of this very database that deployed the digest, under the name ("" = any), and was not rolled back since.
struct Deployed {
    std::int64_t id = 0;
    std::string digest;
    bool verified = false;
    std::string who;
    std::string at;
};
std::optional<Deployed> latest_deployed(pg::Connection& connection, const pg::ServerFacts& facts, const std::string& digest,
                                        const std::string& name);
// With plan and steps. Nothing given: the unfinished run, else the latest. Throws Error{usage} when there is no such run.
RunRecord load_run(pg::Connection& connection, std::optional<std::int64_t> run);

}  // namespace pgbelay::engine
