// Triggers, rules and row security policies.
#pragma once

#include "analysis/analysis.h"

namespace pgbelay::analysis {

Analysis analyze_create_trigger(const sql::Statement& statement, const Context& ctx);
Analysis analyze_create_rule(const sql::Statement& statement, const Context& ctx);
Analysis analyze_create_policy(const sql::Statement& statement, const Context& ctx);
Analysis analyze_alter_policy(const sql::Statement& statement, const Context& ctx);

}  // namespace pgbelay::analysis
