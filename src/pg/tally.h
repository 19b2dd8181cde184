// What this process's own sessions added to the server's counters of a database, so that it can be told from what the others did.
#pragma once

#include <cstdint>

namespace pgbelay::pg {

// Since the process began, of all its connections together.
struct Tally {
    std::int64_t rollbacks = 0;  // transactions that ended without their COMMIT
    std::int64_t deadlocks = 0;  // … since the server chose them as victims
};
Tally tally();

// Any thread.
void count_rollback(bool deadlock) noexcept;

}  // namespace pgbelay::pg
