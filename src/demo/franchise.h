// The demonstration's application: the schema of a franchise back office and its data.
#pragma once

#include <string>
#include <vector>

namespace pgbelay::demo {

// A table with what fills it: statements in order, the first group of them in one transaction. Names are in the schema public.
struct Table {
    std::string name;
    long long rows = 0;
    std::vector<std::string> create;  // one transaction: the table, its rows, the indexes that it has today
    std::string vacuum;               // after it: statistics and visibility, so that the server's own upkeep stays out of the picture
};

// The largest first. `divisor` divides the rows.
std::vector<Table> franchise_tables(int divisor);

}  // namespace pgbelay::demo
