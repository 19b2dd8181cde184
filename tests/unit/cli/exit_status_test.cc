#include "cli/exit_status.h"

#include <gtest/gtest.h>

#include <csignal>

namespace pgbelay::cli {
namespace {

using base::ErrorCode;
using engine::RunResult;

struct Row {
    const char* why;
    Outcome outcome;
    int status;
};

TEST(ExitStatus, FollowsTheOutcomeAndWhetherAnythingWasChanged) {
    const std::vector<Row> rows{
        {"deployed and verified", {RunResult::deployed, true, true}, 0},
        {"deployed, a condition does not hold", {RunResult::deployed, true, false}, 5},
        {"nothing to do", {RunResult::nothing_to_do, false, true}, 0},
        {"waiting for its time", {RunResult::waiting, false, true}, 0},
        {"failed before anything was changed", {RunResult::stopped, false, true, ErrorCode::server}, 3},
        {"a check failed before anything was changed", {RunResult::stopped, false, true, ErrorCode::check}, 1},
        {"a check failed part-way", {RunResult::stopped, true, true, ErrorCode::check}, 5},
        {"stopped part-way", {RunResult::stopped, true, true, ErrorCode::server}, 5},
        {"unknown whether a step happened", {RunResult::stopped, false, true, ErrorCode::unknown}, 5},
        {"failed and rolled back", {RunResult::rolled_back, false, true, ErrorCode::server}, 4},
        {"rolled back as asked", {RunResult::rolled_back, true, true, std::nullopt, true}, 0},
        {"rolled back as asked, not as before", {RunResult::rolled_back, true, false, std::nullopt, true}, 5},
        {"refused", {RunResult::refused, false, true, ErrorCode::refused}, 3},
        {"somebody else holds the database", {RunResult::refused, false, true, ErrorCode::conflict}, 3},
        {"Ctrl-C", {RunResult::interrupted, true, true, ErrorCode::interrupted, false, SIGINT}, 130},
        {"SIGTERM", {RunResult::interrupted, false, true, ErrorCode::interrupted, false, SIGTERM}, 143},
        {"aborted from elsewhere, part-way", {RunResult::interrupted, true, true, ErrorCode::interrupted}, 5},
        {"aborted from elsewhere, nothing changed", {RunResult::interrupted, false, true, ErrorCode::interrupted}, 3},
    };
    for (const Row& row : rows) {
        EXPECT_EQ(exit_status(row.outcome), row.status) << row.why;
    }
}

TEST(ExitStatus, OfAnErrorBeforeAnythingRan) {
    EXPECT_EQ(exit_status(ErrorCode::usage, 0), 2);
    EXPECT_EQ(exit_status(ErrorCode::input, 0), 2);
    EXPECT_EQ(exit_status(ErrorCode::check, 0), 1);
    EXPECT_EQ(exit_status(ErrorCode::refused, 0), 3);
    EXPECT_EQ(exit_status(ErrorCode::connection, 0), 3);
    EXPECT_EQ(exit_status(ErrorCode::conflict, 0), 3);
    EXPECT_EQ(exit_status(ErrorCode::unknown, 0), 5);
    EXPECT_EQ(exit_status(ErrorCode::interrupted, SIGINT), 130);
}

}  // namespace
}  // namespace pgbelay::cli
