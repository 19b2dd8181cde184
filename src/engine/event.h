// What happens in a run, as values: the only thing that reaches a terminal, a log or a stream.
#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "engine/health.h"
#include "pg/activity.h"
#include "plan/plan.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace pgbelay::engine {

enum class StepResult { done, skipped, adopted, failed, unknown, rolled_back };
std::string_view to_string(StepResult result);

// What a step cost, and whom.
struct StepTimes {
    int tries = 0;
    base::Millis waited{0};  // outside and inside of lock queues, all tries together
    base::Millis queued{0};  // the longest single stay in a lock queue: what the application may have felt, with `held`
    base::Millis ran{0};
    base::Millis lock_held{0};  // the longest time for which strong locks were held
    int blocked_sessions = 0;   // the most that were seen waiting on us
};

struct RunStarted {
    std::int64_t run = 0;
    std::string target;
    int steps = 0;
    bool resumed = false;
    bool rollback = false;
};
struct StepStarted {
    const plan::Step* step = nullptr;
    int total = 0;
};
struct StepWaiting {  // outside the queue: somebody is in the way
    const plan::Step* step = nullptr;
    std::vector<std::string> blockers;  // described, never with constants of queries
    base::Millis since{0};
};
struct SessionSignalled {  // somebody in the way was told to end, as `--blockers` says
    const plan::Step* step = nullptr;
    std::string action;   // "cancel", "terminate"
    std::string session;  // described
    base::Millis age{0};  // of its transaction
    std::string error;    // why the server did not let us; "" = it was sent
};
struct StepRetry {
    const plan::Step* step = nullptr;
    int tries = 0;
    std::string why;  // "lock not available", "deadlock detected"
    base::Millis backoff{0};
};
struct StepProgress {  // of a build or another long statement
    const plan::Step* step = nullptr;
    std::string phase;
    double fraction = -1;  // -1: not known
    std::optional<base::Millis> eta;
    base::Millis elapsed{0};
    std::vector<std::string> blockers;
    int waiting_on_us = 0;
};
struct StepFinished {
    const plan::Step* step = nullptr;
    StepResult result = StepResult::done;
    StepTimes times;
    std::string note;  // why it was skipped or adopted
};
struct Echo {
    std::string text;
};
struct Notice {  // a word that belongs to no step: a debt settled, a reconnect, a NOTICE of the server
    std::string text;
    bool warning = false;
};
struct GuardBreach {
    std::string limit;  // "lock_waiters"
    std::string what;   // "lock_waiters 14 > 10"
    runbook::OnBreach action = runbook::OnBreach::pause;
    bool cleared = false;
};
struct Paused {
    std::string why;  // "by alice@laptop", "by the guard: …"
};
struct Resumed {
    base::Millis after{0};
};
struct HealthSeen {  // at the end of a section that changed something
    Health health;
};
struct Waiting {  // the run ends here, and a later `resume` goes on
    const plan::Step* step = nullptr;
    std::string until;
};
struct Verified {
    bool holds = true;
    std::vector<std::string> failures;
};
struct RunFinished {
    std::int64_t run = 0;
    std::string result;  // deployed, nothing_to_do, waiting, rolled_back, stopped, refused, interrupted
    base::Millis took{0};
    base::Millis longest_hold{0};
    base::Millis longest_queue{0};
    std::optional<base::Error> error;
};

using Event = std::variant<RunStarted, StepStarted, StepWaiting, SessionSignalled, StepRetry, StepProgress, StepFinished, Echo, Notice,
                           GuardBreach, Paused, Resumed, HealthSeen, Waiting, Verified, RunFinished>;

// Called from the engine's thread only.
using Sink = std::function<void(const Event&)>;

}  // namespace pgbelay::engine
