// Looks before it queues: while somebody who will not end soon holds a lock in the way, a step waits outside of the queue.
#pragma once

#include "engine/blockers.h"
#include "engine/step_runner.h"

#include <string>
#include <vector>

namespace pgbelay::engine {

// The strong locks of a step on the relations as they are now, the busiest one first.
struct Wanted {
    analysis::RelationLock lock;
    catalog::Oid oid{};
};
std::vector<Wanted> wanted_locks(pg::Connection& connection, const std::vector<analysis::RelationLock>& locks);

class LockLook {
public:
    LockLook(RunContext& run, const plan::Step& step, const StepDeadline& deadline);

    enum class Verdict { clear, deadline, ordered };
    // Waits until nobody older than 100 ms is in the way, the deadline passes or an order comes (see order()).
    Verdict wait_until_clear(const std::vector<Wanted>& wanted, StepTimes& times);

    Order order() const { return order_; }
    // Those seen last, described.
    const std::vector<std::string>& blockers() const { return blockers_; }

private:
    std::vector<pg::Backend> in_the_way(const std::vector<Wanted>& wanted);
    std::vector<std::string> readers_on_standbys(const std::vector<Wanted>& wanted);

    RunContext& run_;
    const plan::Step& step_;
    StepDeadline deadline_;
    Blockers policy_;
    Order order_ = Order::go_on;
    std::vector<std::string> blockers_;
    std::vector<int> seen_hidden_;  // pids whose age is hidden and that were there at the last look
};

}  // namespace pgbelay::engine
