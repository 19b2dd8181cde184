// Statements whose effect ends with their session: prepared statements, cursors, LISTEN.
#pragma once

#include "analysis/analysis.h"

namespace pgbelay::analysis {

Analysis analyze_session(const sql::Statement& statement, const Context& ctx);

}  // namespace pgbelay::analysis
