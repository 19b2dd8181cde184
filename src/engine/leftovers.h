// What a concurrent build that failed leaves behind, and how it goes away without harm to anybody.
#pragma once

#include "engine/journal/journal.h"
#include "engine/target.h"
#include "sql/name.h"

#include <optional>
#include <string>
#include <vector>

namespace pgbelay::engine {

// Drops an INVALID index under the lock budget: plain DROP INDEX and DROP INDEX CONCURRENTLY in turn until `patience` has passed.
// Never under a live build: SHARE UPDATE EXCLUSIVE on the table is taken first, and the index looked at again. Nothing is
// done to an index that is valid or has another OID than `expected` (0: any). Returns why it is still there; nothing when it is gone.
std::optional<std::string> drop_leftover(Target& target, const std::vector<int>& ours, const sql::QualifiedName& index,
                                         std::uint32_t expected, base::Millis patience);

// Settles the journal's debts; words for each that is still open.
std::vector<std::string> settle_debts(Target& target, Journal& journal, const std::vector<int>& ours);

}  // namespace pgbelay::engine
