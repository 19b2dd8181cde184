// REINDEX: CONCURRENTLY wherever the server can.
#pragma once

#include "analysis/analysis.h"

namespace pgbelay::analysis {

// A ReindexStmt.
Analysis analyze_reindex(const sql::Statement& statement, const Context& ctx);

}  // namespace pgbelay::analysis
