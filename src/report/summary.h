// How a deployment, a resume or a rollback ended: the last lines that a person reads.
#pragma once

#include "engine/run.h"
#include "report/style.h"

#include <string>

namespace pgbelay::report {

struct Ending {
    base::Millis took{0};
    std::string undo;   // the command that rolls it back, "" when there is nothing to roll back
    std::string go_on;  // the command that goes on with it
};

std::string summary_text(const engine::RunReport& report, const Ending& ending, const Style& style);

}  // namespace pgbelay::report
