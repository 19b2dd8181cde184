// The server's own form of a definition, found by making it on a temporary copy of the table and rolling back.
#pragma once

#include "pg/connection.h"
#include "sql/name.h"

#include <optional>
#include <string>

namespace pgbelay::pg {

// A CREATE INDEX statement (never CONCURRENTLY here) whose table the caller has replaced by `copy_name` (see below).
// Returns what Index::canonical would hold for it; nothing when the copy cannot be made or the statement fails there.
//   BEGIN; CREATE TEMP TABLE <copy_name> (LIKE table); <statement>; …; ROLLBACK
std::optional<std::string> canonical_index(Connection& connection, const sql::QualifiedName& table, const std::string& copy_name,
                                           const std::string& create_index, const std::string& search_path);

// A CHECK constraint's definition as pg_get_constraintdef() prints it, without NOT VALID. `check` is `CHECK (…)`.
std::optional<std::string> canonical_check(Connection& connection, const sql::QualifiedName& table, const std::string& check,
                                           const std::string& search_path);

// What a partition with this bound (`FOR VALUES …`) of a table partitioned by `key` must fulfil, as pg_get_partition_constraintdef() prints
// it. A hash partition's names the OID of the copy, and is of no use to the original.
std::optional<std::string> canonical_partition(Connection& connection, const sql::QualifiedName& table, const std::string& key,
                                               const std::string& bound, const std::string& search_path);
// The same of a partition that is there; nothing when it is none.
std::optional<std::string> partition_constraint(Connection& connection, const sql::QualifiedName& partition);

}  // namespace pgbelay::pg
