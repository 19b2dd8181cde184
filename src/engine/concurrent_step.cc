#include "engine/concurrent_step.h"

#include "engine/leftovers.h"
#include "pg/activity.h"
#include "pg/relations.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pgbelay::engine {

using base::Clock;
using base::Error;
using base::ErrorCode;
using base::Millis;

namespace {

constexpr Millis kReportEvery{250};
constexpr Millis kCleanUp{30'000};
// Who presses Ctrl-C or says `pause --now` does not wait: what does not go at once is a debt.
constexpr Millis kHurriedCleanUp{500};
constexpr Millis kBackoff{500};
// A build in which nothing moved is tried once more.
constexpr int kMostStuck = 2;

Millis since(Clock::time_point begin) {
    return std::chrono::duration_cast<Millis>(Clock::now() - begin);
}

}  // namespace

struct ConcurrentStep::Sending {
    Sending(pg::Connection&& to, std::string statement, const base::StopSignal* stop, base::StopSignal& woken)
        : connection(std::move(to)), severance(connection), sql(std::move(statement)), thread([this, stop, &woken] {
              try {
                  outcome = connection.run(sql, std::nullopt, base::kNoDeadline, stop);
              } catch (...) {
                  failure = std::current_exception();
              }
              ended = true;
              woken.request();
          }) {}

    ~Sending() {
        if (!ended) {
            severance.sever();
        }
        thread.join();
    }

    pg::Connection connection;
    pg::Severance severance;
    std::string sql;
    Clock::time_point began = Clock::now();
    std::optional<pg::Outcome> outcome;  // these two are the thread's until it has ended
    std::exception_ptr failure;
    std::atomic<bool> ended{false};
    std::thread thread;
};

ConcurrentStep::ConcurrentStep(const RunContext& run, const plan::Step& step, const std::optional<Intent>& before, AlsoThen also,
                               Recorded recorded, base::StopSignal& woken)
    : run_(run),
      step_(step),
      before_(before),
      also_(std::move(also)),
      recorded_(recorded),
      woken_(woken),
      deadline_(run.control, run.plan.limits.deadline),
      policy_(run_, step) {}

ConcurrentStep::~ConcurrentStep() = default;

bool ConcurrentStep::builds() const {
    return step_.kind == plan::StepKind::concurrent && !step_.index.empty() && !drops();
}

bool ConcurrentStep::drops() const {
    return std::ranges::any_of(step_.condition.facts, [](const auto& f) { return std::holds_alternative<catalog::Absent>(f); });
}

catalog::QualifiedName ConcurrentStep::rebuilt() const {
    return step_.index.empty() ? step_.table : step_.index;
}

bool ConcurrentStep::stopped() const {
    return run_.target.stop() != nullptr && run_.target.stop()->requested();
}

ConcurrentStep::State ConcurrentStep::advance() {
    if (sending_ != nullptr) {
        // What is to be sent again waits for the next call: meanwhile the run may have been paused.
        sending_->ended ? take_answer() : watch();
    } else if (state_ == State::waiting && Clock::now() >= not_before_ && ready_to_send()) {
        intend();
        send();
    }
    return state_;
}

void ConcurrentStep::cancel(Order order) {
    // `once` could not be begun anew.
    if (state_ == State::ended || (order == Order::pause_now && step_.kind == plan::StepKind::once)) {
        return;
    }
    if (sending_ != nullptr) {
        if (ordered_ == Order::go_on) {
            ordered_ = order;
            sending_->connection.cancel();
        }
    } else if (order != Order::pause_now) {
        outcome_.interrupted = order;
        state_ = State::ended;
    }
}

void ConcurrentStep::fail(Error error) {
    outcome_.result = StepResult::failed;
    outcome_.error = std::move(error);
    state_ = State::ended;
}

void ConcurrentStep::end(StepResult result, const std::string& note) {
    if (recorded_ == Recorded::yes) {
        run_.session.journal().finish(run_.session.key(), step_.n, result, note, also_());
    }
    outcome_.result = result;
    outcome_.note = note;
    state_ = State::ended;
}

// False when the step has ended without a statement, or has to wait.
bool ConcurrentStep::ready_to_send() {
    if (step_.kind == plan::StepKind::once && before_) {
        fail(Error(ErrorCode::unknown, "an earlier process sent this statement, and nothing shows whether it took effect")
                 .at(step_.place)
                 .detail(step_.sends.front().sql)
                 .hint("look whether it did; then `pgbelay abort` the run and go on from there"));
        outcome_.result = StepResult::unknown;
        return false;
    }
    return step_.kind != plan::StepKind::concurrent || look_at_what_is_there();
}

// The catalog's word before anything is sent.
bool ConcurrentStep::look_at_what_is_there() {
    const bool first = !std::exchange(looked_, true);
    if (!step_.rebuilds && first && adopt()) {
        return false;
    }
    if (drops()) {
        return true;
    }
    if (others_build()) {
        return false;
    }
    if (step_.rebuilds) {
        // Leftovers first: the old indexes of a rebuild that was killed after the swap are INVALID, and still there.
        const auto leftovers = pg::reindex_leftovers(run_.target.control(), rebuilt());
        return std::ranges::all_of(leftovers, [&](const auto& leftover) { return clear_leftover(leftover); }) && !adopt_rebuild();
    }
    // The build that was waited for may have been this very one.
    return !adopt() && clear_leftover(step_.index);
}

bool ConcurrentStep::adopt() {
    if (step_.condition.empty() || !condition_failure(run_.target.control(), step_.condition).empty()) {
        return false;
    }
    const bool ours = before_ && !before_->condition_held;
    end(ours ? StepResult::adopted : StepResult::skipped, ours ? "an earlier process had done it" : "already there");
    return true;
}

bool ConcurrentStep::adopt_rebuild() {
    if (!before_ || before_->index_oids.empty()) {
        return false;
    }
    const auto now = pg::index_oids(run_.target.control(), rebuilt());
    const bool all_new = std::ranges::none_of(before_->index_oids, [&](auto oid) { return std::ranges::find(now, oid) != now.end(); });
    if (!all_new || !condition_failure(run_.target.control(), step_.condition).empty()) {
        return false;
    }
    end(StepResult::adopted, "an earlier process had done it");
    return true;
}

// Two concurrent builds on one table: the second dies with "deadlock detected". True while the step has to wait, or has ended.
bool ConcurrentStep::others_build() {
    const auto tables = pg::relations_now(run_.target.control(), {step_.table});
    std::vector<std::string> others;
    if (!tables.empty() && tables.front().oid != catalog::Oid{}) {
        for (const auto& builder : pg::builders_on(run_.target.control(), tables.front().oid, run_.session.pids())) {
            // An autovacuum gives way by itself.
            if (builder.backend.type != "autovacuum worker") {
                others.push_back(pg::describe(builder.backend));
            }
        }
    }
    if (others.empty()) {
        if (waits_since_) {
            outcome_.times.waited += since(*std::exchange(waits_since_, std::nullopt));
        }
        return false;
    }
    if (!waits_since_) {
        waits_since_ = Clock::now();
    }
    if (Clock::now() >= report_at_) {
        run_.sink(StepWaiting{.step = &step_, .blockers = others, .since = since(*waits_since_)});
        report_at_ = base::in(kReportEvery);
    }
    if (deadline_.passed()) {
        fail(Error(ErrorCode::server, fmt::format("another build or VACUUM works on {} and did not end within {}",
                                                  sql::display(step_.table), base::format_duration(run_.plan.limits.deadline)))
                 .at(step_.place)
                 .detail(fmt::format("{}", fmt::join(others, "\n")))
                 .hint("wait for it or end it, then `pgbelay resume`"));
    }
    return true;
}

// An INVALID index of the name is half done: it goes before it is built anew. False when the step has ended.
bool ConcurrentStep::clear_leftover(const catalog::QualifiedName& index) {
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

void ConcurrentStep::intend() {
    if (intended_ || recorded_ == Recorded::no) {
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

// DETACH … CONCURRENTLY is two transactions; between them only FINALIZE goes on.
bool ConcurrentStep::half_detached() {
    return !step_.finish_with.empty() && std::ranges::any_of(step_.condition.facts, [&](const catalog::Fact& fact) {
        const auto* partition = std::get_if<catalog::PartitionIs>(&fact);
        return partition != nullptr && pg::detach_pending(run_.target.control(), partition->table);
    });
}

void ConcurrentStep::send() {
    ++outcome_.times.tries;
    // A connection of its own: the user's settings are set for the session here, and go with it.
    pg::Connection worker = run_.session.extra_worker("build");
    run_.guard.set_ours(run_.session.pids());
    apply_context(worker, step_.context);
    moved_at_ = Clock::now();
    movement_.clear();
    only_waits_ = false;
    ordered_ = Order::go_on;
    sending_ = std::make_unique<Sending>(std::move(worker), half_detached() ? step_.finish_with : step_.sends.front().sql,
                                         run_.target.stop(), woken_);
    state_ = State::running;
}

// What the author gave it is over: it is cancelled, and not sent anew.
bool ConcurrentStep::is_late() {
    if (step_.timeout.count() == 0 || since(sending_->began) < step_.timeout || ordered_ != Order::go_on) {
        return false;
    }
    late_ = true;
    ordered_ = Order::pause_now;
    sending_->connection.cancel();
    return true;
}

void ConcurrentStep::watch() {
    if (is_late() || Clock::now() < report_at_) {
        return;
    }
    report_at_ = base::in(kReportEvery);
    try {
        look_at_progress();
    } catch (const Error& error) {
        // One look that the server was too busy to answer; the next one looks again.
        if (error.code() != ErrorCode::server) {
            throw;
        }
    }
}

void ConcurrentStep::look_at_progress() {
    const int pid = sending_->connection.backend_pid();
    const Guard::View view = run_.guard.view();
    StepProgress progress{.step = &step_, .elapsed = since(sending_->began), .waiting_on_us = view.blocked_by_us};
    outcome_.times.blocked_sessions = std::max(outcome_.times.blocked_sessions, view.blocked_by_us);
    std::optional<std::string> movement;
    if (const auto now = pg::build_progress(run_.target.control(), pid); now) {
        progress.phase = now->phase;
        progress.fraction = now->fraction;
        movement = fmt::format("{} {} {} {}", now->phase, now->blocks_done, now->tuples_done, now->lockers_done);
        if (now->fraction > 0.02) {
            const double left = static_cast<double>(progress.elapsed.count()) * (1 - now->fraction) / now->fraction;
            progress.eta = Millis(static_cast<std::int64_t>(left));
        }
    }
    only_waits_ = progress.phase.starts_with("waiting");
    if (progress.phase.empty() || only_waits_) {
        progress.blockers = policy_.settle(pg::blockers_of(run_.target.control(), pid));
    }
    blockers_ = progress.blockers;
    run_.sink(progress);
    look_whether_stuck(movement);
}

// Where nothing is told of the progress (DROP INDEX, VACUUM), nothing says that it is stuck either.
void ConcurrentStep::look_whether_stuck(const std::optional<std::string>& movement) {
    if (!movement || *movement != movement_) {
        movement_ = movement.value_or("");
        moved_at_ = Clock::now();
        return;
    }
    if (run_.plan.limits.stuck_after.count() > 0 && since(moved_at_) >= run_.plan.limits.stuck_after && ordered_ == Order::go_on) {
        ++stuck_;
        run_.sink(Notice{
            .text = fmt::format("{}: no progress for {}: it is cancelled", step_.name, base::format_duration(run_.plan.limits.stuck_after)),
            .warning = true});
        cancel(Order::pause_now);
    }
}

void ConcurrentStep::take_answer() {
    const std::unique_ptr<Sending> answered = std::move(sending_);
    state_ = State::waiting;
    only_waits_ = false;
    outcome_.times.ran += since(answered->began);
    if (answered->failure) {
        std::rethrow_exception(answered->failure);
    }
    if (const auto* error = std::get_if<pg::ServerError>(&*answered->outcome); error != nullptr) {
        sort_error(*error);
        return;
    }
    if (const std::string failure = condition_failure(run_.target.control(), step_.condition); !failure.empty()) {
        fail(Error(ErrorCode::check, "the statement succeeded, but what it should have done is not there: " + failure).at(step_.place));
        return;
    }
    end(StepResult::done, "");
}

void ConcurrentStep::sort_error(const pg::ServerError& error) {
    if (error.connection_lost) {
        throw pg::to_error(error);
    }
    const auto duplicates = error.sqlstate == "23505" ? find_duplicates() : std::vector<std::string>{};
    clean_up(stopped() || (ordered_ == Order::pause_now && stuck_ == 0 && !late_) ? kHurriedCleanUp : kCleanUp);
    if (error.sqlstate == "57014" && (stopped() || ordered_ != Order::go_on)) {
        sort_cancelled();
        return;
    }
    // What may have committed a part of its work is not sent twice.
    const bool again = step_.kind != plan::StepKind::once && (error.sqlstate == "40P01" || error.sqlstate == "55P03");
    if (again && !deadline_.passed()) {
        run_.sink(StepRetry{.step = &step_, .tries = outcome_.times.tries, .why = error.message, .backoff = kBackoff});
        not_before_ = base::in(kBackoff);
        return;
    }
    Error failure = explain(error, step_.sends.front());
    if (!duplicates.empty()) {
        failure.detail(fmt::format("{}\nduplicate keys: {}", failure.detail(), fmt::join(duplicates, "; ")));
    }
    fail(std::move(failure));
}

// By us. After pause_now it waits until the run goes on, and is sent anew.
void ConcurrentStep::sort_cancelled() {
    if (stopped() || ordered_ != Order::pause_now) {
        outcome_.interrupted = stopped() ? Order::stop : ordered_;
        state_ = State::ended;
    } else if (late_) {
        fail(Error(ErrorCode::server,
                   fmt::format("the step was not done within its timeout of {} and was cancelled", base::format_duration(step_.timeout)))
                 .at(step_.place)
                 .detail(fmt::format("{}", fmt::join(blockers_, "\n")))
                 .hint("`pgbelay resume` tries it again; or give it more with timeout= and deploy anew"));
    } else if (stuck_ >= kMostStuck) {
        fail(Error(ErrorCode::server, fmt::format("no progress for {}, twice", base::format_duration(run_.plan.limits.stuck_after)))
                 .at(step_.place)
                 .detail(fmt::format("{}", fmt::join(blockers_, "\n")))
                 .hint("end what it waits for, then `pgbelay resume`; `--stuck-after` makes a deployment more patient"));
    }
}

std::vector<std::string> ConcurrentStep::find_duplicates() {
    const auto now = pg::index_now(run_.target.control(), step_.index);
    return now && !now->valid ? pg::duplicate_keys(run_.target.control(), now->oid) : std::vector<std::string>{};
}

// What the failed statement left; what cannot go now is written down as a debt.
void ConcurrentStep::clean_up(Millis patience) {
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
            run_.sink(
                Notice{.text = fmt::format("INVALID index {} could not be dropped ({}); `pgbelay resume` and the next deploy try again",
                                           sql::display(index), *why),
                       .warning = true});
        }
    }
}

}  // namespace pgbelay::engine
