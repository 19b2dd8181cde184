// Who says yes to the `confirm` steps of a run: people named beforehand, or the one at the terminal.
#pragma once

#include "engine/event.h"
#include "plan/plan.h"

#include <functional>
#include <map>
#include <optional>
#include <string>

namespace pgbelay::engine {

struct Confirmer {
    // `--confirm NAME=WHO`, by the step's name.
    std::map<std::string, std::string> given;
    // Asks the person who sits there: who confirms it, or nothing. `look` is called about every second meanwhile, and throws to end the
    // question. Empty where nobody can be asked.
    std::function<std::optional<std::string>(const plan::Step& step, const std::function<void()>& look)> ask;
};

// Before anything is changed: throws Error{refused} for a step still to be confirmed (not in `done`) that nobody can confirm, and
// Error{usage} for a name in `given` that is no such step, with the nearest.
void require_confirmable(const plan::Plan& plan, const std::map<int, StepResult>& done, const Confirmer& confirmer);

}  // namespace pgbelay::engine
