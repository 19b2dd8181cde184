// Cuts the statements of an item into groups: what the author (or his tool) runs in one transaction.
#pragma once

#include "plan/plan.h"
#include "runbook/runbook.h"
#include "sql/statement.h"

#include <string>
#include <vector>

namespace pgbelay::plan {

struct Group {
    std::vector<const sql::Statement*> statements;  // without BEGIN and COMMIT
    const sql::Statement* begin = nullptr;          // the author's BEGIN; null for one statement, or a tool's transaction
    const sql::Statement* end = nullptr;
    bool one_transaction = false;  // several statements that stand or fall together
    std::string tool;              // "dbmate": whose rule it is, "" for the author's BEGIN
};

struct Grouping {
    std::vector<Group> groups;
    std::vector<Refusal> refusals;
};

// Transaction control that cannot be carried out step by step (ROLLBACK, savepoints, an unfinished BEGIN, isolation levels other
// than READ COMMITTED, COMMIT without BEGIN, CONCURRENTLY inside of a group) comes back as refusals.
Grouping group(const std::vector<sql::Statement>& statements, runbook::TransactionRule rule, runbook::Layout layout);

}  // namespace pgbelay::plan
