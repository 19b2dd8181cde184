#include "engine/blockers.h"

#include "engine/gates.h"
#include "engine/journal/journal.h"
#include "engine/session.h"
#include "runbook/blockers.h"
#include "server.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace pgbelay::engine {
namespace {

using base::Millis;
using Kind = Measure::Kind;
using testing::Database;
using testing::value;

pg::Backend session(const std::string& state, Millis age) {
    pg::Backend backend;
    backend.pid = 4711;
    backend.user = "app";
    backend.type = "client backend";
    backend.state = state;
    backend.transaction_age = age;
    return backend;
}

Measure under(std::string_view policy, const pg::Backend& backend) {
    return measure_for(runbook::read_blockers(policy, {}), backend);
}

constexpr Millis kLong{60'000};

TEST(Measures, NobodyIsToldAnythingUnlessThePolicySaysSo) {
    EXPECT_EQ(under("wait", session("active", kLong)).kind, Kind::wait);
    EXPECT_EQ(under("cancel:30s", session("active", kLong)).kind, Kind::cancel);
    EXPECT_EQ(under("terminate:30s", session("active", kLong)).kind, Kind::terminate);
}

TEST(Measures, WhoIsYoungerThanTheLeastAgeIsWaitedFor) {
    const Measure measure = under("cancel:30s", session("active", Millis(29'999)));
    EXPECT_EQ(measure.kind, Kind::wait);
    EXPECT_EQ(measure.why, "to be cancelled when older than 30.0 s");
    EXPECT_EQ(under("terminate:30s", session("idle in transaction", Millis(30'000))).kind, Kind::terminate);
}

TEST(Measures, ACancelIsNotOfferedForWhatItCannotHelp) {
    for (const char* state : {"idle in transaction", "idle in transaction (aborted)"}) {
        const Measure measure = under("cancel:30s", session(state, kLong));
        EXPECT_EQ(measure.kind, Kind::wait);
        EXPECT_EQ(measure.why, "a cancel cannot end it, `--blockers terminate` would");
        EXPECT_EQ(under("terminate:30s", session(state, kLong)).kind, Kind::terminate);
    }
}

TEST(Measures, WhoIsHiddenOrOnlyStandsInTheQueueIsLeftAlone) {
    pg::Backend hidden = session("", kLong);
    hidden.hidden = true;
    hidden.transaction_age.reset();
    EXPECT_EQ(under("terminate:30s", hidden).kind, Kind::wait);
    pg::Backend waiter = session("active", kLong);
    waiter.waits = true;
    EXPECT_EQ(under("terminate:30s", waiter).kind, Kind::wait);
}

TEST(Measures, SomeAreNeverEnded) {
    pg::Backend prepared;
    prepared.gid = "x";
    prepared.transaction_age = kLong;
    pg::Backend walsender = session("active", kLong);
    walsender.type = "walsender";
    pg::Backend builder = session("active", kLong);
    builder.builds = true;
    pg::Backend vacuum = session("active", kLong);
    vacuum.type = "autovacuum worker";
    pg::Backend other = session("", kLong);
    other.type = "logical replication worker";
    for (const auto& backend : {prepared, walsender, builder, vacuum, other}) {
        EXPECT_EQ(under("terminate:1s,dumps,migrators,vacuums", backend).kind, Kind::wait) << pg::describe(backend);
    }
    EXPECT_NE(under("terminate:1s", builder).why.find("INVALID"), std::string::npos);
}

TEST(Measures, DumpsMigratorsAndWraparoundAreEndedOnlyWhereTheyAreNamed) {
    pg::Backend dump = session("idle in transaction", kLong);
    dump.application = "pg_dump";
    pg::Backend migrator = session("active", kLong);
    migrator.tool = "Flyway";
    pg::Backend vacuum = session("active", kLong);
    vacuum.type = "autovacuum worker";
    vacuum.query = "autovacuum: VACUUM public.t (to prevent wraparound)";
    const std::pair<pg::Backend, std::string> all[] = {{dump, "dumps"}, {migrator, "migrators"}, {vacuum, "vacuums"}};
    for (const auto& [backend, named] : all) {
        EXPECT_EQ(under("cancel:1s", backend).kind, Kind::wait);
        const Measure measure = under("terminate:1s", backend);
        EXPECT_EQ(measure.kind, Kind::wait);
        EXPECT_EQ(measure.why, "left alone unless the policy says `terminate:…," + named + "`");
        EXPECT_EQ(under("terminate:1s," + named, backend).kind, Kind::terminate);
        EXPECT_EQ(under("terminate:2min," + named, backend).kind, Kind::wait);
    }
}

// Signals are sent by the journal's keeper, to whoever was seen.
class Signals : public ::testing::Test {
protected:
    Signals() {
        ensure_journal(target_.control());
        session_.emplace(target_, Millis(3'000));
        key_ = session_->journal().begin(plan::Plan{.name = "test", .digest = "d", .plan_digest = "p"}, {}, target_.facts());
        testing::run(target_.control(), "CREATE TABLE public.t (a integer)");
        testing::run(other_, "BEGIN");
        testing::run(other_, "LOCK TABLE public.t");
    }

    Signal seen(bool terminate) {
        const std::string query = fmt::format("SELECT {} FROM pg_stat_activity WHERE pid = {}", "{}", other_.backend_pid());
        return {.terminate = terminate,
                .pid = other_.backend_pid(),
                .started = value(target_.control(), fmt::format(fmt::runtime(query), "backend_start")),
                .transaction_started = value(target_.control(), fmt::format(fmt::runtime(query), "xact_start")),
                .who = "the other"};
    }
    SignalResult::Outcome send(const Signal& signal) { return session_->journal().signal(key_, 3, signal).outcome; }
    std::string rows() { return value(target_.control(), "SELECT count(*) FROM pgbelay.signal"); }

    Database database_;
    Target target_ = database_.target();
    std::optional<Session> session_;
    RunKey key_;
    pg::Connection other_ = database_.open();
};

TEST_F(Signals, EndExactlyWhoWasSeenAndAreWrittenDown) {
    EXPECT_EQ(send(seen(true)), SignalResult::Outcome::sent);
    EXPECT_EQ(
        value(target_.control(), fmt::format("SELECT run || ' ' || n || ' ' || action || ' ' || session FROM pgbelay.signal WHERE pid = {}",
                                             other_.backend_pid())),
        fmt::format("{} 3 terminate the other", key_.id));
    testing::eventually("it is gone", [&] {
        return value(target_.control(), fmt::format("SELECT count(*) FROM pg_stat_activity WHERE pid = {}", other_.backend_pid())) == "0";
    });
    const auto record = load_run(target_.control(), key_.id);
    ASSERT_EQ(record.signals.size(), 1U);
    EXPECT_EQ(record.signals[0].session, "the other");
}

TEST_F(Signals, DoNotReachTheNextTransactionOfTheSameSession) {
    const Signal before = seen(true);
    testing::run(other_, "COMMIT");
    EXPECT_EQ(send(before), SignalResult::Outcome::gone);
    testing::run(other_, "BEGIN");
    EXPECT_EQ(send(before), SignalResult::Outcome::gone);
    testing::run(other_, "SELECT 1");
    EXPECT_EQ(rows(), "0");
}

TEST_F(Signals, DoNotReachAnotherSessionWithTheSamePid) {
    Signal before = seen(true);
    before.started = "2001-01-01 00:00:00+00";
    EXPECT_EQ(send(before), SignalResult::Outcome::gone);
    testing::run(other_, "SELECT 1");
}

TEST_F(Signals, DoNotCancelWhereNothingRuns) {
    EXPECT_EQ(send(seen(false)), SignalResult::Outcome::gone);
    EXPECT_EQ(rows(), "0");
    testing::run(other_, "SELECT 1");
}

TEST_F(Signals, AreRefusedByTheServerForASuperusersSession) {
    testing::run(target_.control(),
                 "CREATE ROLE low LOGIN; GRANT pg_signal_backend, pg_read_all_stats TO low;"
                 "GRANT USAGE ON SCHEMA pgbelay TO low; GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA pgbelay TO low");
    {
        pg::Connection low = database_.open();
        testing::run(low, "SET SESSION AUTHORIZATION low");
        Journal journal(low);
        const SignalResult result = journal.signal(key_, 3, seen(true));
        EXPECT_EQ(result.outcome, SignalResult::Outcome::refused);
        // "SUPERUSER" from version 16 on.
        EXPECT_NE(result.why.find("must be a superuser"), std::string::npos) << result.why;
    }
    EXPECT_EQ(rows(), "0");
    testing::run(target_.control(), "DROP OWNED BY low; DROP ROLE low");
}

TEST(BlockersGate, NamesTheGrantThatMendsIt) {
    pg::ServerFacts facts;
    facts.role = "my deployer";
    EXPECT_TRUE(check_blockers(facts, {}).empty());
    const auto none = check_blockers(facts, runbook::read_blockers("cancel", {}));
    ASSERT_EQ(none.size(), 1U);
    EXPECT_EQ(none[0].level, Finding::Level::refusal);
    EXPECT_EQ(none[0].hint, "GRANT pg_signal_backend, pg_read_all_stats TO \"my deployer\", or leave `--blockers` at wait");
    facts.sees_activity = true;
    EXPECT_EQ(check_blockers(facts, runbook::read_blockers("cancel", {}))[0].hint,
              "GRANT pg_signal_backend TO \"my deployer\", or leave `--blockers` at wait");
    facts.may_signal = true;
    EXPECT_TRUE(check_blockers(facts, runbook::read_blockers("terminate", {})).empty());
}

}  // namespace
}  // namespace pgbelay::engine
