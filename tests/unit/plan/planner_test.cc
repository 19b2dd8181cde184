// From statements to steps: what goes before, into and after a transaction, and what every step carries.
#include "plan/planner.h"

#include "planning.h"

#include <gmock/gmock.h>

namespace pgbelay::plan {
namespace {

using runbook::Layout;
using runbook::TransactionRule;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kTables =
    "CREATE TABLE t (id bigint PRIMARY KEY, a integer, b integer); CREATE TABLE u (id bigint PRIMARY KEY, t_id bigint);";

TEST(Planner, OneStatementIsOneStep) {
    const Plan plan = plan_of("ALTER TABLE t ADD COLUMN c text;", kTables);
    ASSERT_THAT(lines(plan), ElementsAre("transaction: ALTER TABLE t ADD COLUMN c text"));
    const Step& step = plan.steps[0];
    EXPECT_EQ(step.n, 1);
    EXPECT_EQ(step.place, (base::Place{"m.sql", 1, 1}));
    EXPECT_TRUE(step.sends[0].takes_strong_lock);
    ASSERT_EQ(step.locks.size(), 1U);
    EXPECT_EQ(step.locks[0].mode, catalog::LockMode::access_exclusive);
    EXPECT_EQ(step.inverses.size(), 1U);
    EXPECT_THAT(step.after, IsEmpty());
    EXPECT_TRUE(step.last_of_file);
    EXPECT_THAT(plan.refusals, IsEmpty());
}

TEST(Planner, LetsBuildsOvertakeEachOtherOnDifferentTablesOnly) {
    const Plan plan = plan_of(
        "COMMENT ON TABLE t IS 'x';\nCREATE INDEX t_a ON t (a);\nCREATE INDEX u_t ON u (t_id);\nCREATE INDEX t_b ON t (a, id);\n"
        "COMMENT ON TABLE u IS 'y';\nCREATE INDEX u_b ON u (t_id, id);\n",
        kTables);
    ASSERT_EQ(plan.steps.size(), 6U);
    EXPECT_THAT(plan.steps[1].after, ElementsAre(1));
    EXPECT_THAT(plan.steps[2].after, ElementsAre(1));
    EXPECT_THAT(plan.steps[3].after, ElementsAre(1, 2));
    EXPECT_THAT(plan.steps[4].after, ElementsAre(2, 3, 4));
    EXPECT_THAT(plan.steps[5].after, ElementsAre(5));
}

TEST(Planner, BuildsBeforeTheTransactionAndValidatesAfterIt) {
    const Plan plan = plan_of(
        "BEGIN;\nALTER TABLE t ADD COLUMN c text;\nCREATE INDEX t_a ON t (a);\n"
        "ALTER TABLE u ADD CONSTRAINT u_t FOREIGN KEY (t_id) REFERENCES t (id);\nCOMMIT;\n",
        kTables);
    EXPECT_THAT(lines(plan), ElementsAre("concurrent: CREATE INDEX CONCURRENTLY t_a ON t (a)",
                                         AllOf(HasSubstr("transaction: ALTER TABLE t ADD COLUMN c text; "), HasSubstr("NOT VALID")),
                                         HasSubstr("VALIDATE CONSTRAINT")));
    EXPECT_THAT(plan.steps[1].after, ElementsAre(1));
    EXPECT_THAT(plan.steps[2].after, ElementsAre(2));
    EXPECT_FALSE(plan.steps[1].long_running);
    EXPECT_TRUE(plan.steps[2].long_running);
    EXPECT_EQ(plan.steps[0].index, (sql::QualifiedName{"public", "t_a"}));
    EXPECT_EQ(plan.steps[0].table, (sql::QualifiedName{"public", "t"}));
    EXPECT_TRUE(plan.steps[2].last_of_file);
    EXPECT_FALSE(plan.steps[1].last_of_file);
    // Every statement is shown, BEGIN and COMMIT included.
    EXPECT_EQ(plan.statements.size(), 5U);
    EXPECT_TRUE(plan.statements[0].session);
    EXPECT_FALSE(plan.statements[1].session);
}

TEST(Planner, AGroupStaysOneTransactionUnderTheUnionOfItsLocks) {
    const Plan plan = plan_of(
        "BEGIN; ALTER TABLE t ADD COLUMN c text; ALTER TABLE u ADD COLUMN c text; ALTER TABLE t ADD COLUMN d text; COMMIT;", kTables);
    ASSERT_EQ(plan.steps.size(), 1U);
    EXPECT_EQ(plan.steps[0].sends.size(), 3U);
    EXPECT_EQ(plan.steps[0].inverses.size(), 3U);
    EXPECT_THAT(analysis::lines(plan.steps[0].locks), ElementsAre("t:AccessExclusiveLock", "u:AccessExclusiveLock"));
    EXPECT_THAT(plan.steps[0].name, HasSubstr(" and 2 more"));
    EXPECT_EQ(plan.steps[0].condition.facts.size(), 3U);
}

TEST(Planner, AsWrittenLeavesStatementsAlone) {
    Book book(kTables);
    book.file("m.sql", "CREATE INDEX t_a ON t (a);");
    book.options.as_written = true;
    EXPECT_THAT(lines(book.plan()), ElementsAre("transaction: CREATE INDEX t_a ON t (a)"));
    EXPECT_THAT(lines(plan_of("-- pgbelay: as-written\nCREATE INDEX t_a ON t (a);\nCREATE INDEX t_b ON t (b);", kTables)),
                ElementsAre("transaction: CREATE INDEX t_a ON t (a)", "concurrent: CREATE INDEX CONCURRENTLY t_b ON t (b)"));
}

TEST(Planner, WhatIsThereIsSkippedAndStaysAStep) {
    Book book("CREATE TABLE t (a integer); CREATE INDEX t_a ON t (a);");
    book.file("m.sql", "CREATE INDEX IF NOT EXISTS t_a ON t (a);");
    const Plan plan = book.plan();
    ASSERT_EQ(plan.steps.size(), 1U);
    EXPECT_TRUE(plan.steps[0].skip.has_value());
    EXPECT_TRUE(plan.steps[0].last_of_file);
}

TEST(Planner, LaterStatementsSeeEarlierOnes) {
    const Plan plan =
        plan_of("CREATE TABLE n (a integer);\nCREATE INDEX n_a ON n (a);\nALTER TABLE n RENAME TO m;\nALTER TABLE m ADD COLUMN b text;");
    EXPECT_THAT(plan.refusals, IsEmpty());
    EXPECT_THAT(lines(plan), ElementsAre(HasSubstr("CREATE TABLE n"), HasSubstr("CREATE INDEX n_a ON n (a)"), HasSubstr("RENAME"),
                                         HasSubstr("ADD COLUMN b")));
}

TEST(Planner, StepsOfOneStatementAreToldApart) {
    const Plan plan = plan_of("ALTER TABLE t ALTER COLUMN a SET NOT NULL;", kTables);
    EXPECT_THAT(names(plan), ElementsAre("add pgbelay_t_a_not_null not valid", "validate pgbelay_t_a_not_null", "set not null t.a",
                                         "drop helper check pgbelay_t_a_not_null"));
    const Plan point = plan_of("ALTER TABLE t DROP COLUMN a;", kTables);
    EXPECT_EQ(point.statements.at(0).no_inverse_why, "dropping public.t.a loses its data");
}

TEST(Planner, ContextIsCarriedByEveryLaterStepOfItsFile) {
    Book book(kTables);
    book.file("1.sql", "SET work_mem = '1MB';\nALTER TABLE t ADD COLUMN c text;\nSET jit = off;\nCREATE INDEX t_a ON t (a);");
    book.file("2.sql", "ALTER TABLE u ADD COLUMN c text;");
    const Plan plan = book.plan();
    ASSERT_EQ(plan.steps.size(), 3U);
    EXPECT_THAT(local_settings(plan.steps[0].context), ElementsAre("SET LOCAL work_mem = '1MB'"));
    EXPECT_THAT(local_settings(plan.steps[1].context), ElementsAre("SET LOCAL work_mem = '1MB'", "SET LOCAL jit = off"));
    EXPECT_EQ(plan.steps[2].context, SessionContext{});
}

TEST(Planner, TimeoutsAreReportedAndNotSent) {
    const Plan plan = plan_of("SET lock_timeout = '10s';\nALTER TABLE t ADD COLUMN c text;", kTables);
    EXPECT_THAT(plan.statements[0].notes, ElementsAre("lock_timeout is superseded by limits"));
    EXPECT_EQ(plan.steps[0].context, SessionContext{});
}

TEST(Planner, SettingInTheMiddleOfAGroupTakesEffectThere) {
    const Plan plan = plan_of(
        "BEGIN; ALTER TABLE t ADD COLUMN c text; SET ROLE owner; ALTER TABLE u ADD COLUMN c text; COMMIT;\nALTER TABLE t ADD COLUMN d "
        "text;",
        kTables);
    EXPECT_THAT(lines(plan),
                ElementsAre("transaction: ALTER TABLE t ADD COLUMN c text; SET LOCAL ROLE owner; ALTER TABLE u ADD COLUMN c text",
                            HasSubstr("ADD COLUMN d")));
    EXPECT_EQ(plan.steps[0].context.role, "");
    EXPECT_EQ(plan.steps[1].context.role, "owner");
}

TEST(Planner, ResetInTheMiddleOfAGroupIsRefusedWhereItCannotBeSaid) {
    EXPECT_THAT(
        lines(plan_of("BEGIN; ALTER TABLE t ADD COLUMN c text;\nRESET ALL; ALTER TABLE t ADD COLUMN d text; COMMIT;", kTables).refusals),
        ElementsAre(HasSubstr("m.sql:2:1: this setting cannot be reset in the middle of a transaction")));
}

TEST(Planner, SetLocalHoldsForItsGroupOnly) {
    const std::string setup = "CREATE SCHEMA app; CREATE TABLE app.t (a integer); CREATE TABLE t (x integer);";
    const Plan plan = plan_of(
        "BEGIN; SET LOCAL search_path = app; ALTER TABLE t ADD COLUMN c text; CREATE INDEX t_a ON t (a); COMMIT;\nALTER TABLE t ADD COLUMN "
        "d text;",
        setup);
    EXPECT_THAT(lines(plan), ElementsAre("concurrent: CREATE INDEX CONCURRENTLY t_a ON t (a)",
                                         "transaction: ALTER TABLE t ADD COLUMN c text", "transaction: ALTER TABLE t ADD COLUMN d text"));
    EXPECT_EQ(plan.steps[0].table, (sql::QualifiedName{"app", "t"}));
    EXPECT_THAT(local_settings(plan.steps[0].context), ElementsAre("SET LOCAL search_path = app"));
    EXPECT_EQ(plan.steps[1].locks[0].relation, (sql::QualifiedName{"app", "t"}));
    EXPECT_THAT(local_settings(plan.steps[1].context), ElementsAre("SET LOCAL search_path = app"));
    EXPECT_EQ(plan.steps[2].locks[0].relation, (sql::QualifiedName{"public", "t"}));
    EXPECT_EQ(plan.steps[2].context, SessionContext{});
}

TEST(Planner, SetLocalOutsideOfATransactionSaysThatItDoesNothing) {
    const Plan plan = plan_of("SET LOCAL search_path = app;\nALTER TABLE t ADD COLUMN c text;", kTables);
    EXPECT_THAT(plan.statements[0].notes, ElementsAre("SET LOCAL outside of a transaction has no effect"));
    EXPECT_EQ(plan.steps[0].context, SessionContext{});
    EXPECT_EQ(plan.steps[0].locks[0].relation, (sql::QualifiedName{"public", "t"}));
}

TEST(Planner, ConstraintsAreDeferredWhereTheAuthorSaysSo) {
    EXPECT_THAT(lines(plan_of("BEGIN; SET CONSTRAINTS ALL DEFERRED; DELETE FROM t; DELETE FROM u; COMMIT;", kTables)),
                ElementsAre("transaction: SET CONSTRAINTS ALL DEFERRED; DELETE FROM t; DELETE FROM u"));
}

TEST(Planner, SearchPathSaysWhichTableIsMeant) {
    const Plan plan = plan_of("SET search_path = app, public;\nALTER TABLE t ADD COLUMN c text;\nALTER TABLE p ADD COLUMN c text;",
                              "CREATE SCHEMA app; CREATE TABLE app.t (a integer); CREATE TABLE t (x integer); CREATE TABLE p (x integer);");
    EXPECT_EQ(plan.steps[0].locks[0].relation, (sql::QualifiedName{"app", "t"}));
    EXPECT_EQ(plan.steps[1].locks[0].relation, (sql::QualifiedName{"public", "p"}));
}

TEST(Planner, WhenIsAskedOnceForAllStepsOfItsStatement) {
    const Plan plan = plan_of(
        "ALTER TABLE u ADD COLUMN c text;\n-- pgbelay: when SELECT true\nALTER TABLE t ALTER COLUMN a SET NOT NULL;\nALTER TABLE u ADD "
        "COLUMN d text;",
        kTables);
    ASSERT_GE(plan.steps.size(), 4U);
    EXPECT_EQ(plan.steps[0].when, "");
    for (std::size_t i = 1; i + 1 < plan.steps.size(); ++i) {
        EXPECT_EQ(plan.steps[i].when, "SELECT true");
        EXPECT_EQ(plan.steps[i].when_from, 2);
    }
    EXPECT_EQ(plan.steps.back().when, "");
}

TEST(Planner, WhenInsideOfAGroupIsRefused) {
    EXPECT_THAT(
        lines(plan_of("BEGIN; SELECT 1;\n-- pgbelay: when SELECT true\nALTER TABLE t ADD COLUMN c text; COMMIT;", kTables).refusals),
        Contains(HasSubstr("`-- pgbelay: when` does not work inside of a transaction")));
}

TEST(Planner, EmptyFileGetsAStepForItsLedgerRow) {
    Book book(kTables);
    book.file("1.sql", "-- nothing here\n").file("2.sql", "SET jit = off;").file("3.sql", "ALTER TABLE t ADD COLUMN c text;");
    const Plan plan = book.plan();
    EXPECT_THAT(names(plan), ElementsAre("record 1.sql", "record 2.sql", HasSubstr("add column c")));
    for (const Step& step : plan.steps) {
        EXPECT_TRUE(step.last_of_file);
        EXPECT_EQ(step.file, step.n - 1);
    }
    EXPECT_THAT(plan.steps[0].sends, IsEmpty());
}

TEST(Planner, DeployedFilesAreNotPlanned) {
    Book book(kTables);
    book.file("1.sql", "ALTER TABLE t ADD COLUMN c text;").file("2.sql", "ALTER TABLE t ADD COLUMN d text;");
    book.options.skip_files = {"1.sql"};
    const Plan plan = book.plan();
    EXPECT_THAT(lines(plan), ElementsAre("transaction: ALTER TABLE t ADD COLUMN d text"));
    EXPECT_EQ(plan.steps[0].file, 1);
    // They are still files of the plan: `mark` and the digest speak of all of them.
    EXPECT_EQ(plan.files.size(), 2U);
}

TEST(Planner, ChecksStandWhereTheyWereWritten) {
    Book book(kTables);
    book.check("before-1", "SELECT count(*) FROM t").file("1.sql", "ALTER TABLE t ADD COLUMN c text;").check("after-1", "SELECT 3");
    const Plan plan = book.plan();
    EXPECT_THAT(lines(plan),
                ElementsAre("check: SELECT count(*) FROM t", "transaction: ALTER TABLE t ADD COLUMN c text", "check: SELECT 3"));
    EXPECT_EQ(plan.steps[0].name, "before-1");
    EXPECT_EQ(plan.steps[0].expects.expect, runbook::Expect::count);
    EXPECT_EQ(plan.steps[0].expects.count, 3);
    EXPECT_FALSE(plan.steps[0].last_of_file);
    EXPECT_TRUE(plan.steps[1].last_of_file);
}

TEST(Planner, EchoesComeBeforeTheStepThatFollowsThem) {
    const Plan plan = plan_of(
        "\\echo one\nSET jit = off;\n\\echo two\nBEGIN;\n\\echo three\nALTER TABLE t ADD COLUMN c text;\nSELECT 1;\n\\echo four\nCOMMIT;\n"
        "ALTER TABLE t ADD COLUMN d text;\n\\echo five\n",
        kTables);
    ASSERT_EQ(plan.steps.size(), 2U);
    EXPECT_THAT(plan.steps[0].echoes, ElementsAre("one", "two", "three"));
    EXPECT_THAT(plan.steps[1].echoes, ElementsAre("four"));
    EXPECT_THAT(plan.trailing_echoes, ElementsAre("five"));
}

TEST(Planner, CopyDataGoesWithItsStatement) {
    const Plan plan = plan_of("COPY t (id) FROM stdin;\n1\n2\n\\.\n", kTables);
    ASSERT_EQ(plan.steps.size(), 1U);
    EXPECT_EQ(plan.steps[0].sends[0].copy_data, "1\n2\n");
}

TEST(Planner, CollectsAllRefusals) {
    const Plan plan = plan_of("BEGIN;\nCREATE INDEX CONCURRENTLY i ON t (a);\nCOMMIT;\nSET TRANSACTION READ ONLY;\nSELEC 1;", kTables);
    EXPECT_THAT(lines(plan.refusals),
                AllOf(Contains(HasSubstr("m.sql:2:1")), Contains(HasSubstr("m.sql:4:1")), Contains(HasSubstr("m.sql:5"))));
}

TEST(Planner, TablesThatAreNotThereAreRefusedBeforeTheRun) {
    EXPECT_THAT(lines(plan_of("ALTER TABLE t ADD COLUMN c text;\nALTER TABLE nowhere ADD COLUMN c text;", kTables).refusals),
                ElementsAre(HasSubstr("m.sql:2:1: relation nowhere does not exist")));
    EXPECT_THAT(plan_of("ALTER TABLE IF EXISTS nowhere ADD COLUMN c text;", kTables).refusals, IsEmpty());
    EXPECT_THAT(
        plan_of("-- pgbelay: when SELECT to_regclass('nowhere') IS NOT NULL\nALTER TABLE nowhere ADD COLUMN c text;", kTables).refusals,
        IsEmpty());
    EXPECT_THAT(plan_of("DO $$ BEGIN CREATE TABLE nowhere (); END $$;\nALTER TABLE nowhere ADD COLUMN c text;", kTables).refusals,
                IsEmpty());
}

TEST(Planner, CompositeTypesAreNoTablesThatMustBeThere) {
    EXPECT_THAT(plan_of("ALTER TYPE pair ADD ATTRIBUTE c integer;", kTables).refusals, IsEmpty());
}

TEST(Planner, SyntaxOfANewerServerIsNotRefused) {
    Book book(kTables);
    book.major = 99;
    book.file("m.sql", "ALTER TABLE t FROBNICATE;");
    const Plan plan = book.plan();
    EXPECT_THAT(plan.refusals, IsEmpty());
    EXPECT_THAT(lines(plan), ElementsAre("transaction: ALTER TABLE t FROBNICATE"));
    EXPECT_TRUE(plan.statements[0].facts.opaque);
}

TEST(Planner, KnowsPointsOfNoReturn) {
    EXPECT_FALSE(plan_of("CREATE INDEX t_a ON t (a);", kTables).points_of_no_return());
    EXPECT_TRUE(plan_of("DROP TABLE u;", kTables).points_of_no_return());
    EXPECT_TRUE(plan_of("UPDATE t SET a = 1;", kTables).points_of_no_return());
}

TEST(Digests, AreTheSameForTheSamePlan) {
    Book book(kTables);
    book.file("m.sql", "ALTER TABLE t ADD COLUMN c text;\nCREATE INDEX t_a ON t (a);");
    const Plan plan = book.plan();
    EXPECT_EQ(plan.digest, book.runbook.digest);
    EXPECT_EQ(plan.plan_digest.size(), 64U);
    EXPECT_EQ(book.plan().plan_digest, plan.plan_digest);
    // What the target has besides plays no part.
    book.setup += " CREATE TABLE unrelated (a integer);";
    EXPECT_EQ(book.plan().plan_digest, plan.plan_digest);
}

TEST(Digests, ChangeWithEveryByteThatIsSentAndWithTheTarget) {
    const auto digest = [](std::string_view sql, const std::string& setup) { return plan_of(sql, setup).plan_digest; };
    const auto plain = digest("ALTER TABLE t ADD COLUMN c text;", kTables);
    EXPECT_NE(digest("ALTER TABLE t ADD COLUMN  c text;", kTables), plain);
    EXPECT_NE(digest("SET jit = off; ALTER TABLE t ADD COLUMN c text;", kTables), plain);
    // The same file where the index is there already is another plan.
    EXPECT_NE(digest("CREATE INDEX IF NOT EXISTS t_a ON t (a);", kTables),
              digest("CREATE INDEX IF NOT EXISTS t_a ON t (a);", std::string(kTables) + "CREATE INDEX t_a ON t (a);"));
}

TEST(Planner, ATryIsOneStepWithItsStrongLocksAndChangesNothingForThoseAfterIt) {
    Book book("CREATE TABLE t (a int);");
    book.item("tried", runbook::TryItem{.statements = {sql::read_statement("ALTER TABLE t ADD COLUMN b int"),
                                                       sql::read_statement("UPDATE t SET b = 1")}});
    book.file("m.sql", "ALTER TABLE t ADD COLUMN b int;");
    const Plan plan = book.plan();
    ASSERT_EQ(plan.steps.size(), 2U);
    EXPECT_EQ(plan.steps[0].kind, StepKind::attempt);
    EXPECT_EQ(plan.steps[0].sends.size(), 2U);
    EXPECT_TRUE(plan.steps[0].sends[0].takes_strong_lock);
    EXPECT_FALSE(plan.steps[0].sends[1].takes_strong_lock);
    ASSERT_FALSE(plan.steps[0].locks.empty());
    EXPECT_EQ(plan.steps[0].locks[0].mode, catalog::LockMode::access_exclusive);
    EXPECT_FALSE(plan.steps[1].skip.has_value()) << "the column is not there: it was only tried";
    EXPECT_TRUE(plan.refusals.empty());
}

TEST(Planner, WhatCannotBeRolledBackIsNotTried) {
    Book book("CREATE TABLE t (a int);");
    book.item("tried", runbook::TryItem{.statements = {sql::read_statement("CREATE INDEX CONCURRENTLY i ON t (a)")}});
    const Plan plan = book.plan();
    ASSERT_EQ(plan.refusals.size(), 1U);
    EXPECT_NE(plan.refusals[0].message.find("cannot be tried"), std::string::npos);
}

TEST(Planner, AStepWaitsForTheEndOfTheLastStepOfWhatItComesAfter) {
    Book book("CREATE TABLE t (a int);");
    runbook::SqlItem two{.statements = {sql::read_statement("ALTER TABLE t ADD COLUMN b int"),
                                        sql::read_statement("ALTER TABLE t ADD COLUMN c int", {}, 2)}};
    runbook::SqlItem late{
        .statements = {sql::read_statement("ALTER TABLE t DROP COLUMN a"), sql::read_statement("ALTER TABLE t DROP COLUMN b", {}, 2)}};
    late.not_before = {.delay = base::Millis(1000), .after = "two"};
    late.timeout = base::Millis(500);
    book.item("two", two).item("late", late);
    const Plan plan = book.plan();
    ASSERT_EQ(plan.steps.size(), 4U);
    EXPECT_EQ(plan.steps[2].not_before_after, 2);
    EXPECT_EQ(plan.steps[2].not_before_delay, base::Millis(1000));
    EXPECT_FALSE(plan.steps[3].waits()) << "it comes after the third in any case";
    EXPECT_EQ(plan.steps[3].timeout, base::Millis(500));
    EXPECT_EQ(plan.steps[0].timeout, base::Millis(0));
}

}  // namespace
}  // namespace pgbelay::plan
