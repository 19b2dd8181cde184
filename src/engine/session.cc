#include "engine/session.h"

#include "pg/activity.h"

#include <fmt/core.h>
#include <queries/journal.h>

#include <algorithm>
#include <utility>

namespace pgbelay::engine {

using base::Error;
using base::ErrorCode;

namespace {

constexpr base::Millis kPoll{100};

std::string str(std::int64_t n) {
    return std::to_string(n);
}

}  // namespace

Session::Session(Target& target, base::Millis patience)
    : target_(target), keeper_(std::make_unique<pg::Connection>(target.connect("keeper"))), journal_(*keeper_) {
    const base::Deadline deadline = base::in(patience);
    while (!keeper_->query(queries::kKeeperLock, {str(pg::AdvisoryKeys::kKeeper)}).boolean(0, 0)) {
        const bool last = base::Clock::now() >= deadline;
        if (last || !base::pause_for(kPoll, target.stop())) {
            const auto holder = keeper_holder(*keeper_);
            throw Error(ErrorCode::conflict, fmt::format("another run works on this database: {}", holder.value_or("it has just ended")))
                .hint("`pgbelay status` shows it; `pgbelay pause` and `pgbelay abort` steer it from here");
        }
    }
    keeper_->query(queries::kListen);
    keeper_->query(queries::kShortTimeouts);
    upgrade_journal(*keeper_);
}

void Session::mark_worker(pg::Connection& connection) {
    if (!connection.query(queries::kWorkerLock, {str(pg::AdvisoryKeys::kWorker), str(key_.id)}).boolean(0, 0)) {
        throw Error(ErrorCode::conflict, fmt::format("the worker's lock of run {} is held exclusively by somebody else", key_.id))
            .hint(fmt::format("look for advisory locks ({}, {}) in pg_locks", pg::AdvisoryKeys::kWorker, key_.id));
    }
    add_pid(connection.backend_pid());
}

void Session::attach(const RunKey& key) {
    key_ = key;
    worker_ = std::make_unique<pg::Connection>(target_.connect("worker"));
    mark_worker(*worker_);
}

pg::Connection Session::extra_worker(std::string_view purpose) {
    pg::Connection connection = target_.connect(purpose);
    mark_worker(connection);
    return connection;
}

std::vector<int> Session::pids() const {
    std::vector<int> pids = more_pids_;
    pids.push_back(keeper_->backend_pid());
    pids.push_back(target_.control().backend_pid());
    return pids;
}

void Session::take_over(std::int64_t run, const std::function<void(const std::string&)>& waiting) {
    // The lock is ours, so that nobody ends the run between this look and the take-over.
    const ControlState now = journal_.control({.id = run});
    if (now.over()) {
        throw Error(ErrorCode::conflict, fmt::format("run {} is over by now: {}", run, now.state)).hint("`pgbelay status` shows it");
    }
    raise_epoch({.id = run, .line = {now.incarnation}}, waiting);
}

Session::TakenUp Session::take_up_again(const RunKey& key, const std::function<void(const std::string&)>& waiting) {
    const auto now = journal_.find(key.id);
    if (!now) {
        return TakenUp::missing;
    }
    // A promoted standby may have the run as one of our own predecessors left it, but never as somebody else did.
    if (std::ranges::find(key.line, now->incarnation) == key.line.end()) {
        throw_replaced(key);
    }
    if (now->over()) {
        key_ = key;
        return TakenUp::over;
    }
    raise_epoch(key, waiting);
    return TakenUp::unfinished;
}

void Session::begin_again(const RunKey& key, const plan::Plan& plan, const NewRun& run) {
    RunKey ours = key;
    journal_.begin_again(ours, plan, run, target_.facts());
    attach(ours);
}

void Session::raise_epoch(const RunKey& key, const std::function<void(const std::string&)>& waiting) {
    key_ = key;
    while (!journal_.take_over(key_, base::in(std::chrono::seconds(2)), target_.stop())) {
        const auto left = orphan();
        waiting("a transaction of the earlier process is still open" + (left ? fmt::format(" (pid {})", *left) : ""));
        check_stop();
    }
    // What an orphan builds may still become valid: it is waited for, then seen in the catalog.
    while (const auto left = orphan()) {
        const auto progress = pg::build_progress(*keeper_, *left);
        waiting(fmt::format("a statement of the earlier process still runs (pid {}{})", *left,
                            progress ? fmt::format(", {}: {:.0f} %", progress->phase, progress->fraction * 100) : ""));
        base::pause_for(kPoll, target_.stop());
        check_stop();
    }
    attach(key_);
}

void Session::check_stop() const {
    if (target_.stop() != nullptr && target_.stop()->requested()) {
        throw Error(ErrorCode::interrupted, "interrupted while waiting for what is left of the earlier process");
    }
}

// The backend of an earlier process that still does something for the run. Sessions that do nothing belong to a process that is frozen
// or cut off: they are ended, so that it cannot begin anything when it wakes up.
std::optional<int> Session::orphan() {
    std::vector<std::string> ours;
    for (const int pid : pids()) {
        ours.push_back(str(pid));
    }
    const pg::Params wanted{str(pg::AdvisoryKeys::kWorker), str(key_.id), pg::to_array(ours)};
    const pg::Result r = keeper_->query(queries::kWorkerHolders, wanted);
    for (int row = 0; row < r.rows(); ++row) {
        const pg::Outcome ended = keeper_->try_query(queries::kEndOrphan, {r.text(row, 0)});
        const auto* asked = std::get_if<pg::Result>(&ended);
        if (asked == nullptr || asked->rows() == 0) {
            return r.integer(row, 0);
        }
    }
    return r.rows() == 0 ? std::nullopt : std::optional(r.integer(0, 0));
}

}  // namespace pgbelay::engine
