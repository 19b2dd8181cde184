// What a plan will write anew beside what is there: indexes, and copies of tables that are rewritten.
#pragma once

#include "catalog/catalog.h"
#include "plan/plan.h"
#include "runbook/runbook.h"

#include <string>
#include <vector>

namespace pgbelay::plan {

struct NewStorage {
    base::Place place;
    std::string what;  // "index on shop.orders (user_id)", "rewrite of shop.orders"
    catalog::Oid relation{};
    bool copy = false;                 // the relation itself, with its indexes; else an index on it
    std::vector<std::string> columns;  // of the index's key; "" for an expression
    std::string method;                // "btree"
    std::string tablespace;            // as written; "" = the default
};

// Of existing relations; what the plan makes itself is empty, or of a size that nobody can know.
std::vector<NewStorage> new_storage(const runbook::Runbook& runbook, const catalog::Catalog& catalog, const Plan& plan);

}  // namespace pgbelay::plan
