// Runs: deploy, resume, roll back, steer. Each returns what happened; only what nobody planned for is thrown.
#pragma once

#include "base/error.h"
#include "engine/confirmer.h"
#include "engine/event.h"
#include "engine/measured.h"
#include "engine/rows.h"
#include "engine/target.h"
#include "plan/plan.h"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace pgbelay::engine {

enum class RunResult { deployed, nothing_to_do, waiting, rolled_back, stopped, refused, interrupted };
std::string_view to_string(RunResult result);

struct StepReport {
    int n = 0;
    std::string name;
    base::Place place;
    std::string sql;  // the statements, joined by ";\n"
    StepResult result = StepResult::done;
    StepTimes times;
    std::string note;
};

struct RunReport {
    std::int64_t run = 0;  // 0: no run was begun
    RunResult result = RunResult::deployed;
    std::string digest;
    std::string plan_digest;
    bool verified = false;
    bool was_rollback = false;  // the run itself is a rollback: rolled back is what was wanted
    bool changed = false;       // something of the target's schema or data was changed and stands
    std::vector<StepReport> steps;
    std::vector<std::string> verification_failures;
    RowsReport rows;
    std::vector<Measured> measured;
    std::string waiting_for;    // the step whose time has not come; "" when the run does not wait
    std::string waiting_until;  // its time, by the server's clock
    std::optional<base::Error> error;
};

enum class OnFailure { stop, rollback };

struct RunOptions {
    OnFailure on_failure = OnFailure::stop;
    std::optional<runbook::Blockers> blockers;  // instead of the plan's
    std::string url_source;                     // recorded: "--db", "$DATABASE_URL"
    base::Millis stuck_notice{30'000};          // how often a wait is said again to plain sinks
    Confirmer confirmer;                        // who says yes to `confirm` steps
};

// The main job. The gates have passed and the person has said yes. Interrupts come through target.stop().
RunReport deploy(Target& target, const plan::Plan& plan, const RunOptions& options, const Sink& sink);

// Takes over an unfinished run whose process is dead (from the journal, no files), or tells a living one to go on.
// Throws Error{usage} when there is none, Error{conflict} when another process works on it and was only told to go on (not an error for
// pause).
RunReport resume(Target& target, std::optional<std::int64_t> run, const RunOptions& options, const Sink& sink);

// What a rollback of the run would do: shown before the question.
struct RollbackPlan {
    std::int64_t run = 0;
    plan::Plan plan;
    std::vector<std::string> loses_data;
    std::set<int> done;  // n of the run's steps that took effect, as far as could be seen
};
RollbackPlan plan_rollback(Target& target, std::optional<std::int64_t> run);
RunReport rollback(Target& target, const RollbackPlan& rollback, const RunOptions& options, const Sink& sink);

// Control of a run from another shell: a row and a NOTIFY. They return what the run's process was told, in words.
std::string request_pause(Target& target, std::optional<std::int64_t> run, bool now);
// `resume` of a paused run whose process lives; nothing when the process is dead (then call resume()).
std::optional<std::string> request_resume(Target& target, std::optional<std::int64_t> run);
// Aborts: a living process cancels, cleans up and stops; a dead one's run is cleaned up and closed from here.
std::string request_abort(Target& target, std::optional<std::int64_t> run, const Sink& sink);

// Is what was deployed still there, whole and valid: every condition of the plan, and no INVALID index or NOT VALID constraint
// that was not asked for. Words for each that fails.
std::vector<std::string> verify(Target& target, const plan::Plan& plan);

// Records files as deployed without running them. Returns the keys recorded.
std::vector<std::string> mark(Target& target, const plan::Plan& plan);

}  // namespace pgbelay::engine
