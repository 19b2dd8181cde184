// CREATE TABLE in all its forms but AS: new tables, partitions, foreign tables.
#pragma once

#include "analysis/analysis.h"

namespace pgbelay::analysis {

Analysis analyze_create_table(const sql::Statement& statement, const Context& ctx);

}  // namespace pgbelay::analysis
