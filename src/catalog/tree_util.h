// Reads names, constants and types out of parse nodes: what apply() and analysis both need.
#pragma once

#include "catalog/catalog.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

struct PgQuery__Node;
struct PgQuery__RangeVar;
struct PgQuery__TypeName;

namespace pgbelay::catalog {

// The value of a String node; "" for null and for every other kind of node.
std::string string_of(const PgQuery__Node* node);
std::vector<std::string> strings_of(std::size_t n, PgQuery__Node* const* nodes);
// The value of an integer constant (bare Integer or A_Const).
std::optional<int> integer_of(const PgQuery__Node* node);
// A protobuf string that may be absent.
std::string text(const char* value);

// As written: no schema where the author left it out. A database name in front of the schema is dropped.
QualifiedName name_of(const PgQuery__RangeVar* relation);
// The last two of a list of String nodes, or of a List node (DROP's objects, opclasses, function names).
QualifiedName name_of(std::size_t n, PgQuery__Node* const* parts);
QualifiedName name_of_list(const PgQuery__Node* list);

// The type as format_type() prints it: `int8` reads `bigint`, `varchar(20)[]` reads `character varying(20)[]`; serial types read as
// the integers that they are. With a catalog, a user's type gets the schema where it is found.
std::string type_name(const PgQuery__TypeName& type, const Catalog* catalog = nullptr);
// Whether type_name() gives what format_type() would: a built-in type, or one that the catalog knows.
bool is_known_type(const PgQuery__TypeName& type, const Catalog& catalog);
// Whether it is one of the serial pseudo-types.
bool is_serial(const PgQuery__TypeName& type);

}  // namespace pgbelay::catalog
