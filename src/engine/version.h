// The version of pgbelay, as the journal records it.
#pragma once

#include <string_view>

namespace pgbelay::engine {

std::string_view version();

}  // namespace pgbelay::engine
