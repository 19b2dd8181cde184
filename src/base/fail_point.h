// Where tests kill the process. The product links the empty version; see base/fail_point_on.cc for the other.
#pragma once

#include <string_view>

namespace pgbelay::base {

// A boundary between two states of the world, such as "a COMMIT is about to be sent". Called only by the wrappers for
// send, commit and journal write, so that a new step cannot forget its boundaries.
void fail_point(std::string_view boundary);

// Whether there are any: false in the product.
bool has_fail_points();

}  // namespace pgbelay::base
