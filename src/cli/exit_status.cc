#include "cli/exit_status.h"

namespace pgbelay::cli {

namespace {

int interrupted_by(int signal) {
    constexpr int kSignalBase = 128;
    return kSignalBase + signal;
}

}  // namespace

int exit_status(base::ErrorCode code, int signal) {
    using base::ErrorCode;
    switch (code) {
        case ErrorCode::usage:
        case ErrorCode::input: return kUsage;
        case ErrorCode::check: return kFindings;
        case ErrorCode::refused:
        case ErrorCode::connection:
        case ErrorCode::server:
        case ErrorCode::conflict:
        case ErrorCode::internal: return kRefused;
        case ErrorCode::interrupted: return signal == 0 ? kRefused : interrupted_by(signal);
        case ErrorCode::unknown: return kPartWay;
    }
    return kRefused;
}

int exit_status(const Outcome& outcome) {
    using engine::RunResult;
    const int otherwise = outcome.changed ? kPartWay : exit_status(outcome.error.value_or(base::ErrorCode::refused), outcome.signal);
    switch (outcome.result) {
        case RunResult::deployed: return outcome.verified ? kDone : kPartWay;
        case RunResult::nothing_to_do:
        case RunResult::waiting: return kDone;
        case RunResult::rolled_back: return outcome.rollback_asked ? (outcome.verified ? kDone : kPartWay) : kRolledBack;
        case RunResult::stopped:
        case RunResult::refused: return otherwise;
        // Without a signal somebody else aborted it.
        case RunResult::interrupted: return outcome.signal == 0 ? otherwise : interrupted_by(outcome.signal);
    }
    return kPartWay;
}

}  // namespace pgbelay::cli
