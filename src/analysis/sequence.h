// CREATE and ALTER SEQUENCE.
#pragma once

#include "analysis/analysis.h"

namespace pgbelay::analysis {

Analysis analyze_create_sequence(const sql::Statement& statement, const Context& ctx);
Analysis analyze_alter_sequence(const sql::Statement& statement, const Context& ctx);

}  // namespace pgbelay::analysis
