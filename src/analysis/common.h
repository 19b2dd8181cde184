// What the analyses of most kinds of statement share: locks of what is named, runs as written, words for refusals.
#pragma once

#include "analysis/analysis.h"
#include "analysis/relation_facts.h"
#include "analysis/tree_util.h"

#include <string>
#include <string_view>
#include <vector>

struct ProtobufCMessage;
struct PgQuery__Node;

namespace pgbelay::analysis {

// Nothing to undo, and nothing lost.
Inverse nothing_to_undo();
// A point of no return.
Inverse no_inverse(std::string why);
Inverse undo(std::vector<std::string> sql);
// Undone by these statements, at the price of the rows that are in `relation` by then.
Inverse undo_with_loss(std::vector<std::string> sql, std::string why, const QualifiedName& relation);

// The analysis with one run: the author's bytes, in the transaction, under the locks of the facts.
Analysis& run_as_written(Analysis& analysis, const sql::Statement& statement, Inverse inverse, catalog::Condition condition = {},
                         Method method = Method::transaction);

// A lock on a relation that the statement names, unless the catalog knows that it is not there. Returns the relation as found,
// null when it is not known.
const catalog::Relation* touch(Facts& facts, const Context& ctx, const QualifiedName& written, LockMode mode);
// The same for the relation and everything below it.
const catalog::Relation* touch_all(Facts& facts, const Context& ctx, const QualifiedName& written, LockMode mode);

// The same lock on all indexes of a relation: the planner takes it on those of a table that it changes, a DROP on those that go along.
void touch_indexes(Facts& facts, const Context& ctx, const QualifiedName& relation, LockMode mode);
// The relation, everything below it and their indexes are written anew.
void add_rewrites(Facts& facts, const Context& ctx, const QualifiedName& relation);

// Locks of a query or a data-modifying statement and of all that is inside of it: ACCESS SHARE on what it reads (through views too),
// ROW SHARE for FOR UPDATE, ROW EXCLUSIVE on what it writes, which also goes into `facts.writes`.
void touch_query(Facts& facts, const Context& ctx, const ProtobufCMessage& query);
void touch_query(Facts& facts, const Context& ctx, const PgQuery__Node* query);
// The relations that a query reads, views resolved to what is below them.
std::vector<QualifiedName> sources_of(const Context& ctx, const PgQuery__Node* query);
// The relations that a view or matview is made from, at every level.
std::vector<QualifiedName> below_view(const catalog::Catalog& catalog, const QualifiedName& view);

// A refusal for a statement that the server does not run inside a transaction block, when it stands in one.
bool refused_in_group(Analysis& analysis, const Context& ctx, std::string_view statement);

// The name that a new object gets, with its schema.
std::string new_name(const Context& ctx, const QualifiedName& written);

// "create view app.v": two parts, for step names.
std::string named(std::string_view verb, const QualifiedName& name);

// The refusal of a CREATE whose name is taken; `what` is "table public.t".
Refusal already_there(const std::string& what);

}  // namespace pgbelay::analysis
