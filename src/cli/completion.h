// The command line described for shells and for the manual: made from the parser itself, so that it cannot go stale.
#pragma once

#include "cli/arguments.h"

#include <string>
#include <vector>

namespace pgbelay::cli {

std::string bash_completion(const std::vector<CommandDescription>& commands);
std::string zsh_completion(const std::vector<CommandDescription>& commands);
std::string fish_completion(const std::vector<CommandDescription>& commands);
// pgbelay(1) in the man macros.
std::string manual_page(const std::vector<CommandDescription>& commands);

}  // namespace pgbelay::cli
