// Runs `sql try`: statements in a transaction that is always rolled back. While it holds strong locks the application waits, so that it
// has the same budgets as a step that commits: to get a lock, and to hold it.
#include "engine/lock_look.h"
#include "engine/lock_tries.h"
#include "engine/step_runner.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>

namespace pgbelay::engine {

using base::Clock;
using base::Error;
using base::ErrorCode;
using base::Millis;
using Piece = pg::Connection::Piece;

namespace {

constexpr std::chrono::seconds kOwnStatement{10};
// For the way to the server and back.
constexpr Millis kSlack{500};

class TryStep {
public:
    TryStep(RunContext& run, const plan::Step& step)
        : run_(run),
          step_(step),
          worker_(run.session.worker()),
          limits_(run.plan.limits),
          deadline_(run.control, limits_.deadline),
          look_(run, step, deadline_),
          strong_(std::ranges::any_of(step.sends, &plan::Send::takes_strong_lock)),
          budget_(step.timeout.count() == 0 ? limits_.hold
                  : strong_                 ? std::min(step.timeout, limits_.hold)
                                            : step.timeout) {}

    StepOutcome run() {
        Backoff backoff;
        for (;;) {
            if (!clear_to_try()) {
                return outcome_;
            }
            ++outcome_.times.tries;
            const auto began = Clock::now();
            const bool settled = try_once();
            const auto took = std::chrono::duration_cast<Millis>(Clock::now() - began);
            (settled ? outcome_.times.ran : outcome_.times.waited) += took;
            if (settled) {
                outcome_.times.lock_held = strong_ ? took : Millis(0);
                return outcome_;
            }
            if (deadline_.passed()) {
                fail(Error(ErrorCode::server, fmt::format("no lock within {}: {}", base::format_duration(limits_.deadline), last_why_)));
                return outcome_;
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
        switch (look_.wait_until_clear(wanted_locks(run_.target.control(), step_.locks), outcome_.times)) {
            case LockLook::Verdict::clear: return true;
            case LockLook::Verdict::ordered: outcome_.interrupted = look_.order(); return false;
            case LockLook::Verdict::deadline:
                fail(Error(ErrorCode::server,
                           fmt::format("no lock within {}: somebody was in the way all the time", base::format_duration(limits_.deadline)))
                         .detail(fmt::format("{}", fmt::join(look_.blockers(), "\n"))));
                return false;
        }
        return true;
    }

    // From BEGIN to ROLLBACK. False when a lock was not got.
    bool try_once() {
        open();
        const pg::Ticker ticker{.tick = [this] { hear(); }};
        ends_at_ = Clock::now() + budget_;
        bool settled = true;
        std::optional<pg::Outcome> last;
        for (const plan::Send& send : step_.sends) {
            last = worker_.run(send.sql, send.copy_data, ends_at_ + kSlack, run_.target.stop(), &ticker);
            if (const auto* error = std::get_if<pg::ServerError>(&*last)) {
                settled = take_error(*error, send);
                break;
            }
            if (!worker_.in_transaction()) {
                fail(Error(ErrorCode::internal, "a statement of the try ended its transaction").at(send.place));
                break;
            }
        }
        bool all_ran = !std::holds_alternative<pg::ServerError>(*last) && !outcome_.error;
        if (all_ran) {
            // What was deferred to the COMMIT that will not come is part of what is tried.
            const pg::Outcome deferred = worker_.run("SET CONSTRAINTS ALL IMMEDIATE", std::nullopt, ends_at_ + kSlack, run_.target.stop());
            if (const auto* error = std::get_if<pg::ServerError>(&deferred)) {
                settled = take_error(*error, step_.sends.back());
                all_ran = false;
            }
        }
        // Before anything is compared: locks are held until then.
        roll_back(worker_);
        if (all_ran) {
            judge(std::get<pg::Result>(*last));
        }
        return settled;
    }

    // An abort does not wait for the end of a long try.
    void hear() {
        const Order order = run_.control.look();
        if (ordered_ == Order::go_on && (order == Order::abort || order == Order::roll_back)) {
            ordered_ = order;
            worker_.cancel();
        }
    }

    void open() {
        std::vector<Piece> pieces{{"BEGIN", {}}};
        const auto settings = context_pieces(worker_, step_.context);
        pieces.insert(pieces.end(), settings.begin(), settings.end());
        pieces.push_back(set_local("lock_timeout", limits_.lock_timeout));
        pieces.push_back(set_local("statement_timeout", budget_));
        pieces.push_back(set_local("idle_in_transaction_session_timeout", budget_ + kSlack));
        if (run_.target.facts().version >= 170000) {
            pieces.push_back(set_local("transaction_timeout", budget_ + kSlack));
        }
        const auto outcomes = worker_.pipeline(pieces, base::in(kOwnStatement), nullptr);
        if (const auto* error = std::get_if<pg::ServerError>(&outcomes.back()); error != nullptr) {
            throw pg::to_error(*error);
        }
    }

    void judge(const pg::Result& answer) {
        const Mismatch wrong = mismatch(step_.expects, answer, records_for(run_, step_));
        if (!wrong.message.empty()) {
            fail(Error(ErrorCode::check, fmt::format("try {} does not hold: {}", step_.name, wrong.message))
                     .detail(wrong.detail)
                     .hint("it was rolled back; mend what it found, then deploy again"));
        }
    }

    // False when it is to be tried again.
    bool take_error(const pg::ServerError& error, const plan::Send& send) {
        if (error.connection_lost) {
            throw pg::to_error(error);
        }
        const bool stopped = run_.target.stop() != nullptr && run_.target.stop()->requested();
        if (error.sqlstate == "57014" && (stopped || ordered_ != Order::go_on)) {
            outcome_.interrupted = stopped ? Order::stop : ordered_;
        } else if (step_.expects.expect == runbook::Expect::error && error.sqlstate == step_.expects.sqlstate) {
            outcome_.note = fmt::format("failed as expected: {}", error.message);
        } else if (std::string why = lock_not_got(error.sqlstate); !why.empty()) {
            last_why_ = std::move(why);
            return false;
        } else if (error.sqlstate == "57014" || error.sqlstate == "25P04") {
            fail(Error(ErrorCode::server, fmt::format("the try took longer than its budget of {}", base::format_duration(budget_)))
                     .sqlstate(error.sqlstate)
                     .hint(strong_ ? "it holds strong locks: make it smaller, or give it more with `--limit hold=…`"
                                   : "make it smaller, or give it more with timeout="));
        } else {
            outcome_.result = StepResult::failed;
            outcome_.error = explain(error, send);
            if (step_.expects.expect == runbook::Expect::error) {
                outcome_.error->hint(fmt::format("the try expects the error {}", step_.expects.sqlstate));
            }
        }
        return true;
    }

    void fail(Error error) {
        outcome_.result = StepResult::failed;
        outcome_.error = std::move(error);
        if (outcome_.error->place().line == 0) {
            outcome_.error->at(step_.place);
        }
    }

    RunContext& run_;
    const plan::Step& step_;
    pg::Connection& worker_;
    const runbook::Limits& limits_;
    StepDeadline deadline_;
    LockLook look_;
    bool strong_;    // takes locks that make the application wait
    Millis budget_;  // of all its statements together
    base::Deadline ends_at_{};
    Order ordered_ = Order::go_on;
    std::string last_why_;
    StepOutcome outcome_;
};

}  // namespace

StepOutcome run_try(RunContext& run, const plan::Step& step, const Also& also) {
    StepOutcome outcome = TryStep(run, step).run();
    if (!outcome.error && outcome.interrupted == Order::go_on) {
        run.session.journal().finish(run.session.key(), step.n, StepResult::done, outcome.note, also);
    }
    return outcome;
}

}  // namespace pgbelay::engine
