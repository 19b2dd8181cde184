// The limits that the guard watches: each is broken by a real server's load, and not by one that comes close; and what a breach does.
#include "surroundings/neighbour.h"

#include "base/file.h"
#include "base/wait.h"
#include "engine/guard.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <csignal>
#include <list>
#include <thread>

namespace pgbelay::test {
namespace {

using base::Millis;
using runbook::GuardLimit;
using runbook::OnBreach;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr double kMegabyte = 1024.0 * 1024.0;

// A transaction that fails. It has read a table: one that has not is reported to the statistics only together with a later one that has.
const std::string kWrong = "SELECT count(*) / 0 FROM pg_class";

// Does something again and again, on a session and a thread of its own, whatever the server says to it.
class Restless {
public:
    Restless(const std::string& url, std::vector<std::string> scripts, Millis pause)
        : thread_([url, scripts = std::move(scripts), pause](const std::stop_token& stop) {
              Session session(url);
              while (!stop.stop_requested()) {
                  for (const std::string& script : scripts) {
                      try {
                          session.run(script);
                      } catch (const std::runtime_error&) {
                          // What it is refused is what it is for.
                      }
                  }
                  base::pause_for(pause, nullptr);
              }
          }) {}

private:
    std::jthread thread_;
};

// A table that is locked, and sessions that wait for it.
class Queue {
public:
    Queue(const Database& database, int waiters) : holder_(database.open()), look_(database.open()) {
        holder_.run("CREATE TABLE IF NOT EXISTS wanted (id integer)");
        holder_.run("BEGIN; LOCK TABLE wanted");
        for (int i = 0; i < waiters; ++i) {
            waiters_.emplace_back(database, "", "SELECT * FROM wanted");
        }
        eventually("they wait", [&] { return look_.value("SELECT count(*) FROM pg_locks WHERE NOT granted") == std::to_string(waiters); });
    }
    ~Queue() { release(); }
    Queue(const Queue&) = delete;
    Queue& operator=(const Queue&) = delete;

    int holder() { return std::stoi(look_.value("SELECT pid FROM pg_locks WHERE granted AND mode = 'AccessExclusiveLock'")); }
    void release() {
        if (!released_) {
            holder_.run("COMMIT");
            released_ = true;
        }
    }

private:
    Session holder_;
    Session look_;
    bool released_ = false;
    std::list<Busy> waiters_;
};

// The limit that the load breaks, and the one that it comes close to.
struct Pair {
    std::string name;
    double broken;
    double close;
};

class Limit : public ::testing::Test {
protected:
    // One guard watches all of them: each first limit is broken, and none of the second, over more looks than a breach needs.
    static void expect(const Database& database, const std::vector<Pair>& pairs, const std::vector<int>& ours = {}) {
        const auto target = engine::Target::open(pg::Conninfo(database.url(), "the test"), nullptr);
        runbook::Limits limits;
        for (const Pair& pair : pairs) {
            limits.guard.push_back({.name = pair.name, .most = pair.broken});
            limits.guard.push_back({.name = pair.name, .most = pair.close, .action = OnBreach::rollback});
        }
        engine::Guard guard(target, limits, OnBreach::abort);
        guard.set_ours(ours);
        eventually("all breaches", [&] { return guard.view().breaches.size() >= pairs.size(); });
        const int then = guard.summary().samples;
        eventually("more looks", [&] { return guard.summary().samples > then + 1; });
        const auto breaches = guard.view().breaches;
        EXPECT_EQ(breaches.size(), pairs.size());
        for (std::size_t i = 0; i < std::min(breaches.size(), pairs.size()); ++i) {
            EXPECT_EQ(breaches[i].limit, pairs[i].name);
            EXPECT_EQ(breaches[i].action, OnBreach::abort) << breaches[i].what;
        }
        EXPECT_GE(guard.summary().samples, engine::Judge::kToBreach + 1);
    }

    Database database_{""};
};

TEST_F(Limit, WaitersForLocksAndWhoWaitsForUs) {
    Queue queue(database_, 3);
    expect(database_, {{"blocked_sessions", 2, 3}, {"lock_waiters", 2, 3}, {"blocked_by_us", 2, 3}}, {queue.holder()});
}

TEST_F(Limit, ActiveSessionsAndTheOldestTransaction) {
    Session old = database_.open();
    old.run("BEGIN; SELECT 1");
    const Busy one(database_, "", "SELECT pg_sleep(60)");
    const Busy two(database_, "", "SELECT pg_sleep(60)");
    expect(database_, {{"active_sessions", 1, 2}, {"oldest_transaction", 500, 20'000}});
}

TEST_F(Limit, Rollbacks) {
    const Restless wrong(database_.url(), {kWrong}, Millis(20));
    expect(database_, {{"rollbacks_per_second", 4, 60}});
}

TEST_F(Limit, RollbacksOfOursAreNotCounted) {
    const auto target = engine::Target::open(pg::Conninfo(database_.url(), "the test"), nullptr);
    const runbook::Limits limits{.guard = {{.name = "rollbacks_per_second", .most = 2, .samples = 1}}};
    const std::string before = database_.value("SELECT xact_rollback FROM pg_stat_database WHERE datname = current_database()");
    engine::Guard guard(target, limits, OnBreach::abort);
    std::jthread ours([&](const std::stop_token& stop) {
        pg::Connection connection = pg::Connection::open(target.here(), "test", base::in(std::chrono::seconds(10)), nullptr);
        while (!stop.stop_requested()) {
            connection.run(kWrong, std::nullopt, base::in(std::chrono::seconds(10)), nullptr);
            base::pause_for(Millis(20), nullptr);
        }
    });
    eventually("the server has counted many", [&] {
        return std::stoll(database_.value("SELECT xact_rollback FROM pg_stat_database WHERE datname = current_database()")) >
               std::stoll(before) + 60;
    });
    const int then = guard.summary().samples;
    eventually("more looks", [&] { return guard.summary().samples > then + 2; });
    EXPECT_TRUE(guard.view().breaches.empty()) << guard.view().breaches.front().what;
    EXPECT_LE(guard.summary().maxima.at("rollbacks_per_second"), 2);
}

TEST_F(Limit, Deadlocks) {
    const std::string quick = "SET deadlock_timeout = '10ms'";
    const Restless one(database_.url(),
                       {quick, "BEGIN; SELECT pg_advisory_xact_lock(1), pg_sleep(0.02)", "SELECT pg_advisory_xact_lock(2)", "ROLLBACK"},
                       Millis(1));
    const Restless two(database_.url(),
                       {quick, "BEGIN; SELECT pg_advisory_xact_lock(2), pg_sleep(0.02)", "SELECT pg_advisory_xact_lock(1)", "ROLLBACK"},
                       Millis(1));
    expect(database_, {{"deadlocks_per_second", 0.4, 60}});
}

TEST(LimitOnStandbys, LagInTimeAndInBytes) {
    cluster::Cluster primary({.major = "15", .settings = {{"fsync", "off"}, {"autovacuum", "off"}}});
    const cluster::Cluster standby({.settings = {{"wal_receiver_status_interval", "1s"}}, .standby_of = &primary});
    Stage stage("CREATE TABLE filled (id bigint, pad text)", primary);
    // It receives everything and replays nothing any more.
    Session on_standby(standby.url());
    on_standby.run("SELECT pg_wal_replay_pause()");
    eventually("replay stands still", [&] { return on_standby.value("SELECT pg_get_wal_replay_pause_state()") == "paused"; });
    const Restless writer(stage.database.url(), {"INSERT INTO filled SELECT n, repeat('x', 1000) FROM generate_series(1, 200) n"},
                          Millis(20));

    const auto target = engine::Target::open(pg::Conninfo(stage.database.url(), "the test"), nullptr);
    runbook::Limits limits;
    limits.guard = {{.name = "replication_lag", .most = 1500},
                    {.name = "replication_lag", .most = 30'000},
                    {.name = "replication_lag_bytes", .most = kMegabyte},
                    {.name = "replication_lag_bytes", .most = 4096 * kMegabyte}};
    const engine::Guard guard(target, limits, OnBreach::abort);
    eventually("both", [&] { return guard.view().breaches.size() >= 2; });
    const auto breaches = guard.view().breaches;
    ASSERT_EQ(breaches.size(), 2U);
    EXPECT_THAT(breaches[0].what, HasSubstr("> 1.5 s"));
    EXPECT_THAT(breaches[1].what, AllOf(HasSubstr("replication_lag_bytes"), HasSubstr("> 1.0 MB")));
}

// A runbook with these limits, whose steps stand in sections.
std::string runbook(const std::string& front_matter, const std::vector<std::string>& sections) {
    std::string text = "---\npgbelay: 1\n" + front_matter + "---\n# Deployment\n";
    for (const std::string& section : sections) {
        text += section;
    }
    return text;
}
std::string section(const std::string& name, const std::string& sql) {
    return fmt::format("\n## {}\n```sql apply\n{}\n```\n", name, sql);
}
std::string check(const std::string& sql) {
    return fmt::format("```sql check expect=empty\n{}\n```\n", sql);
}
// A step that takes its time, and holds nothing.
std::string slow(double seconds) {
    return fmt::format("SELECT FROM pg_sleep({});", seconds);
}

class Breach : public ::testing::Test {
protected:
    Stage::Ended deploy(const std::string& text, const std::vector<std::string>& more = {}) const { return start(text, more).end(); }

    // A client whose end is waited for.
    struct Running {
        std::unique_ptr<Client> client;
        Stage::Ended end() const {
            const int status = client->wait();
            return {.status = status, .said = client->said()};
        }
    };
    Running start(const std::string& text, const std::vector<std::string>& more = {}) const {
        stage_.folder.write("deploy.md", text);
        std::vector<std::string> words{"deploy", "-y", "deploy.md"};
        words.insert(words.end(), more.begin(), more.end());
        return {stage_.start(words)};
    }
    std::string table(const std::string& name) const { return stage_.value(fmt::format("SELECT to_regclass('{}')", name)); }

    Stage stage_{""};
};

TEST_F(Breach, PausesAndGoesOnByItselfAndWhoIsToldHearsOfAllOfIt) {
    const std::string told = (stage_.folder.path() / "told").string();
    auto queue = std::make_unique<Queue>(stage_.database, 2);
    const auto running = start(runbook(fmt::format("limits: {{ lock_waiters: {{ max: 1, action: pause, samples: 1 }} }}\non_breach: abort\n"
                                                   "notify: {{ command: [sh, -c, 'echo \"$PGBELAY_EVENT: $PGBELAY_MESSAGE\" >>{}'] }}\n",
                                                   told),
                                       {section("One", slow(1) + "\nCREATE TABLE one ();"), section("Two", "CREATE TABLE two ();")}));
    eventually("the pause", [&] { return running.client->has_said("paused by the guard: lock_waiters 2 > 1"); });
    EXPECT_EQ(stage_.run_state(), "paused");
    EXPECT_EQ(table("two"), "");
    queue->release();
    const auto ended = running.end();
    EXPECT_EQ(ended.status, 0) << ended.said;
    EXPECT_THAT(ended.said, AllOf(HasSubstr("warning: guard: lock_waiters 2 > 1: the run pauses until it holds again"),
                                  HasSubstr("guard: lock_waiters holds again"), HasSubstr("resumed after")));
    EXPECT_EQ(table("two"), "two");
    EXPECT_EQ(stage_.run_state(), "deployed");
    const std::string heard = base::read_file(told);
    EXPECT_THAT(heard,
                AllOf(HasSubstr("breach: pgbelay, deploy: run 1: lock_waiters 2 > 1 is a breach, whose action is pause"),
                      HasSubstr("pause: pgbelay, deploy: run 1 is paused: by the guard: lock_waiters 2 > 1"),
                      HasSubstr("run 1: lock_waiters holds again"), HasSubstr("resume: pgbelay, deploy: run 1 goes on after a pause of")));
    EXPECT_LT(heard.find("pause: "), heard.find("resume: "));
}

TEST_F(Breach, ThatComesCloseDoesNothing) {
    const Queue queue(stage_.database, 2);
    const auto ended =
        deploy(runbook("limits: { lock_waiters: { max: 2, action: abort, samples: 1 }, run_time: 30s:abort, step_time: 10s:abort }\n",
                       {section("One", slow(2.5)), section("Two", "CREATE TABLE two ();")}));
    EXPECT_EQ(ended.status, 0) << ended.said;
    EXPECT_THAT(ended.said, Not(HasSubstr("guard: ")));
    EXPECT_EQ(table("two"), "two");
}

TEST_F(Breach, AbortsInMidStepAndWhatWasDoneStands) {
    const Queue queue(stage_.database, 2);
    const auto ended =
        deploy(runbook("limits: { lock_waiters: 1:abort }\n", {section("One", "CREATE TABLE one ();"), section("Two", slow(60))}));
    EXPECT_EQ(ended.status, 5) << ended.said;
    EXPECT_THAT(ended.said, HasSubstr("run 1 was aborted by the guard: lock_waiters 2 > 1"));
    EXPECT_EQ(stage_.run_state(), "aborted");
    EXPECT_EQ(table("one"), "one");
}

TEST_F(Breach, RollsBackWhatWasDone) {
    Queue queue(stage_.database, 2);
    const auto running =
        start(runbook("limits: { blocked_sessions: 1:rollback }\n", {section("One", "CREATE TABLE one ();"), section("Two", slow(60))}));
    eventually("the breach", [&] { return running.client->has_said("blocked_sessions 2 > 1: the run is rolled back"); });
    queue.release();
    const auto ended = running.end();
    EXPECT_EQ(ended.status, 4) << ended.said;
    EXPECT_EQ(table("one"), "");
}

TEST_F(Breach, TheTimeOfTheRunIsOver) {
    const auto ended = deploy(runbook("limits: { run_time: 2s:abort, step_time: 30s:abort }\n",
                                      {section("One", "CREATE TABLE one ();\n" + slow(1.5)), section("Two", slow(60))}));
    EXPECT_EQ(ended.status, 5) << ended.said;
    EXPECT_THAT(ended.said, HasSubstr("was aborted by the guard: run_time"));
    EXPECT_THAT(ended.said, HasSubstr("> 2.0 s"));
}

TEST_F(Breach, TheTimeOfAStepIsOverWhateverItDoes) {
    // Each of the first two takes less, and both together more.
    const auto ended = deploy(runbook("limits: { step_time: 2s }\non_breach: rollback\n",
                                      {section("One", "CREATE TABLE one ();\n" + slow(1.2)), section("Two", slow(1.2)),
                                       "\n## Three\n" + check("SELECT FROM pg_sleep(60)")}));
    EXPECT_EQ(ended.status, 4) << ended.said;
    EXPECT_THAT(ended.said, HasSubstr("step_time 2."));
    EXPECT_EQ(table("one"), "");
}

TEST_F(Breach, OfAMultipleOfWhatItWasBeforeTheFirstChange) {
    const std::string limits = "limits: { rollbacks_per_second: 3x:abort }\n";
    // About 20 a second from before: as many go on, and nothing is wrong.
    auto few = std::make_unique<Restless>(stage_.database.url(), std::vector<std::string>{kWrong}, Millis(50));
    eventually("the statistics have some", [&] {
        return std::stoi(stage_.value("SELECT xact_rollback FROM pg_stat_database WHERE datname = current_database()")) > 20;
    });
    const auto running =
        start(runbook(limits, {section("One", "CREATE TABLE one ();\n" + slow(2.5)), section("Two", "CREATE TABLE two ();\n" + slow(60))}));
    eventually("the second section", [&] { return table("two") == "two"; });
    EXPECT_FALSE(running.client->has_said("guard:")) << running.client->said();
    const Restless many(stage_.database.url(), {kWrong}, Millis(2));
    const auto ended = running.end();
    EXPECT_EQ(ended.status, 5) << ended.said;
    EXPECT_THAT(ended.said, AllOf(HasSubstr("was aborted by the guard: rollbacks_per_second"), HasSubstr("(3x of "),
                                  HasSubstr("before the first change)")));
    EXPECT_THAT(stage_.value("SELECT content FROM pgbelay.evidence WHERE kind = 'baseline'"), HasSubstr("rollbacks_per_second"));
}

TEST_F(Breach, AResumeGoesByWhatItWasBeforeTheFirstChange) {
    const std::string text =
        runbook("limits: { active_sessions: 2x:abort }\n",
                {section("One", "CREATE TABLE one ();"), section("Two", slow(60)), section("Three", "CREATE TABLE three ();")});
    const auto running = start(text);
    eventually("the second section", [&] { return running.client->has_said("[2/3]"); });
    running.client->signal(SIGINT);
    EXPECT_EQ(running.client->wait(), 130);
    const std::string before = stage_.value("SELECT content || at FROM pgbelay.evidence WHERE kind = 'baseline'");
    EXPECT_NE(before, "");
    // Twelve are more than twice the five that nobody counts for, although they are there when it goes on.
    std::list<Busy> many;
    for (int i = 0; i < 12; ++i) {
        many.emplace_back(stage_.database, "", "SELECT pg_sleep(100)");
    }
    const auto resumed = stage_.run({"resume"});
    EXPECT_EQ(resumed.status, 5) << resumed.said;
    EXPECT_THAT(resumed.said, HasSubstr("active_sessions 12 > 10 (2x of 0 before the first change, counted as 5)"));
    EXPECT_EQ(stage_.value("SELECT content || at FROM pgbelay.evidence WHERE kind = 'baseline'"), before);
}

TEST_F(Breach, OwnRollbacksBreakNothing) {
    std::string tries;
    for (int i = 0; i < 40; ++i) {
        tries += "```sql try\nCREATE TABLE tried ();\n```\n";
    }
    const auto ended =
        deploy(runbook("limits: { rollbacks_per_second: { max: 0, action: abort, samples: 1 } }\n",
                       {section("One", slow(1.2)), "\n## Tries\n" + tries, section("Two", slow(2.2) + "\nCREATE TABLE two ();")}));
    EXPECT_EQ(ended.status, 0) << ended.said;
    EXPECT_EQ(table("two"), "two");
}

TEST_F(Breach, BetweenSectionsTheDatabaseIsLookedAt) {
    const auto running =
        start(runbook("", {section("One", "CREATE TABLE one ();\n" + slow(2)), "\n## Looks\n" + check("SELECT WHERE false"),
                           section("Two", slow(1) + "\nCREATE TABLE two ();")}));
    eventually("the first change", [&] { return table("one") == "one"; });
    {
        const Queue queue(stage_.database, 6);
        eventually("the first section's end", [&] { return running.client->has_said("health after \"One\""); });
    }
    const auto ended = running.end();
    EXPECT_EQ(ended.status, 0) << ended.said;
    EXPECT_THAT(ended.said, AllOf(HasSubstr("warning: health after \"One\": active 6 (before 0), waiting 6 (before 0)"),
                                  HasSubstr("; too much: waiting"), HasSubstr("\nhealth after \"Two\": active 0, waiting 0")));
    EXPECT_THAT(ended.said, Not(HasSubstr("health after \"Looks\"")));
    const auto report = stage_.run({"report"});
    EXPECT_THAT(report.said, AllOf(HasSubstr("The database after each section"), HasSubstr("health after \"One\": active")));
    const auto json = stage_.run({"report", "--format", "json"});
    EXPECT_THAT(json.said, AllOf(HasSubstr(R"("health": {)"), HasSubstr(R"("section": "One")"), HasSubstr(R"("far": true)")));
    EXPECT_THAT(stage_.value("SELECT string_agg(kind || ' ' || n || ' ' || name, ', ' ORDER BY n) FROM pgbelay.evidence"),
                "baseline 0 , health 2 One, health 5 Two");
}

}  // namespace
}  // namespace pgbelay::test
