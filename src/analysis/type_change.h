// What changing a column's type costs: whether the server writes the table anew, and whether the way back loses anything.
#pragma once

#include "catalog/catalog.h"

#include <string>

namespace pgbelay::analysis {

// Types as format_type() prints them. Follows ATColumnChangeRequiresRewrite() and the length coercions' support functions:
// varchar_support, numeric_support, TemporalSimplify, varbit_support. A change between timestamp and timestamptz is none
// only where the session's time zone is UTC.
bool type_change_rewrites(const catalog::Catalog& catalog, const std::string& from, const std::string& to);

// Whether indexes over the column have to be built anew although the values stay as they are: text and citext, which have one form and two
// orders.
bool type_change_sorts_anew(const std::string& from, const std::string& to);

// Whether the assignment cast takes every value of `from` to `to` or fails: nothing is rounded, cut or reinterpreted.
bool type_change_is_lossless(const std::string& from, const std::string& to);

}  // namespace pgbelay::analysis
