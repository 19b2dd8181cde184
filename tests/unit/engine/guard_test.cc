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
    Guard guard(target, {.blocked_sessions = 2});
    eventually("the breach", [&] { return guard.view().breach.has_value(); });
    EXPECT_EQ(*guard.view().breach, "blocked_sessions 3 > 2");
    queue.release();
    eventually("the end of the breach", [&] { return !guard.view().breach; });
    EXPECT_GE(guard.summary().maxima.at("blocked_sessions"), 3);
}

TEST(Guard, AValueAtTheLimitDoesNotBreakIt) {
    const Database database;
    const Target target = database.target();
    const Queue queue(database, 2);
    const Guard guard(target, {.blocked_sessions = 2});
    eventually("many samples", [&] { return guard.summary().samples > 5 && guard.summary().maxima.at("blocked_sessions") == 2; });
    EXPECT_FALSE(guard.view().breach);
}

TEST(Guard, WhoWaitsForUsIsCountedApart) {
    const Database database;
    const Target target = database.target();
    const Queue queue(database, 2);
    Guard guard(target, {});
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
    const Guard guard(target, {});
    eventually("the first sample", [&] { return guard.summary().samples > 0; });
    testing::run(other, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pgbelay guard'");
    const int then = guard.summary().samples;
    eventually("samples again", [&] { return guard.summary().samples > then + 1; });
}

}  // namespace
}  // namespace pgbelay::engine
