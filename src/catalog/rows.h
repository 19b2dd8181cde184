// Whether tables hold rows and queries can yield some, as far as the catalog tells: triggers and foreign keys act only on rows.
#pragma once

#include "catalog/catalog.h"

struct ProtobufCMessage;
struct PgQuery__Node;

namespace pgbelay::catalog {

// False only where it is known to be empty: nothing in its storage when it was loaded, or made by the plan, and nothing put in since.
// A view is asked for what it is made from.
bool may_hold_rows(const Catalog& catalog, const QualifiedName& relation);

// False only where the query reads nothing but what is known to be empty. No query: VALUES and the like, which yield some.
bool may_yield_rows(const Catalog& catalog, const PgQuery__Node* query);
// True only of what yields rows whatever the database holds: VALUES, constants, generate_series(). No query: DEFAULT VALUES.
bool surely_yields_rows(const PgQuery__Node* query);
// Whether the statement (INSERT, UPDATE, DELETE; all others: yes) finds rows to put in or to change.
bool may_change_rows(const Catalog& catalog, const ProtobufCMessage& statement);

}  // namespace pgbelay::catalog
