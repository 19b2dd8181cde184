// What of a target matters to a migration that was tried on another one.
#pragma once

#include "engine/target.h"

#include <map>
#include <string>

namespace pgbelay::engine {

struct Likeness {
    std::string version;                            // "15.18"
    std::map<std::string, std::string> extensions;  // name -> version
};
Likeness likeness_of(Target& target);

// "PostgreSQL 16.2 there, 15.18 here; extension citext 1.6 there, none here"; "" when the major versions and the extensions that are
// there are the same.
std::string differences(const Likeness& here, const Likeness& there);

}  // namespace pgbelay::engine
