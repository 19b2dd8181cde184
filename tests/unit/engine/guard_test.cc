#include "engine/guard.h"
#include "server.h"

#include <gtest/gtest.h>

#include <thread>

namespace pgbelay::engine {
namespace {

using testing::Database;
using testing::eventually;

// A session that holds the table, and others that wait for it.
class Queue {
public:
    Queue(const Database& database, int waiters) : holder_(database.open()) {
        testing::run(holder_, "CREATE TABLE public.busy (id integer)");
        testing::run(holder_, "BEGIN");
        testing::run(holder_, "LOCK TABLE public.busy");
        for (int i = 0; i < waiters; ++i) {
            waiters_.emplace_back([&database] {
                pg::Connection connection = database.open();
                testing::run(connection, "SELECT * FROM public.busy");
            });
        }
    }
    ~Queue() { release(); }
    void release() {
        if (holder_.in_transaction()) {
            testing::run(holder_, "COMMIT");
        }
    }
    int holder() const { return holder_.backend_pid(); }

private:
    pg::Connection holder_;
    std::vector<std::jthread> waiters_;
};

TEST(Guard, ABrokenLimitIsSaidAndClearsWhenItIsOver) {
    const Database database;
    const Target target = database.target();
    Queue queue(database, 3);
    Guard guard(target, {.guard = {{.name = "blocked_sessions", .most = 2}}}, runbook::OnBreach::abort);
    eventually("the breach", [&] { return !guard.view().breaches.empty(); });
    EXPECT_EQ(guard.view().breaches.front().what, "blocked_sessions 3 > 2");
    EXPECT_EQ(guard.view().breaches.front().action, runbook::OnBreach::abort);
    queue.release();
    eventually("the end of the breach", [&] { return guard.view().breaches.empty(); });
    EXPECT_GE(guard.summary().maxima.at("blocked_sessions"), 3);
}

TEST(Guard, LooksAtOnceWhenAsked) {
    const Database database;
    const Target target = database.target();
    const Queue queue(database, 1);
    Guard guard(target, {}, runbook::OnBreach::pause);
    eventually("the waiter", [&] {
        const auto figures = guard.look_now(std::chrono::seconds(5), nullptr);
        return figures && figures->at("blocked_sessions") == 1;
    });
    base::StopSignal stopped;
    stopped.request();
    EXPECT_FALSE(guard.look_now(std::chrono::seconds(5), &stopped)) << "who is stopped does not wait";
}

TEST(Guard, WhoWaitsForUsIsCountedApart) {
    const Database database;
    const Target target = database.target();
    const Queue queue(database, 2);
    Guard guard(target, {}, runbook::OnBreach::pause);
    eventually("the waiters", [&] { return guard.summary().samples > 0 && guard.summary().maxima.at("blocked_sessions") == 2; });
    EXPECT_EQ(guard.view().most_blocked_by_us, 0);
    guard.set_ours({queue.holder()});
    eventually("ours", [&] { return guard.view().blocked_by_us == 2; });
    EXPECT_EQ(guard.view().most_blocked_by_us, 2);
}

TEST(Guard, GoesOnAfterItsConnectionIsEnded) {
    const Database database;
    const Target target = database.target();
    pg::Connection other = database.open();
    const Guard guard(target, {}, runbook::OnBreach::pause);
    eventually("the first sample", [&] { return guard.summary().samples > 0; });
    testing::run(other, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pgbelay guard'");
    const int then = guard.summary().samples;
    eventually("samples again", [&] { return guard.summary().samples > then + 1; });
}

}  // namespace
}  // namespace pgbelay::engine
