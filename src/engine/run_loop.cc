#include "engine/run_loop.h"

#include "engine/rollback_run.h"
#include "engine/verification.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pgbelay::engine {

using base::Error;
using base::ErrorCode;
using base::Millis;

namespace {

constexpr std::chrono::seconds kReconnectFor{120};
constexpr Millis kFirstReconnect{200};
constexpr Millis kLongestReconnect{5'000};
// A dead connection's locks are free after 30 s of silence (keepalives).
constexpr Millis kKeeperPatience{40'000};
// Somebody who ends our sessions again and again means it.
constexpr int kMostLosses = 5;

}  // namespace

RunLoop::RunLoop(Target& target, const plan::Plan& plan, std::unique_ptr<Session> session, const RunOptions& options, const Sink& sink)
    : target_(target), plan_(plan), session_(std::move(session)), options_(options), sink_(sink), ledger_(target, layouts(plan)) {
    key_ = session_->key();
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
            if (!report_.error) {
                verify_all();
            }
            if (!report_.error && when_good_) {
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
    done_ = session_->journal().steps_done(session_->key());
    intents_ = session_->journal().intents(session_->key());
    guard_ = std::make_unique<Guard>(target_, plan_.limits);
    guard_->set_ours(session_->pids());
    control_ = std::make_unique<ControlPoint>(*session_, *guard_, plan_.on_breach, sink_, target_.stop());
    if (!report_.error) {
        report_.steps.clear();
    }
}

void RunLoop::steps() {
    for (const auto& s : plan_.steps) {
        if (step(s) == Next::end) {
            return;
        }
    }
    for (const auto& text : plan_.trailing_echoes) {
        sink_(Echo{text});
    }
}

RunLoop::Next RunLoop::step(const plan::Step& step) {
    if (const auto done = done_.find(step.n); done != done_.end()) {
        report_.steps.push_back(report_of(step));
        report_.steps.back().result = done->second;
        report_.steps.back().note = "earlier";
        return Next::go_on;
    }
    for (const auto& text : step.echoes) {
        sink_(Echo{text});
    }
    sink_(StepStarted{.step = &step, .total = static_cast<int>(plan_.steps.size())});
    RunContext context{target_, plan_, *session_, *control_, *guard_, sink_, options_.blockers.value_or(plan_.blockers)};
    guard_->reset_peak();
    StepOutcome outcome;
    try {
        if (skip_by_plan(step) || skip_by_when(context, step)) {
            return Next::go_on;
        }
        outcome = dispatch(context, step);
    } catch (const Error& error) {
        if (error.code() == ErrorCode::connection || error.code() == ErrorCode::conflict) {
            throw;
        }
        if (error.code() == ErrorCode::interrupted) {
            outcome.interrupted = Order::stop;
        } else {
            outcome.result = StepResult::failed;
            outcome.error = error;
        }
    }
    outcome.times.blocked_sessions = std::max(outcome.times.blocked_sessions, guard_->view().most_blocked_by_us);
    return settle(step, std::move(outcome));
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

StepOutcome RunLoop::dispatch(RunContext& context, const plan::Step& step) {
    Also also = ledger_rows(step);
    if (carry_along_) {
        const Also more = carry_along_(step);
        also.insert(also.end(), more.begin(), more.end());
    }
    switch (step.kind) {
        case plan::StepKind::transaction: {
            StepOutcome outcome = run_transaction(context, step, also);
            if (!outcome.error && outcome.interrupted == Order::go_on) {
                if (const std::string failure = condition_failure(target_.control(), step.condition); !failure.empty()) {
                    outcome.result = StepResult::failed;
                    outcome.error = Error(ErrorCode::check, "the step was committed, but what it should have done is not there: " + failure)
                                        .at(step.place)
                                        .hint("look at what else changes this table; `pgbelay rollback` undoes the run");
                }
            }
            return outcome;
        }
        case plan::StepKind::check: return run_check(context, step, also);
        case plan::StepKind::concurrent:
        case plan::StepKind::repeatable:
        case plan::StepKind::once: {
            const auto intent = intents_.find(step.n);
            return run_concurrent(context, step, intent == intents_.end() ? std::nullopt : std::optional(intent->second), also);
        }
    }
    throw Error(ErrorCode::internal, "a step of no kind");
}

Also RunLoop::ledger_rows(const plan::Step& step) const {
    if (!step.last_of_file || step.file < 0) {
        return {};
    }
    return ledger_.deployed(session_->journal(), session_->key(), plan_.files.at(static_cast<std::size_t>(step.file)));
}

// Evidence, the event, and what follows from the outcome.
RunLoop::Next RunLoop::settle(const plan::Step& step, StepOutcome outcome) {
    const bool interrupted = outcome.interrupted != Order::go_on;
    if (outcome.error) {
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
        sink_(StepFinished{.step = &step, .result = outcome.result, .times = outcome.times,
                           .note = outcome.error ? outcome.error->message() : outcome.note});
        session_->journal().add_timing(session_->key(), step.n, outcome.result, outcome.times,
                                       outcome.error ? outcome.error->message() : outcome.note);
    }
    if (outcome.error) {
        return Next::end;
    }
    if (interrupted) {
        take_effect_order(outcome.interrupted, control_->why());
        return Next::end;
    }
    done_[step.n] = outcome.result;
    losses_ = 0;
    return Next::go_on;
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

// A broken connection says nothing about what was committed: everything is looked up again, as after a crash.
bool RunLoop::recover(const Error& lost) {
    sink_(Notice{.text = "connection lost: " + lost.message() + "; connecting again", .warning = true});
    if (++losses_ > kMostLosses) {
        throw Error(ErrorCode::server, fmt::format("the connection was lost {} times without a step getting done: {}", losses_, lost.message()))
            .hint("find out who ends our sessions, then `pgbelay resume`");
    }
    const base::Deadline deadline = base::in(kReconnectFor);
    Millis backoff = kFirstReconnect;
    for (;;) {
        try {
            target_.reconnect();
            session_ = std::make_unique<Session>(target_, kKeeperPatience);
            std::string last;
            const bool unfinished = session_->take_up_again(key_, [&](const std::string& words) {
                if (words != last) {
                    sink_(Notice{.text = "waiting: " + words});
                    last = words;
                }
            });
            key_ = session_->key();
            sink_(Notice{.text = "connected again; looking up what was done"});
            return unfinished;
        } catch (const Error& error) {
            session_.reset();
            if (error.code() != ErrorCode::connection || base::Clock::now() >= deadline) {
                throw;
            }
        }
        if (!base::pause_for(backoff, target_.stop())) {
            throw Error(ErrorCode::interrupted, "interrupted while the connection was lost").hint("`pgbelay resume` goes on");
        }
        backoff = std::min(backoff * 2, kLongestReconnect);
    }
}

void RunLoop::verify_all() {
    // A step whose `when` did not hold promises nothing.
    std::set<int> effective;
    for (const auto& step : plan_.steps) {
        const auto done = done_.find(step.n);
        if (done != done_.end() && done->second != StepResult::rolled_back && (step.when.empty() || done->second != StepResult::skipped)) {
            effective.insert(step.n);
        }
    }
    report_.verification_failures = verification_failures(target_.control(), plan_, false, effective);
    report_.verified = report_.verification_failures.empty();
    sink_(Verified{.holds = report_.verified, .failures = report_.verification_failures});
    if (!report_.verified) {
        report_.result = RunResult::stopped;
        report_.error = Error(ErrorCode::check, "verification failed: " + report_.verification_failures.front())
                            .detail(fmt::format("{}", fmt::join(report_.verification_failures, "\n")))
                            .hint("mend it, then `pgbelay resume`; or `pgbelay rollback`");
    } else {
        report_.result = good_result_;
    }
}

void RunLoop::close() {
    write_guard_summary();
    std::string state = good_state_;
    if (report_.result == RunResult::interrupted) {
        state = "interrupted";
    } else if (report_.error) {
        state = aborted_ && !want_rollback_ ? "aborted" : "stopped";
    }
    session_->journal().set_state(session_->key(), state, error_words(), report_.verified);
}

void RunLoop::write_guard_summary() {
    const Guard::Summary summary = guard_->summary();
    if (summary.samples > 0) {
        session_->journal().guard_summary(session_->key(), summary.samples, summary.maxima);
    }
}

bool RunLoop::changed() const {
    return std::ranges::any_of(plan_.steps, [&](const plan::Step& step) {
        const auto done = done_.find(step.n);
        return done != done_.end() && step.kind != plan::StepKind::check && !step.sends.empty() &&
               (done->second == StepResult::done || done->second == StepResult::adopted);
    });
}

std::string RunLoop::error_words() const { return report_.error ? report_.error->what() : ""; }

}  // namespace pgbelay::engine
