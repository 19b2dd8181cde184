// The boundaries between two states of the world that a run passes, as the program itself reports them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace pgbelay::test {

struct Boundary {
    int n = 0;         // counted from 1, as PGBELAY_FAIL_POINT_AT and _STOP_AT take it
    std::string name;  // "before commit"
};

// PGBELAY_EVERY_BOUNDARY=1: none is left out, by whomever.
bool every_boundary();

// Those in a file that PGBELAY_FAIL_POINT_LOG named. What a pipeline gives back changes nothing any more, as all of it was sent before: of
// results in a row the last stands for the others, and so it is with the same words sent several times in a row.
std::vector<Boundary> boundaries(const std::filesystem::path& log);

}  // namespace pgbelay::test
