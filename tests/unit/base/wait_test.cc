#include "base/wait.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <thread>

namespace pgbelay::base {
namespace {

using namespace std::chrono_literals;

class Wait : public ::testing::Test {
protected:
    Wait() { EXPECT_EQ(::pipe(ends_.data()), 0); }
    ~Wait() override {
        ::close(ends_[0]);
        ::close(ends_[1]);
    }
    void write() { EXPECT_EQ(::write(ends_[1], "x", 1), 1); }
    int reader() const { return ends_[0]; }
    int writer() const { return ends_[1]; }

private:
    std::array<int, 2> ends_{};
};

TEST_F(Wait, EndsWhenTheDescriptorIsReady) {
    write();
    EXPECT_EQ(wait(reader(), Direction::read, in(20s), nullptr), WaitResult::ready);
    EXPECT_EQ(wait(writer(), Direction::write, kNoDeadline, nullptr), WaitResult::ready);
}

TEST_F(Wait, EndsAtTheDeadlineAndNotBefore) {
    const auto began = Clock::now();
    EXPECT_EQ(wait(reader(), Direction::read, in(20ms), nullptr), WaitResult::deadline);
    EXPECT_GE(Clock::now() - began, 20ms);
    EXPECT_EQ(wait(reader(), Direction::read, Clock::now() - 1s, nullptr), WaitResult::deadline);
}

TEST_F(Wait, EndsWhenAnotherThreadAsksForIt) {
    StopSignal stop;
    std::jthread other([&] { stop.request(); });
    EXPECT_EQ(wait(reader(), Direction::read, in(20s), &stop), WaitResult::stopped);
}

TEST_F(Wait, PrefersAStopOverAReadyDescriptor) {
    StopSignal stop;
    stop.request();
    write();
    EXPECT_EQ(wait(reader(), Direction::read, in(20s), &stop), WaitResult::stopped);
}

TEST(StopSignal, StaysRequestedUntilReset) {
    StopSignal stop;
    EXPECT_FALSE(stop.requested());
    stop.request();
    stop.request();
    EXPECT_TRUE(stop.requested());
    EXPECT_TRUE(stop.requested());
    stop.reset();
    EXPECT_FALSE(stop.requested());
}

TEST(PauseFor, TellsWhetherTheWholeTimePassed) {
    StopSignal stop;
    EXPECT_TRUE(pause_for(1ms, &stop));
    stop.request();
    EXPECT_FALSE(pause_for(20s, &stop));
}

}  // namespace
}  // namespace pgbelay::base
