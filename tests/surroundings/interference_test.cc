// When somebody meddles: an administrator cancels, rights go, the role has settings of its own, clean-up is blocked. A clear error, nothing
// half done, and resume goes on.
#include "surroundings/neighbour.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>

namespace pgbelay::test {
namespace {

using base::Clock;

constexpr const char* kColumn = "ALTER TABLE busy ADD COLUMN region text;\n";
constexpr const char* kIndex = "CREATE INDEX busy_a_idx ON busy (a);\n";

class Interference : public ::testing::Test {
protected:
    std::string column() const {
        return stage_.value("SELECT count(*) FROM pg_attribute WHERE attrelid = 'busy'::regclass AND attname = 'region'");
    }
    std::string indexes() const {
        return stage_.value(
            "SELECT coalesce(string_agg(indexrelid::regclass || ' ' || indisvalid, ', '), '') FROM pg_index "
            "WHERE indrelid = 'busy'::regclass AND NOT indisprimary");
    }
    void cancel(const std::string& purpose) const {
        stage_.value(
            fmt::format("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                        "AND application_name = 'pgbelay {}'",
                        purpose));
    }

    Stage stage_{large_table("busy")};
};

TEST_F(Interference, ABuildThatAnAdministratorCancelsIsCleanedUpAndResumed) {
    stage_.folder.write("1.sql", kIndex);
    Session writer = stage_.session();
    writer.run("BEGIN; UPDATE busy SET a = a WHERE id = 1");
    auto client = stage_.start({"deploy", "-y", "1.sql"});
    eventually("the build waits", [&] { return stage_.waits_for_a_lock("build"); });
    cancel("build");
    eventually("the build is gone", [&] { return stage_.backends("build").empty() || !stage_.waits_for_a_lock("build"); });
    writer.run("COMMIT");
    EXPECT_EQ(client->wait(), 3) << client->said();
    EXPECT_TRUE(client->has_said("canceling statement due to user request")) << client->said();
    EXPECT_TRUE(client->has_said("pgbelay resume")) << client->said();
    EXPECT_EQ(indexes(), "");
    EXPECT_EQ(stage_.run_state(), "stopped");
    EXPECT_EQ(stage_.run({"resume"}).status, 0);
    EXPECT_EQ(indexes(), "busy_a_idx true");
}

TEST_F(Interference, ATransactionThatAnAdministratorCancelsLeavesNothing) {
    stage_.session().run("CREATE TABLE gate (id integer); INSERT INTO gate VALUES (1)");
    stage_.folder.write(
        "1.sql", "BEGIN;\nCREATE TABLE regions (code text PRIMARY KEY);\nDO $$ BEGIN PERFORM FROM gate FOR UPDATE; END $$;\nCOMMIT;\n");
    Session gate = stage_.session();
    gate.run("BEGIN; SELECT * FROM gate FOR UPDATE");
    auto client = stage_.start({"deploy", "-y", "1.sql"});
    eventually("the step waits at the gate", [&] { return stage_.waits_for_a_lock("worker"); });
    cancel("worker");
    EXPECT_EQ(client->wait(), 3) << client->said();
    EXPECT_TRUE(client->has_said("canceling statement due to user request")) << client->said();
    EXPECT_EQ(stage_.value("SELECT to_regclass('regions')"), "");
    gate.run("COMMIT");
    EXPECT_EQ(stage_.run({"resume"}).status, 0);
    EXPECT_EQ(stage_.value("SELECT to_regclass('regions')"), "regions");
}

TEST_F(Interference, ACleanUpThatIsBlockedIsADebtThatResumeSettles) {
    stage_.folder.write("1.sql", kIndex);
    Session writer = stage_.session();
    writer.run("BEGIN; UPDATE busy SET a = a WHERE id = 1");
    auto client = stage_.start({"deploy", "-y", "1.sql"});
    eventually("the build waits", [&] { return stage_.waits_for_a_lock("build"); });
    client->signal(SIGINT);
    EXPECT_EQ(client->wait(), 130) << client->said();
    EXPECT_TRUE(client->has_said("could not be dropped")) << client->said();
    EXPECT_EQ(indexes(), "busy_a_idx false");
    const auto status = stage_.run({"status"});
    EXPECT_NE(status.said.find("still owed    INVALID index public.busy_a_idx on public.busy"), std::string::npos) << status.said;
    EXPECT_NE(stage_.value("SELECT why FROM pgbelay.debt").find("idle in transaction"), std::string::npos);
    EXPECT_EQ(stage_.value("SELECT count(*) FROM pgbelay.debt WHERE settled_at IS NULL"), "1");
    writer.run("COMMIT");
    EXPECT_EQ(stage_.run({"resume"}).status, 0);
    EXPECT_EQ(indexes(), "busy_a_idx true");
    EXPECT_EQ(stage_.value("SELECT count(*) FROM pgbelay.debt WHERE settled_at IS NULL"), "0");
}

TEST_F(Interference, ADebtOfAnAbortedRunIsSettledByTheNextDeployment) {
    stage_.folder.write("1.sql", kIndex);
    stage_.folder.write("2.sql", kColumn);
    Session writer = stage_.session();
    writer.run("BEGIN; UPDATE busy SET a = a WHERE id = 1");
    auto client = stage_.start({"deploy", "-y", "1.sql"});
    eventually("the build waits", [&] { return stage_.waits_for_a_lock("build"); });
    client->signal(SIGINT);
    EXPECT_EQ(client->wait(), 130) << client->said();
    writer.run("COMMIT");
    EXPECT_EQ(stage_.run({"abort"}).status, 0);
    const auto next = stage_.run({"deploy", "-y", "2.sql"});
    EXPECT_EQ(next.status, 0) << next.said;
    EXPECT_EQ(indexes(), "");
    EXPECT_EQ(stage_.value("SELECT count(*) FROM pgbelay.debt WHERE settled_at IS NULL"), "0");
}

// Deploys as a role that owns the table.
class OwnRole : public Interference {
protected:
    OwnRole() {
        stage_.session().run(
            fmt::format("CREATE ROLE {0} LOGIN; GRANT CREATE ON DATABASE {1} TO {0}; ALTER TABLE busy OWNER TO {0};"
                        "GRANT CREATE ON SCHEMA public TO {0}",
                        role_, stage_.database.name()));
    }
    ~OwnRole() override {
        stage_.session().run(fmt::format("REASSIGN OWNED BY {0} TO postgres; DROP OWNED BY {0} CASCADE; DROP ROLE {0}", role_));
    }
    std::unique_ptr<Client> start(const std::vector<std::string>& words) const {
        Client::Setting setting = stage_.setting();
        setting.url.replace(setting.url.find("postgres@"), 9, role_ + "@");
        return std::make_unique<Client>(setting, words);
    }
    Stage::Ended run(const std::vector<std::string>& words) const {
        auto client = start(words);
        const int status = client->wait();
        return {status, client->said()};
    }

    const std::string role_ = "owner_in_" + stage_.database.name();
};

TEST_F(OwnRole, WhoLosesItsTableInMidRunStopsAndGoesOnOnceItIsBack) {
    stage_.folder.write("1.sql", std::string("CREATE TABLE regions (code text);\n") + kColumn + kIndex);
    Session reader = stage_.session();
    reader.run("BEGIN; SELECT count(*) FROM busy");
    auto client = start({"deploy", "-y", "--format", "jsonl", "1.sql"});
    eventually("the second step waits", [&] { return client->has_said("step_waiting"); });
    reader.run("ALTER TABLE busy OWNER TO postgres; COMMIT");
    EXPECT_EQ(client->wait(), 5) << client->said();
    EXPECT_TRUE(client->has_said("42501")) << client->said();
    EXPECT_TRUE(client->has_said("1.sql")) << client->said();
    EXPECT_EQ(column(), "0");
    EXPECT_EQ(stage_.run_state(), "stopped");
    stage_.session().run(fmt::format("ALTER TABLE busy OWNER TO {}", role_));
    const auto resumed = run({"resume"});
    EXPECT_EQ(resumed.status, 0) << resumed.said;
    EXPECT_EQ(column() + indexes(), "1busy_a_idx true");
}

TEST_F(OwnRole, WhoMayNoLongerWriteTheJournalCommitsNothing) {
    stage_.session().run("CREATE ROLE keeper_of_" + stage_.database.name());
    const std::string keeper = "keeper_of_" + stage_.database.name();
    // The journal is somebody else's, and the right to write to it is taken away in mid-run.
    stage_.folder.write("1.sql", kColumn);
    const auto ddl = stage_.run({"init-db", "--owner", keeper, "--grant", role_});
    EXPECT_EQ(ddl.status, 0) << ddl.said;
    Session reader = stage_.session();
    reader.run("BEGIN; SELECT count(*) FROM busy");
    auto client = start({"deploy", "-y", "--format", "jsonl", "1.sql"});
    eventually("the step waits", [&] { return client->has_said("step_waiting"); });
    stage_.session().run(fmt::format("REVOKE INSERT ON pgbelay.step FROM {}", role_));
    reader.run("COMMIT");
    EXPECT_EQ(client->wait(), 3) << client->said();
    EXPECT_TRUE(client->has_said("permission denied for table step")) << client->said();
    EXPECT_EQ(column(), "0");
    stage_.session().run(fmt::format("GRANT INSERT ON pgbelay.step TO {}", role_));
    EXPECT_EQ(run({"resume"}).status, 0);
    EXPECT_EQ(column(), "1");
    stage_.session().run(fmt::format("DROP OWNED BY {0} CASCADE; DROP ROLE {0}", keeper));
}

// Everything that a role's settings can put in the way, while each step takes longer than any of them.
void deploys_under(const Stage& stage, const std::string& role, const std::string& settings) {
    for (std::string_view rest = settings; !rest.empty();) {
        const std::size_t end = std::min(rest.find(';'), rest.size());
        stage.session().run(fmt::format("ALTER ROLE {} SET {}", role, rest.substr(0, end)));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    stage.folder.write("1.sql", std::string(kIndex) + kColumn + "ALTER TABLE busy ADD CONSTRAINT small CHECK (a < 1000000);\n");
    Session writer = stage.session();
    writer.run("BEGIN; UPDATE busy SET a = a WHERE id = 1");
    Client::Setting setting = stage.setting();
    setting.url.replace(setting.url.find("postgres@"), 9, role + "@");
    Client client(setting, {"deploy", "-y", "--format", "jsonl", "1.sql"});
    eventually("the build waits", [&] { return stage.waits_for_a_lock("build"); });
    const auto waits_since = Clock::now();
    eventually("it waited for longer than any of the timeouts",
               [&] { return Clock::now() - waits_since > std::chrono::milliseconds(2'500); });
    writer.run("COMMIT; BEGIN; SELECT count(*) FROM busy");
    eventually("the column waits", [&] { return client.has_said("step_waiting"); });
    const auto column_since = Clock::now();
    eventually("it waited, too", [&] { return Clock::now() - column_since > std::chrono::milliseconds(2'500); });
    writer.run("COMMIT");
    EXPECT_EQ(client.wait(), 0) << client.said();
    EXPECT_FALSE(client.has_said("connection lost")) << client.said();
    EXPECT_EQ(stage.value("SELECT count(*) FROM pg_index WHERE indrelid = 'busy'::regclass AND indisvalid"), "2");
}

TEST_F(OwnRole, TimeoutsOfTheRoleAreNotInTheWay) {
    deploys_under(stage_, role_,
                  "statement_timeout = '700ms';lock_timeout = '300ms';idle_session_timeout = '800ms';"
                  "idle_in_transaction_session_timeout = '600ms';deadlock_timeout = '100ms'");
}

TEST_F(OwnRole, OtherSettingsOfTheRoleAreNotInTheWay) {
    deploys_under(stage_, role_,
                  "default_transaction_read_only = on;default_transaction_isolation = 'serializable';default_transaction_deferrable = on;"
                  "datestyle = 'SQL, DMY';client_encoding = 'LATIN1';standard_conforming_strings = off;search_path = public, pg_catalog;"
                  "synchronous_commit = off;row_security = off;timezone = 'Asia/Kolkata'");
}

TEST(RoleOn18, ItsTransactionTimeoutIsNotInTheWay) {
    if (std::getenv("PGBELAY_PG_BIN_18") == nullptr) {
        GTEST_SKIP() << "SKIPPED: transaction_timeout came with 17, and $PGBELAY_PG_BIN_18 names no server";
    }
    cluster::Cluster server({.major = "18", .settings = {{"fsync", "off"}, {"autovacuum", "off"}}});
    Stage stage(large_table("busy"), server);
    stage.session().run(
        fmt::format("CREATE ROLE owner LOGIN; GRANT CREATE ON DATABASE {} TO owner; ALTER TABLE busy OWNER TO owner;"
                    "GRANT CREATE ON SCHEMA public TO owner",
                    stage.database.name()));
    deploys_under(stage, "owner", "transaction_timeout = '900ms';statement_timeout = '700ms';idle_session_timeout = '800ms'");
}

}  // namespace
}  // namespace pgbelay::test
