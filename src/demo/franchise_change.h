// What the demonstration deploys: examples/franchise-indexes, compiled in.
#pragma once

#include <string>
#include <string_view>

namespace pgbelay::demo {

// franchise.sql and RUNBOOK.md, to the byte.
std::string_view franchise_change();
std::string_view franchise_example();

// The example's runbook for a machine where nobody signs anything and no hour is wrong: with a front matter of its own, and with
// explains that measure and demand nothing.
std::string franchise_runbook();

}  // namespace pgbelay::demo
