#include "demo/demo.h"

#include "base/error.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <future>

namespace pgbelay::demo {
namespace {

namespace fs = std::filesystem;

TEST(Demo, LeavesNothingBehindWhenItIsStopped) {
    const fs::path folder = fs::temp_directory_path() / ("pgbelay-demo-test-" + std::to_string(getpid()));
    fs::create_directory(folder);
    ASSERT_EQ(setenv("TMPDIR", folder.c_str(), 1), 0);
    base::StopSignal stop;
    std::future<int> demo = std::async(std::launch::async, [&] { return run({.quick = true}, stop); });
    const base::Deadline deadline = base::in(std::chrono::seconds(30));
    while (fs::is_empty(folder) && base::Clock::now() < deadline) {
        base::pause_for(base::Millis(10), nullptr);
    }
    ASSERT_FALSE(fs::is_empty(folder));
    const base::Deadline asked = base::Clock::now();
    stop.request();
    try {
        demo.get();
        ADD_FAILURE() << "it ran to its end";
    } catch (const base::Error& error) {
        EXPECT_EQ(error.code(), base::ErrorCode::interrupted) << error.what();
    }
    EXPECT_LT(base::Clock::now() - asked, std::chrono::seconds(10));
    EXPECT_TRUE(fs::is_empty(folder));
    fs::remove_all(folder);
}

}  // namespace
}  // namespace pgbelay::demo
