// How long a statement, run as written, would hold its locks: guessed from sizes, and never said to be more than a guess.
#pragma once

#include "analysis/analysis.h"
#include "catalog/catalog.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pgbelay::plan {

// Of the relation that the work is done on. Until a run knows its server by its own steps, and for every estimate.
double bytes_per_second(analysis::Work work);

struct Estimate {
    struct Part {
        analysis::Work work = analysis::Work::none;
        std::int64_t bytes = 0;
        bool operator==(const Part&) const = default;
    };
    std::vector<Part> parts;                      // what takes time, one a kind of work; none: a moment
    std::vector<catalog::QualifiedName> unknown;  // what it works on, too, and of which the size is not known
    bool by_rows = false;                         // how much it does depends on rows or functions that nobody has looked at
    bool waits = false;                           // it waits, besides, for the transactions of others
    bool until_commit = false;                    // the locks stay to the end of the group's transaction

    bool known() const { return unknown.empty() && !by_rows; }
    std::int64_t bytes() const;
    double seconds() const;
};

// `kind` is the statement's; `catalog` as the statement finds it.
Estimate estimate(const catalog::Catalog& catalog, const analysis::Facts& facts, std::string_view kind);

}  // namespace pgbelay::plan
