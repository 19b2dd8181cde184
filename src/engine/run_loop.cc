#include "engine/run_loop.h"

#include "engine/rollback_run.h"
#include "engine/standby_wait.h"
#include "engine/verification.h"
#include "plan/planner.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pgbelay::engine {

using base::Error;
using base::ErrorCode;
using base::Millis;

namespace {

constexpr Millis kLookAtCommitted{1000};

bool runs_aside(const plan::Step& step) {
    return step.skip || step.kind == plan::StepKind::concurrent || step.kind == plan::StepKind::repeatable ||
           step.kind == plan::StepKind::once;
}

// What a step's own failure makes of it; what concerns the whole run is thrown on.
StepOutcome outcome_of(const Error& error) {
    if (error.code() == ErrorCode::connection || error.code() == ErrorCode::conflict) {
        throw error;
    }
    if (error.code() == ErrorCode::interrupted) {
        return {.interrupted = Order::stop};
    }
    return {.result = StepResult::failed, .error = error};
}

}  // namespace

RunLoop::RunLoop(Target& target, const plan::Plan& plan, std::unique_ptr<Session> session, const RunOptions& options, const Sink& sink)
    : target_(target),
      plan_(plan),
      session_(std::move(session)),
      options_(options),
      sink_(sink),
      ledger_(target, layouts(plan)),
      rows_(plan),
      windows_(plan.windows),
      replicas_(target.replicas(), target.stop()),
      health_(plan, sink_, target.stop()),
      measurements_(target, plan, sink) {
    for (const auto& table : plan.tables) {
        if (table.oid == catalog::Oid{}) {
            new_tables_.insert(table.name);
        }
    }
    key_ = session_->key();
    origin_.url_source = options.url_source;
    timeline_ = target.facts().timeline;
    report_.run = key_.id;
    report_.digest = plan.digest;
    report_.plan_digest = plan.plan_digest;
}

RunReport RunLoop::run(bool resumed) {
    sink_(RunStarted{.run = report_.run,
                     .target = target_.describe(),
                     .steps = static_cast<int>(plan_.steps.size()),
                     .resumed = resumed,
                     .rollback = good_result_ == RunResult::rolled_back});
    for (;;) {
        try {
            reconcile();
            // What was decided before the connection broke stays decided: a failed step is not tried again by itself.
            if (!report_.error) {
                steps();
            }
            const bool waits = report_.result == RunResult::waiting;
            if (!report_.error && !waits) {
                measure_after();
            }
            if (!report_.error && !waits) {
                verify_all();
            }
            if (!report_.error && !waits && when_good_) {
                when_good_(*session_);
            }
            close();
            break;
        } catch (const Error& error) {
            if (error.code() != ErrorCode::connection) {
                // Replaced, interrupted while waiting, or a defect: nothing more may be written as this incarnation.
                report_.error = error;
                report_.result = error.code() == ErrorCode::interrupted ? RunResult::interrupted : RunResult::stopped;
                break;
            }
            measurements_.stop_probes();
            control_.reset();
            guard_.reset();
            session_.reset();
            try {
                if (!recover(error)) {
                    break;
                }
            } catch (const Error& gone) {
                report_.error = gone;
                report_.result = gone.code() == ErrorCode::interrupted ? RunResult::interrupted : RunResult::stopped;
                break;
            }
        }
    }
    report_.changed = changed();
    if (want_rollback_ && session_) {
        guard_.reset();
        control_.reset();
        return roll_back_after_failure(target_, std::move(report_), std::move(session_), plan_, options_, sink_);
    }
    RunFinished finished{.run = report_.run,
                         .result = std::string(to_string(report_.result)),
                         .took = std::chrono::duration_cast<Millis>(base::Clock::now() - began_),
                         .error = report_.error};
    for (const auto& step : report_.steps) {
        finished.longest_hold = std::max(finished.longest_hold, step.times.lock_held);
        finished.longest_queue = std::max(finished.longest_queue, step.times.queued);
    }
    sink_(finished);
    return report_;
}

// The journal's word on what is done, before the first step of an incarnation.
void RunLoop::reconcile() {
    committed_.clear();
    measured_before_ = false;
    const auto before = std::exchange(done_, session_->journal().steps_done(session_->key()));
    say_what_was_lost(before);
    left_.clear();
    for (const auto& step : plan_.steps) {
        if (step.file >= 0) {
            left_[step.file] += done_.contains(step.n) ? 0 : 1;
        }
    }
    forget_whole_files();
    intents_ = session_->journal().intents(session_->key());
    rows_.before(target_, *session_, done_.empty());
    guard_ = std::make_unique<Guard>(target_, plan_.limits, plan_.on_breach);
    guard_->set_ours(session_->pids());
    control_ = std::make_unique<ControlPoint>(*session_, *guard_, plan_, clock_, sink_, target_.stop());
    control_->watch(measurements_);
    health_.take_up(*session_, *guard_);
    if (!report_.error) {
        report_.steps.clear();
        report_.result = good_result_;
    }
}

void RunLoop::steps() {
    for (auto next = plan_.steps.begin(); next != plan_.steps.end();) {
        health_.at_the_end_of(&*next, *session_, *guard_);
        if (must_wait(*next)) {
            return;
        }
        // What has a time of its own begins when all before it has ended.
        const auto aside = std::find_if_not(next, plan_.steps.end(), runs_aside);
        const auto stands_apart = [&](const plan::Step& step) {
            return step.waits() || plan_.section_of(step.n) != plan_.section_of(next->n);
        };
        const auto last = next == aside ? aside : std::find_if(next + 1, aside, stands_apart);
        if (std::any_of(next, std::max(last, next + 1), [](const plan::Step& step) { return !step.only_looks(); }) &&
            measure_before() == Next::end) {
            return;
        }
        // A transaction may follow at once; for everything else what was done before must be there.
        const bool by_itself = last == next && next->kind == plan::StepKind::transaction && next->when.empty();
        write_timings(!by_itself);
        if (look_at_committed(!by_itself) == Next::end || (last == next ? step(*next) : steps_aside({next, last})) == Next::end) {
            return;
        }
        next = std::max(last, next + 1);
    }
    write_timings(true);
    health_.at_the_end_of(nullptr, *session_, *guard_);
    if (measure_before() == Next::end) {
        return;
    }
    for (const auto& text : plan_.trailing_echoes) {
        sink_(Echo{text});
    }
}

bool RunLoop::done_earlier(const plan::Step& step) {
    const auto done = done_.find(step.n);
    if (done == done_.end()) {
        return false;
    }
    report_.steps.push_back(report_of(step));
    report_.steps.back().result = done->second;
    report_.steps.back().note = "earlier";
    return true;
}

RunLoop::Next RunLoop::step(const plan::Step& step) {
    if (done_earlier(step)) {
        return Next::go_on;
    }
    if (const std::string until = outside_of_windows(step); !until.empty()) {
        write_timings(true);
        if (look_at_committed(true) != Next::end) {
            wait(step, until);
        }
        return Next::end;
    }
    RunContext context{target_, plan_, *session_, *control_, *guard_, sink_, replicas_, options_.blockers.value_or(plan_.blockers), made_};
    guard_->reset_peak();
    if (const Begun begun = begin(context, step); begun != Begun::runs) {
        return begun == Begun::failed ? Next::end : Next::go_on;
    }
    StepOutcome outcome;
    try {
        outcome = transact(context, step);
    } catch (const Error& error) {
        outcome = outcome_of(error);
    }
    outcome.times.blocked_sessions = std::max(outcome.times.blocked_sessions, guard_->view().most_blocked_by_us);
    return settle(step, std::move(outcome));
}

// Steps outside of transactions, which may overtake each other as far as the plan's order of steps lets them.
RunLoop::Next RunLoop::steps_aside(std::span<const plan::Step> steps) {
    RunContext context{target_, plan_, *session_, *control_, *guard_, sink_, replicas_, options_.blockers.value_or(plan_.blockers), made_};
    std::vector<const plan::Step*> left;
    for (const auto& step : steps) {
        if (!done_earlier(step)) {
            left.push_back(&step);
        }
    }
    const plan::Step* postponed = nullptr;
    std::string until;
    const BuildsCallbacks callbacks{
        .begin =
            [&](const plan::Step& step) {
                until = outside_of_windows(step);
                if (!until.empty()) {
                    postponed = &step;
                    return Begun::later;
                }
                const Begun begun = begin(context, step);
                StepOutcome outcome;
                if (begun != Begun::runs || StandbyWait(context, step).wait_until_clear(outcome)) {
                    return begun;
                }
                settle(step, std::move(outcome));
                return Begun::failed;
            },
        .intent = [&](const plan::Step& step) { return intent_of(step); },
        .also = [&](const plan::Step& step) { return also_for(step); },
        .settle =
            [&](const plan::Step& step, StepOutcome outcome) {
                if (!outcome.error && outcome.interrupted == Order::go_on) {
                    StandbyWait(context, step).wait_until_replayed(outcome);
                }
                return settle(step, std::move(outcome)) == Next::go_on;
            },
    };
    run_builds(context, left, callbacks, options_.on_failure == OnFailure::rollback);
    std::ranges::sort(report_.steps, {}, &StepReport::n);
    if (report_.error || postponed == nullptr) {
        return report_.error ? Next::end : Next::go_on;
    }
    write_timings(true);
    wait(*postponed, until);
    return Next::end;
}

Begun RunLoop::begin(RunContext& context, const plan::Step& step) {
    health_.before(step, *session_, *guard_);
    for (const auto& text : step.echoes) {
        sink_(Echo{text});
    }
    sink_(StepStarted{.step = &step, .total = static_cast<int>(plan_.steps.size())});
    // Nobody is hurried to confirm something.
    if (step.kind != plan::StepKind::confirm) {
        control_->step_begins(step.n);
    }
    try {
        return skip_by_plan(step) || skip_by_when(context, step) ? Begun::settled : Begun::runs;
    } catch (const Error& error) {
        settle(step, outcome_of(error));
        return Begun::failed;
    }
}

bool RunLoop::skip_by_plan(const plan::Step& step) {
    if (!step.skip) {
        return false;
    }
    session_->journal().finish(session_->key(), step.n, StepResult::skipped, *step.skip, ledger_rows(step));
    settle(step, {.result = StepResult::skipped, .note = *step.skip});
    return true;
}

bool RunLoop::skip_by_when(RunContext& context, const plan::Step& step) {
    if (step.when.empty()) {
        return false;
    }
    // Asked once for all steps of the statement: its own effect must not change the answer.
    bool holds = false;
    if (step.when_from == step.n) {
        holds = when_holds(context, step);
    } else {
        const auto first = done_.find(step.when_from);
        holds = first != done_.end() && first->second != StepResult::skipped;
    }
    if (holds) {
        return false;
    }
    const std::string note = "its condition does not hold: " + step.when;
    session_->journal().finish(session_->key(), step.n, StepResult::skipped, note, ledger_rows(step));
    settle(step, {.result = StepResult::skipped, .note = note});
    return true;
}

// Around the step itself: nobody may read on a standby what it takes away there, and the next one waits until they have replayed it.
StepOutcome RunLoop::transact(RunContext& context, const plan::Step& step) {
    const StandbyWait standbys(context, step);
    StepOutcome outcome;
    if (!standbys.wait_until_clear(outcome)) {
        return outcome;
    }
    const Millis waited = outcome.times.waited;
    outcome = transact_on_primary(context, step);
    outcome.times.waited += waited;
    if (!outcome.error && outcome.interrupted == Order::go_on) {
        standbys.wait_until_replayed(outcome);
    }
    return outcome;
}

StepOutcome RunLoop::transact_on_primary(RunContext& context, const plan::Step& step) {
    if (step.kind == plan::StepKind::check) {
        return run_check(context, step, also_for(step));
    }
    if (step.kind == plan::StepKind::attempt) {
        return run_try(context, step, also_for(step));
    }
    if (step.kind == plan::StepKind::confirm) {
        return run_confirm(context, step, options_.confirmer, also_for(step));
    }
    if (step.kind == plan::StepKind::attach) {
        return run_attach(context, step, intent_of(step), also_for(step));
    }
    StepOutcome outcome = run_transaction(context, step, also_for(step));
    if (!outcome.error && outcome.interrupted == Order::go_on && !step.condition.empty()) {
        if (committed_.empty()) {
            look_at_committed_at_ = base::in(kLookAtCommitted);
        }
        committed_.push_back(&step);
        note_made(step);
    }
    return outcome;
}

void RunLoop::note_made(const plan::Step& step) {
    for (const auto& fact : step.condition.facts) {
        const auto* relation = std::get_if<catalog::RelationIs>(&fact);
        if (relation != nullptr && new_tables_.contains(relation->relation)) {
            made_.insert(relation->relation);
        }
    }
}

// Whether the catalog shows what the latest steps have done. Small steps are looked at together, soon after: one look costs more than
// such a step. What a later one of them took back again is not missed.
RunLoop::Next RunLoop::look_at_committed(bool now) {
    if (committed_.empty() || (!now && base::Clock::now() < look_at_committed_at_)) {
        return Next::go_on;
    }
    const auto steps = std::exchange(committed_, {});
    std::vector<catalog::Condition> conditions;
    for (const auto* step : steps) {
        conditions.push_back(step->condition);
    }
    const catalog::Condition lasting = plan::lasting(conditions);
    const std::string failure = condition_failure(target_.control(), lasting);
    if (failure.empty()) {
        return Next::go_on;
    }
    // Only to name it: which of them it was.
    const auto whose =
        std::ranges::find_if(steps, [&](const auto* step) { return condition_failure(target_.control(), step->condition) == failure; });
    const plan::Step& step = whose == steps.end() ? *steps.back() : **whose;
    fail(Error(ErrorCode::check, fmt::format("step {} was committed, but what it should have done is not there: {}", step.n, failure))
             .at(step.place)
             .hint("look at what else changes this table; `pgbelay rollback` undoes the run"));
    return Next::end;
}

// Those of small steps together, soon after.
void RunLoop::write_timings(bool now) {
    if (!timings_.empty() && (now || base::Clock::now() - timings_.front().finished >= kLookAtCommitted)) {
        session_->journal().add_timings(session_->key(), timings_);
        timings_.clear();
    }
}

std::optional<Intent> RunLoop::intent_of(const plan::Step& step) const {
    const auto intent = intents_.find(step.n);
    return intent == intents_.end() ? std::nullopt : std::optional(intent->second);
}

Also RunLoop::also_for(const plan::Step& step) const {
    Also also = ledger_rows(step);
    if (carry_along_) {
        const Also more = carry_along_(step);
        also.insert(also.end(), more.begin(), more.end());
    }
    return also;
}

// The rows of the files that become whole with this step: all their steps are done then, and those of the files before them. Steps may
// overtake each other, ledgers are written in order. A file without a step was deployed by an earlier run.
Also RunLoop::ledger_rows(const plan::Step& step) const {
    Also rows;
    for (const auto& [file, steps] : left_) {
        if (steps > (step.file == file ? 1 : 0)) {
            break;
        }
        const Also more = ledger_.deployed(session_->journal(), session_->key(), plan_.files.at(static_cast<std::size_t>(file)));
        rows.insert(rows.end(), more.begin(), more.end());
    }
    return rows;
}

// Evidence, the event, and what follows from the outcome.
RunLoop::Next RunLoop::settle(const plan::Step& step, StepOutcome outcome) {
    control_->step_ends(step.n);
    const bool interrupted = outcome.interrupted != Order::go_on;
    // Of several that fail side by side the first one says why the run ends.
    if (outcome.error && !report_.error) {
        report_.error = outcome.error;
        report_.result = RunResult::stopped;
        want_rollback_ = options_.on_failure == OnFailure::rollback && outcome.result == StepResult::failed;
    }
    if (!interrupted) {
        StepReport report = report_of(step);
        report.result = outcome.result;
        report.times = outcome.times;
        report.note = outcome.note;
        report_.steps.push_back(std::move(report));
        sink_(StepFinished{.step = &step,
                           .result = outcome.result,
                           .times = outcome.times,
                           .note = outcome.error ? outcome.error->message() : outcome.note});
        timings_.push_back({.n = step.n,
                            .result = outcome.result,
                            .times = outcome.times,
                            .note = outcome.error ? outcome.error->message() : outcome.note,
                            .finished = base::Clock::now()});
    }
    write_timings(interrupted || outcome.error.has_value() || step.kind != plan::StepKind::transaction);
    if (outcome.error) {
        if (outcome.result == StepResult::done) {
            note_done(step, outcome.result);  // what failed came after it
        }
        return Next::end;
    }
    if (interrupted) {
        if (report_.error) {
            return Next::end;
        }
        take_effect_order(outcome.interrupted, control_->why());
        return Next::end;
    }
    note_done(step, outcome.result);
    if (!step.only_looks() && !step.sends.empty() && (outcome.result == StepResult::done || outcome.result == StepResult::adopted)) {
        health_.took_effect(step);
    }
    windows_.learn(step, outcome.times.ran);
    losses_ = 0;
    return Next::go_on;
}

void RunLoop::note_done(const plan::Step& step, StepResult result) {
    if (done_.insert_or_assign(step.n, result).second && step.file >= 0) {
        --left_[step.file];
        forget_whole_files();
    }
}

// Those at the front: their rows are written, and no later step looks at them again.
void RunLoop::forget_whole_files() {
    while (!left_.empty() && left_.begin()->second == 0) {
        left_.erase(left_.begin());
    }
}

void RunLoop::fail(Error error) {
    report_.error = std::move(error);
    report_.result = RunResult::stopped;
    want_rollback_ = options_.on_failure == OnFailure::rollback;
}

void RunLoop::take_effect_order(Order order, const std::string& why) {
    aborted_ = true;
    switch (order) {
        case Order::stop:
            report_.result = RunResult::interrupted;
            report_.error = Error(ErrorCode::interrupted, fmt::format("run {} was interrupted; nothing is half done", report_.run))
                                .hint("`pgbelay resume` goes on where it stopped, `pgbelay rollback` undoes what was done");
            break;
        case Order::roll_back: want_rollback_ = true; [[fallthrough]];
        default:
            report_.result = RunResult::stopped;
            report_.error = Error(ErrorCode::interrupted, fmt::format("run {} was aborted {}", report_.run, why))
                                .hint("`pgbelay rollback` undoes what was done");
            break;
    }
}

bool RunLoop::changed() const {
    return std::ranges::any_of(plan_.steps, [&](const plan::Step& step) {
        const auto done = done_.find(step.n);
        return done != done_.end() && !step.only_looks() && !step.sends.empty() &&
               (done->second == StepResult::done || done->second == StepResult::adopted);
    });
}

std::string RunLoop::error_words() const {
    return report_.error ? report_.error->what() : "";
}

}  // namespace pgbelay::engine
