// RENAME, SET SCHEMA and OWNER TO.
#pragma once

#include "analysis/analysis.h"

namespace pgbelay::analysis {

Analysis analyze_rename(const sql::Statement& statement, const Context& ctx);
Analysis analyze_set_schema(const sql::Statement& statement, const Context& ctx);
Analysis analyze_owner(const sql::Statement& statement, const Context& ctx);

}  // namespace pgbelay::analysis
