// What is done about sessions in the way of a step: waited for, cancelled or terminated, as the policy says, each named for what it is.
#pragma once

#include "engine/step_runner.h"
#include "pg/activity.h"
#include "runbook/runbook.h"

#include <map>
#include <string>
#include <vector>

namespace pgbelay::engine {

// What the policy has for one session. `why` says what a person should know about it: why it is left alone, or when it will not be.
struct Measure {
    enum class Kind { wait, cancel, terminate } kind = Kind::wait;
    std::string why;
};
Measure measure_for(const runbook::Blockers& policy, const pg::Backend& backend);

class Blockers {
public:
    Blockers(RunContext& run, const plan::Step& step) : run_(run), step_(step) {}

    // Signals those whom the policy covers, each again only after five seconds, and says for every one who it is and what becomes of it.
    // Each signal is in the journal by the statement that sends it, and is an event.
    std::vector<std::string> settle(std::vector<pg::Backend> in_the_way);

private:
    struct Told {
        std::string transaction;
        base::Deadline again_at;
        std::string words;  // "cancelled", or why it could not be
    };

    std::string signal(const pg::Backend& backend, const Measure& measure);

    RunContext& run_;
    const plan::Step& step_;
    std::map<int, Told> told_;  // by pid
};

}  // namespace pgbelay::engine
