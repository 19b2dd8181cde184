// DO and CALL: code whose effects stand in its text only in part.
#pragma once

#include "analysis/analysis.h"

namespace pgbelay::analysis {

Analysis analyze_do_block(const sql::Statement& statement, const Context& ctx);
Analysis analyze_call(const sql::Statement& statement, const Context& ctx);

}  // namespace pgbelay::analysis
