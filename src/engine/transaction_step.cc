// Runs a step that is one transaction: fence first, gentle with strong locks, everything from the first of them to COMMIT in one go.
#include "base/fail_point.h"
#include "engine/lock_look.h"
#include "engine/lock_tries.h"
#include "engine/step_runner.h"
#include "sql/quote.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pgbelay::engine {

using base::Clock;
using base::Error;
using base::ErrorCode;
using base::Millis;
using catalog::LockMode;
using Piece = pg::Connection::Piece;

namespace {

constexpr std::chrono::seconds kOwnStatement{10};
// How long a session of ours may sit inside a transaction with strong locks before the server ends it: our own death.
constexpr Millis kIdleInTransaction{5'000};
// For the way to the server and back, and a COMMIT on a busy disk.
constexpr Millis kSlack{1'000};

Millis since(Clock::time_point begin) {
    return std::chrono::duration_cast<Millis>(Clock::now() - begin);
}

// The server's clock, in milliseconds: what was waited in a queue is told apart from what was held by its own words.
const Piece kServerClock{"SELECT pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) * 1000", {}};

class TransactionStep {
public:
    TransactionStep(RunContext& run, const plan::Step& step, const Also& also, Recorded recorded)
        : run_(run),
          step_(step),
          also_(also),
          recorded_(recorded),
          worker_(run.session.worker()),
          limits_(run.plan.limits),
          hold_(step.timeout.count() == 0 ? limits_.hold : std::min(limits_.hold, step.timeout)),
          patience_(step.timeout.count() == 0 ? limits_.deadline : std::min(limits_.deadline, step.timeout)),
          ends_at_(step.timeout.count() == 0 ? base::kNoDeadline : base::in(step.timeout)),
          deadline_(run.control, patience_),
          look_(run, step, deadline_),
          policy_(run, step) {
        first_strong_ = std::ranges::find_if(step.sends, &plan::Send::takes_strong_lock) - step.sends.begin();
        if (std::ranges::none_of(step.locks, [](const auto& lock) { return catalog::blocks_the_application(lock.mode); })) {
            first_strong_ = static_cast<std::ptrdiff_t>(step.sends.size());
        }
    }

    StepOutcome run() {
        Backoff backoff;
        for (;;) {
            if (!clear_to_try()) {
                return outcome_;
            }
            ++outcome_.times.tries;
            try_once();
            if (settled_) {
                return outcome_;
            }
            if (std::exchange(forgotten_, false)) {
                --outcome_.times.tries;
                continue;
            }
            if (deadline_.passed()) {
                return fail(lock_error());
            }
            backoff.wait(run_, step_, last_why_, outcome_.times);
        }
    }

private:
    bool clear_to_try() {
        if (const Order order = run_.control.pass(); order != Order::go_on) {
            outcome_.interrupted = order;
            return false;
        }
        if (step_.locks.empty()) {
            return true;
        }
        untouched_ = outcome_.times.tries == 0 &&
                     std::ranges::all_of(step_.locks, [&](const auto& lock) { return run_.made.contains(lock.relation); });
        if (untouched_) {
            return true;
        }
        wanted_ = wanted_locks(run_.target.control(), step_.locks);
        switch (look_.wait_until_clear(wanted_, outcome_.times)) {
            case LockLook::Verdict::clear: return true;
            case LockLook::Verdict::ordered: outcome_.interrupted = look_.order(); return false;
            case LockLook::Verdict::deadline: fail(lock_error()); return false;
        }
        return true;
    }

    // From BEGIN to COMMIT. Leaves no transaction open, whatever happens.
    void try_once() {
        const auto began = Clock::now();
        if (fits_one_exchange()) {
            run_at_once();
        } else if (open() && take_first_move() && run_weak_sends()) {
            run_strong_sends();
        }
        if (worker_.in_transaction()) {
            roll_back(worker_);
        }
        (settled_ ? outcome_.times.ran : outcome_.times.waited) += since(began);
    }

    // Small DDL for which we have nothing to do between BEGIN and COMMIT.
    bool fits_one_exchange() const {
        if (step_.sends.empty() || step_.long_running || records_deletions() || copies(step_)) {
            return false;
        }
        return weak_only() ? step_.locks.empty() : first_strong_ == 0 && untouched_;
    }

    std::vector<Piece> opening_pieces(Millis lock_timeout, Millis statement_timeout) const {
        const Journal& journal = run_.session.journal();
        std::vector<Piece> pieces =
            recorded_ == Recorded::yes ? journal.opening(run_.session.key(), step_.n) : journal.opening_without_record(run_.session.key());
        pieces.insert(pieces.end(), also_.begin(), also_.end());
        if (records_deletions()) {
            pieces.push_back(journal.watch_deletions());
        }
        pieces.push_back(set_local("lock_timeout", lock_timeout));
        pieces.push_back(set_local("statement_timeout", statement_timeout));
        if (!weak_only()) {
            pieces.push_back(set_local("idle_in_transaction_session_timeout", kIdleInTransaction));
        }
        const auto context = context_pieces(worker_, step_.context);
        pieces.insert(pieces.end(), context.begin(), context.end());
        return pieces;
    }

    bool open() {
        const auto outcomes = worker_.pipeline(opening_pieces(for_weak_sends(), step_.long_running ? Millis(0) : limits_.statement_timeout),
                                               base::in(kOwnStatement), nullptr);
        if (const auto* error = std::get_if<pg::ServerError>(&outcomes.back()); error != nullptr) {
            Journal::throw_if_replaced(run_.session.key(), outcomes);
            forgotten_ = Journal::was_forgotten(outcomes);
            return !forgotten_ && not_run(*error, step_.sends.empty() ? plan::Send{} : step_.sends.front());
        }
        return true;
    }

    // From BEGIN to COMMIT in one pipeline. What is queued for counts as held: the two are not told apart here.
    void run_at_once() {
        std::vector<Piece> pieces = opening_pieces(for_weak_sends(), weak_only() ? limits_.statement_timeout : hold_);
        if (!weak_only()) {
            limit_transaction(pieces);
        }
        const std::size_t first_send = pieces.size();
        for (const auto& send : step_.sends) {
            pieces.push_back({send.sql, {}});
        }
        pieces.push_back({"COMMIT", {}});

        bool ordered = false;
        const pg::Ticker ticker = while_sends_run(ordered);
        began_sends_ = Clock::now();
        const auto outcomes =
            worker_.pipeline(pieces, weak_only() ? ends_at_ : watchdog(), run_.target.stop(), weak_only() ? &ticker : nullptr);
        if (!weak_only()) {
            outcome_.times.lock_held = since(began_sends_);
        }
        const auto* error = std::get_if<pg::ServerError>(&outcomes.back());
        if (error == nullptr) {
            settled_ = true;
            return;
        }
        Journal::throw_if_replaced(run_.session.key(), outcomes);
        forgotten_ = Journal::was_forgotten(outcomes);
        if (forgotten_) {
            return;
        }
        const std::size_t at = outcomes.size() - 1;
        const plan::Send& send = step_.sends[std::min(at < first_send ? 0 : at - first_send, step_.sends.size() - 1)];
        if (!weak_only()) {
            strong_error(*error, at >= first_send, send);
        } else if (!cancelled_as_ordered(ordered, *error)) {
            not_run(*error, send);
        }
    }

    // Progress is said, and orders are heard: `ordered` becomes true when one made us cancel.
    pg::Ticker while_sends_run(bool& ordered) {
        return {.tick = [this, &ordered] {
            const Order order = run_.control.look();
            if (!ordered && (order == Order::abort || order == Order::roll_back || order == Order::pause_now)) {
                ordered = true;
                outcome_.interrupted = order == Order::pause_now ? Order::go_on : order;
                worker_.cancel();
            }
            report_progress();
        }};
    }

    bool cancelled_as_ordered(bool ordered, const pg::ServerError& error) {
        if (!ordered || error.sqlstate != "57014") {
            return false;
        }
        settled_ = outcome_.interrupted != Order::go_on;
        last_why_ = "paused";
        return true;
    }

    // What needs no strong lock runs first, one statement at a time; a step without any such lock commits here.
    bool run_weak_sends() {
        bool ordered = false;
        const pg::Ticker ticker = while_sends_run(ordered);
        began_sends_ = Clock::now();
        for (std::ptrdiff_t i = 0; i < first_strong_; ++i) {
            const auto& send = step_.sends.at(static_cast<std::size_t>(i));
            const pg::Outcome outcome = worker_.run(send.sql, send.copy_data, ends_at_, run_.target.stop(), &ticker);
            if (const auto* error = std::get_if<pg::ServerError>(&outcome); error != nullptr) {
                return !cancelled_as_ordered(ordered, *error) && not_run(*error, send);
            }
        }
        if (first_strong_ < static_cast<std::ptrdiff_t>(step_.sends.size())) {
            return true;
        }
        // A COMMIT is waited for, whatever is ordered meanwhile; but not on a network that hangs, which the other connection notices.
        const pg::Ticker look{.tick = [&] { run_.control.look(); }};
        if (!run_before_commit(look)) {
            return false;
        }
        const pg::Outcome outcome = worker_.run("COMMIT", std::nullopt, base::kNoDeadline, nullptr, &look);
        if (const auto* error = std::get_if<pg::ServerError>(&outcome); error != nullptr) {
            return not_run(*error, step_.sends.empty() ? plan::Send{} : step_.sends.back());
        }
        if (std::get<pg::Result>(outcome).command_tag() == "ROLLBACK") {
            fail(Error(ErrorCode::server, "the server rolled the transaction back at COMMIT").at(step_.place).hint("see the server's log"));
            return false;
        }
        settled_ = true;
        return false;
    }

    bool records_deletions() const { return recorded_ == Recorded::yes && step_.may_change_rows; }

    std::vector<Piece> before_commit() const {
        return records_deletions() ? run_.session.journal().record_deletions(run_.session.key(), step_.n) : std::vector<Piece>{};
    }

    // One by one, since the first runs what the user's statements have deferred, for as long as that takes.
    bool run_before_commit(const pg::Ticker& look) {
        std::vector<Piece> pieces = before_commit();
        if (pieces.empty()) {
            return true;
        }
        const pg::Outcome deferred = worker_.run(pieces.front().sql, std::nullopt, base::kNoDeadline, nullptr, &look);
        if (const auto* error = std::get_if<pg::ServerError>(&deferred); error != nullptr) {
            return not_run(*error, step_.sends.back());
        }
        pieces.erase(pieces.begin());
        const auto outcomes = worker_.pipeline(pieces, base::in(kOwnStatement), nullptr);
        if (const auto* error = std::get_if<pg::ServerError>(&outcomes.back()); error != nullptr) {
            return not_run(*error, step_.sends.back());
        }
        return true;
    }

    bool weak_only() const { return first_strong_ == static_cast<std::ptrdiff_t>(step_.sends.size()); }
    Millis for_weak_sends() const { return weak_only() ? Millis(0) : limits_.lock_timeout; }

    // First move: SHARE UPDATE EXCLUSIVE. No statement of the application queues behind it, and an ordinary autovacuum gives
    // way to whoever waits for longer than deadlock_timeout. LOCK TABLE waits without a snapshot, so that no concurrent build waits for us.
    bool take_first_move() {
        std::vector<std::string> names;
        for (const auto& w : wanted_) {
            if (w.lock.lockable && may_lock_) {
                names.push_back((w.lock.only ? "ONLY " : "") + sql::quote_name(w.lock.relation));
            }
        }
        if (names.empty()) {
            return true;
        }
        const std::vector<Piece> pieces{
            set_local("lock_timeout", run_.target.facts().deadlock_timeout + Millis(500)),
            {fmt::format("LOCK TABLE {} IN SHARE UPDATE EXCLUSIVE MODE", fmt::join(names, ", ")), {}},
            set_local("lock_timeout", for_weak_sends()),
        };
        const auto outcomes = worker_.pipeline(pieces, base::in(kOwnStatement), run_.target.stop());
        if (const auto* error = std::get_if<pg::ServerError>(&outcomes.back()); error != nullptr) {
            if (error->sqlstate == "42501") {
                // LOCK TABLE needs more rights than some statements do; those take their locks by themselves.
                may_lock_ = false;
                last_why_ = "no right to LOCK TABLE: the statement takes its locks by itself";
                return false;
            }
            return not_run(*error, step_.sends.at(std::min(static_cast<std::size_t>(first_strong_), step_.sends.size() - 1)));
        }
        return true;
    }

    // Second move, the statements and COMMIT: one pipeline, so that nothing of ours is waited for while the lock is held.
    void run_strong_sends() {
        std::vector<Piece> pieces{kServerClock};
        add_upgrades(pieces);
        pieces.push_back(kServerClock);
        const std::size_t locked = pieces.size() - 1;
        pieces.push_back(set_local("statement_timeout", hold_));
        limit_transaction(pieces);
        if (copies(step_)) {
            run_strong_one_by_one(pieces, locked);
            return;
        }
        const std::size_t first_send = pieces.size();
        for (auto i = static_cast<std::size_t>(first_strong_); i < step_.sends.size(); ++i) {
            pieces.push_back({step_.sends[i].sql, {}});
        }
        const auto last = before_commit();
        pieces.insert(pieces.end(), last.begin(), last.end());
        pieces.push_back({"COMMIT", {}});

        const auto began = Clock::now();
        const auto outcomes = worker_.pipeline(pieces, watchdog(), run_.target.stop());
        note_times(outcomes, locked, since(began));
        if (const auto* error = std::get_if<pg::ServerError>(&outcomes.back()); error != nullptr) {
            const std::size_t at = outcomes.size() - 1;
            const std::size_t send =
                std::min(at < first_send ? 0 : at - first_send, step_.sends.size() - 1 - static_cast<std::size_t>(first_strong_));
            strong_error(*error, at >= first_send, step_.sends[static_cast<std::size_t>(first_strong_) + send]);
            return;
        }
        settled_ = true;
    }

    void limit_transaction(std::vector<Piece>& pieces) const {
        if (run_.target.facts().version >= 170000) {
            pieces.push_back(set_local("transaction_timeout", hold_ + limits_.lock_timeout));
        }
    }

    // statement_timeout starts anew with each statement; this bounds them together.
    base::Deadline watchdog() const { return base::in(limits_.lock_timeout + hold_ + kSlack); }

    // COPY cannot go through a pipeline.
    void run_strong_one_by_one(const std::vector<Piece>& pieces, std::size_t locked) {
        const auto began = Clock::now();
        const auto outcomes = worker_.pipeline(pieces, base::in(kOwnStatement), run_.target.stop());
        if (const auto* error = std::get_if<pg::ServerError>(&outcomes.back()); error != nullptr) {
            note_times(outcomes, locked, since(began));
            strong_error(*error, false, step_.sends[static_cast<std::size_t>(first_strong_)]);
            return;
        }
        for (auto i = static_cast<std::size_t>(first_strong_); i <= step_.sends.size(); ++i) {
            const bool commit = i == step_.sends.size();
            const plan::Send& send = step_.sends[commit ? i - 1 : i];
            if (const auto last = commit ? before_commit() : std::vector<Piece>{}; !last.empty()) {
                const auto written = worker_.pipeline(last, base::in(hold_ + kSlack), run_.target.stop());
                if (const auto* error = std::get_if<pg::ServerError>(&written.back()); error != nullptr) {
                    note_times(outcomes, locked, since(began));
                    strong_error(*error, true, send);
                    return;
                }
            }
            // The server ends it at the budget; the slack is for a network that hangs.
            const pg::Outcome outcome = worker_.run(commit ? "COMMIT" : send.sql, commit ? std::nullopt : send.copy_data,
                                                    base::in(hold_ + kSlack), run_.target.stop());
            if (const auto* error = std::get_if<pg::ServerError>(&outcome); error != nullptr) {
                note_times(outcomes, locked, since(began));
                strong_error(*error, true, send);
                return;
            }
        }
        note_times(outcomes, locked, since(began));
        settled_ = true;
    }

    // The busiest table first and with the budget; of the others none may make us wait while we hold it.
    void add_upgrades(std::vector<Piece>& pieces) const {
        pieces.push_back(set_local("lock_timeout", limits_.lock_timeout));
        // lock_timeout counts for each lock; this bounds them together.
        pieces.push_back(set_local("statement_timeout", limits_.lock_timeout + Millis(50)));
        bool first = true;
        for (const auto& w : wanted_) {
            if (!w.lock.lockable || !may_lock_ || !catalog::blocks_the_application(w.lock.mode)) {
                continue;
            }
            pieces.push_back({fmt::format("LOCK TABLE {}{} IN {} MODE{}", w.lock.only ? "ONLY " : "", sql::quote_name(w.lock.relation),
                                          catalog::sql_name(w.lock.mode), first ? "" : " NOWAIT"),
                              {}});
            first = false;
        }
    }

    void note_times(const std::vector<pg::Outcome>& outcomes, std::size_t locked, Millis all) {
        const auto at = [&](std::size_t i) { return std::get<pg::Result>(outcomes.at(i)).real(0, 0); };
        if (outcomes.size() <= locked || std::holds_alternative<pg::ServerError>(outcomes.at(locked))) {
            outcome_.times.queued = std::max(outcome_.times.queued, all);
            return;
        }
        const Millis queued(static_cast<std::int64_t>(at(locked) - at(0)));
        outcome_.times.queued = std::max(outcome_.times.queued, queued);
        outcome_.times.lock_held = std::max(outcome_.times.lock_held, all - queued);
    }

    void strong_error(const pg::ServerError& error, bool in_send, const plan::Send& send) {
        if (!in_send && error.sqlstate == "57014" && !stopped()) {
            last_why_ = "the lock was not got in time";
            return;
        }
        if (in_send && !stopped() && (error.sqlstate == "57014" || error.sqlstate == "25P04")) {
            // It held a strong lock: to try again would make the application wait again.
            fail(Error(ErrorCode::server, fmt::format("the step held its locks for longer than its budget of {} and was cancelled",
                                                      base::format_duration(hold_)))
                     .at(send.place)
                     .sqlstate(error.sqlstate)
                     .detail(error.message)
                     .hint("make the step smaller, or give it more with `--limit hold=…`, and deploy again; nothing of the step stands"));
            return;
        }
        not_run(error, send);
    }

    bool stopped() const { return run_.target.stop() != nullptr && run_.target.stop()->requested(); }

    // Sorts a statement's error: to be tried again, interrupted, or the end of the step. Always false, for use in a return.
    bool not_run(const pg::ServerError& error, const plan::Send& send) {
        if (error.connection_lost) {
            throw pg::to_error(error);
        }
        if (stopped() && error.sqlstate == "57014") {
            outcome_.interrupted = Order::stop;
            settled_ = true;
        } else if (error.sqlstate == "57014" && Clock::now() >= ends_at_) {
            fail(Error(ErrorCode::server, fmt::format("the step was not done within its timeout of {} and was cancelled",
                                                      base::format_duration(step_.timeout)))
                     .at(send.place)
                     .sqlstate(error.sqlstate)
                     .hint("nothing of the step stands; `pgbelay resume` tries it again, or give it more with timeout= and deploy anew"));
        } else if (std::string why = lock_not_got(error.sqlstate); !why.empty()) {
            last_why_ = std::move(why);
        } else {
            fail(explain(error, send));
        }
        return false;
    }

    void report_progress() {
        if (since(began_sends_) < std::chrono::seconds(1)) {
            return;
        }
        StepProgress progress{.step = &step_,
                              .phase = step_.long_running ? "validating" : "running",
                              .elapsed = since(began_sends_),
                              .waiting_on_us = run_.guard.view().blocked_by_us};
        try {
            progress.blockers = policy_.settle(pg::blockers_of(run_.target.control(), worker_.backend_pid()));
        } catch (const Error& error) {
            // One look that the server was too busy to answer; the next tick looks again.
            if (error.code() != ErrorCode::server) {
                throw;
            }
        }
        run_.sink(progress);
    }

    Error lock_error() const {
        std::string relations;
        for (const auto& w : wanted_) {
            relations += (relations.empty() ? "" : ", ") + sql::display(w.lock.relation);
        }
        return Error(ErrorCode::server, fmt::format("no lock on {} within {}: {}", relations, base::format_duration(patience_),
                                                    last_why_.empty() ? "somebody was in the way all the time" : last_why_))
            .at(step_.place)
            .detail(fmt::format("{}", fmt::join(look_.blockers(), "\n")))
            .hint("end what is in the way, then `pgbelay resume`; `--limit deadline=…` makes a deployment wait longer");
    }

    StepOutcome fail(Error error) {
        outcome_.result = StepResult::failed;
        outcome_.error = std::move(error);
        settled_ = true;
        return outcome_;
    }

    RunContext& run_;
    const plan::Step& step_;
    const Also& also_;
    Recorded recorded_;
    pg::Connection& worker_;
    const runbook::Limits& limits_;
    Millis hold_;             // the budget for strong locks
    Millis patience_;         // how long it keeps trying to get them
    base::Deadline ends_at_;  // of the author's timeout
    StepDeadline deadline_;
    LockLook look_;
    Blockers policy_;  // for those whom a statement without a strong lock waits for
    std::ptrdiff_t first_strong_ = 0;
    std::vector<Wanted> wanted_;
    // First try on what this very process has made: without a look and a first move; the statement takes its lock by itself, in no more
    // time than lock_timeout.
    bool untouched_ = false;
    bool may_lock_ = true;
    bool settled_ = false;
    bool forgotten_ = false;  // a step before this one may have said DEALLOCATE ALL: at once another try, which sends our words anew
    std::string last_why_;
    Clock::time_point began_sends_{};
    StepOutcome outcome_;
};

}  // namespace

StepOutcome run_transaction(RunContext& run, const plan::Step& step, const Also& also, Recorded recorded) {
    return TransactionStep(run, step, also, recorded).run();
}

}  // namespace pgbelay::engine
