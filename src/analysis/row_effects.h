// What INSERT, UPDATE, DELETE and MERGE touch besides their table: through foreign keys, triggers, rules, views, sequences.
#pragma once

#include "analysis/common.h"

struct PgQuery__CopyStmt;

namespace pgbelay::analysis {

// One of those four statements, wherever it stands inside of another: the relation that it changes, that one's indexes and partitions, and,
// when it is executed, all that its rows lead to. Foreign keys and row triggers count only where there may be rows to change.
// Behaviour: utils/adt/ri_triggers.c (which key is asked, under which lock), rewrite/rewriteHandler.c (views and rules),
// executor/execPartition.c (an INSERT locks only the partitions that its rows go to, which are not looked up here).
void touch_write(Facts& facts, const Context& ctx, const ProtobufCMessage& statement, Extent extent);
// COPY FROM: as an INSERT of its rows, but for rules, which it does not know. `rows`: there may be any.
void touch_copy_from(Facts& facts, const Context& ctx, const PgQuery__CopyStmt& copy, bool rows);
// What the triggers do that TRUNCATE of the table fires.
void touch_truncate_triggers(Facts& facts, const Context& ctx, const QualifiedName& table);

}  // namespace pgbelay::analysis
