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
const catalog::Relation* touch(Facts& facts, const Context& ctx, const QualifiedName& written, LockMode mode, Reason reason);
// The same for the relation and everything below it, which is locked because it stands below.
const catalog::Relation* touch_all(Facts& facts, const Context& ctx, const QualifiedName& written, LockMode mode, Reason reason);

// Of a foreign key's other end: a partitioned table with everything below it, any other one alone.
const catalog::Relation* touch_family(Facts& facts, const Context& ctx, const QualifiedName& written, LockMode mode, Reason reason);

// The same lock on all indexes of a relation: the planner takes it on those of a table that it changes, a DROP on those that go along.
void touch_indexes(Facts& facts, const Context& ctx, const QualifiedName& relation, LockMode mode, Reason reason);
// The relation, everything below it and their indexes are written anew.
void add_rewrites(Facts& facts, const Context& ctx, const QualifiedName& relation, Reason of_table,
                  Reason of_index = Reason::index_of_rewritten_table);

// How far the server gets with a query: it locks more with every stage.
enum class Extent {
    parsed,    // in the body of a function or a rule: what is named
    planned,   // EXPLAIN: views, rules, partitions and indexes too
    executed,  // and what rows lead to: foreign keys, triggers, functions
};

// Locks of a query or a data-modifying statement and of all that is inside of it: ACCESS SHARE on what it reads (through views too),
// ROW SHARE for FOR UPDATE, ROW EXCLUSIVE on what it writes, which also goes into `facts.writes`.
void touch_query(Facts& facts, const Context& ctx, const ProtobufCMessage& query, Extent extent = Extent::executed);
void touch_query(Facts& facts, const Context& ctx, const PgQuery__Node* query, Extent extent = Extent::executed);
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
