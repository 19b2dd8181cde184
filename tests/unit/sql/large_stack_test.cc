#include "sql/large_stack.h"

#include "base/error.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace pgbelay::sql {
namespace {

TEST(LargeStack, RunsWorkWithinWorkAtOnce) {
    std::thread::id outer;
    std::thread::id inner;
    on_large_stack([&] {
        outer = std::this_thread::get_id();
        on_large_stack([&] { inner = std::this_thread::get_id(); });
    });
    EXPECT_EQ(outer, inner);
    EXPECT_NE(outer, std::this_thread::get_id());
}

TEST(LargeStack, ThrowsWhatTheWorkThrows) {
    EXPECT_THROW(on_large_stack([] { throw base::Error(base::ErrorCode::input, "no"); }), base::Error);
    int runs = 0;
    on_large_stack([&] { ++runs; });
    EXPECT_EQ(runs, 1);
}

TEST(LargeStack, SeveralWorkAtTheSameTimeAndAllEnd) {
    std::atomic<int> inside{0};
    on_large_stacks(3, [&] {
        ++inside;
        // Ends only when all three are here.
        while (inside < 3) {
            std::this_thread::yield();
        }
    });
    EXPECT_EQ(inside, 3);
    std::atomic<int> ended{0};
    EXPECT_THROW(on_large_stacks(2,
                                 [&] {
                                     ++ended;
                                     throw base::Error(base::ErrorCode::input, "no");
                                 }),
                 base::Error);
    EXPECT_EQ(ended, 2);
}

}  // namespace
}  // namespace pgbelay::sql
