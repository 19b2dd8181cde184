// The demonstration's application: the schema of a franchise back office and its data.
#pragma once

#include <array>
#include <string>
#include <vector>

namespace pgbelay::demo {

// What the values of its columns are drawn from.
inline constexpr int kOrgs = 2000;
inline constexpr int kFirstOrg = 10000;
inline constexpr int kPeriods = 24;  // months, from January 2024
inline constexpr int kSkus = 40;

inline constexpr std::array kMetrics{"sales", "orders", "margin", "rating"};
inline constexpr std::array kCostCenters{"ops", "kitchen", "marketing", "rent", "staff"};
inline constexpr std::array kStatuses{"pending", "approved", "settled", "failed"};

// A table of the schema public, and what makes it.
struct Table {
    std::string name;
    long long rows = 0;
    std::vector<std::string> create;  // one transaction: the table, its rows, the indexes that it has today
    std::string vacuum;               // after it: statistics and visibility, so that the server's own upkeep stays out of the picture
};

// The largest first. `divisor` divides the rows.
std::vector<Table> franchise_tables(int divisor);

}  // namespace pgbelay::demo
