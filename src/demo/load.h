// Fills a database from several connections at once.
#pragma once

#include "base/wait.h"
#include "demo/franchise.h"
#include "pg/connection.h"

#include <string>
#include <vector>

namespace pgbelay::demo {

// Runs statements one after the other on a connection of their own, and gives it back. Throws the first error.
pg::Connection run_statements(const pg::Conninfo& conninfo, const std::vector<std::string>& statements, const base::StopSignal* stop);

// Creates and fills the tables, from `connections` at once. Throws the first error.
void load(const pg::Conninfo& conninfo, const std::vector<Table>& tables, int connections, const base::StopSignal* stop);

// Copies a whole database that nobody is connected to.
void copy_database(const pg::Conninfo& maintenance, const std::string& from, const std::string& to, const base::StopSignal* stop);

}  // namespace pgbelay::demo
