#include "runbook/layout.h"

#include "workspace.h"

#include <gmock/gmock.h>

namespace pgbelay::runbook {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// ---- plain -------------------------------------------------------------------------------------------------------------

TEST(PlainLayout, OrdersByteWiseByName) {
    const Workspace w;
    w.write("migrations/2_b.sql", "SELECT 2;");
    w.write("migrations/10_a.sql", "SELECT 10;");
    w.write("migrations/01_c.sql", "SELECT 1;");
    const Runbook runbook = read({w.path("migrations")}, {});
    EXPECT_THAT(names_of(runbook), ElementsAre("01_c", "10_a", "2_b"));
    EXPECT_THAT(keys_of(runbook), ElementsAre("migrations/01_c.sql", "migrations/10_a.sql", "migrations/2_b.sql"));
    EXPECT_EQ(runbook.files[0].layout, Layout::plain);
    EXPECT_EQ(sql_of(runbook, 0).rule, TransactionRule::each_statement);
    EXPECT_TRUE(runbook.from_directory);
    EXPECT_EQ(runbook.name, "migrations");
}

TEST(PlainLayout, FindsEveryFormOfRollbackAndDeploysNone) {
    const Workspace w;
    w.write("m/1.sql", "SELECT 1;");
    w.write("m/1_rollback.sql", "SELECT -1;");
    w.write("m/2.up.sql", "SELECT 2;");
    w.write("m/2.down.sql", "SELECT -2;");
    w.write("m/3.sql", "SELECT 3;");
    w.write("m/rollbacks/3_rollback.sql", "SELECT -3;");
    w.write("m/4.sql", "SELECT 4;");
    w.write("m/rollbacks/4.sql", "SELECT -4;");
    w.write("m/5.sql", "SELECT 5;");
    const Runbook runbook = read({w.path("m")}, {});
    EXPECT_THAT(names_of(runbook), ElementsAre("1", "2", "3", "4", "5"));
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_THAT(statements_of(sql_of(runbook, i).rollback), ElementsAre("SELECT -" + std::to_string(i + 1)));
    }
    EXPECT_EQ(sql_of(runbook, 0).rollback_from, w.path("m/1_rollback.sql"));
    EXPECT_THAT(sql_of(runbook, 4).rollback, IsEmpty());
}

TEST(PlainLayout, PassesOverHiddenFilesBackupsAndOtherFiles) {
    const Workspace w;
    w.write("m/1.sql", "SELECT 1;");
    for (const char* name :
         {"m/.hidden.sql", "m/1.sql~", "m/1.sql.bak", "m/#1.sql#", "m/.1.sql.swp", "m/README.md", "m/meta/journal.json"}) {
        w.write(name, "not SQL at all '");
    }
    EXPECT_THAT(names_of(read({w.path("m")}, {})), ElementsAre("1"));
}

TEST(PlainLayout, ReadsAnEmptyFileAsAFileWithoutStatements) {
    const Workspace w;
    w.write("m/1.sql", "");
    w.write("m/2.sql", "\xEF\xBB\xBF-- nothing yet\r\n");
    const Runbook runbook = read({w.path("m")}, {});
    ASSERT_EQ(runbook.items.size(), 2U);
    EXPECT_THAT(sql_of(runbook, 0).statements, IsEmpty());
    EXPECT_THAT(sql_of(runbook, 1).statements, IsEmpty());
}

TEST(PlainLayout, RefusesARollbackWithoutItsMigration) {
    const Workspace w;
    w.write("m/1.sql", "SELECT 1;");
    const std::string stray = w.write("m/2_rollback.sql", "SELECT 2;");
    const base::Error error = error_of({w.path("m")});
    EXPECT_EQ(error.place().file, stray);
    EXPECT_THAT(error.message(), HasSubstr("rollback of 2.sql"));
}

TEST(PlainLayout, RefusesTwoRollbacksOfOneMigration) {
    const Workspace w;
    w.write("m/1.sql", "SELECT 1;");
    w.write("m/1_rollback.sql", "SELECT 2;");
    w.write("m/rollbacks/1_rollback.sql", "SELECT 3;");
    EXPECT_THAT(error_of({w.path("m")}).message(), HasSubstr("second rollback of 1.sql"));
    EXPECT_THAT(error_of({w.path("m/1.sql")}).message(), HasSubstr("second rollback"));
}

TEST(PlainLayout, RefusesSqlInDirectoriesBelow) {
    const Workspace w;
    w.write("m/1.sql", "SELECT 1;");
    w.write("m/later/2.sql", "SELECT 2;");
    const base::Error error = error_of({w.path("m")});
    EXPECT_EQ(error.place().file, w.path("m/later"));
    EXPECT_THAT(error.message(), HasSubstr("later/2.sql"));
}

TEST(PlainLayout, RefusesADirectoryWithSqlOnlyBelow) {
    const Workspace w;
    w.write("m/sql/1.sql", "SELECT 1;");
    const base::Error error = error_of({w.path("m")});
    EXPECT_THAT(error.message(), HasSubstr("only in directories below"));
    EXPECT_THAT(error.message(), HasSubstr("sql/1.sql"));
}

TEST(PlainLayout, RefusesADirectoryNamedLikeAFile) {
    const Workspace w;
    w.write("m/1.sql/2.sql", "SELECT 1;");
    EXPECT_THAT(error_of({w.path("m")}).message(), HasSubstr("only in directories below"));
}

TEST(PlainLayout, ExpandsVariables) {
    const Workspace w;
    const std::string path = w.write("1.sql", "SELECT :'who';");
    EXPECT_THAT(statements_of(sql_of(read({path}, {.variables = {{"who", "o'me"}}}), 0).statements), ElementsAre("SELECT 'o''me'"));
}

TEST(PlainLayout, FindsTheRollbackOfASingleFile) {
    const Workspace w;
    const std::string path = w.write("m/1.up.sql", "SELECT 1;");
    w.write("m/1.down.sql", "SELECT -1;");
    w.write("m/2.sql", "SELECT 2;");
    w.write("m/rollbacks/2_rollback.sql", "SELECT -2;");
    const Runbook runbook = read({path, w.path("m/2.sql")}, {});
    EXPECT_FALSE(runbook.from_directory);
    EXPECT_THAT(keys_of(runbook), ElementsAre("m/1.up.sql", "m/2.sql"));
    EXPECT_THAT(statements_of(sql_of(runbook, 0).rollback), ElementsAre("SELECT -1"));
    EXPECT_THAT(statements_of(sql_of(runbook, 1).rollback), ElementsAre("SELECT -2"));
}

TEST(PlainLayout, RefusesARollbackThatIsGivenWithItsMigration) {
    const Workspace w;
    const std::string forward = w.write("m/1.sql", "SELECT 1;");
    const std::string back = w.write("m/1_rollback.sql", "SELECT -1;");
    const base::Error error = error_of({forward, back});
    EXPECT_EQ(error.place().file, back);
    EXPECT_THAT(error.message(), HasSubstr("this is the rollback of"));
    EXPECT_THAT(statements_of(sql_of(read({back}, {}), 0).statements), ElementsAre("SELECT -1"));
}

// ---- Prisma ------------------------------------------------------------------------------------------------------------

TEST(PrismaLayout, TakesFoldersForVersionsAndAFileForOneTransaction) {
    const Workspace w;
    w.write("migrations/migration_lock.toml", "provider = \"postgresql\"\n");
    w.write("migrations/20240102_more/migration.sql", "CREATE TABLE b (); CREATE TABLE c ();");
    w.write("migrations/20240102_more/down.sql", "DROP TABLE c; DROP TABLE b;");
    w.write("migrations/20240101_init/migration.sql", "CREATE TABLE a ();\n");
    const Runbook runbook = read({w.path("migrations/")}, {});
    EXPECT_THAT(versions_of(runbook), ElementsAre("20240101_init", "20240102_more"));
    EXPECT_THAT(names_of(runbook), ElementsAre("20240101_init", "20240102_more"));
    EXPECT_THAT(keys_of(runbook), ElementsAre("migrations/20240101_init/migration.sql", "migrations/20240102_more/migration.sql"));
    EXPECT_EQ(runbook.files[0].layout, Layout::prisma);
    EXPECT_EQ(runbook.files[0].raw_checksum_source, "CREATE TABLE a ();\n");
    EXPECT_EQ(sql_of(runbook, 0).rule, TransactionRule::each_statement) << "a single statement has no group around it";
    EXPECT_EQ(sql_of(runbook, 1).rule, TransactionRule::whole_file);
    EXPECT_THAT(statements_of(sql_of(runbook, 1).rollback), ElementsAre("DROP TABLE c", "DROP TABLE b"));
}

TEST(PrismaLayout, KeepsTheAuthorsOwnTransactions) {
    const Workspace w;
    w.write("m/1_a/migration.sql", "SET lock_timeout = '1s'; BEGIN; CREATE TABLE a (); COMMIT; BEGIN; CREATE TABLE b (); COMMIT;");
    EXPECT_EQ(sql_of(read({w.path("m")}, {}), 0).rule, TransactionRule::each_statement);
}

TEST(PrismaLayout, RefusesStatementsBesideTheAuthorsOwnTransaction) {
    const Workspace w;
    const std::string path = w.write("m/1_a/migration.sql", "CREATE TABLE a ();\nBEGIN;\nCREATE TABLE b ();\nCOMMIT;\n");
    const base::Error error = error_of({w.path("m")});
    EXPECT_EQ(error.place(), (base::Place{path, 2, 1}));
    EXPECT_THAT(error.message(), HasSubstr("Prisma runs this file in one transaction"));
}

TEST(PrismaLayout, RefusesWhatPrismaWouldPassOver) {
    const Workspace w;
    w.write("m/1_a/migration.sql", "SELECT 1;");
    const std::string beside = w.write("m/2.sql", "SELECT 2;");
    EXPECT_EQ(error_of({w.path("m")}).place().file, beside);
    std::filesystem::remove(beside);
    w.write("m/2_b/other.sql", "SELECT 2;");
    const base::Error error = error_of({w.path("m")});
    EXPECT_EQ(error.place().file, w.path("m/2_b"));
    EXPECT_THAT(error.message(), HasSubstr("without migration.sql"));
}

TEST(PrismaLayout, IsRecognisedInASingleFile) {
    const Workspace w;
    const std::string path = w.write("prisma/migrations/20240101_init/migration.sql", "SELECT 1; SELECT 2;");
    const Runbook runbook = read({path}, {});
    EXPECT_EQ(runbook.files[0].layout, Layout::prisma);
    EXPECT_THAT(versions_of(runbook), ElementsAre("20240101_init"));
    EXPECT_THAT(keys_of(runbook), ElementsAre("migrations/20240101_init/migration.sql"));
    EXPECT_EQ(sql_of(runbook, 0).rule, TransactionRule::whole_file);
}

TEST(PrismaLayout, RefusesALockFileWithoutMigrations) {
    const Workspace w;
    w.write("m/migration_lock.toml", "");
    EXPECT_THAT(error_of({w.path("m")}).message(), HasSubstr("no migrations"));
}

// ---- dbmate ------------------------------------------------------------------------------------------------------------

TEST(DbmateLayout, ReadsBothSectionsWithTheirLinesAndRules) {
    const Workspace w;
    const std::string path = w.write("m/002_b.sql",
                                     "-- a comment\n-- migrate:up transaction:false\nCREATE INDEX CONCURRENTLY i ON t (a);\n\n"
                                     "-- migrate:down\nDROP INDEX i;\nSELECT 1;\n");
    w.write("m/001_a.sql", "-- migrate:up\nCREATE TABLE t (a int);\n\n-- migrate:down\n");
    const Runbook runbook = read({w.path("m")}, {});
    EXPECT_THAT(versions_of(runbook), ElementsAre("001", "002"));
    EXPECT_EQ(runbook.files[0].layout, Layout::dbmate);
    EXPECT_EQ(sql_of(runbook, 0).rule, TransactionRule::whole_file);
    EXPECT_THAT(sql_of(runbook, 0).rollback, IsEmpty());
    EXPECT_EQ(sql_of(runbook, 0).rollback_from, "");
    const SqlItem& second = sql_of(runbook, 1);
    EXPECT_EQ(second.rule, TransactionRule::each_statement);
    EXPECT_EQ(second.statements.at(0).place, (base::Place{path, 3, 1}));
    EXPECT_EQ(second.rollback_rule, TransactionRule::whole_file);
    EXPECT_THAT(statements_of(second.rollback), ElementsAre("DROP INDEX i", "SELECT 1"));
    EXPECT_EQ(second.rollback.at(1).place, (base::Place{path, 7, 1}));
    EXPECT_EQ(second.rollback_from, path + ":5");
}

TEST(DbmateLayout, AcceptsAFileWithoutDownSectionWithBomAndCrlf) {
    const Workspace w;
    const std::string path = w.write("1_a.sql", "\xEF\xBB\xBF--migrate:up\r\nSELECT 1;\r\n");
    const Runbook runbook = read({path}, {});
    EXPECT_EQ(runbook.files[0].layout, Layout::dbmate);
    EXPECT_THAT(statements_of(sql_of(runbook, 0).statements), ElementsAre("SELECT 1"));
    EXPECT_EQ(sql_of(runbook, 0).statements.at(0).place, (base::Place{path, 2, 1}));
}

TEST(DbmateLayout, KeepsTheOneTransactionThatTheAuthorWrote) {
    const Workspace w;
    EXPECT_EQ(sql_of(read({w.write("1.sql", "-- migrate:up\nBEGIN;\nSELECT 1;\nCOMMIT;\n")}, {}), 0).rule, TransactionRule::each_statement);
}

TEST(DbmateLayout, RefusesACommitInTheMiddle) {
    const Workspace w;
    const std::string path = w.write("1.sql", "-- migrate:up\nSELECT 1;\nCOMMIT;\nSELECT 2;\n");
    const base::Error error = error_of({path});
    EXPECT_EQ(error.place(), (base::Place{path, 3, 1}));
    EXPECT_THAT(error.hint(), HasSubstr("transaction:false"));
}

TEST(DbmateLayout, AllowsSavepoints) {
    const Workspace w;
    const std::string path = w.write("1.sql", "-- migrate:up\nSAVEPOINT s;\nSELECT 1;\nROLLBACK TO s;\nROLLBACK TO SAVEPOINT s;\n");
    EXPECT_EQ(sql_of(read({path}, {}), 0).rule, TransactionRule::whole_file);
}

TEST(DbmateLayout, DoesNotExpandVariables) {
    const Workspace w;
    const std::string path = w.write("1.sql", "-- migrate:up\nSELECT a[1:n] FROM t;\n");
    EXPECT_THAT(statements_of(sql_of(read({path}, {.variables = {{"n", "9"}}}), 0).statements), ElementsAre("SELECT a[1:n] FROM t"));
}

struct BadSection {
    std::string name;
    std::string text;
    int line;
    std::string message;
};

void PrintTo(const BadSection& bad, std::ostream* out) {
    *out << bad.text;
}

class DbmateErrors : public testing::TestWithParam<BadSection> {};

TEST_P(DbmateErrors, AreAtTheLine) {
    const Workspace w;
    const std::string path = w.write("1.sql", GetParam().text);
    const base::Error error = error_of({path});
    EXPECT_EQ(error.place().line, GetParam().line);
    EXPECT_THAT(error.message(), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    All, DbmateErrors,
    testing::Values(BadSection{"SecondUp", "-- migrate:up\nSELECT 1;\n-- migrate:up\n", 3, "second \"-- migrate:up\""},
                    BadSection{"SecondDown", "-- migrate:up\n-- migrate:down\n-- migrate:down\n", 3, "second \"-- migrate:down\""},
                    BadSection{"DownFirst", "-- migrate:down\nSELECT 1;\n-- migrate:up\n", 1, "before"},
                    BadSection{"StatementFirst", "\nSELECT 0;\n-- migrate:up\n", 2, "a statement before"},
                    BadSection{"Option", "-- migrate:up transactions:false\n", 1, "unknown option \"transactions:false\""},
                    BadSection{"Misspelt", "-- migrate:up\n-- migrate:dwon\n", 2, "migrate:dwon"}),
    [](const auto& param) { return param.param.name; });

TEST(DbmateLayout, RefusesFilesThatDbmateWouldPassOver) {
    const Workspace w;
    w.write("m/1.sql", "-- migrate:up\n");
    const std::string path = w.write("m/b.sql", "-- migrate:up\n");
    const base::Error error = error_of({w.path("m")});
    EXPECT_EQ(error.place().file, path);
    EXPECT_THAT(error.message(), HasSubstr("does not begin with a number"));
}

TEST(DbmateLayout, RefusesAVersionThatOccursTwice) {
    const Workspace w;
    w.write("m/1_a.sql", "-- migrate:up\n");
    w.write("m/1_b.sql", "-- migrate:up\n");
    EXPECT_THAT(error_of({w.path("m")}).message(), HasSubstr("version 1 occurs twice"));
}

// ---- goose -------------------------------------------------------------------------------------------------------------

constexpr const char* kGoose =
    "-- +goose Up\n"
    "-- +goose StatementBegin\n"
    "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$\nBEGIN\n  PERFORM 1;\n  RETURN 2;\nEND $$;\n"
    "-- +goose StatementEnd\n"
    "SELECT 1;\n"
    "-- +goose Down\n"
    "DROP FUNCTION f();\n";

TEST(GooseLayout, OrdersByNumberAndDropsLeadingZeros) {
    const Workspace w;
    w.write("m/10_b.sql", "-- +goose Up\nSELECT 10;\n");
    w.write("m/00002_a.sql", "-- +goose up\nSELECT 2;\n");
    const Runbook runbook = read({w.path("m")}, {});
    EXPECT_THAT(versions_of(runbook), ElementsAre("2", "10"));
    EXPECT_EQ(runbook.files[0].layout, Layout::goose);
}

TEST(GooseLayout, KeepsAMarkedStatementWhole) {
    const Workspace w;
    const std::string path = w.write("1_f.sql", kGoose);
    const Runbook runbook = read({path}, {});
    const SqlItem& item = sql_of(runbook, 0);
    ASSERT_EQ(item.statements.size(), 2U);
    EXPECT_THAT(item.statements[0].sql, HasSubstr("RETURN 2;\nEND $$"));
    EXPECT_EQ(item.statements[0].place, (base::Place{path, 3, 1}));
    EXPECT_EQ(item.statements[1].place, (base::Place{path, 9, 1}));
    EXPECT_THAT(statements_of(item.rollback), ElementsAre("DROP FUNCTION f()"));
    EXPECT_EQ(item.rule, TransactionRule::whole_file);
    EXPECT_EQ(item.rollback_rule, TransactionRule::whole_file);
}

TEST(GooseLayout, OptsOutForTheWholeFile) {
    const Workspace w;
    const std::string path = w.write(
        "1_i.sql", "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE INDEX CONCURRENTLY i ON t (a);\n-- +goose Down\nSELECT 1; SELECT 2;\n");
    const Runbook runbook = read({path}, {});
    EXPECT_EQ(sql_of(runbook, 0).rule, TransactionRule::each_statement);
    EXPECT_EQ(sql_of(runbook, 0).rollback_rule, TransactionRule::each_statement);
}

class GooseErrors : public testing::TestWithParam<BadSection> {};

TEST_P(GooseErrors, AreAtTheLine) {
    const Workspace w;
    const std::string path = w.write("1_a.sql", GetParam().text);
    const base::Error error = error_of({path});
    EXPECT_EQ(error.place().line, GetParam().line);
    EXPECT_THAT(error.message(), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    All, GooseErrors,
    testing::Values(
        BadSection{"SecondUp", "-- +goose Up\n-- +goose Up\n", 2, "second"},
        BadSection{"UpAfterDown", "-- +goose Down\n-- +goose Up\n", 1, "before"},
        BadSection{"StatementFirst", "SELECT 1;\n-- +goose Up\n", 1, "a statement before"},
        BadSection{"BeginFirst", "-- +goose StatementBegin\n-- +goose StatementEnd\n-- +goose Up\n", 1, "before \"-- +goose Up\""},
        BadSection{"NoEnd", "-- +goose Up\n-- +goose StatementBegin\nSELECT 1;\n", 2, "without \"-- +goose StatementEnd\""},
        BadSection{"NoBegin", "-- +goose Up\n-- +goose StatementEnd\n", 2, "without \"-- +goose StatementBegin\""},
        BadSection{"DownInside", "-- +goose Up\n-- +goose StatementBegin\n-- +goose Down\n", 3, "inside a statement"},
        BadSection{"Indented", "-- +goose Up\n  -- +goose Down\n", 2, "white space before"},
        BadSection{"Envsub", "-- +goose ENVSUB ON\n-- +goose Up\n", 1, "ENVSUB"},
        BadSection{"Unknown", "-- +goose Up\n-- +goose Dawn\n", 2, "unknown goose annotation \"Dawn\""},
        BadSection{"HiddenGroup",
                   "-- +goose NO TRANSACTION\n-- +goose Up\n-- +goose StatementBegin\nSELECT 1;\nSELECT 2;\n-- +goose StatementEnd\n", 5,
                   "several statements between"}),
    [](const auto& param) { return param.param.name; });

TEST(GooseLayout, RefusesWhatGooseWouldPassOverOrOnlyGooseCanRun) {
    const Workspace w;
    w.write("m/1_a.sql", "-- +goose Up\n");
    const std::string go = w.write("m/2_b.go", "package migrations\n");
    EXPECT_EQ(error_of({w.path("m")}).place().file, go);
    std::filesystem::remove(go);
    const std::string zero = w.write("m/0_b.sql", "-- +goose Up\n");
    EXPECT_EQ(error_of({w.path("m")}).place().file, zero);
    std::filesystem::remove(zero);
    w.write("m/01_b.sql", "-- +goose Up\n");
    EXPECT_THAT(error_of({w.path("m")}).message(), HasSubstr("version 1 occurs twice"));
}

// ---- Flyway ------------------------------------------------------------------------------------------------------------

TEST(FlywayLayout, OrdersVersionsAsNumbersAndLooksIntoDirectoriesBelow) {
    const Workspace w;
    w.write("m/V1_10__ten.sql", "SELECT 10;");
    w.write("m/V1.2__add_the_users.sql", "SELECT 2;");
    w.write("m/V01__first.sql", "SELECT 1;");
    w.write("m/next/V2__second.sql", "SELECT 20;");
    w.write("m/U1.10__ten.sql", "SELECT -10;");
    const Runbook runbook = read({w.path("m")}, {});
    EXPECT_THAT(versions_of(runbook), ElementsAre("01", "1.2", "1.10", "2"));
    EXPECT_EQ(runbook.files[1].description, "add the users");
    EXPECT_EQ(runbook.files[3].key, "m/next/V2__second.sql");
    EXPECT_EQ(runbook.files[0].layout, Layout::flyway);
    EXPECT_EQ(runbook.files[0].raw_checksum_source, "SELECT 1;");
    EXPECT_EQ(sql_of(runbook, 0).rule, TransactionRule::whole_file);
    EXPECT_THAT(statements_of(sql_of(runbook, 2).rollback), ElementsAre("SELECT -10"));
}

TEST(FlywayLayout, HonoursTheScriptConfiguration) {
    const Workspace w;
    const std::string path = w.write("m/V1__a.sql", "SELECT '${x}'; SELECT 2;");
    w.write("m/V1__a.sql.conf", "# why\nexecuteInTransaction=false\nplaceholderReplacement = FALSE\nencoding=UTF-8\n");
    w.write("m/U1.0__a.sql", "SELECT -1;");
    const Runbook runbook = read({path}, {});
    EXPECT_EQ(sql_of(runbook, 0).rule, TransactionRule::each_statement);
    EXPECT_THAT(statements_of(sql_of(runbook, 0).rollback), ElementsAre("SELECT -1"));
}

TEST(FlywayLayout, RefusesOtherSettingsAtTheirLine) {
    const Workspace w;
    const std::string path = w.write("V1__a.sql", "SELECT 1;");
    const std::string conf = w.write("V1__a.sql.conf", "executeInTransaction=true\nshouldExecute=false\n");
    EXPECT_EQ(error_of({path}).place(), (base::Place{conf, 2, 1}));
    w.write("V1__a.sql.conf", "executeInTransaction=maybe\n");
    EXPECT_THAT(error_of({path}).message(), HasSubstr("true or false"));
    w.write("V1__a.sql.conf", "executeInTransaction\n");
    EXPECT_THAT(error_of({path}).message(), HasSubstr("key=value"));
}

TEST(FlywayLayout, RunsWhatCannotBeInATransactionOutsideOfOne) {
    const Workspace w;
    EXPECT_EQ(
        sql_of(read({w.write("V1__a.sql", "SET lock_timeout = 0;\nCREATE UNIQUE INDEX CONCURRENTLY i ON t (a);\nVACUUM t;\n")}, {}), 0)
            .rule,
        TransactionRule::each_statement);
    EXPECT_EQ(sql_of(read({w.write("V2__a.sql", "CREATE INDEX CONCURRENTLY i ON t (a);\nSELECT 1;\n")}, {}), 0).rule,
              TransactionRule::whole_file);
}

TEST(FlywayLayout, RefusesPlaceholders) {
    const Workspace w;
    const std::string path = w.write("V1__a.sql", "SELECT 1;\nSELECT 'é${schema}';\n");
    const base::Error error = error_of({path});
    EXPECT_EQ(error.place(), (base::Place{path, 2, 10}));
    EXPECT_THAT(error.message(), HasSubstr("${schema}"));
}

TEST(FlywayLayout, RefusesKindsThatAreNotSupported) {
    for (const auto& [name, message] :
         {std::pair{"R__views.sql", "repeatable"}, std::pair{"B1__base.sql", "baseline"}, std::pair{"beforeMigrate.sql", "callbacks"},
          std::pair{"afterEachMigrate__x.sql", "callbacks"}, std::pair{"2_plain.sql", "several tools"},
          std::pair{"V1.0__again.sql", "occurs twice"}, std::pair{"U2__no.sql", "which is not there"}}) {
        const Workspace w;
        w.write("m/V1__a.sql", "SELECT 1;");
        w.write(std::string("m/") + name, "SELECT 1;");
        EXPECT_THAT(error_of({w.path("m")}).message(), HasSubstr(message)) << name;
    }
}

TEST(FlywayLayout, FindsMigrationsThatLieOnlyInDirectoriesBelow) {
    const Workspace w;
    w.write("m/v1/V1__a.sql", "SELECT 1;");
    w.write("m/v2/V2__b.sql", "SELECT 2;");
    EXPECT_THAT(keys_of(read({w.path("m")}, {})), ElementsAre("m/v1/V1__a.sql", "m/v2/V2__b.sql"));
}

// ---- unclear directories -----------------------------------------------------------------------------------------------

TEST(Layouts, RefusesSeveralToolsInOneDirectory) {
    const Workspace w;
    w.write("m/1_a.sql", "-- migrate:up\nSELECT 1;\n");
    w.write("m/2_b.sql", "SELECT 2;\n");
    const base::Error error = error_of({w.path("m")});
    EXPECT_EQ(error.place().file, w.path("m"));
    EXPECT_THAT(error.message(), HasSubstr("1_a.sql (dbmate)"));
    EXPECT_THAT(error.message(), HasSubstr("2_b.sql (plain)"));
}

TEST(Layouts, RefusesAnEmptyDirectoryAndNamesARunbookInIt) {
    const Workspace w;
    w.write("m/deploy.md", "# no SQL here");
    const base::Error error = error_of({w.path("m")});
    EXPECT_THAT(error.message(), HasSubstr("no SQL files"));
    EXPECT_THAT(error.hint(), HasSubstr("deploy.md"));
}

TEST(Layouts, RefusesADanglingLink) {
    const Workspace w;
    w.write("m/1.sql", "SELECT 1;");
    std::filesystem::create_symlink(w.path("gone.sql"), w.path("m/2.sql"));
    EXPECT_EQ(error_of({w.path("m")}).place().file, w.path("m/2.sql"));
}

}  // namespace
}  // namespace pgbelay::runbook
