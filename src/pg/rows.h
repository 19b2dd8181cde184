// Rows of tables: how many there are, and where a change of them reaches.
#pragma once

#include "catalog/catalog.h"
#include "pg/connection.h"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace pgbelay::pg {

struct ReachedTable {
    catalog::Oid oid{};
    catalog::QualifiedName name;
    int use = 0;  // as it was given for where it is reached from
};
// Tables in which rows change along with those of `from` (its `name` plays no part), and with those of the relations by one of these names.
std::vector<ReachedTable> row_reach(Connection& connection, const std::vector<ReachedTable>& from, const std::set<std::string>& names);

// Whether the server counts what sessions do to rows.
bool tracks_counts(Connection& connection);

struct CountedTable {
    catalog::Oid oid{};
    catalog::QualifiedName name;  // as it is called now
    std::optional<std::int64_t> rows;
    std::string why;  // it was not counted
};
// Counts the tables that are still there, in one query and one snapshot. Waits for nobody: what is locked is not counted. For small
// tables; takes 2 s at most.
std::vector<CountedTable> count_rows(Connection& connection, const std::vector<catalog::Oid>& tables);

// Triggers on `written` and functions among `named` that speak of the table, described: three at most.
std::vector<std::string> row_suspects(Connection& connection, catalog::Oid table, const std::vector<catalog::Oid>& written,
                                      const std::set<std::string>& named);

}  // namespace pgbelay::pg
