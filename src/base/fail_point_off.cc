#include "base/fail_point.h"

namespace pgbelay::base {

void fail_point(std::string_view /*boundary*/) {}

bool has_fail_points() {
    return false;
}

}  // namespace pgbelay::base
