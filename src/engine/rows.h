// Whether tables lost rows with which the plan had no business, and how that is known. Pure.
#pragma once

#include "plan/plan.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pgbelay::engine {

// A small table that was counted, as long as the run lasts.
struct RowCount {
    catalog::Oid relation{};
    sql::QualifiedName name;
    std::optional<std::int64_t> before;
    std::optional<std::int64_t> after;
    std::string note;  // why a count is missing
};

// What a step's transaction deleted in one table.
struct RowDeletion {
    int n = 0;
    catalog::Oid relation{};
    sql::QualifiedName name;
    std::int64_t deleted = 0;
    std::int64_t inserted = 0;  // by the same transaction
    std::int64_t emptied = 0;   // rows of a table that it truncated, about
    std::int64_t lost() const { return deleted + emptied - inserted; }
};

// A table with whose rows the plan had no business.
struct TableRows {
    catalog::Oid oid{};
    sql::QualifiedName name;
    std::optional<std::int64_t> before;  // counted
    std::optional<std::int64_t> after;
    std::string note;                    // why it was to be counted and was not
    std::vector<RowDeletion> deletions;  // by this run
    bool lost = false;                   // … more than it put there
    std::string words;                   // "200 before and after (counted)", "none deleted (statistics of this run's sessions)"
};

struct RowsReport {
    std::vector<TableRows> tables;  // by name
    bool statistics = true;         // what the run's sessions deleted is known
    bool ddl_alone = true;          // no step may change rows: nothing was asked
    std::vector<int> unwatched;     // steps that commit by themselves: what they deleted is not known
};

RowsReport judge_rows(const plan::Plan& plan, const std::vector<RowCount>& counts, const std::vector<RowDeletion>& deletions);

// What a lost table's verification says: the table, how many, in which step. `suspects`: who probably did it.
std::string describe_loss(const TableRows& table, const plan::Plan& plan, const std::vector<std::string>& suspects);

}  // namespace pgbelay::engine
