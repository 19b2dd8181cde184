// A bound on how deep a statement's tree can get, from its tokens alone: what the grammar must not be asked to parse.
#pragma once

#include "sql/tokens.h"

#include <cstddef>
#include <optional>
#include <vector>

namespace pgbelay::sql {

// The byte offset at which the nesting can first exceed `limit` levels; nothing when it cannot.
std::optional<std::size_t> nested_beyond(const std::vector<Token>& tokens, std::size_t limit);

}  // namespace pgbelay::sql
