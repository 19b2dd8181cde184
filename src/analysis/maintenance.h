// LOCK, VACUUM, ANALYZE, CLUSTER, and statements that concern the whole server.
#pragma once

#include "analysis/analysis.h"

namespace pgbelay::analysis {

Analysis analyze_lock(const sql::Statement& statement, const Context& ctx);
Analysis analyze_vacuum(const sql::Statement& statement, const Context& ctx);
Analysis analyze_cluster(const sql::Statement& statement, const Context& ctx);
Analysis analyze_server_statement(const sql::Statement& statement, const Context& ctx);

}  // namespace pgbelay::analysis
