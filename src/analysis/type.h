// Enum, composite, range and domain types.
#pragma once

#include "analysis/analysis.h"

namespace pgbelay::analysis {

Analysis analyze_create_type(const sql::Statement& statement, const Context& ctx);
Analysis analyze_alter_enum(const sql::Statement& statement, const Context& ctx);
Analysis analyze_alter_domain(const sql::Statement& statement, const Context& ctx);

}  // namespace pgbelay::analysis
