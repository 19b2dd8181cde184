// CREATE and ALTER FUNCTION and PROCEDURE.
#pragma once

#include "analysis/analysis.h"

namespace pgbelay::analysis {

Analysis analyze_create_function(const sql::Statement& statement, const Context& ctx);
Analysis analyze_alter_function(const sql::Statement& statement, const Context& ctx);

}  // namespace pgbelay::analysis
