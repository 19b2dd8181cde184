// PostgreSQL's eight table-level lock modes and which of them conflict (manual, section 13.3.1).
#pragma once

#include <optional>
#include <string_view>

namespace pgbelay::catalog {

// In order of strength as the server numbers them (storage/lockdefs.h).
enum class LockMode {
    access_share = 1,
    row_share,
    row_exclusive,
    share_update_exclusive,
    share,
    share_row_exclusive,
    exclusive,
    access_exclusive,
};

// "AccessExclusiveLock": as pg_locks.mode spells it.
std::string_view pg_name(LockMode mode);
// "ACCESS EXCLUSIVE": as LOCK TABLE and the manual spell it.
std::string_view sql_name(LockMode mode);
std::optional<LockMode> lock_mode(std::string_view pg_name);

bool conflicts(LockMode a, LockMode b);
// Whether holding it makes ordinary reads or writes wait: everything from SHARE up, which conflicts with ROW EXCLUSIVE.
bool blocks_the_application(LockMode mode);

}  // namespace pgbelay::catalog
