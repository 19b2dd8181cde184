// A run's hold on its target: the lock that keeps others out, the journal, and the connection that works.
#pragma once

#include "engine/journal/journal.h"
#include "engine/target.h"
#include "pg/connection.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pgbelay::engine {

class Session {
public:
    // Takes the database's lock, and brings the journal to our format. Tried and polled until `patience` has passed (a dead client's lock
    // lives on for a moment). Throws Error{conflict} that names the holder and since when.
    Session(Target& target, base::Millis patience);

    // The run is ours from here on: a worker that holds the run's shared lock.
    void attach(const RunKey& key);
    // Raises the epoch of an existing run first, waiting for orphans: transactions by the row lock, builds by their advisory
    // lock. `waiting` is told whom we wait for. Throws Error{interrupted} when stopped meanwhile, Error{conflict} when the run is over.
    void take_over(std::int64_t run, const std::function<void(const std::string&)>& waiting);
    // The same for the run that was ours before our connections broke. Throws Error{conflict} when somebody else was at it in between.
    // Nothing is done when it is over (the end that we wrote had arrived) or missing (a promoted standby had not got it).
    enum class TakenUp { unfinished, over, missing };
    TakenUp take_up_again(const RunKey& key, const std::function<void(const std::string&)>& waiting);
    // Writes a run that was ours and is missing from memory, and goes on with it.
    void begin_again(const RunKey& key, const plan::Plan& plan, const NewRun& run);

    const RunKey& key() const { return key_; }
    Journal& journal() { return journal_; }
    pg::Connection& keeper() { return *keeper_; }
    pg::Connection& worker() { return *worker_; }
    // A connection of its own for a statement outside of transactions; holds the run's shared lock like every worker.
    pg::Connection extra_worker(std::string_view purpose);
    // Our backends, so that we never wait for ourselves.
    std::vector<int> pids() const;
    void add_pid(int pid) { more_pids_.push_back(pid); }

private:
    void mark_worker(pg::Connection& connection);
    void raise_epoch(const RunKey& key, const std::function<void(const std::string&)>& waiting);
    std::optional<int> orphan();
    void check_stop() const;

    Target& target_;
    std::unique_ptr<pg::Connection> keeper_;  // at a stable address: the journal writes over it
    Journal journal_;
    std::unique_ptr<pg::Connection> worker_;
    RunKey key_;
    std::vector<int> more_pids_;
};

}  // namespace pgbelay::engine
