// Against the real dbmate: what one of the two deployed, the other knows.
#include "fixture.h"

#include "base/subprocess.h"

#include <gmock/gmock.h>

#include <chrono>
#include <cstdlib>

namespace pgbelay::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kUsers = R"(-- migrate:up
CREATE TABLE users (id bigint PRIMARY KEY, email text);

-- migrate:down
DROP TABLE users;
)";
constexpr const char* kIndex = R"(-- migrate:up transaction:false
CREATE INDEX CONCURRENTLY users_email ON users (email);

-- migrate:down transaction:false
DROP INDEX CONCURRENTLY users_email;
)";
constexpr const char* kOrders = R"(-- migrate:up
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users);
ALTER TABLE users ADD COLUMN name text;

-- migrate:down
ALTER TABLE users DROP COLUMN name;
DROP TABLE orders;
)";

class Dbmate : public LedgerTest {
protected:
    void SetUp() override {
        const auto fetched = base::run_command({.argv = {PGBELAY_SOURCE_DIR "/tools/dbmate"}}, base::in(std::chrono::minutes(2)), nullptr);
        if (fetched.status != 0) {
            if (std::getenv("CI") == nullptr) {
                GTEST_SKIP() << "dbmate cannot be fetched: " << fetched.err;
            }
            FAIL() << fetched.err;
        }
        program_ = fetched.out.substr(0, fetched.out.find('\n'));
        write("migrations/20240101000000_users.sql", kUsers);
    }

    std::string dbmate(const std::string& command) const {
        const auto run = base::run_command(
            {.argv = {program_, "--url", url() + "?sslmode=disable", "--migrations-dir", "migrations", "--no-dump-schema", command},
             .working_directory = directory().string()},
            base::in(std::chrono::minutes(1)), nullptr);
        EXPECT_EQ(run.status, 0) << command << ": " << run.out << run.err;
        return run.out;
    }

    void write_more() const {
        write("migrations/20240102000000_index.sql", kIndex);
        write("migrations/20240103000000_orders.sql", kOrders);
    }

private:
    std::string program_;
};

TEST_F(Dbmate, AcceptsWhatPgbelayDeployed) {
    dbmate("up");
    write_more();
    EXPECT_THAT(deployed("migrations"), ElementsAre(HasSubstr("index users_email"), HasSubstr("orders")));

    EXPECT_THAT(dbmate("status"), HasSubstr("Pending: 0"));
    EXPECT_EQ(dbmate("up"), "");
    EXPECT_THAT(column("SELECT version FROM schema_migrations ORDER BY 1"),
                ElementsAre("20240101000000", "20240102000000", "20240103000000"));
}

TEST_F(Dbmate, IsBelievedAboutWhatItRanItself) {
    dbmate("up");
    write_more();
    dbmate("up");
    EXPECT_THAT(deployed("migrations"), ElementsAre());
    EXPECT_EQ(value("SELECT to_regnamespace('pgbelay')"), "");
}

TEST_F(Dbmate, SeesRolledBackMigrationsAsPending) {
    dbmate("up");
    write_more();
    deployed("migrations");
    pgbelay({"rollback", "--yes"});

    EXPECT_THAT(dbmate("status"), HasSubstr("Pending: 2"));
    EXPECT_EQ(value("SELECT to_regclass('orders')"), "");
    // Both can go on from there.
    dbmate("up");
    EXPECT_THAT(deployed("migrations"), ElementsAre());
}

TEST_F(Dbmate, MakesPendingAgainWhatTheJournalKnows) {
    dbmate("up");
    write_more();
    deployed("migrations");
    dbmate("rollback");
    write("migrations/20240103000000_orders.sql",
          "-- migrate:up\nCREATE TABLE orders (id bigint PRIMARY KEY);\n-- migrate:down\nDROP TABLE orders;\n");

    EXPECT_THAT(deployed("migrations"), ElementsAre("create table public.orders"));
    EXPECT_THAT(dbmate("status"), HasSubstr("Pending: 0"));
}

TEST_F(Dbmate, HasNoRowForAFileThatFailed) {
    dbmate("up");
    write("migrations/20240102000000_bad.sql",
          "-- migrate:up\nCREATE TABLE orders (id bigint);\nINSERT INTO users (id) VALUES (1), (1);\n-- migrate:down\n");
    pgbelay({"deploy", "migrations", "--yes"}, 3);

    EXPECT_THAT(dbmate("status"), HasSubstr("Pending: 1"));
    EXPECT_EQ(value("SELECT to_regclass('orders')"), "");
}

TEST_F(Dbmate, FillsGapsAndSoDoesPgbelay) {
    dbmate("up");
    write("migrations/20240103000000_orders.sql", kOrders);
    deployed("migrations");
    write("migrations/20240102000000_index.sql", kIndex);
    EXPECT_THAT(deployed("migrations"), ElementsAre(HasSubstr("index users_email")));
    EXPECT_THAT(dbmate("status"), HasSubstr("Pending: 0"));
}

TEST_F(Dbmate, KnowsWhatWasMarked) {
    write_more();
    sql("CREATE TABLE users (id bigint PRIMARY KEY, email text); CREATE TABLE schema_migrations (version varchar PRIMARY KEY);"
        "INSERT INTO schema_migrations VALUES ('20240101000000')");
    pgbelay({"mark", "migrations"});
    EXPECT_THAT(dbmate("status"), HasSubstr("Pending: 0"));
    EXPECT_THAT(deployed("migrations"), ElementsAre());
    // A second time changes nothing.
    pgbelay({"mark", "migrations"});
    EXPECT_EQ(value("SELECT count(*) FROM schema_migrations"), "3");
}

}  // namespace
}  // namespace pgbelay::test
