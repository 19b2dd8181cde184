// What a server is, what it allows, and whether a pooler stands before it.
#include "pg/server.h"

#include "base/file.h"
#include "base/subprocess.h"
#include "server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace pgbelay::pg {
namespace {

namespace fs = std::filesystem;
using namespace testing;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(ServerFacts, SayWhatItIs) {
    const Database db;
    Connection c = db.open();
    const ServerFacts facts = server_facts(c);
    EXPECT_EQ(facts.version, c.server_version());
    EXPECT_THAT(facts.version_text, ::testing::MatchesRegex("[0-9]+\\.[0-9]+"));
    EXPECT_FALSE(facts.in_recovery);
    EXPECT_EQ(facts.system_identifier, value(c, "SELECT system_identifier FROM pg_control_system()"));
    EXPECT_EQ(std::to_string(facts.database_oid), value(c, "SELECT oid FROM pg_database WHERE datname = current_database()"));
    EXPECT_EQ(facts.database, db.name());
    EXPECT_EQ(facts.role, "postgres");
    EXPECT_TRUE(facts.superuser);
    EXPECT_TRUE(facts.sees_activity);
    EXPECT_TRUE(facts.may_create_schema);
    EXPECT_EQ(facts.deadlock_timeout, base::Millis(1000));
    EXPECT_EQ(facts.standbys, 0);
    EXPECT_FALSE(facts.active_slots);
    EXPECT_EQ(facts.encoding, "UTF8");
    EXPECT_THAT(facts.address, HasSubstr("127.0.0.1:"));
}

TEST(ServerFacts, SeeLogicalSlots) {
    const Database db;
    Connection c = db.open();
    must_run(c, "SELECT pg_create_logical_replication_slot('slot_of_" + db.name() + "', 'pgoutput')");
    EXPECT_TRUE(server_facts(c).active_slots);
    must_run(c, "SELECT pg_drop_replication_slot('slot_of_" + db.name() + "')");
}

TEST(ServerFacts, OfAPlainRole) {
    const Database db;
    Connection admin = db.open();
    const std::string role = db.name() + "_low";
    run_all(admin, {"CREATE ROLE " + role + " LOGIN", "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC"});
    {
        const std::string port = std::to_string(server().port());
        Connection low = Connection::open(Conninfo("host=127.0.0.1 port=" + port + " user=" + role + " dbname=" + db.name(), "the test"),
                                          "test", base::in(seconds(10)), nullptr);
        const ServerFacts facts = server_facts(low);
        EXPECT_FALSE(facts.superuser);
        EXPECT_FALSE(facts.sees_activity);
        EXPECT_FALSE(facts.may_create_schema);
        EXPECT_EQ(facts.system_identifier, "");
        EXPECT_EQ(facts.role, role);
    }
    must_run(admin, "DROP ROLE " + role);
}

TEST(MissingRights, ComeWithTheGrantThatMendsThem) {
    const Database db;
    Connection c = db.open();
    const std::string role = db.name() + "_low";
    run_all(c, {"CREATE SCHEMA \"My App\"", "CREATE TABLE \"My App\".t (a int)", "CREATE ROLE " + role});
    EXPECT_THAT(missing_rights(c, {.own_relations = {"\"My App\".t", "\"My App\".missing"}, .create_in_schemas = {"\"My App\""}}),
                IsEmpty());
    EXPECT_THAT(missing_rights(c, {.own_relations = {"\"My App\".t"}, .create_in_schemas = {"\"My App\""}, .role = role}),
                ElementsAre(AllOf(Field(&MissingRight::what, "role " + role + " does not own \"My App\".t, postgres does"),
                                  // Never the advice to make somebody a superuser.
                                  Field(&MissingRight::way_out, "deploy as postgres, or ALTER TABLE \"My App\".t OWNER TO " + role)),
                            AllOf(Field(&MissingRight::what, "role " + role + " may not create in schema \"My App\""),
                                  Field(&MissingRight::way_out, "GRANT CREATE ON SCHEMA \"My App\" TO " + role))));
    EXPECT_THAT(missing_rights(c, {.role = "nobody_at_all"}),
                ElementsAre(Field(&MissingRight::what, HasSubstr("role nobody_at_all does not exist"))));
    run_all(c, {"GRANT CREATE ON SCHEMA \"My App\" TO " + role, "ALTER TABLE \"My App\".t OWNER TO " + role});
    EXPECT_THAT(missing_rights(c, {.own_relations = {"\"My App\".t"}, .create_in_schemas = {"\"My App\""}, .role = role}), IsEmpty());
    run_all(c, {"DROP OWNED BY " + role, "DROP ROLE " + role});
}

TEST(Pooler, ADirectConnectionIsNone) {
    EXPECT_FALSE(behind_transaction_pooler(Conninfo(server().url(), "the test"), base::in(seconds(10)), nullptr));
}

// pgbouncer before the test server, which it reaches by the given pool mode.
class Pgbouncer {
public:
    explicit Pgbouncer(const std::string& mode) {
        std::string name = ::testing::TempDir() + "pgbelay-pooler-XXXXXX";
        directory_ = mkdtemp(name.data());
        fs::permissions(directory_, fs::perms::all);
        port_ = std::to_string(server().port() + 1 + (mode == "session" ? 1 : 0));
        std::ofstream(directory_ / "ini") << "[databases]\n* = host=127.0.0.1 port=" << server().port()
                                          << " user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = " << port_
                                          << "\nunix_socket_dir =\nauth_type = any\npool_mode = " << mode
                                          << "\nignore_startup_parameters = extra_float_digits\n";
        std::ofstream(directory_ / "log").close();
        fs::permissions(directory_ / "log", fs::perms::all);
        daemon_.emplace(base::Command{.argv = {"pgbouncer", (directory_ / "ini").string()},
                                      .as_user = geteuid() == 0 ? std::optional<std::string>("postgres") : std::nullopt},
                        (directory_ / "log").string());
    }
    ~Pgbouncer() {
        daemon_.reset();
        fs::remove_all(directory_);
    }
    static bool installed() { return fs::exists("/usr/sbin/pgbouncer") || fs::exists("/usr/bin/pgbouncer"); }
    Conninfo conninfo(const Database& db) const {
        return Conninfo("host=127.0.0.1 port=" + port_ + " user=postgres dbname=" + db.name(), "the test");
    }
    void wait_until_it_listens(const Database& db) const {
        eventually(
            [&] {
                try {
                    behind_transaction_pooler(conninfo(db), base::in(seconds(2)), nullptr);
                    return true;
                } catch (const base::Error&) {
                    return false;
                }
            },
            "pgbouncer listens");
    }

private:
    fs::path directory_;
    std::string port_;
    std::optional<base::Daemon> daemon_;
};

TEST(Pooler, InTransactionModeIsRefusedAndLeftAsItWas) {
    if (!Pgbouncer::installed()) {
        GTEST_SKIP() << "pgbouncer is not installed";
    }
    const Database db;
    const Pgbouncer pooler("transaction");
    pooler.wait_until_it_listens(db);
    EXPECT_TRUE(behind_transaction_pooler(pooler.conninfo(db), base::in(seconds(10)), nullptr));
    try {
        Connection::open(pooler.conninfo(db), "test", base::in(seconds(10)), nullptr);
        FAIL() << "a transaction pooler was accepted";
    } catch (const base::Error& error) {
        EXPECT_EQ(error.code(), base::ErrorCode::refused);
        EXPECT_THAT(error.what(), HasSubstr("pooler in transaction mode"));
    }
    // Nothing of ours was left in the pooler's sessions.
    Connection c = db.open();
    EXPECT_EQ(value(c, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%set_config%'"), "1");
}

TEST(Pooler, InSessionModeIsFine) {
    if (!Pgbouncer::installed()) {
        GTEST_SKIP() << "pgbouncer is not installed";
    }
    const Database db;
    const Pgbouncer pooler("session");
    pooler.wait_until_it_listens(db);
    EXPECT_FALSE(behind_transaction_pooler(pooler.conninfo(db), base::in(seconds(10)), nullptr));
    Connection c = Connection::open(pooler.conninfo(db), "test", base::in(seconds(10)), nullptr);
    EXPECT_EQ(value(c, "SELECT pg_backend_pid()"), std::to_string(c.backend_pid()));
    EXPECT_EQ(value(c, "SHOW search_path"), "pg_catalog");
}

}  // namespace
}  // namespace pgbelay::pg
