// Grows a catalog by a statement, as far as later statements of the same plan need to know.
#pragma once

#include "catalog/catalog.h"
#include "sql/statement.h"

namespace pgbelay::catalog {

// CREATE, ALTER, DROP and RENAME of tables, columns, indexes, constraints, views, sequences, types, functions and schemas change
// `catalog`; IF [NOT] EXISTS is honoured; everything else, and what is opaque, leaves it as it is. Never throws for
// statements that the server would refuse: the catalog is then merely less exact.
void apply(const sql::Statement& statement, Catalog& catalog);

}  // namespace pgbelay::catalog
