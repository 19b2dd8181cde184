// Flyway's ledger: the table as Flyway makes it, rows as Flyway accepts them.
#include "fixture.h"

#include <gmock/gmock.h>

namespace pgbelay::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kUsers = "CREATE TABLE users (id bigint PRIMARY KEY);\n";
constexpr const char* kOrders = "CREATE TABLE orders (id bigint PRIMARY KEY);\n";
// CRC-32 of the lines without their ends, signed.
constexpr const char* kUsersSum = "1812668543";
constexpr const char* kOrdersSum = "-1927402203";

class Flyway : public LedgerTest {
protected:
    void SetUp() override {
        write("db/V1__users.sql", kUsers);
        write("db/later/V2_1__the_orders.sql", kOrders);
        sql("CREATE TABLE flyway_schema_history (installed_rank INT NOT NULL, version VARCHAR(50), description VARCHAR(200) NOT NULL, "
            "type VARCHAR(20) NOT NULL, script VARCHAR(1000) NOT NULL, checksum INTEGER, installed_by VARCHAR(100) NOT NULL, "
            "installed_on TIMESTAMP NOT NULL DEFAULT now(), execution_time INTEGER NOT NULL, success BOOLEAN NOT NULL, "
            "CONSTRAINT flyway_schema_history_pk PRIMARY KEY (installed_rank)); "
            "CREATE INDEX flyway_schema_history_s_idx ON flyway_schema_history (success)");
    }

    void row(const std::string& version, const std::string& type, const std::string& checksum, bool success = true) const {
        sql("INSERT INTO flyway_schema_history SELECT count(*) + 1, '" + version + "', 'x', '" + type + "', 'x', " + checksum +
            ", 'flyway', now(), 0, " + (success ? "true" : "false") + " FROM flyway_schema_history");
    }
};

TEST_F(Flyway, GetsARowAsItsOwn) {
    sql(kUsers);
    row("1", "SQL", kUsersSum);
    EXPECT_THAT(deployed("db"), ElementsAre("create table public.orders"));
    EXPECT_EQ(
        value("SELECT concat_ws('|', installed_rank, version, description, type, script, checksum, installed_by = current_user, success) "
              "FROM flyway_schema_history ORDER BY installed_rank DESC LIMIT 1"),
        std::string("2|2.1|the orders|SQL|later/V2_1__the_orders.sql|") + kOrdersSum + "|t|t");
    EXPECT_THAT(deployed("db"), ElementsAre());
}

TEST_F(Flyway, SpellingsOfAVersionAreOne) {
    row("01.0", "SQL", kUsersSum);
    EXPECT_THAT(deployed("db"), ElementsAre("create table public.orders"));
}

TEST_F(Flyway, BaselineCoversWhatIsBelow) {
    sql(kUsers);
    row("2", "BASELINE", "NULL");
    EXPECT_THAT(deployed("db"), ElementsAre("create table public.orders"));
}

TEST_F(Flyway, ChangedFileIsRefused) {
    row("1", "SQL", "42");
    EXPECT_THAT(pgbelay({"deploy", "db", "--yes"}, 3).err, HasSubstr("V1__users.sql changed after it was deployed"));
}

TEST_F(Flyway, FailedMigrationIsRefused) {
    row("1", "SQL", kUsersSum, false);
    EXPECT_THAT(pgbelay({"deploy", "db", "--yes"}, 3).err, HasSubstr("holds a migration that failed: 1"));
}

TEST_F(Flyway, MigrationBelowTheNewestIsRefused) {
    row("2.1", "SQL", kOrdersSum);
    EXPECT_THAT(pgbelay({"deploy", "db", "--yes"}, 3).err,
                HasSubstr("V1__users.sql is pending, but public.flyway_schema_history already has version 2.1"));
}

TEST_F(Flyway, MissingFileIsRefusedUnlessItIsFromTheFuture) {
    sql(kUsers);
    row("1", "SQL", kUsersSum);
    row("3", "SQL", "7");
    row("2.1", "SQL", kOrdersSum);
    EXPECT_THAT(deployed("db"), ElementsAre());

    row("1.5", "SQL", "7");
    EXPECT_THAT(pgbelay({"deploy", "db", "--yes"}, 3).err, HasSubstr("has version 1.5, which no file of this directory is"));
}

TEST_F(Flyway, UndoneAndDeletedVersionsArePending) {
    sql(kUsers);
    row("1", "SQL", kUsersSum);
    row("2.1", "SQL", kOrdersSum);
    row("2.1", "UNDO_SQL", "9");
    EXPECT_THAT(deployed("db"), ElementsAre("create table public.orders"));
}

TEST_F(Flyway, RollbackTakesTheRowsAway) {
    deployed("db");
    pgbelay({"rollback", "--yes"});
    EXPECT_EQ(value("SELECT count(*) FROM flyway_schema_history"), "0");
    EXPECT_THAT(deployed("db"), ElementsAre("create table public.users", "create table public.orders"));
}

}  // namespace
}  // namespace pgbelay::test
