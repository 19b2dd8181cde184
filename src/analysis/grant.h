// GRANT and REVOKE, on objects, of roles, and as defaults.
#pragma once

#include "analysis/analysis.h"

namespace pgbelay::analysis {

Analysis analyze_grant(const sql::Statement& statement, const Context& ctx);
Analysis analyze_grant_role(const sql::Statement& statement, const Context& ctx);
Analysis analyze_default_privileges(const sql::Statement& statement, const Context& ctx);

}  // namespace pgbelay::analysis
