#include "engine/lock_look.h"

#include "pg/activity.h"
#include "pg/relations.h"

#include <algorithm>

namespace pgbelay::engine {

namespace {

// Younger transactions are the application's ordinary ones: they end by themselves within the lock budget.
constexpr base::Millis kOld{100};
constexpr base::Millis kLookEvery{100};
constexpr std::chrono::seconds kSayEvery{1};

}  // namespace

std::vector<Wanted> wanted_locks(pg::Connection& connection, const std::vector<analysis::RelationLock>& locks) {
    std::vector<catalog::QualifiedName> names;
    for (const auto& lock : locks) {
        names.push_back(lock.relation);
    }
    std::vector<pg::RelationNow> now = pg::relations_now(connection, names);
    std::vector<std::pair<std::int64_t, Wanted>> ordered;
    for (std::size_t i = 0; i < locks.size(); ++i) {
        if (now[i].oid != catalog::Oid{}) {
            ordered.push_back({now[i].uses, {locks[i], now[i].oid}});
        }
    }
    std::ranges::stable_sort(ordered, std::ranges::greater{}, &std::pair<std::int64_t, Wanted>::first);
    std::vector<Wanted> wanted;
    for (auto& [uses, want] : ordered) {
        wanted.push_back(std::move(want));
    }
    return wanted;
}

LockLook::LockLook(RunContext& run, const plan::Step& step, const StepDeadline& deadline)
    : run_(run), step_(step), deadline_(deadline), policy_(run, step) {}

std::vector<pg::Backend> LockLook::in_the_way(const std::vector<Wanted>& wanted) {
    std::vector<pg::WantedLock> locks;
    for (const auto& w : wanted) {
        locks.push_back({w.oid, w.lock.mode});
    }
    // An ordinary autovacuum ends after deadlock_timeout where LOCK TABLE is the first move: to wait for it here would be to wait for its
    // end.
    const auto gives_way_on = [&](catalog::Oid relation) {
        return std::ranges::any_of(wanted, [&](const Wanted& w) { return w.oid == relation && w.lock.lockable; });
    };
    std::vector<pg::Backend> old;
    std::vector<int> hidden;
    for (auto& holder : pg::holders(run_.target.control(), locks, run_.session.pids())) {
        if (pg::kind(holder.backend) == pg::Kind::autovacuum && gives_way_on(holder.relation)) {
            continue;
        }
        bool too_old = holder.backend.pid == 0;  // a prepared transaction
        if (holder.backend.transaction_age) {
            too_old = too_old || *holder.backend.transaction_age >= kOld;
        } else if (holder.granted && holder.backend.pid != 0) {
            // Its age is hidden: who is still there at the next look is old enough.
            hidden.push_back(holder.backend.pid);
            too_old = std::ranges::find(seen_hidden_, holder.backend.pid) != seen_hidden_.end();
        }
        const auto same = [&](const pg::Backend& other) { return other.pid == holder.backend.pid && other.gid == holder.backend.gid; };
        if (too_old && std::ranges::none_of(old, same)) {
            holder.backend.waits = !holder.granted;
            old.push_back(std::move(holder.backend));
        }
    }
    const bool look_again = old.empty() && hidden != seen_hidden_ && !hidden.empty();
    seen_hidden_ = std::move(hidden);
    if (look_again) {
        base::pause_for(kOld, run_.target.stop());
        return in_the_way(wanted);
    }
    return old;
}

// Who reads on a standby what a replayed lock would take away there.
std::vector<std::string> LockLook::readers_on_standbys(const std::vector<Wanted>& wanted) {
    std::vector<catalog::Oid> exclusive;
    for (const auto& w : wanted) {
        if (w.lock.mode == catalog::LockMode::access_exclusive) {
            exclusive.push_back(w.oid);
        }
    }
    return run_.replicas.in_the_way(exclusive);
}

LockLook::Verdict LockLook::wait_until_clear(const std::vector<Wanted>& wanted, StepTimes& times) {
    if (wanted.empty()) {
        return Verdict::clear;
    }
    const auto began = base::Clock::now();
    auto say_at = began;
    for (;;) {
        blockers_ = policy_.settle(in_the_way(wanted));
        const auto readers = readers_on_standbys(wanted);
        blockers_.insert(blockers_.end(), readers.begin(), readers.end());
        const auto waited = std::chrono::duration_cast<base::Millis>(base::Clock::now() - began);
        if (blockers_.empty()) {
            times.waited += waited;
            return Verdict::clear;
        }
        if (base::Clock::now() >= say_at) {
            run_.sink(StepWaiting{.step = &step_, .blockers = blockers_, .since = waited});
            say_at = base::in(kSayEvery);
        }
        if (deadline_.passed()) {
            times.waited += waited;
            return Verdict::deadline;
        }
        base::pause_for(kLookEvery, run_.target.stop());
        order_ = run_.control.pass();
        if (order_ != Order::go_on) {
            times.waited += waited;
            return Verdict::ordered;
        }
    }
}

}  // namespace pgbelay::engine
