// SELECT, INSERT, UPDATE, DELETE, MERGE, COPY and TRUNCATE.
#pragma once

#include "analysis/analysis.h"

namespace pgbelay::analysis {

Analysis analyze_select(const sql::Statement& statement, const Context& ctx);
Analysis analyze_write(const sql::Statement& statement, const Context& ctx);
Analysis analyze_copy(const sql::Statement& statement, const Context& ctx);
Analysis analyze_truncate(const sql::Statement& statement, const Context& ctx);

}  // namespace pgbelay::analysis
