// The question before something is changed.
#pragma once

#include "base/wait.h"
#include "cli/console.h"
#include "plan/plan.h"

#include <functional>
#include <optional>
#include <string>

namespace pgbelay::cli {

// True for "y" or "yes". Without a terminal to ask at: throws Error{refused}; on Ctrl-C: Error{interrupted}.
bool ask(const Console& console, const std::string& question, const base::StopSignal& stop);

// Whether somebody sits there who can be asked.
bool can_ask(const Console& console);

// Shows what is to be confirmed and asks for the name of who does; nothing for an empty one. `look` is called about every second meanwhile,
// and may throw. Throws Error{interrupted} on Ctrl-C.
std::optional<std::string> ask_who_confirms(const Console& console, const plan::Step& step, const base::StopSignal& stop,
                                            const std::function<void()>& look);

// "Deploy 7 steps to app@db1:5432/orders (from $DATABASE_URL)?"
std::string deploy_question(int steps, const std::string& target, const std::string& source);
// "Roll back run 7 on app@db1:5432/orders (from --db): 3 steps?"
std::string rollback_question(std::int64_t run, int steps, const std::string& target, const std::string& source);

}  // namespace pgbelay::cli
