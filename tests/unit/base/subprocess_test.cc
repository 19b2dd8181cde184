// Child processes, on the system's own small commands.
#include "base/subprocess.h"

#include "base/error.h"
#include "base/file.h"

#include <gmock/gmock.h>

#include <unistd.h>
#include <csignal>

namespace pgbelay::base {
namespace {

using namespace std::chrono_literals;

Command shell(const std::string& script) {
    return {.argv = {"sh", "-c", script}};
}

ErrorCode failure_of(const Command& command, Deadline deadline, const StopSignal* stop = nullptr) {
    try {
        run_command(command, deadline, stop);
    } catch (const Error& error) {
        return error.code();
    }
    ADD_FAILURE() << "the command ended well";
    return ErrorCode::usage;
}

TEST(RunCommand, CollectsBothOutputsAndTheStatus) {
    const auto result = run_command(shell("echo out; echo err >&2; exit 3"), in(10s), nullptr);
    EXPECT_EQ(result.status, 3);
    EXPECT_EQ(result.out, "out\n");
    EXPECT_EQ(result.err, "err\n");
}

TEST(RunCommand, TellsWhichSignalEndedIt) {
    EXPECT_EQ(run_command(shell("kill -9 $$"), in(10s), nullptr).status, 128 + SIGKILL);
}

TEST(RunCommand, TakesMoreOutputThanAPipeHolds) {
    const auto result = run_command(shell("head -c 1000000 /dev/zero; head -c 1000000 /dev/zero >&2"), in(10s), nullptr);
    EXPECT_EQ(result.out.size(), 1'000'000U);
    EXPECT_EQ(result.err.size(), 1'000'000U);
}

TEST(RunCommand, AddsToTheEnvironment) {
    Command command = shell("echo $ADDED; test -n \"$PATH\" && echo ours");
    command.env = {{"ADDED", "a value"}};
    EXPECT_EQ(run_command(command, in(10s), nullptr).out, "a value\nours\n");
}

TEST(RunCommand, StandsWhereItIsTold) {
    Command command = shell("pwd");
    command.working_directory = "/usr";
    EXPECT_EQ(run_command(command, in(10s), nullptr).out, "/usr\n");
}

TEST(RunCommand, HasNoStandardInput) {
    EXPECT_EQ(run_command({.argv = {"cat"}}, in(10s), nullptr).status, 0);
}

TEST(RunCommand, IsKilledAtItsDeadline) {
    const auto start = Clock::now();
    EXPECT_EQ(failure_of(shell("sleep 60"), in(50ms)), ErrorCode::internal);
    EXPECT_LT(Clock::now() - start, 30s);
}

TEST(RunCommand, IsKilledWhenStopIsRequested) {
    StopSignal stop;
    stop.request();
    EXPECT_EQ(failure_of(shell("sleep 60"), in(50s), &stop), ErrorCode::interrupted);
}

TEST(RunCommand, DoesNotWaitForWhatTheCommandLeftRunning) {
    const auto start = Clock::now();
    const auto result = run_command(shell("sleep 60 & echo $!"), in(50s), nullptr);
    EXPECT_LT(Clock::now() - start, 30s);
    kill(std::stoi(result.out), SIGKILL);
}

TEST(RunCommand, SaysThatAProgramIsMissing) {
    EXPECT_EQ(failure_of({.argv = {"/nonexistent/program"}}, in(10s)), ErrorCode::internal);
}

TEST(RunCommand, SaysThatAUserIsMissing) {
    Command command = shell("true");
    command.as_user = "no_such_user_here";
    EXPECT_EQ(failure_of(command, in(10s)), ErrorCode::internal);
}

TEST(RunCommand, BecomesAnotherUserForRoot) {
    if (geteuid() != 0) {
        GTEST_SKIP() << "only root can become another user";
    }
    Command command = shell("id -un; id -Gn");
    command.as_user = "nobody";
    EXPECT_EQ(run_command(command, in(10s), nullptr).out, "nobody\nnogroup\n");
}

class DaemonTest : public testing::Test {
protected:
    void TearDown() override { std::filesystem::remove(log_); }

    // The log once it has a line, which says that the daemon is ready.
    std::string first_line() {
        for (const auto deadline = in(10s); Clock::now() < deadline; pause_for(5ms, nullptr)) {
            const std::string text = read_file(log_);
            if (const auto end = text.find('\n'); end != std::string::npos) {
                return text.substr(0, end);
            }
        }
        ADD_FAILURE() << "the daemon said nothing";
        return "";
    }

    std::string log_ = testing::TempDir() + "pgbelay-daemon-" + std::to_string(getpid()) + ".log";
};

TEST_F(DaemonTest, RunsUntilItIsStopped) {
    Daemon daemon(shell("echo ready; exec sleep 60"), log_);
    EXPECT_EQ(first_line(), "ready");
    EXPECT_TRUE(daemon.running());
    EXPECT_TRUE(daemon.stop(SIGTERM, in(10s)));
    EXPECT_FALSE(daemon.running());
}

TEST_F(DaemonTest, TellsThatASignalWasNotEnough) {
    Daemon daemon(shell("trap '' TERM; echo ready; while :; do sleep 1; done"), log_);
    first_line();
    EXPECT_FALSE(daemon.stop(SIGTERM, in(50ms)));
    EXPECT_TRUE(daemon.stop(SIGKILL, in(10s)));
}

TEST_F(DaemonTest, NoticesThatItEnded) {
    Daemon daemon(shell("echo done"), log_);
    first_line();
    EXPECT_TRUE(daemon.stop(0, in(10s)));
}

TEST_F(DaemonTest, EndsWithItsOwner) {
    pid_t pid = 0;
    {
        const Daemon daemon(shell("echo ready; exec sleep 60"), log_);
        first_line();
        pid = daemon.pid();
    }
    EXPECT_EQ(kill(pid, 0), -1);
}

}  // namespace
}  // namespace pgbelay::base
