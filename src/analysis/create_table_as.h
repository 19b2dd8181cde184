// CREATE TABLE … AS, SELECT … INTO, CREATE MATERIALIZED VIEW and REFRESH: relations filled by a query.
#pragma once

#include "analysis/analysis.h"

namespace pgbelay::analysis {

Analysis analyze_create_table_as(const sql::Statement& statement, const Context& ctx);
Analysis analyze_select_into(const sql::Statement& statement, const Context& ctx);
Analysis analyze_refresh_matview(const sql::Statement& statement, const Context& ctx);

}  // namespace pgbelay::analysis
