// Small looks at relations that an engine needs in mid-run.
#pragma once

#include "catalog/catalog.h"
#include "pg/connection.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pgbelay::pg {

// How a relation stands right now.
struct RelationNow {
    catalog::QualifiedName name;
    catalog::Oid oid{};     // 0 when there is none by that name
    std::int64_t uses = 0;  // scans and row changes so far, from the statistics: the busiest table has the most
};
// One entry a name, in their order.
std::vector<RelationNow> relations_now(Connection& connection, const std::vector<catalog::QualifiedName>& names);

struct IndexNow {
    catalog::Oid oid{};
    catalog::Oid table{};
    catalog::QualifiedName table_name;
    bool valid = false;  // or a partitioned index, which waits for those of its partitions
};
// The index by that (resolved) name; nothing when there is none.
std::optional<IndexNow> index_now(Connection& connection, const catalog::QualifiedName& name);
// All indexes of the relation (itself, if it is an index), valid or not: for telling a REINDEX that happened.
std::vector<std::uint32_t> index_oids(Connection& connection, const catalog::QualifiedName& relation);
// INVALID indexes on the table whose names a REINDEX CONCURRENTLY gives (`_ccnew`, `_ccold`, with a number after it).
std::vector<catalog::QualifiedName> reindex_leftovers(Connection& connection, const catalog::QualifiedName& table);
// Whether a DETACH PARTITION … CONCURRENTLY of this partition was cut off half-way.
bool detach_pending(Connection& connection, const catalog::QualifiedName& partition);
// Up to five keys that stand in the way of a unique index which failed (it is INVALID, but its definition is there): "(a@b.c): 3 rows".
// Empty when they cannot be found within ten seconds.
std::vector<std::string> duplicate_keys(Connection& connection, catalog::Oid index);
// INVALID indexes and NOT VALID constraints in the relations' tables, in words.
std::vector<std::string> not_whole(Connection& connection, const std::vector<catalog::QualifiedName>& relations);

}  // namespace pgbelay::pg
