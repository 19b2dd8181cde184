// What has to be known of a database to judge what was measured in it.
#pragma once

#include "pg/connection.h"
#include "sql/name.h"

#include <cstdint>
#include <string>
#include <vector>

namespace pgbelay::pg {

struct ColumnType {
    std::string name;  // as a cast has it: "bigint", "public.mood"
    bool number = false;
};
// Of the result's columns, in order.
std::vector<ColumnType> column_types(Connection& connection, const Result& result);

// The names of the relations that are called so, in any schema where none is given, and of what belongs to them: partitions, and the
// indexes of partitions. Empty when there is none.
std::vector<std::string> relation_family(Connection& connection, const sql::QualifiedName& name);

}  // namespace pgbelay::pg
