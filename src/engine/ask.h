// What DO blocks ask the database, such as whether a column is there, and what they put together from that for EXECUTE: asked of the server
// when a plan is made, so that it tells of what will be reached.
#pragma once

#include "analysis/body.h"
#include "catalog/catalog.h"
#include "pg/connection.h"
#include "sql/statement.h"

#include <string>
#include <vector>

namespace pgbelay::engine {

class Questions {
public:
    // The statements of the plan, in their order. `changed_path`: they have set another search_path than the session begins with.
    void note(const sql::Statement& statement, bool changed_path);
    // Those that call nothing but what is known to do nothing else than read, and ask for nothing that the plan changes before; in a
    // transaction that can only read.
    // What the server does not answer within a second, or within ten for all, stays open, and so does EXECUTE of more than 1,000
    // statements. Throws Error{connection}.
    catalog::Catalog::Answers ask(pg::Connection& connection) const;

private:
    std::vector<analysis::BlockQuestions> entries_;  // a block, or a statement as its only change
    bool asks_ = false;
};

}  // namespace pgbelay::engine
