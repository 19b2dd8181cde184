// Loads from a server what a plan can touch: the names used and their closure, nothing else.
#pragma once

#include "catalog/catalog.h"
#include "pg/connection.h"
#include "sql/name.h"

#include <string>
#include <vector>

namespace pgbelay::pg {

struct NullCheck {
    sql::QualifiedName relation;  // as written
    std::string column;

    auto operator<=>(const NullCheck&) const = default;
};

// What statements reach without naming it: the relations that stand in these schemas, belong to these roles, use these types and functions,
// are in these publications, or have these extended statistics.
struct Reached {
    std::vector<std::string> schemas;
    std::vector<std::string> owners;
    std::vector<sql::QualifiedName> types;
    std::vector<sql::QualifiedName> functions;
    std::vector<std::string> publications;
    std::vector<sql::QualifiedName> statistics;

    bool empty() const {
        return schemas.empty() && owners.empty() && types.empty() && functions.empty() && publications.empty() && statistics.empty();
    }
};

struct LoadRequest {
    std::vector<sql::QualifiedName> relations;  // as written; resolved along search_path
    std::vector<sql::QualifiedName> functions;
    std::vector<sql::QualifiedName> types;
    Reached reached;
    std::vector<NullCheck> null_checks;  // columns of which Column::all_null is wanted
    std::string search_path;             // the setting under which the names are resolved; "" = the session's default
    std::string role;                    // SET ROLE of the user's session context; "" = none
};

// The closure of a table: its columns, indexes (each also as a relation of kind i), constraints, triggers, policies, rules, owned
// sequences, parents and children at every level, views on it, the tables at both ends of its foreign keys (those without
// closures of their own). Names in the schemas concerned that begin like a loaded relation count as taken. Takes a handful of
// queries whatever the number of names, and one for each column of `null_checks` that may hold nothing but NULL; bounded by lock_timeout,
// since pg_get_indexdef waits behind ACCESS EXCLUSIVE. Throws Error{server|connection}; a relation that cannot be read for lack of rights
// is left out, never guessed.
catalog::Catalog load_catalog(Connection& connection, const LoadRequest& request);

// Whether the database holds anything of a user's: a table, view, sequence, function or type outside of the system's schemas,
// extensions' own objects and schema pgbelay.
bool has_user_objects(Connection& connection);

}  // namespace pgbelay::pg
