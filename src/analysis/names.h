// Names for what a plan makes in between: the temporary ones, and whether a final one is free when it is needed.
#pragma once

#include "analysis/analysis.h"

#include <string>
#include <string_view>

namespace pgbelay::analysis {

// `<ctx.temporary_prefix>_<name>`, cut to the 63 bytes of an identifier without cutting a character.
std::string temporary_name(const Context& ctx, std::string_view name);

// Whether a relation (a table, an index, a view …) has that name.
bool relation_name_taken(const catalog::Catalog& catalog, const QualifiedName& name);

}  // namespace pgbelay::analysis
