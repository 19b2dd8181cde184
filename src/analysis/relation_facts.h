// What the catalog says about the relations of a statement: which locks can be taken ahead, how large a table is, who its children are.
#pragma once

#include "analysis/analysis.h"

#include <string>
#include <vector>

namespace pgbelay::analysis {

// Adds a lock, or makes the one on the same relation as strong as this one.
void add_lock(std::vector<RelationLock>& locks, const RelationLock& lock);
void add_name(std::vector<QualifiedName>& names, const QualifiedName& name);

// A lock on that relation as found in `ctx.now`, with `lockable` decided: ours, ordinary or partitioned, there before the group.
RelationLock lock_on(const Context& ctx, const QualifiedName& relation, LockMode mode);

// The relation's name with its schema, for SQL: as found, else as it was written.
QualifiedName found_name(const catalog::Catalog& catalog, const QualifiedName& written);

// Made by an earlier statement of the plan or of the group: empty, and nobody else sees it.
bool is_fresh(const Context& ctx, const QualifiedName& relation);
// Fresh, or below `ctx.tiny` with everything below it. Unknown relations are not.
bool is_tiny(const Context& ctx, const QualifiedName& relation);

// Those from which the column's default takes numbers, as its expression names them.
std::vector<QualifiedName> sequences_in_default(const catalog::Column& column);

bool is_partitioned(const Context& ctx, const QualifiedName& relation);
// Children at every level as `ctx.now` knows them, parents first; without the relation itself.
std::vector<QualifiedName> descendants(const Context& ctx, const QualifiedName& relation);
// The relations among it and its descendants that hold rows themselves.
std::vector<QualifiedName> storages(const Context& ctx, const QualifiedName& relation, bool recurses);

// "public.t is 1.2 GB", or "the size of public.t is not known": why a safe form is used.
std::string size_reason(const Context& ctx, const QualifiedName& relation);

// The last words of every refusal of a statement that has no safe form inside its group.
inline constexpr const char* kAsWrittenWayOut = "write `-- pgbelay: as-written` above the statement to run it as it stands";

}  // namespace pgbelay::analysis
