// ALTER TABLE, and the forms of ALTER INDEX, VIEW, SEQUENCE, MATERIALIZED VIEW and FOREIGN TABLE that share its node.
#pragma once

#include "analysis/analysis.h"

namespace pgbelay::analysis {

// An AlterTableStmt.
Analysis analyze_alter_table(const sql::Statement& statement, const Context& ctx);

}  // namespace pgbelay::analysis
