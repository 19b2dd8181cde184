// CREATE INDEX: CONCURRENTLY on every table that is not tiny, before, beside or after the group that it stands in.
#pragma once

#include "analysis/analysis.h"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace pgbelay::analysis {

// An IndexStmt.
Analysis analyze_create_index(const sql::Statement& statement, const Context& ctx);

// Why an index (or key) over these columns cannot be built before the group begins; empty when it can. Looks at what
// `ctx.base` holds under the table's name: the same columns with the same types.
std::string not_hoistable(const Context& ctx, const QualifiedName& table, const std::vector<std::string>& columns);

// All of the columns that `ctx.base` does not have are new in this group and hold nothing but NULL.
bool only_new_empty_columns(const Context& ctx, const QualifiedName& table, const std::vector<std::string>& columns);

}  // namespace pgbelay::analysis
