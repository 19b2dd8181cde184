#include "catalog/lock_mode.h"

#include <array>

namespace pgbelay::catalog {

namespace {

struct Names {
    std::string_view pg;
    std::string_view sql;
};

constexpr std::array<Names, 9> kNames{{
    {"", ""},
    {"AccessShareLock", "ACCESS SHARE"},
    {"RowShareLock", "ROW SHARE"},
    {"RowExclusiveLock", "ROW EXCLUSIVE"},
    {"ShareUpdateExclusiveLock", "SHARE UPDATE EXCLUSIVE"},
    {"ShareLock", "SHARE"},
    {"ShareRowExclusiveLock", "SHARE ROW EXCLUSIVE"},
    {"ExclusiveLock", "EXCLUSIVE"},
    {"AccessExclusiveLock", "ACCESS EXCLUSIVE"},
}};

// Bit m of kConflicts[n] says whether modes n and m conflict: the table of section 13.3.1.
constexpr std::array<unsigned, 9> kConflicts{
    0,
    1U << 8,
    (1U << 7) | (1U << 8),
    (1U << 5) | (1U << 6) | (1U << 7) | (1U << 8),
    (1U << 4) | (1U << 5) | (1U << 6) | (1U << 7) | (1U << 8),
    (1U << 3) | (1U << 4) | (1U << 6) | (1U << 7) | (1U << 8),
    (1U << 3) | (1U << 4) | (1U << 5) | (1U << 6) | (1U << 7) | (1U << 8),
    (1U << 2) | (1U << 3) | (1U << 4) | (1U << 5) | (1U << 6) | (1U << 7) | (1U << 8),
    0x1FEU,
};

}  // namespace

std::string_view pg_name(LockMode mode) {
    return kNames.at(static_cast<std::size_t>(mode)).pg;
}

std::string_view sql_name(LockMode mode) {
    return kNames.at(static_cast<std::size_t>(mode)).sql;
}

std::optional<LockMode> lock_mode(std::string_view pg_name) {
    for (std::size_t i = 1; i < kNames.size(); ++i) {
        if (kNames.at(i).pg == pg_name) {
            return static_cast<LockMode>(i);
        }
    }
    return std::nullopt;
}

bool conflicts(LockMode a, LockMode b) {
    return (kConflicts.at(static_cast<std::size_t>(a)) & (1U << static_cast<unsigned>(b))) != 0;
}

bool blocks_the_application(LockMode mode) {
    return conflicts(mode, LockMode::row_exclusive);
}

}  // namespace pgbelay::catalog
