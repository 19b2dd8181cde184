// The relations that a statement's tokens show, for statements that the grammar does not know.
#pragma once

#include "sql/name.h"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pgbelay::sql {

// Names after TABLE, INDEX, VIEW, ON, FROM, INTO, UPDATE, JOIN and REFERENCES, each once. Nothing when there are no tokens to
// be had. May name what is no relation, and miss one in the second place of a list.
std::vector<QualifiedName> relations_in_tokens(std::string_view sql);

// Identifiers anywhere in the statement, as the catalog would hold them; also inside of its strings (the body of a DO block, statements
// put together as text), but not in comments. Keywords that are not reserved may be among them.
std::set<std::string> identifiers_in(std::string_view sql);

}  // namespace pgbelay::sql
