// SQL that makes an index again with all that hangs on it, for inverses.
#pragma once

#include "analysis/analysis.h"

#include <string>
#include <vector>

namespace pgbelay::analysis {

// CREATE INDEX as pg_get_indexdef() prints it, with the tablespace, which that leaves out.
std::string create_index_again(const catalog::Index& index);

// Every column that the index reads, in its keys, expressions and predicate.
std::vector<std::string> columns_of_index(const catalog::Index& index);

// What CREATE INDEX does not carry: comment, statistics targets, CLUSTER ON, REPLICA IDENTITY USING INDEX.
std::vector<std::string> index_properties(const catalog::Index& index);

// The two together: the inverse of dropping it.
Inverse recreate_index(const catalog::Index& index);

// The inverse of dropping with CASCADE the foreign keys that stand on the index; an impossible one when they are not known.
Inverse recreate_foreign_keys_on(const catalog::Catalog& catalog, const catalog::Index& index);

// The inverse of dropping a constraint, with its comment; a key's index comes first, with all its options.
std::vector<std::string> recreate_constraint(const catalog::Relation& table, const catalog::Constraint& constraint);

}  // namespace pgbelay::analysis
