// DROP of everything but indexes.
#pragma once

#include "analysis/analysis.h"

namespace pgbelay::analysis {

Analysis analyze_drop(const sql::Statement& statement, const Context& ctx);

}  // namespace pgbelay::analysis
