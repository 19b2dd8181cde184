// `plan --format jsonl` without a database: what each statement does, as it is read.
#pragma once

#include "cli/commands.h"

namespace pgbelay::cli {

// Prints a line for each statement of all paths, as one input or, separately, each on its own on as many cores as there are. Returns the
// exit status; throws Error{input} after the lines before it.
int print_facts(const Plan& command, const Context& context);

}  // namespace pgbelay::cli
