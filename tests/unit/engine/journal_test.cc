#include "engine/journal/journal.h"
#include "engine/ledger.h"
#include "engine/session.h"
#include "pg/activity.h"
#include "server.h"

#include <gtest/gtest.h>

#include <functional>
#include <variant>

namespace pgbelay::engine {
namespace {

using base::ErrorCode;
using testing::Database;
using testing::value;

constexpr base::Millis kPatience{300};

ErrorCode code_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const base::Error& error) {
        return error.code();
    }
    ADD_FAILURE() << "nothing was thrown";
    return ErrorCode::internal;
}

class JournalTest : public ::testing::Test {
protected:
    JournalTest() { ensure_journal(target_.control()); }

    RunKey begin() {
        Journal journal(target_.control());
        return journal.begin(plan::Plan{.name = "test", .digest = "d", .plan_digest = "p"}, {}, target_.facts());
    }
    std::string look(const std::string& sql) {
        pg::Connection connection = database_.open();
        return value(connection, sql);
    }

    Database database_;
    Target target_ = database_.target();
};

TEST_F(JournalTest, OnlyOneSessionHoldsTheDatabaseAndTheOtherIsToldWhoDoes) {
    const Session first(target_, kPatience);
    Target other = database_.target();
    try {
        const Session second(other, kPatience);
        FAIL() << "two sessions";
    } catch (const base::Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::conflict);
        EXPECT_NE(error.message().find("since"), std::string::npos) << error.message();
    }
}

TEST_F(JournalTest, WhoWasReplacedWritesNeitherAnEndNorARowOfALedger) {
    const RunKey old = begin();
    Journal journal(target_.control());
    RunKey now = old;
    ASSERT_TRUE(journal.take_over(now, base::in(std::chrono::seconds(1)), nullptr));
    EXPECT_EQ(now.epoch, 2);
    testing::run(target_.control(), "CREATE TABLE public.ledger (n integer)");
    const Also row{{"INSERT INTO public.ledger VALUES (1)", {}}};
    EXPECT_EQ(code_of([&] { journal.finish(old, 1, StepResult::done, "", row); }), ErrorCode::conflict);
    EXPECT_EQ(code_of([&] { journal.intend(old, 1, {}); }), ErrorCode::conflict);
    EXPECT_EQ(look("SELECT count(*) FROM public.ledger"), "0");
    EXPECT_TRUE(journal.steps_done(now).empty());

    journal.finish(now, 1, StepResult::done, "", row);
    EXPECT_EQ(look("SELECT count(*) FROM public.ledger"), "1");
    EXPECT_EQ(journal.steps_done(now).at(1), StepResult::done);
}

TEST_F(JournalTest, ATakeOverWaitsForTheTransactionOfAnOrphan) {
    const RunKey old = begin();
    pg::Connection orphan = database_.open();
    Journal writer(orphan);
    const auto opened = orphan.pipeline(writer.opening(old, 1), base::in(std::chrono::seconds(5)), nullptr);
    ASSERT_EQ(opened.size(), writer.opening(old, 1).size());
    ASSERT_TRUE(std::holds_alternative<pg::Result>(opened.back()));

    Journal journal(target_.control());
    RunKey now = old;
    EXPECT_FALSE(journal.take_over(now, base::in(base::Millis(100)), nullptr));
    testing::run(orphan, "COMMIT");
    EXPECT_TRUE(journal.take_over(now, base::in(std::chrono::seconds(5)), nullptr));
    EXPECT_EQ(journal.steps_done(now).at(1), StepResult::done);
    // The next one of the older epoch does not get in.
    const auto late = orphan.pipeline(writer.opening(old, 2), base::in(std::chrono::seconds(5)), nullptr);
    EXPECT_EQ(code_of([&] { Journal::throw_if_replaced(old, late); }), ErrorCode::conflict);
}

TEST_F(JournalTest, ARunThatIsOverIsNotTakenOver) {
    const RunKey key = begin();
    Session session(target_, kPatience);
    session.journal().set_state(key, "aborted");
    EXPECT_EQ(code_of([&] { session.take_over(key.id, [](const std::string&) {}); }), ErrorCode::conflict);
    EXPECT_EQ(look("SELECT state FROM pgbelay.run"), "aborted");
    EXPECT_EQ(session.take_up_again(key, [](const std::string&) {}), Session::TakenUp::over);
}

TEST_F(JournalTest, ARunThatSomebodyElseWasAtIsNotTakenUpAgain) {
    const RunKey key = begin();
    Session session(target_, kPatience);
    RunKey other = key;
    ASSERT_TRUE(session.journal().take_over(other, base::in(std::chrono::seconds(1)), nullptr));
    EXPECT_EQ(code_of([&] { session.take_up_again(key, [](const std::string&) {}); }), ErrorCode::conflict);
}

TEST_F(JournalTest, ARunIsTakenUpAgainAlsoWhereItsLastTakeOverWasLost) {
    RunKey key = begin();
    Session session(target_, kPatience);
    const std::string first = look("SELECT incarnation FROM pgbelay.run");
    ASSERT_TRUE(session.journal().take_over(key, base::in(std::chrono::seconds(1)), nullptr));
    testing::run(target_.control(), "UPDATE pgbelay.run SET epoch = 1, incarnation = '" + first + "'");
    EXPECT_EQ(session.take_up_again(key, [](const std::string&) {}), Session::TakenUp::unfinished);
    EXPECT_EQ(session.key().epoch, 3);
}

TEST_F(JournalTest, ARunWithTheSameNumberAndEpochThatIsSomebodyElsesIsLeftAlone) {
    const RunKey key = begin();
    Session session(target_, kPatience);
    testing::run(target_.control(), "UPDATE pgbelay.run SET incarnation = 'another'");
    EXPECT_EQ(code_of([&] { session.take_up_again(key, [](const std::string&) {}); }), ErrorCode::conflict);
}

TEST_F(JournalTest, ARunThatIsMissingIsWrittenAgainUnderItsNumberAndTheNextGetsAnother) {
    const plan::Plan plan{.name = "test", .digest = "d", .plan_digest = "p"};
    const RunKey key = begin();
    Session session(target_, kPatience);
    testing::run(target_.control(), "DELETE FROM pgbelay.run; ALTER TABLE pgbelay.run ALTER COLUMN id RESTART WITH 1");
    EXPECT_EQ(session.take_up_again(key, [](const std::string&) {}), Session::TakenUp::missing);
    session.begin_again(key, plan, {.kind = "rollback", .undoes = 7, .url_source = "--db"});
    EXPECT_EQ(look("SELECT id || ' ' || epoch || ' ' || kind || ' ' || undoes || ' ' || url_source FROM pgbelay.run"),
              "1 2 rollback 7 --db");
    EXPECT_EQ(begin().id, 2);
}

TEST_F(JournalTest, AnIdleSessionOfAFrozenProcessIsEndedByATakeOver) {
    const RunKey key = begin();
    pg::Connection frozen = database_.open();
    value(frozen, "SELECT pg_advisory_lock_shared(" + std::to_string(pg::AdvisoryKeys::kWorker) + ", " + std::to_string(key.id) + ")");
    Session session(target_, kPatience);
    session.take_over(key.id, [](const std::string&) {});
    EXPECT_EQ(session.key().epoch, 2);
    const pg::Outcome outcome = frozen.run("SELECT 1", std::nullopt, base::in(std::chrono::seconds(5)), nullptr);
    EXPECT_TRUE(std::holds_alternative<pg::ServerError>(outcome));
}

TEST_F(JournalTest, ARunOfACopiedDatabaseIsNotGoneOnWith) {
    begin();
    testing::run(target_.control(), "UPDATE pgbelay.run SET database_oid = 1");
    EXPECT_FALSE(unfinished_run(target_.control(), target_.facts()));
    const RunRecord record = load_run(target_.control(), 1);
    EXPECT_EQ(code_of([&] { refuse_copied(target_, record); }), ErrorCode::refused);
}

TEST_F(JournalTest, ControlReachesTheRun) {
    const RunKey key = begin();
    Journal journal(target_.control());
    EXPECT_EQ(journal.control(key).request, ControlRequest::run);
    request_control(target_.control(), key.id, ControlRequest::pause_now);
    EXPECT_EQ(journal.control(key).request, ControlRequest::pause_now);
    EXPECT_EQ(journal.control(key).by, operator_name());
}

}  // namespace
}  // namespace pgbelay::engine
