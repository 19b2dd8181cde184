#include "base/subprocess.h"

#include "base/error.h"
#include "base/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <thread>

namespace pgbelay::base {
namespace {

using ::testing::HasSubstr;

CommandResult run(std::vector<std::string> argv) {
    return run_command({.argv = std::move(argv)}, in(std::chrono::seconds(20)), nullptr);
}

std::string failure_of(const Command& command, Deadline deadline = in(std::chrono::seconds(20)), const StopSignal* stop = nullptr) {
    try {
        run_command(command, deadline, stop);
    } catch (const Error& error) {
        return error.what();
    }
    return "no error";
}

bool exists(pid_t pid) {
    return ::kill(pid, 0) == 0;
}

TEST(RunCommand, CollectsBothOutputsAndTheStatus) {
    const auto result = run({"sh", "-c", "echo out; echo err >&2; exit 3"});
    EXPECT_EQ(result.out, "out\n");
    EXPECT_EQ(result.err, "err\n");
    EXPECT_EQ(result.status, 3);
}

TEST(RunCommand, PassesArgumentsWithoutAShell) {
    EXPECT_EQ(run({"printf", "%s|", "a b", "$HOME", "'"}).out, "a b|$HOME|'|");
}

TEST(RunCommand, GivesTheSignalThatEndedIt) {
    EXPECT_EQ(run({"sh", "-c", "kill -TERM $$"}).status, 128 + SIGTERM);
}

TEST(RunCommand, TakesMoreThanAPipeHoldsFromBoth) {
    const auto result = run({"sh", "-c", "head -c 1000000 /dev/zero & head -c 1000000 /dev/zero >&2; wait"});
    EXPECT_EQ(result.out.size(), 1'000'000U);
    EXPECT_EQ(result.err.size(), 1'000'000U);
}

TEST(RunCommand, HasAnEmptyStandardInput) {
    EXPECT_EQ(run({"cat"}).out, "");
}

TEST(RunCommand, DoesNotWaitForWhatTheChildLeavesBehind) {
    const auto began = Clock::now();
    const auto result = run({"sh", "-c", "sleep 30 & echo $!"});
    EXPECT_LT(Clock::now() - began, std::chrono::seconds(15));
    ::kill(static_cast<pid_t>(std::stol(result.out)), SIGKILL);
}

TEST(RunCommand, AddsToTheEnvironmentAndChangesTheDirectory) {
    const Command command{.argv = {"sh", "-c", "echo $PGBELAY_TEST $HOME; pwd"},
                          .env = {{"PGBELAY_TEST", "x=y"}, {"HOME", "/nowhere"}},
                          .working_directory = "/"};
    EXPECT_EQ(run_command(command, in(std::chrono::seconds(20)), nullptr).out, "x=y /nowhere\n/\n");
}

TEST(RunCommand, SaysWhatCannotBeStarted) {
    EXPECT_EQ(failure_of({.argv = {"pgbelay-no-such-program"}}), "cannot run pgbelay-no-such-program: No such file or directory");
    EXPECT_EQ(failure_of({.argv = {"true"}, .working_directory = "/no/such"}),
              "cannot run true in \"/no/such\": No such file or directory");
    EXPECT_EQ(failure_of({.argv = {"true"}, .as_user = "no-such-user"}), "cannot run as user \"no-such-user\": there is no such user");
    EXPECT_EQ(failure_of({}), "a command without a program");
}

TEST(RunCommand, KillsTheChildAtTheDeadline) {
    EXPECT_EQ(failure_of({.argv = {"sleep", "30"}}, in(std::chrono::milliseconds(50))), "sleep did not end in time");
}

TEST(RunCommand, KillsTheChildWhenToldToStop) {
    StopSignal stop;
    stop.request();
    EXPECT_EQ(failure_of({.argv = {"sleep", "30"}}, in(std::chrono::seconds(20)), &stop), "sleep was stopped");
}

TEST(RunCommand, RefusesOutputWithoutEnd) {
    EXPECT_EQ(failure_of({.argv = {"cat", "/dev/zero"}}), "a command printed more than 64 MiB");
}

TEST(RunCommand, BecomesAnotherUser) {
    if (::geteuid() != 0 || ::getpwnam("nobody") == nullptr) {
        GTEST_SKIP() << "SKIPPED: only root can become another user";
    }
    const Command command{.argv = {"id", "-un"}, .as_user = "nobody", .working_directory = "/"};
    EXPECT_EQ(run_command(command, in(std::chrono::seconds(20)), nullptr).out, "nobody\n");
}

class DaemonTest : public ::testing::Test {
protected:
    DaemonTest() {
        std::string pattern = (std::filesystem::temp_directory_path() / "pgbelay-daemon-XXXXXX").string();
        directory_ = mkdtemp(pattern.data());
    }
    ~DaemonTest() override { std::filesystem::remove_all(directory_); }

    std::string log() const { return directory_ / "log"; }
    void wait_for_log(const std::string& text) const {
        const auto deadline = in(std::chrono::seconds(20));
        while (read_file(log()).find(text) == std::string::npos && Clock::now() < deadline) {
            std::this_thread::yield();
        }
        ASSERT_THAT(read_file(log()), HasSubstr(text));
    }

    std::filesystem::path directory_;
};

TEST_F(DaemonTest, LogsBothOutputsAndRunsInItsOwnGroup) {
    Daemon daemon({.argv = {"sh", "-c", "echo out; echo err >&2; exec sleep 60"}}, log());
    wait_for_log("out\nerr\n");
    EXPECT_TRUE(daemon.running());
    EXPECT_EQ(::getpgid(daemon.pid()), daemon.pid());
}

TEST_F(DaemonTest, IsEndedByItsDestructor) {
    pid_t pid = 0;
    {
        Daemon daemon({.argv = {"sleep", "60"}}, log());
        pid = daemon.pid();
        EXPECT_TRUE(exists(pid));
    }
    EXPECT_FALSE(exists(pid));
}

TEST_F(DaemonTest, SaysWhenItDoesNotStopInTime) {
    Daemon daemon({.argv = {"sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done"}}, log());
    wait_for_log("ready");
    EXPECT_FALSE(daemon.stop(SIGTERM, in(std::chrono::milliseconds(50))));
    EXPECT_TRUE(daemon.running());
    EXPECT_TRUE(daemon.stop(SIGKILL, in(std::chrono::seconds(20))));
    EXPECT_FALSE(daemon.running());
    EXPECT_TRUE(daemon.stop(SIGTERM, in(std::chrono::seconds(1))));
}

TEST_F(DaemonTest, NoticesAnEndOfItsOwn) {
    Daemon daemon({.argv = {"true"}}, log());
    const auto deadline = in(std::chrono::seconds(20));
    while (daemon.running() && Clock::now() < deadline) {
        std::this_thread::yield();
    }
    EXPECT_FALSE(daemon.running());
}

TEST_F(DaemonTest, CanBeMoved) {
    Daemon first({.argv = {"sleep", "60"}}, log());
    const pid_t pid = first.pid();
    Daemon second(std::move(first));
    EXPECT_EQ(second.pid(), pid);
    EXPECT_TRUE(second.running());
}

TEST_F(DaemonTest, SaysWhatCannotBeStarted) {
    EXPECT_THROW(Daemon({.argv = {"/no/such"}}, log()), Error);
    EXPECT_THROW(Daemon({.argv = {"true"}}, "/no/such/log"), Error);
}

}  // namespace
}  // namespace pgbelay::base
