// Schemas, extensions, publications, subscriptions, statistics and all other objects without storage of their own.
#pragma once

#include "analysis/analysis.h"

namespace pgbelay::analysis {

Analysis analyze_create_schema(const sql::Statement& statement, const Context& ctx);
Analysis analyze_create_extension(const sql::Statement& statement, const Context& ctx);
Analysis analyze_alter_extension(const sql::Statement& statement, const Context& ctx);
Analysis analyze_publication(const sql::Statement& statement, const Context& ctx);
Analysis analyze_statistics(const sql::Statement& statement, const Context& ctx);
Analysis analyze_explain(const sql::Statement& statement, const Context& ctx);
Analysis analyze_other_object(const sql::Statement& statement, const Context& ctx);

}  // namespace pgbelay::analysis
