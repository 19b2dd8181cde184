// Runs the steps of a plan that are not done yet, and closes the run.
#pragma once

#include "engine/builds.h"
#include "engine/control_point.h"
#include "engine/guard.h"
#include "engine/ledger.h"
#include "engine/measurements.h"
#include "engine/row_watch.h"
#include "engine/run.h"
#include "engine/section_health.h"
#include "engine/session.h"
#include "engine/step_runner.h"
#include "engine/window_gate.h"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>

namespace pgbelay::engine {

class RunLoop {
public:
    RunLoop(Target& target, const plan::Plan& plan, std::unique_ptr<Session> session, const RunOptions& options, const Sink& sink);

    // Called after each step that took effect, with further statements for its transaction beforehand: how a rollback writes down
    // what it undid.
    using ForStep = std::function<Also(const plan::Step&)>;
    void carry_along(ForStep also) { carry_along_ = std::move(also); }
    // The state in which the run ends when all went well: "deployed", or "rolled_back" for a rollback.
    void ends_as(RunResult result, std::string state) {
        good_result_ = result;
        good_state_ = std::move(state);
    }

    // How the run was begun, where not as a deployment: for a promoted standby that has not got it.
    void begun_as(NewRun origin) { origin_ = std::move(origin); }

    // Called before the run is closed, when everything held.
    void when_good(std::function<void(Session&)> last) { when_good_ = std::move(last); }

    RunReport run(bool resumed);

private:
    enum class Next { go_on, end };

    void reconcile();
    void steps();
    Next step(const plan::Step& step);
    bool must_wait(const plan::Step& step);
    void wait(const plan::Step& step, const std::string& until);
    std::string outside_of_windows(const plan::Step& step);
    Next measure_before();
    void measure_after();
    Next failed_to_measure(const base::Error& error);
    Next steps_aside(std::span<const plan::Step> steps);
    bool done_earlier(const plan::Step& step);
    Begun begin(RunContext& context, const plan::Step& step);
    bool skip_by_plan(const plan::Step& step);
    bool skip_by_when(RunContext& context, const plan::Step& step);
    StepOutcome transact(RunContext& context, const plan::Step& step);
    StepOutcome transact_on_primary(RunContext& context, const plan::Step& step);
    void note_made(const plan::Step& step);
    Next look_at_committed(bool now);
    void write_timings(bool now);
    Next settle(const plan::Step& step, StepOutcome outcome);
    std::optional<Intent> intent_of(const plan::Step& step) const;
    Also also_for(const plan::Step& step) const;
    Also ledger_rows(const plan::Step& step) const;
    void note_done(const plan::Step& step, StepResult result);
    void forget_whole_files();
    void take_effect_order(Order order, const std::string& why);
    void fail(base::Error error);
    // False when the run had been closed by then: only the answer was lost. Throws when it cannot go on.
    bool recover(const base::Error& lost);
    // One try: a connection to a primary, the database's lock, the run. Throws Error{connection} while there is none.
    bool take_up_again();
    void go_on_without_its_row();
    void refuse_lost_work() const;
    void say_what_was_lost(const std::map<int, StepResult>& before);
    void close();
    void verify_all();
    void write_guard_summary();
    bool changed() const;
    std::string error_words() const;

    Target& target_;
    const plan::Plan& plan_;
    std::unique_ptr<Session> session_;
    RunKey key_;  // as of the latest session: with it the run is taken up again
    RunOptions options_;
    NewRun origin_;
    const Sink& sink_;
    std::unique_ptr<Guard> guard_;
    std::unique_ptr<ControlPoint> control_;
    Ledger ledger_;
    RowWatch rows_;
    RunningWindows windows_;
    Replicas replicas_;
    SectionHealth health_;
    Measurements measurements_;
    ForStep carry_along_;
    std::function<void(Session&)> when_good_;
    RunResult good_result_ = RunResult::deployed;
    std::string good_state_ = "deployed";
    std::map<int, StepResult> done_;  // from the journal, this and earlier incarnations
    std::map<int, int> left_;         // of each file, the steps that are not in it
    std::map<int, Intent> intents_;
    RunReport report_;
    std::vector<const plan::Step*> committed_;  // steps whose conditions have not been looked at yet
    base::Deadline look_at_committed_at_{};
    std::set<sql::QualifiedName> new_tables_;  // what the plan makes
    std::set<sql::QualifiedName> made_;        // of these, what this process has made so far
    std::vector<Timing> timings_;              // of steps that have ended and are not in the journal yet
    bool want_rollback_ = false;
    bool aborted_ = false;
    bool measured_before_ = false;
    int timeline_ = 0;  // of the server on which the run was last written
    int losses_ = 0;    // of the connection, since a step got done
    RunClock clock_;
    base::Clock::time_point began_ = base::Clock::now();
};

}  // namespace pgbelay::engine
