// What DO blocks ask of the system catalogs, such as whether a column is there, and what they put together from them for EXECUTE: asked of
// the server when a plan is made, so that it tells of what will be reached.
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
    // The statements of the plan, in their order.
    void note(const sql::Statement& statement);
    // Those that read nothing but system catalogs by the system's own functions and operators, of which none could do more than read, and
    // that nothing before them in the plan may give another answer; in a transaction that can only read. What the server does not answer
    // within a second, or within ten for all, stays open, and so does EXECUTE of more than 1,000 statements. Throws Error{connection}.
    catalog::Catalog::Answers ask(pg::Connection& connection) const;

private:
    std::vector<analysis::BlockQuestions> entries_;  // a block, or a statement as its only change
    std::size_t questions_ = 0;
};

}  // namespace pgbelay::engine
