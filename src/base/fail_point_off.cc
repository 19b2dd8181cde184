#include "base/fail_point.h"

namespace pgbelay::base {

void fail_point(std::string_view /*boundary*/) {}

}  // namespace pgbelay::base
