// Shows a run while it works and says how it ended: what `deploy`, `resume` and `rollback` have in common.
#pragma once

#include "cli/commands.h"
#include "engine/run.h"

#include <functional>

namespace pgbelay::cli {

// What is done with the events of the run, and with its questions.
using Work = std::function<engine::RunReport(const engine::Sink&, const engine::Confirmer&)>;

// Returns the exit status. `rollback_asked`: a rollback is what the person wanted, not what a failure led to.
int follow(const Context& context, engine::Target& target, bool rollback_asked, const Work& work);

engine::RunOptions run_options(const Context& context, engine::Target& target, engine::OnFailure on_failure,
                               const engine::Confirmer& confirmer);

}  // namespace pgbelay::cli
