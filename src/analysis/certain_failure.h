// Statements that the server refuses whatever the rows: it is better known before than at two in the morning.
#pragma once

#include "analysis/analysis.h"

namespace pgbelay::analysis {

// Nothing where it may succeed, or where the catalog does not know. Words and codes are the server's own.
std::optional<Failure> certain_failure(const sql::Statement& statement, const Context& ctx);

}  // namespace pgbelay::analysis
