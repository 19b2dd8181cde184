// What undoes a run: order, the author's own rollback, and what an automatic one may do.
#include "planning.h"

#include <gmock/gmock.h>

#include <numeric>

namespace pgbelay::plan {
namespace {

using runbook::Layout;
using runbook::TransactionRule;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kTables = "CREATE TABLE t (id bigint PRIMARY KEY, a integer, b integer);";

std::set<int> all_of(const Plan& plan) {
    std::set<int> done;
    for (const Step& step : plan.steps) {
        done.insert(step.n);
    }
    return done;
}

// One line an item: "name: statement; statement".
std::vector<std::string> items(const RollbackRunbook& rollback) {
    std::vector<std::string> all;
    for (const auto& item : rollback.runbook.items) {
        std::vector<std::string> sql;
        for (const auto& statement : std::get<runbook::SqlItem>(item.what).statements) {
            sql.push_back(statement.sql);
        }
        all.push_back(fmt::format("{}: {}", item.name, fmt::join(sql, "; ")));
    }
    return all;
}

TEST(Rollback, RunsInversesInReverse) {
    const Plan plan = plan_of("CREATE INDEX t_a ON t (a);\nALTER TABLE t RENAME COLUMN b TO c;", kTables);
    const auto rollback = rollback_runbook(plan, all_of(plan), false);
    EXPECT_THAT(items(rollback), ElementsAre(AllOf(HasSubstr("undo step 2: "), HasSubstr("RENAME COLUMN c TO b")),
                                             AllOf(HasSubstr("undo step 1: "), HasSubstr("DROP INDEX public.t_a"))));
    EXPECT_THAT(rollback.undoes, ElementsAre(ElementsAre(2), ElementsAre(1)));
    EXPECT_THAT(rollback.refusals, IsEmpty());
    EXPECT_THAT(rollback.loses_data, IsEmpty());
}

TEST(Rollback, UndoesOnlyWhatWasDone) {
    const Plan plan = plan_of("CREATE INDEX t_a ON t (a);\nCREATE INDEX t_b ON t (b);", kTables);
    EXPECT_THAT(items(rollback_runbook(plan, {1}, false)), ElementsAre(HasSubstr("undo step 1")));
    EXPECT_THAT(items(rollback_runbook(plan, {}, false)), IsEmpty());
}

TEST(Rollback, StatementsOfOneTransactionAreUndoneInOneInReverse) {
    const Plan plan = plan_of("BEGIN; ALTER TABLE t RENAME COLUMN a TO x; ALTER TABLE t RENAME COLUMN b TO y; COMMIT;", kTables);
    const auto rollback = rollback_runbook(plan, all_of(plan), false);
    ASSERT_EQ(rollback.runbook.items.size(), 1U);
    EXPECT_THAT(items(rollback)[0], AllOf(HasSubstr("RENAME COLUMN y TO b; "), HasSubstr("RENAME COLUMN x TO a")));
    EXPECT_EQ(std::get<runbook::SqlItem>(rollback.runbook.items[0].what).rule, TransactionRule::whole_file);
}

TEST(Rollback, SkippedStepsAndChecksAreLeftAlone) {
    Book book("CREATE TABLE t (a integer); CREATE INDEX t_a ON t (a);");
    book.check("c", "SELECT 1").file("m.sql", "CREATE INDEX IF NOT EXISTS t_a ON t (a);");
    const Plan plan = book.plan();
    EXPECT_THAT(items(rollback_runbook(plan, all_of(plan), false)), IsEmpty());
}

TEST(Rollback, AuthorsOwnWinsWhenTheWholeFileIsDone) {
    Book book(kTables);
    book.file("m.sql", "CREATE INDEX t_a ON t (a);\nDROP TABLE t;", TransactionRule::each_statement, Layout::dbmate,
              "CREATE TABLE t (); SELECT 1", TransactionRule::whole_file);
    const Plan plan = book.plan();
    const auto rollback = rollback_runbook(plan, all_of(plan), false);
    EXPECT_THAT(items(rollback), ElementsAre("m.sql.down undoes m.sql: CREATE TABLE t (); SELECT 1"));
    EXPECT_THAT(rollback.undoes, ElementsAre(ElementsAre(1, 2)));
    EXPECT_EQ(std::get<runbook::SqlItem>(rollback.runbook.items[0].what).rule, TransactionRule::whole_file);
    EXPECT_THAT(rollback.refusals, IsEmpty());
}

TEST(Rollback, HalfAFileIsUndoneByInverses) {
    Book book(kTables);
    book.file("m.sql", "CREATE INDEX t_a ON t (a);\nCREATE INDEX t_b ON t (b);", TransactionRule::each_statement, Layout::plain,
              "DROP INDEX t_b; DROP INDEX t_a;");
    const Plan plan = book.plan();
    EXPECT_THAT(items(rollback_runbook(plan, {1}, false)), ElementsAre("undo step 1: DROP INDEX public.t_a"));
}

TEST(Rollback, PointsOfNoReturnAreRefused) {
    const Plan plan = plan_of("CREATE INDEX t_a ON t (a);\nUPDATE t SET a = 1;", kTables);
    const auto rollback = rollback_runbook(plan, all_of(plan), false);
    EXPECT_THAT(lines(rollback.refusals), ElementsAre(AllOf(HasSubstr("m.sql:2:1: step 2"), HasSubstr("has no inverse"))));
    EXPECT_THAT(lines(make_rollback_plan(rollback, Book(kTables).catalog(), {}).refusals), ElementsAre(HasSubstr("has no inverse")));
}

TEST(Rollback, SaysWhatAPersonWouldLose) {
    const Plan plan = plan_of("ALTER TABLE t ADD COLUMN c text;", kTables);
    const auto rollback = rollback_runbook(plan, all_of(plan), false);
    EXPECT_THAT(rollback.loses_data, ElementsAre(HasSubstr("step 1")));
    EXPECT_THAT(rollback.refusals, IsEmpty());
    EXPECT_THAT(items(rollback), ElementsAre(HasSubstr("DROP COLUMN c")));
}

TEST(Rollback, RunsAsWrittenWhatHasNoGentlerForm) {
    const std::string setup = "CREATE TABLE t (id bigint PRIMARY KEY, a varchar(10));";
    const Plan plan = plan_of("ALTER TABLE t ALTER COLUMN a TYPE varchar(20);", setup);
    const auto rollback = rollback_runbook(plan, all_of(plan), false);
    const Plan undone = make_rollback_plan(rollback, analysis::catalog_of("CREATE TABLE t (id bigint PRIMARY KEY, a varchar(20));"), {});
    EXPECT_THAT(undone.refusals, IsEmpty());
    EXPECT_THAT(lines(undone), ElementsAre("transaction: ALTER TABLE public.t ALTER COLUMN a TYPE character varying(10)"));
}

TEST(Rollback, AutomaticOneLooksUnderTheLockBeforeItDrops) {
    const Plan plan = plan_of("ALTER TABLE t ADD COLUMN c text;", kTables);
    const auto rollback = rollback_runbook(plan, all_of(plan), true);
    ASSERT_EQ(rollback.runbook.items.size(), 1U);
    const auto& sent = std::get<runbook::SqlItem>(rollback.runbook.items[0].what).statements;
    ASSERT_EQ(sent.size(), 3U);
    EXPECT_EQ(sent[0].sql, "LOCK TABLE public.t IN ACCESS EXCLUSIVE MODE");
    EXPECT_THAT(sent[1].sql, AllOf(HasSubstr("SELECT FROM public.t WHERE c IS NOT NULL"), HasSubstr("RAISE EXCEPTION")));
    EXPECT_THAT(sent[2].sql, HasSubstr("DROP COLUMN c"));
    EXPECT_THAT(rollback.refusals, IsEmpty());
}

TEST(Rollback, AutomaticOneRefusesWhatItCannotLookAt) {
    Plan plan = plan_of("ALTER TABLE t ADD COLUMN c text;", kTables);
    plan.steps.at(0).inverses.at(0).loss_in = {};
    EXPECT_THAT(lines(rollback_runbook(plan, all_of(plan), true).refusals),
                ElementsAre(AllOf(HasSubstr("m.sql:1:1: undoing step 1"), HasSubstr("would lose data"))));
}

TEST(Rollback, PlanKnowsWhichStepsItUndoes) {
    Book book(kTables);
    book.file("1.sql", "CREATE INDEX t_a ON t (a);\nCREATE INDEX t_b ON t (b);", TransactionRule::each_statement, Layout::plain,
              "DROP INDEX t_b; DROP INDEX t_a;");
    book.file("2.sql", "ALTER TABLE t RENAME COLUMN b TO c;");
    const Plan plan = book.plan();
    const auto rollback = rollback_runbook(plan, all_of(plan), false);
    const Plan undoing = make_rollback_plan(
        rollback,
        analysis::catalog_of(std::string(kTables) +
                             "CREATE INDEX t_a ON t (a); CREATE INDEX t_b ON t (b); ALTER TABLE t RENAME COLUMN b TO c;"),
        {});
    EXPECT_THAT(undoing.refusals, IsEmpty());
    ASSERT_EQ(undoing.steps.size(), 3U);
    EXPECT_THAT(undoing.steps[0].undoes, ElementsAre(3));
    // Not before the author's whole file has run.
    EXPECT_THAT(undoing.steps[1].undoes, IsEmpty());
    EXPECT_THAT(undoing.steps[2].undoes, ElementsAre(1, 2));
}

TEST(Rollback, NoLedgerTakesItForADeployment) {
    const Plan plan = plan_of("CREATE INDEX t_a ON t (a);", kTables);
    const auto rollback = rollback_runbook(plan, all_of(plan), false);
    for (const auto& file : rollback.runbook.files) {
        EXPECT_EQ(file.key, "");
        EXPECT_EQ(file.layout, Layout::plain);
    }
    EXPECT_NE(rollback.runbook.digest, "");
}

}  // namespace
}  // namespace pgbelay::plan
