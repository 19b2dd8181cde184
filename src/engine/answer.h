// What one requirement comes to.
#pragma once

#include <string>

namespace pgbelay::engine {

struct Answer {
    bool holds = false;
    std::string found;
    std::string hint;  // what to do when it does not hold
};

}  // namespace pgbelay::engine
