// COMMENT ON.
#pragma once

#include "analysis/analysis.h"

namespace pgbelay::analysis {

Analysis analyze_comment(const sql::Statement& statement, const Context& ctx);

}  // namespace pgbelay::analysis
