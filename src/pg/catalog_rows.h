// Rows of the load_*.sql queries as the catalog's values; the order of their columns is known in catalog_rows.cc only.
#pragma once

#include "catalog/catalog.h"
#include "pg/connection.h"

namespace pgbelay::pg {

catalog::Oid read_oid(const Result& rows, int row, int column);
catalog::Relation read_relation(const Result& rows, int row);
catalog::Column read_column(const Result& rows, int row);
// Without its table's name.
catalog::Index read_index(const Result& rows, int row);
catalog::Constraint read_constraint(const Result& rows, int row);
catalog::Function read_function(const Result& rows, int row);
catalog::Type read_type(const Result& rows, int row);

}  // namespace pgbelay::pg
