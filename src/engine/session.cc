#include "engine/session.h"

#include "pg/activity.h"

#include <fmt/core.h>
#include <queries/journal.h>

#include <utility>

namespace pgbelay::engine {

using base::Error;
using base::ErrorCode;

namespace {

constexpr base::Millis kPoll{100};

std::string str(std::int64_t n) { return std::to_string(n); }

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
    key_ = {.id = run};
    const auto check_stop = [&] {
        if (target_.stop() != nullptr && target_.stop()->requested()) {
            throw Error(ErrorCode::interrupted, "interrupted while waiting for what is left of the earlier process");
        }
    };
    while (!journal_.take_over(key_, base::in(std::chrono::seconds(2)), target_.stop())) {
        waiting("a transaction of the earlier process is still open");
        check_stop();
    }
    // What an orphan builds may still become valid: it is waited for, then seen in the catalog.
    for (;;) {
        std::vector<std::string> ours;
        for (const int pid : pids()) {
            ours.push_back(str(pid));
        }
        const pg::Result r =
            keeper_->query(queries::kWorkerHolders, {str(pg::AdvisoryKeys::kWorker), str(run), pg::to_array(ours)});
        if (r.rows() == 0) {
            break;
        }
        const auto progress = pg::build_progress(*keeper_, r.integer(0, 0));
        waiting(fmt::format("a statement of the earlier process still runs (pid {}{})", r.integer(0, 0),
                            progress ? fmt::format(", {}: {:.0f} %", progress->phase, progress->fraction * 100) : ""));
        base::pause_for(kPoll, target_.stop());
        check_stop();
    }
    attach(key_);
}

}  // namespace pgbelay::engine
