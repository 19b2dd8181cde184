// Other sessions' statements as they may be shown: short, on one line, without constants.
#pragma once

#include <string>
#include <string_view>

namespace pgbelay::pg {

// The first 200 characters with white space folded and comments left out; each constant is `…`, since it may be a secret.
// Works on text that the server has cut off in the middle.
std::string shown_query(std::string_view query);

}  // namespace pgbelay::pg
