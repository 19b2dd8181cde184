// What the rows of existing tables must fulfil for a plan's constraints and unique indexes to be made: asked before anything runs.
#pragma once

#include "catalog/catalog.h"
#include "plan/plan.h"
#include "runbook/runbook.h"

#include <string>
#include <vector>

namespace pgbelay::plan {

struct DataCheck {
    enum class Kind {
        duplicates,  // no two rows have the same `keys`
        orphans,     // each row's `keys` are in `references`
        violations,  // no row makes `expression` false
        nulls,       // no row has NULL in one of `keys`
    };
    Kind kind = Kind::duplicates;
    base::Place place;
    std::string wants;  // "UNIQUE (email)": for people
    catalog::QualifiedName table;
    bool only = true;               // not the rows of children: a partitioned table's rows are all in them
    std::vector<std::string> keys;  // SQL: quoted columns, or the author's own expressions
    std::string predicate;          // of a partial unique index, the author's; "" = none
    bool nulls_not_distinct = false;
    catalog::QualifiedName references;
    bool references_only = true;
    std::vector<std::string> referenced;  // SQL, as many as `keys`
    bool match_full = false;
    std::string expression;               // of a check, the author's
    std::vector<std::string> identifies;  // SQL: the primary key, by which rows are named; empty: none
    std::string search_path;              // in effect at the statement; "" = the session's default
    // Why it can only be seen while the plan runs; "" when it can be asked now.
    std::string not_before;
};

// For every statement that will run. What a table that the plan makes will hold is not asked: it is empty, or filled by the plan itself.
std::vector<DataCheck> data_checks(const runbook::Runbook& runbook, const catalog::Catalog& catalog, const Plan& plan);

// The query for the first offending keys, in words for people, and how many rows have each (NULL: one).
std::string offending_query(const DataCheck& check, int most);

}  // namespace pgbelay::plan
