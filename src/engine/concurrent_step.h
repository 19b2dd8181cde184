// A statement that cannot run in a transaction, one move at a time, so that several can be under way: its intent is written first,
// the catalog says what became of it.
#pragma once

#include "engine/blockers.h"
#include "engine/step_runner.h"

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace pgbelay::engine {

class ConcurrentStep {
public:
    // The statements of ours for the transaction that records the end; asked for then, since other steps end meanwhile.
    using AlsoThen = std::function<Also()>;

    // `woken` is requested when the statement's answer is there. All references outlive the object.
    ConcurrentStep(const RunContext& run, const plan::Step& step, const std::optional<Intent>& before, AlsoThen also, Recorded recorded,
                   base::StopSignal& woken);
    // A statement that still runs is left to its backend, as when the client is killed: who takes over adopts what it makes.
    ~ConcurrentStep();
    ConcurrentStep(const ConcurrentStep&) = delete;
    ConcurrentStep& operator=(const ConcurrentStep&) = delete;

    enum class State { waiting, running, ended };
    // Does what can be done now: looks, sends, reports, or takes the answer. To be called again when woken, and every 100 ms or so.
    // Throws Error{connection|conflict|…}.
    State advance();

    // Cancels the statement, if it runs. After pause_now the step begins anew; after every other order it ends as interrupted.
    void cancel(Order order);

    const plan::Step& step() const { return step_; }
    State state() const { return state_; }
    // It runs, and not only waits for transactions and snapshots of others: what costs the server something.
    bool works() const { return sending_ != nullptr && !only_waits_; }
    // Once it has ended.
    StepOutcome& outcome() { return outcome_; }
    // Ends it for a reason of ours; not while it runs.
    void fail(base::Error error);

private:
    // The statement on its connection, with the thread that waits for the answer.
    struct Sending;

    bool builds() const;
    bool drops() const;
    catalog::QualifiedName rebuilt() const;
    bool stopped() const;

    bool ready_to_send();
    bool look_at_what_is_there();
    bool adopt();
    bool adopt_rebuild();
    bool others_build();
    bool clear_leftover(const catalog::QualifiedName& index);
    void intend();
    bool half_detached();
    void send();
    void watch();
    void look_at_progress();
    bool is_late();
    void look_whether_stuck(const std::optional<std::string>& movement);
    void take_answer();
    void sort_error(const pg::ServerError& error);
    void sort_cancelled();
    std::vector<std::string> find_duplicates();
    void clean_up(base::Millis patience);
    void end(StepResult result, const std::string& note);

    RunContext run_;
    const plan::Step& step_;
    std::optional<Intent> before_;
    AlsoThen also_;
    Recorded recorded_;
    base::StopSignal& woken_;
    StepDeadline deadline_;
    Blockers policy_;
    State state_ = State::waiting;
    std::unique_ptr<Sending> sending_;
    bool looked_ = false;
    bool intended_ = false;
    bool only_waits_ = false;
    bool late_ = false;  // it was cancelled at the author's timeout
    int stuck_ = 0;      // how often it was cancelled because nothing moved
    Order ordered_ = Order::go_on;
    base::Deadline not_before_{};
    std::optional<base::Clock::time_point> waits_since_;  // for other builds on the table
    std::string movement_;                                // where its progress stood at the last look
    base::Clock::time_point moved_at_{};
    std::vector<std::string> blockers_;
    base::Deadline report_at_{};
    StepOutcome outcome_;
};

}  // namespace pgbelay::engine
