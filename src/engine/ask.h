// Conditions of DO blocks that look into the system catalogs, such as whether a column is there: asked of the server when a plan is made,
// so that it tells of the branches that will be reached.
#pragma once

#include "catalog/catalog.h"
#include "pg/connection.h"
#include "sql/statement.h"

#include <string>
#include <utility>
#include <vector>

namespace pgbelay::engine {

class Questions {
public:
    // The statements of the plan, in their order. `changed_path`: they have set another search_path than the session begins with.
    void note(const sql::Statement& statement, bool changed_path);
    // Those that read nothing but system catalogs, and ask for nothing that the plan changes before; in a transaction that can only read.
    // What the server does not answer within a second stays open. Throws Error{connection}.
    void ask(pg::Connection& connection, catalog::Catalog& catalog) const;

private:
    std::vector<std::string> before_;                             // statements that change something, in lower case
    std::vector<std::pair<std::string, std::string>> questions_;  // key and query
};

}  // namespace pgbelay::engine
