// The only ways by which a name or a value gets into SQL text.
#pragma once

#include "sql/name.h"

#include <string>
#include <string_view>

namespace pgbelay::sql {

// As the server's quote_identifier: bare only when lower-case, plain and not a keyword that needs quotes.
std::string quote_identifier(std::string_view name);
// `"schema"."name"` with quotes where needed; no schema part when it is empty.
std::string quote_name(const QualifiedName& name);
// A string constant: '…' or, with backslashes in it, E'…' as the server's quote_literal does. Throws for NUL.
std::string quote_literal(std::string_view value);

}  // namespace pgbelay::sql
