// Databases with a past, and files that change after their deployment.
#include "fixture.h"

#include <gmock/gmock.h>

namespace pgbelay::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Mark : public LedgerTest {
protected:
    void SetUp() override {
        write("migrations/001_users.sql", "CREATE TABLE users (id bigint PRIMARY KEY);\n");
        write("migrations/002_name.sql", "ALTER TABLE users ADD COLUMN name text;\n");
        sql("CREATE TABLE users (id bigint PRIMARY KEY, name text)");
    }
};

TEST_F(Mark, DirectoryOnADatabaseWithAPastIsRefusedUntilMarked) {
    const auto run = pgbelay({"deploy", "migrations", "--yes"}, 3);
    EXPECT_THAT(run.err, AllOf(HasSubstr("is not empty, and nothing says which of these files it already has"), HasSubstr("pgbelay mark")));
    EXPECT_EQ(value("SELECT to_regnamespace('pgbelay')"), "");

    pgbelay({"mark", "migrations"});
    EXPECT_THAT(deployed("migrations"), ElementsAre());
    EXPECT_THAT(column("SELECT key || ' ' || how FROM pgbelay.file ORDER BY 1"),
                ElementsAre("migrations/001_users.sql marked", "migrations/002_name.sql marked"));
    EXPECT_EQ(value("SELECT to_regclass('schema_migrations')"), "");

    write("migrations/003_orders.sql", "CREATE TABLE orders (id bigint PRIMARY KEY);\n");
    EXPECT_THAT(deployed("migrations"), ElementsAre("create table public.orders"));
}

TEST_F(Mark, OneFileAloneNeedsNoMark) {
    write("more.sql", "CREATE TABLE orders (id bigint PRIMARY KEY);\n");
    EXPECT_THAT(deployed("more.sql"), ElementsAre("create table public.orders"));
}

TEST_F(Mark, ChangedFileIsRefusedWithTheDifference) {
    pgbelay({"mark", "migrations"});
    write("migrations/002_name.sql", "ALTER TABLE users ADD COLUMN name varchar(80);\n");
    const auto run = pgbelay({"deploy", "migrations", "--yes"}, 3);
    EXPECT_THAT(run.err, AllOf(HasSubstr("002_name.sql changed after it was marked"), HasSubstr("- ALTER TABLE users ADD COLUMN name text"),
                               HasSubstr("+ ALTER TABLE users ADD COLUMN name varchar(80)")));
    // Whoever says that it is the same is believed.
    pgbelay({"mark", "migrations"});
    EXPECT_THAT(deployed("migrations"), ElementsAre());
}

TEST_F(Mark, CommentsAreNoChange) {
    pgbelay({"mark", "migrations"});
    write("migrations/002_name.sql", "-- what people are called\nALTER TABLE users ADD COLUMN name text;\r\n");
    EXPECT_THAT(deployed("migrations"), ElementsAre());
}

}  // namespace
}  // namespace pgbelay::test
