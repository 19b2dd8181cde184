// The exit status: a function of how a command ended and of whether anything was changed.
#pragma once

#include "base/error.h"
#include "engine/run.h"

#include <optional>

namespace pgbelay::cli {

inline constexpr int kDone = 0;        // done, nothing to do, or waiting for its time
inline constexpr int kFindings = 1;    // findings, or a check that was asked for does not hold
inline constexpr int kUsage = 2;       // wrong usage or unreadable input
inline constexpr int kRefused = 3;     // refused or failed before anything was changed
inline constexpr int kRolledBack = 4;  // failed, rolled back: the schema is as before
inline constexpr int kPartWay = 5;     // stopped part-way, verification failed, or unknown

struct Outcome {
    engine::RunResult result = engine::RunResult::deployed;
    bool changed = false;
    bool verified = true;  // false: a condition does not hold although the run went through
    std::optional<base::ErrorCode> error;
    bool rollback_asked = false;  // the command was `rollback`: rolled back is what was wanted
    int signal = 0;               // that interrupted us; 0 = none did
};

int exit_status(const Outcome& outcome);
// Of a command that failed before it changed anything.
int exit_status(base::ErrorCode code, int signal);

}  // namespace pgbelay::cli
