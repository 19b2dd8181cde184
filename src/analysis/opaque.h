// Statements that the grammar does not know: what their tokens show.
#pragma once

#include "analysis/analysis.h"

namespace pgbelay::analysis {

Analysis analyze_opaque(const sql::Statement& statement, const Context& ctx);

}  // namespace pgbelay::analysis
