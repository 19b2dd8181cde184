// How a server and a database stand, as far as a runbook may require it: what is there, who is connected, what is unfinished.
#pragma once

#include "base/clock.h"
#include "catalog/catalog.h"
#include "pg/connection.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pgbelay::pg {

struct NamedRelation {
    catalog::Oid oid{};  // 0: there is none by that name
    catalog::QualifiedName name;
    char kind = 0;  // pg_class.relkind
    std::vector<std::string> columns;
};
// One entry a name, in their order; an unqualified one is looked for along `search_path`.
std::vector<NamedRelation> named_relations(Connection& connection, const std::vector<catalog::QualifiedName>& names,
                                           const std::vector<std::string>& search_path);

// The installed ones: name -> version.
std::map<std::string, std::string> extension_versions(Connection& connection);

// "shop.orders_user on shop.orders", of the whole database.
std::vector<std::string> invalid_indexes(Connection& connection);

struct OldTransaction {
    std::string who;  // "pid 4711, user app, psql"; "'order-4711' of app" for a prepared one
    base::Millis age{};
};
// In this database, the oldest first. Idle ones of others are hidden from a role without pg_read_all_stats.
std::vector<OldTransaction> idle_transactions(Connection& connection, base::Millis older_than);
std::vector<OldTransaction> prepared_transactions(Connection& connection, base::Millis older_than);

struct ConnectionCount {
    std::int64_t used = 0;  // sessions of the whole server, without the one that asks
    std::int64_t most = 0;  // max_connections
};
ConnectionCount connection_count(Connection& connection);

// Seconds since 1970, by the server's clock.
std::int64_t server_seconds(Connection& connection);

// pg_dump sessions of this database, described.
std::vector<std::string> running_dumps(Connection& connection);

struct StandbyLag {
    std::string standby;
    base::Millis lag{};
};
// The one furthest behind first. Hidden from a role without pg_read_all_stats.
std::vector<StandbyLag> standby_lag(Connection& connection);

// How many rows it has, counted no further than `most`.
struct BoundedCount {
    std::optional<std::int64_t> rows;
    std::string why;  // not counted
};
BoundedCount count_up_to(Connection& connection, const catalog::QualifiedName& relation, std::int64_t most, base::Millis time);

// A query in BEGIN READ ONLY that is rolled back, with `time` as its statement_timeout, along the search_path of the role's own sessions
// unless another one is given, and without row security's hiding anything: it fails instead. Throws only where the connection is lost.
Outcome look(Connection& connection, const std::string& sql, base::Millis time, const std::string& search_path = "");

}  // namespace pgbelay::pg
