// Rolling back: the inverses of a run's steps as a run of its own.
#pragma once

#include "engine/journal/records.h"
#include "engine/run.h"
#include "engine/session.h"

#include <memory>

namespace pgbelay::engine {

// After a failed step, or when the guard orders it: plans the rollback and runs it with the session that holds the database. What would
// lose data, or cannot be undone, is left to a person: the run then stays stopped, and the report says why.
RunReport roll_back_after_failure(Target& target, RunReport failed, std::unique_ptr<Session> session, const plan::Plan& plan,
                                  const RunOptions& options, const Sink& sink);

// Takes up a rollback that was itself left unfinished.
RunReport go_on_rolling_back(Target& target, const RunRecord& record, std::unique_ptr<Session> session, const RunOptions& options,
                             const Sink& sink);

}  // namespace pgbelay::engine
