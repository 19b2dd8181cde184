// Sizes: what an index or a copy will take, and how much room its tablespace has.
#pragma once

#include "catalog/catalog.h"
#include "pg/connection.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pgbelay::pg {

// Bytes. An estimate from the table's size and the statistics of its columns; right within a factor of 2 for btree, measured in
// tests/unit/pg/storage_test.cc, and rougher for the others. `columns`: of the key, "" for an expression.
std::int64_t predicted_index_size(Connection& connection, catalog::Oid table, const std::vector<std::string>& columns,
                                  const std::string& method);
// Of a copy of the relation with all its indexes.
std::int64_t rewritten_size(Connection& connection, catalog::Oid relation);

struct Place {
    std::string tablespace;
    std::string directory;  // on the server; "" where this role may not know it
};
// Where a relation goes whose statement names this tablespace ("" = the default).
Place storage_place(Connection& connection, const std::string& tablespace);

// Bytes that `df` on the server says are free below the directory. Needs a superuser or pg_execute_server_program; all of it is rolled
// back.
struct FreeSpace {
    std::optional<std::int64_t> bytes;
    std::string why;  // not known
};
FreeSpace free_space_by_df(Connection& connection, const std::string& directory);

}  // namespace pgbelay::pg
