// What the demonstration deploys: a column for the busiest table and an index for each of the six.
#pragma once

#include <string_view>

namespace pgbelay::demo {

// examples/franchise/franchise.sql, to the byte: the installed program has no examples beside it.
std::string_view franchise_change();

}  // namespace pgbelay::demo
