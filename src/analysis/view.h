// CREATE VIEW and CREATE OR REPLACE VIEW.
#pragma once

#include "analysis/analysis.h"

namespace pgbelay::analysis {

Analysis analyze_create_view(const sql::Statement& statement, const Context& ctx);

}  // namespace pgbelay::analysis
