// DROP INDEX: one DROP INDEX CONCURRENTLY each, outside of groups.
#pragma once

#include "analysis/analysis.h"

namespace pgbelay::analysis {

// A DropStmt of indexes.
Analysis analyze_drop_index(const sql::Statement& statement, const Context& ctx);

}  // namespace pgbelay::analysis
