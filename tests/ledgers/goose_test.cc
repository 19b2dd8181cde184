// goose's ledger: the table as goose makes it, rows as goose accepts them.
#include "fixture.h"

#include <gmock/gmock.h>

namespace pgbelay::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Goose : public LedgerTest {
protected:
    void SetUp() override {
        write("migrations/00001_users.sql",
              "-- +goose Up\nCREATE TABLE users (id bigint PRIMARY KEY);\n-- +goose Down\nDROP TABLE users;\n");
        write("migrations/00003_orders.sql",
              "-- +goose Up\nCREATE TABLE orders (id bigint PRIMARY KEY);\n-- +goose Down\nDROP TABLE orders;\n");
        sql("CREATE TABLE goose_db_version (id serial NOT NULL, version_id bigint NOT NULL, is_applied boolean NOT NULL, "
            "tstamp timestamp NULL DEFAULT now(), PRIMARY KEY (id)); INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, "
            "true)");
    }
};

TEST_F(Goose, GetsARowAsItsOwn) {
    sql("CREATE TABLE users (id bigint PRIMARY KEY); INSERT INTO goose_db_version (version_id, is_applied) VALUES (1, true)");
    EXPECT_THAT(deployed("migrations"), ElementsAre("create table public.orders"));
    EXPECT_THAT(column("SELECT version_id || ' ' || is_applied FROM goose_db_version ORDER BY id"),
                ElementsAre("0 true", "1 true", "3 true"));
    EXPECT_THAT(deployed("migrations"), ElementsAre());
}

TEST_F(Goose, LatestRowOfAVersionCounts) {
    sql("CREATE TABLE users (id bigint PRIMARY KEY); INSERT INTO goose_db_version (version_id, is_applied) "
        "VALUES (1, true), (3, true), (3, false)");
    EXPECT_THAT(deployed("migrations"), ElementsAre("create table public.orders"));
}

TEST_F(Goose, RollbackTakesTheRowsAway) {
    deployed("migrations");
    pgbelay({"rollback", "--yes"});
    EXPECT_THAT(column("SELECT version_id FROM goose_db_version"), ElementsAre("0"));
}

TEST_F(Goose, MissingRightsAreRefusedBeforeTheRun) {
    sql("CREATE ROLE deployer LOGIN; GRANT CREATE ON SCHEMA public TO deployer");
    sql("DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO deployer', current_database()); END $$");
    connect_as("deployer");
    EXPECT_THAT(pgbelay({"deploy", "migrations", "--yes"}, 3).err, HasSubstr("this role may not read public.goose_db_version"));
    sql("GRANT SELECT ON goose_db_version TO deployer");
    EXPECT_THAT(pgbelay({"deploy", "migrations", "--yes"}, 3).err, HasSubstr("this role may not write to public.goose_db_version"));
    sql("GRANT INSERT ON goose_db_version TO deployer; GRANT USAGE ON SEQUENCE goose_db_version_id_seq TO deployer");
    EXPECT_THAT(deployed("migrations"), ElementsAre("create table public.users", "create table public.orders"));
}

TEST_F(Goose, MigrationBelowTheNewestIsRefusedUnlessAlone) {
    deployed("migrations");
    write("migrations/00002_late.sql", "-- +goose Up\nCREATE TABLE late (id bigint PRIMARY KEY);\n");
    const auto run = pgbelay({"deploy", "migrations", "--yes"}, 3);
    EXPECT_THAT(run.err, HasSubstr("00002_late.sql is pending, but public.goose_db_version already has version 3"));
    EXPECT_EQ(value("SELECT to_regclass('late')"), "");

    EXPECT_THAT(deployed("migrations/00002_late.sql"), ElementsAre("create table public.late"));
    EXPECT_THAT(deployed("migrations"), ElementsAre());
}

}  // namespace
}  // namespace pgbelay::test
