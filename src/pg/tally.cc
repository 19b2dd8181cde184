#include "pg/tally.h"

#include <atomic>

namespace pgbelay::pg {

namespace {

std::atomic<std::int64_t> rollbacks{0};
std::atomic<std::int64_t> deadlocks{0};

}  // namespace

Tally tally() {
    return {.rollbacks = rollbacks, .deadlocks = deadlocks};
}

void count_rollback(bool deadlock) noexcept {
    ++rollbacks;
    deadlocks += deadlock ? 1 : 0;
}

}  // namespace pgbelay::pg
