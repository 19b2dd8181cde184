// Runs a statement that cannot run in a transaction: its intent is written first, the catalog says what became of it.
#include "engine/blockers.h"
#include "engine/leftovers.h"
#include "engine/step_runner.h"
#include "pg/activity.h"
#include "pg/relations.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>

namespace pgbelay::engine {

using base::Clock;
using base::Error;
using base::ErrorCode;
using base::Millis;

namespace {

constexpr Millis kTick{250};
constexpr Millis kCleanUp{30'000};
// Who presses Ctrl-C or says `pause --now` does not wait: what does not go at once is a debt.
constexpr Millis kHurriedCleanUp{500};
constexpr Millis kBackoff{500};

Millis since(Clock::time_point begin) { return std::chrono::duration_cast<Millis>(Clock::now() - begin); }

class ConcurrentStep {
public:
    ConcurrentStep(RunContext& run, const plan::Step& step, const std::optional<Intent>& before, const Also& also)
        : run_(run), step_(step), before_(before), also_(also), deadline_(run.control, run.plan.limits.deadline), policy_(run, step) {}

    StepOutcome run() {
        if (step_.kind == plan::StepKind::once && before_) {
            outcome_.result = StepResult::unknown;
            outcome_.error = Error(ErrorCode::unknown, "an earlier process sent this statement, and nothing shows whether it took effect")
                                 .at(step_.place)
                                 .detail(step_.sends.front().sql)
                                 .hint("look whether it did; then `pgbelay abort` the run and go on from there");
            return outcome_;
        }
        while (!settled_) {
            if (const Order order = run_.control.pass(); order != Order::go_on) {
                outcome_.interrupted = order;
                break;
            }
            if (look_at_what_is_there()) {
                break;
            }
            intend();
            try_once();
        }
        return outcome_;
    }

private:
    bool builds() const { return step_.kind == plan::StepKind::concurrent && !step_.index.empty() && !drops(); }
    bool drops() const {
        return std::ranges::any_of(step_.condition.facts, [](const auto& f) { return std::holds_alternative<catalog::Absent>(f); });
    }

    // The catalog's word before anything is sent. True when there is nothing left to do, or nothing that can be done.
    bool look_at_what_is_there() {
        if (step_.kind != plan::StepKind::concurrent) {
            return false;
        }
        if (step_.rebuilds) {
            return look_at_rebuild();
        }
        if (adopt()) {
            return true;
        }
        if (!builds()) {
            return false;
        }
        // The build that was waited for may have been this very one.
        return !wait_for_other_builds() || !clear_leftover(step_.index) || adopt();
    }

    bool adopt() {
        if (step_.condition.empty() || !condition_failure(run_.target.control(), step_.condition).empty()) {
            return false;
        }
        const bool ours = before_ && !before_->condition_held;
        end(ours ? StepResult::adopted : StepResult::skipped, ours ? "an earlier process had done it" : "already there");
        return true;
    }

    // Leftovers first: the old indexes of a rebuild that was killed after the swap are INVALID, and still there.
    bool look_at_rebuild() {
        if (!wait_for_other_builds() || !clear_rebuild_leftovers()) {
            return true;
        }
        if (before_ && !before_->index_oids.empty()) {
            const auto now = pg::index_oids(run_.target.control(), rebuilt());
            const bool all_new = std::ranges::none_of(before_->index_oids, [&](auto oid) { return std::ranges::find(now, oid) != now.end(); });
            if (all_new && condition_failure(run_.target.control(), step_.condition).empty()) {
                end(StepResult::adopted, "an earlier process had done it");
                return true;
            }
        }
        return false;
    }

    catalog::QualifiedName rebuilt() const { return step_.index.empty() ? step_.table : step_.index; }

    // Two concurrent builds on one table: the second dies with "deadlock detected". False when the step has ended.
    bool wait_for_other_builds() {
        const auto began = Clock::now();
        const auto tables = pg::relations_now(run_.target.control(), {step_.table});
        while (!tables.empty() && tables.front().oid != catalog::Oid{}) {
            std::vector<std::string> others;
            for (const auto& builder : pg::builders_on(run_.target.control(), tables.front().oid, run_.session.pids())) {
                // An autovacuum gives way by itself.
                if (builder.backend.type != "autovacuum worker") {
                    others.push_back(pg::describe(builder.backend));
                }
            }
            if (others.empty()) {
                break;
            }
            run_.sink(StepWaiting{.step = &step_, .blockers = others, .since = since(began)});
            if (deadline_.passed()) {
                fail(Error(ErrorCode::server, fmt::format("another build or VACUUM works on {} and did not end within {}",
                                                          sql::display(step_.table), base::format_duration(run_.plan.limits.deadline)))
                         .at(step_.place)
                         .detail(fmt::format("{}", fmt::join(others, "\n")))
                         .hint("wait for it or end it, then `pgbelay resume`"));
                return false;
            }
            base::pause_for(kTick, run_.target.stop());
            if (const Order order = run_.control.pass(); order != Order::go_on) {
                outcome_.interrupted = order;
                return false;
            }
        }
        outcome_.times.waited += since(began);
        return true;
    }

    // An INVALID index of the name is half done: it goes before it is built anew. False when the step has ended.
    bool clear_leftover(const catalog::QualifiedName& index) {
        const auto now = pg::index_now(run_.target.control(), index);
        if (!now || now->valid) {
            return true;
        }
        run_.sink(Notice{.text = fmt::format("INVALID index {} is left of an earlier try: dropping it first", sql::display(index))});
        if (const auto why = drop_leftover(run_.target, run_.session.pids(), index, static_cast<std::uint32_t>(now->oid), kCleanUp); why) {
            fail(Error(ErrorCode::server, fmt::format("INVALID index {} is in the way and could not be dropped", sql::display(index)))
                     .at(step_.place)
                     .detail(*why)
                     .hint("end what is in the way, then `pgbelay resume`"));
            return false;
        }
        return true;
    }

    bool clear_rebuild_leftovers() {
        return std::ranges::all_of(pg::reindex_leftovers(run_.target.control(), rebuilt()),
                                   [&](const auto& leftover) { return clear_leftover(leftover); });
    }

    void intend() {
        if (intended_) {
            return;
        }
        Intent intent;
        intent.condition_held = !step_.condition.empty() && condition_failure(run_.target.control(), step_.condition).empty();
        if (step_.rebuilds) {
            intent.index_oids = pg::index_oids(run_.target.control(), rebuilt());
        }
        run_.session.journal().intend(run_.session.key(), step_.n, intent);
        intended_ = true;
    }

    void try_once() {
        ++outcome_.times.tries;
        run_.guard.reset_peak();
        // A connection of its own: the user's settings are set for the session here, and go with it.
        pg::Connection worker = run_.session.extra_worker("build");
        run_.guard.set_ours(run_.session.pids());
        apply_context(worker, step_.context);
        const plan::Send& send = step_.sends.front();
        Order ordered = Order::go_on;
        const auto began = Clock::now();
        const pg::Ticker ticker{.every = kTick, .tick = [&] {
            const Order order = run_.control.look();
            if (ordered == Order::go_on && order != Order::go_on && order != Order::pause && order != Order::stop) {
                ordered = order;
                worker.cancel();
            }
            report_progress(worker.backend_pid(), began);
        }};
        const pg::Outcome outcome = worker.run(send.sql, send.copy_data, base::kNoDeadline, run_.target.stop(), &ticker);
        outcome_.times.ran += since(began);
        outcome_.times.blocked_sessions = std::max(outcome_.times.blocked_sessions, run_.guard.view().most_blocked_by_us);
        if (const auto* error = std::get_if<pg::ServerError>(&outcome); error != nullptr) {
            sort_error(*error, ordered);
            return;
        }
        if (const std::string failure = condition_failure(run_.target.control(), step_.condition); !failure.empty()) {
            fail(Error(ErrorCode::check, "the statement succeeded, but what it should have done is not there: " + failure).at(step_.place));
            return;
        }
        end(StepResult::done, "");
    }

    bool stopped() const { return run_.target.stop() != nullptr && run_.target.stop()->requested(); }

    void sort_error(const pg::ServerError& error, Order ordered) {
        if (error.connection_lost) {
            throw pg::to_error(error);
        }
        const auto duplicates = error.sqlstate == "23505" ? find_duplicates() : std::vector<std::string>{};
        clean_up(stopped() || ordered == Order::pause_now ? kHurriedCleanUp : kCleanUp);
        if (error.sqlstate == "57014" && (stopped() || ordered != Order::go_on)) {
            // pause_now: the loop waits in pass() and then builds anew.
            if (stopped() || ordered != Order::pause_now) {
                outcome_.interrupted = stopped() ? Order::stop : ordered;
                settled_ = true;
            }
            return;
        }
        if ((error.sqlstate == "40P01" || error.sqlstate == "55P03") && !deadline_.passed()) {
            run_.sink(StepRetry{.step = &step_, .tries = outcome_.times.tries, .why = error.message, .backoff = kBackoff});
            base::pause_for(kBackoff, run_.target.stop());
            return;
        }
        Error failure = explain(error, step_.sends.front());
        if (!duplicates.empty()) {
            failure.detail(fmt::format("{}\nduplicate keys: {}", failure.detail(), fmt::join(duplicates, "; ")));
        }
        fail(std::move(failure));
    }

    std::vector<std::string> find_duplicates() {
        const auto now = pg::index_now(run_.target.control(), step_.index);
        return now && !now->valid ? pg::duplicate_keys(run_.target.control(), now->oid) : std::vector<std::string>{};
    }

    // What the failed statement left; what cannot go now is written down as a debt.
    void clean_up(Millis patience) {
        std::vector<catalog::QualifiedName> leftovers;
        if (step_.rebuilds) {
            leftovers = pg::reindex_leftovers(run_.target.control(), rebuilt());
        } else if (builds()) {
            leftovers.push_back(step_.index);
        }
        for (const auto& index : leftovers) {
            const auto now = pg::index_now(run_.target.control(), index);
            if (!now || now->valid) {
                continue;
            }
            const auto oid = static_cast<std::uint32_t>(now->oid);
            if (const auto why = drop_leftover(run_.target, run_.session.pids(), index, oid, patience); why) {
                run_.session.journal().add_debt(run_.session.key(), step_.n,
                                                {.index = index, .table = sql::display(step_.table), .index_oid = oid, .why = *why});
                run_.sink(Notice{.text = fmt::format("INVALID index {} could not be dropped ({}); `pgbelay resume` and the next deploy try again",
                                                     sql::display(index), *why),
                                 .warning = true});
            }
        }
    }

    void report_progress(int pid, Clock::time_point began) {
        StepProgress progress{.step = &step_, .elapsed = since(began), .waiting_on_us = run_.guard.view().blocked_by_us};
        try {
            if (const auto now = pg::build_progress(run_.target.control(), pid); now) {
                progress.phase = now->phase;
                progress.fraction = now->fraction;
                if (now->fraction > 0.02) {
                    const double left = static_cast<double>(progress.elapsed.count()) * (1 - now->fraction) / now->fraction;
                    progress.eta = Millis(static_cast<std::int64_t>(left));
                }
            }
            if (progress.phase.empty() || progress.phase.starts_with("waiting")) {
                progress.blockers = policy_.settle(pg::blockers_of(run_.target.control(), pid));
            }
        } catch (const Error& error) {
            // One look that the server was too busy to answer; the next tick looks again.
            if (error.code() != ErrorCode::server) {
                throw;
            }
        }
        run_.sink(progress);
    }

    void end(StepResult result, const std::string& note) {
        run_.session.journal().finish(run_.session.key(), step_.n, result, note, also_);
        outcome_.result = result;
        outcome_.note = note;
        settled_ = true;
    }

    void fail(Error error) {
        outcome_.result = StepResult::failed;
        outcome_.error = std::move(error);
        settled_ = true;
    }

    RunContext& run_;
    const plan::Step& step_;
    const std::optional<Intent>& before_;
    const Also& also_;
    StepDeadline deadline_;
    Blockers policy_;
    bool intended_ = false;
    bool settled_ = false;
    StepOutcome outcome_;
};

}  // namespace

StepOutcome run_concurrent(RunContext& run, const plan::Step& step, const std::optional<Intent>& before, const Also& also) {
    return ConcurrentStep(run, step, before, also).run();
}

}  // namespace pgbelay::engine
