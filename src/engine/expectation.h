// Whether a query's answer is as its author expects, and if not, in which words.
#pragma once

#include "pg/connection.h"
#include "runbook/expectation.h"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pgbelay::engine {

// The values that earlier checks of the run have recorded, by the record's name: the columns of its row, in order.
using Record = std::vector<std::pair<std::string, std::optional<std::string>>>;
using Records = std::map<std::string, Record>;

struct Mismatch {
    std::string message;  // "expected >= 100, got 98"; "" = it is as expected
    std::string detail;   // the first row, or the difference of two tables
};

// Whether the answer is one value, which is true.
bool is_true(const pg::Result& result);
// Whether it is a single value that is true, false or NULL.
bool is_one_boolean(const pg::Result& result);

Mismatch mismatch(const runbook::Expectation& expects, const pg::Result& result, const Records& records);

// The rows that are missing ("- …") and those that are not expected ("+ …"), under the column names; at most 20. Without order rows are
// compared as a bag. Message "" when they are equal.
Mismatch table_mismatch(const runbook::ExpectedTable& expected, const std::vector<std::string>& columns,
                        const std::vector<std::vector<std::string>>& rows);

}  // namespace pgbelay::engine
