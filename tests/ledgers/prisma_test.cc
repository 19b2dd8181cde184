// Prisma's ledger: the table as Prisma makes it, rows as Prisma accepts them.
#include "fixture.h"

#include <gmock/gmock.h>

namespace pgbelay::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// SHA-256 of kUsers, and of the same with \r\n.
constexpr const char* kUsers = "CREATE TABLE users (id bigint PRIMARY KEY);\n";
constexpr const char* kUsersSum = "3456c330330e5584db1ea42d855fe843569a61c7c200bd34b52f8f9c03b28f0d";
constexpr const char* kUsersSumOnWindows = "1e354ecc79cd44336b514a06571bbe133dedcd525674d7c81bfca52e0dca5379";
constexpr const char* kName = "ALTER TABLE users\n    ADD COLUMN name text;\n";
constexpr const char* kNameSum = "0940c9cc7c4c8e085381a179d3f152b175922c5e96faafde007a85b2069e25f7";

class Prisma : public LedgerTest {
protected:
    void SetUp() override {
        write("migrations/migration_lock.toml", "provider = \"postgresql\"\n");
        write("migrations/20240101_users/migration.sql", kUsers);
        write("migrations/20240102_name/migration.sql", kName);
        sql("CREATE TABLE _prisma_migrations (id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ, "
            "migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ, started_at TIMESTAMPTZ NOT NULL DEFAULT now(), "
            "applied_steps_count INTEGER NOT NULL DEFAULT 0)");
    }

    void prisma_ran_users(const std::string& checksum) const {
        sql(kUsers);
        sql("INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, started_at, applied_steps_count) "
            "VALUES ('9a9d3c4e-0000-4000-8000-000000000001', '" +
            checksum + "', now(), '20240101_users', now(), 1)");
    }
};

TEST_F(Prisma, GetsARowAsItsOwn) {
    prisma_ran_users(kUsersSum);
    EXPECT_THAT(deployed("migrations"), ElementsAre("alter users: add column name"));
    EXPECT_EQ(value("SELECT checksum FROM _prisma_migrations WHERE migration_name = '20240102_name'"), kNameSum);
    EXPECT_EQ(value("SELECT count(*) FROM _prisma_migrations WHERE migration_name = '20240102_name' AND id::uuid IS NOT NULL AND "
                    "finished_at >= started_at AND rolled_back_at IS NULL AND logs IS NULL AND applied_steps_count = 1"),
              "1");
    EXPECT_THAT(deployed("migrations"), ElementsAre());
}

TEST_F(Prisma, TakesOtherLineEndsForTheSameFile) {
    prisma_ran_users(kUsersSumOnWindows);
    EXPECT_THAT(deployed("migrations"), ElementsAre("alter users: add column name"));
}

TEST_F(Prisma, ChangedFileIsRefused) {
    prisma_ran_users(kNameSum);
    const auto run = pgbelay({"deploy", "migrations", "--yes"}, 3);
    EXPECT_THAT(run.err, HasSubstr("20240101_users/migration.sql changed after it was deployed"));
    EXPECT_EQ(value("SELECT count(*) FROM _prisma_migrations"), "1");
}

TEST_F(Prisma, UnfinishedMigrationIsRefused) {
    sql("INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('x', 'y', '20240101_users')");
    const auto run = pgbelay({"deploy", "migrations", "--yes"}, 3);
    EXPECT_THAT(run.err, HasSubstr("holds a migration that failed: 20240101_users"));
    EXPECT_EQ(value("SELECT to_regclass('users')"), "");
}

TEST_F(Prisma, RolledBackMigrationIsPending) {
    prisma_ran_users(kUsersSum);
    deployed("migrations");
    pgbelay({"rollback", "--yes"});
    EXPECT_THAT(column("SELECT migration_name FROM _prisma_migrations WHERE rolled_back_at IS NULL"), ElementsAre("20240101_users"));
    EXPECT_THAT(deployed("migrations"), ElementsAre("alter users: add column name"));
    EXPECT_EQ(value("SELECT count(*) FROM _prisma_migrations WHERE migration_name = '20240102_name'"), "2");
}

TEST_F(Prisma, LedgerIsFoundAlongTheSearchPath) {
    sql("CREATE SCHEMA app; ALTER TABLE _prisma_migrations SET SCHEMA app; CREATE TABLE app.users (id bigint PRIMARY KEY)");
    sql("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = app', current_database()); END $$");
    sql(std::string("INSERT INTO app._prisma_migrations (id, checksum, finished_at, migration_name) VALUES ('x', '") + kUsersSum +
        "', now(), '20240101_users')");
    EXPECT_THAT(deployed("migrations"), ElementsAre("alter users: add column name"));
    EXPECT_EQ(value("SELECT count(*) FROM app._prisma_migrations"), "2");
}

}  // namespace
}  // namespace pgbelay::test
