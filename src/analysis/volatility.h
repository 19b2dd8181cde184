// Whether a default has to be computed for every row.
#pragma once

#include "catalog/catalog.h"

#include <string>

struct PgQuery__Node;

namespace pgbelay::analysis {

// The first function in the expression that is VOLATILE; empty when there is none. A user's function counts by its volatility
// in the catalog, and as volatile when it is not known there; of the server's own the volatile ones are known by name.
std::string volatile_function(const PgQuery__Node* expression, const catalog::Catalog& catalog);

}  // namespace pgbelay::analysis
