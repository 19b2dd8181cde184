// Which of the functions of one name is meant: the server tells them apart by the types of their arguments.
#pragma once

#include "catalog/catalog.h"

#include <string>
#include <vector>

struct PgQuery__CreateFunctionStmt;
struct PgQuery__ObjectWithArgs;

namespace pgbelay::catalog {

// Of what CREATE FUNCTION makes, as Function::argument_types holds them. A procedure's OUT parameters count from 14 on.
std::vector<std::string> argument_types(const PgQuery__CreateFunctionStmt& create, const Catalog& catalog);

// The one that DROP, ALTER, COMMENT or GRANT names: `f(integer)`, or `f` where there is only one. Null when it is not there.
const Function* find_function(const Catalog& catalog, const PgQuery__ObjectWithArgs& written);
// The one that CREATE FUNCTION would replace. Null when there is none.
const Function* find_function(const Catalog& catalog, const PgQuery__CreateFunctionStmt& create);

}  // namespace pgbelay::catalog
