// Comments by which the author of a statement speaks to pgbelay: `-- pgbelay: NAME VALUE`.
#pragma once

#include "base/error.h"
#include "sql/statement.h"

#include <optional>
#include <string_view>

namespace pgbelay::sql {

// The directive in a `--` comment; nothing when the comment is an ordinary one. Throws Error{input} at `place` for a name
// that does not exist, and for `when` without a query.
std::optional<Directive> read_directive(std::string_view comment, const base::Place& place);

}  // namespace pgbelay::sql
