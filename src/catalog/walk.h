// Visits every message of a parse tree, whatever its kind.
#pragma once

#include "catalog/catalog.h"

#include <functional>
#include <string>
#include <vector>

struct ProtobufCMessage;
struct PgQuery__Node;

namespace pgbelay::catalog {

// Parents before children, in the order of the grammar's fields. A visit that returns false keeps what is below it out.
void walk(const ProtobufCMessage& root, const std::function<bool(const ProtobufCMessage&)>& visit);

// The names of the columns in an expression, each once, in order of appearance; sub-selects are left out.
std::vector<std::string> columns_in(const PgQuery__Node* expression);

}  // namespace pgbelay::catalog
