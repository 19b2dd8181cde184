// `--blockers`: who is ended, who never is, and what is said and kept about it.
#include "surroundings/neighbour.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>

namespace pgbelay::test {
namespace {

constexpr const char* kColumn = "ALTER TABLE busy ADD COLUMN region text;\n";
constexpr const char* kIndex = "CREATE INDEX busy_a_idx ON busy (a);\n";

class Policy : public ::testing::Test {
protected:
    Stage::Ended deploy(const std::string& sql, const std::vector<std::string>& options) const {
        stage_.folder.write("1.sql", sql);
        std::vector<std::string> words{"deploy", "-y", "--format", "jsonl", "1.sql"};
        words.insert(words.end(), options.begin(), options.end());
        return stage_.run(words);
    }
    std::string column() const {
        return stage_.value("SELECT count(*) FROM pg_attribute WHERE attrelid = 'busy'::regclass AND attname = 'region'");
    }
    std::string valid() const { return stage_.value("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('busy_a_idx')"); }
    std::string signals() const {
        return stage_.value("SELECT coalesce(string_agg(action || ' ' || pid, ', ' ORDER BY at), '') FROM pgbelay.signal");
    }
    static std::string pid_of(Session& session) { return session.value("SELECT pg_backend_pid()"); }
    // Without the time to wait for longer, so that a step which is never let through fails soon.
    static std::vector<std::string> impatient(const std::string& policy) { return {"--blockers", policy, "--limit", "deadline=3s"}; }

    Stage stage_{large_table("busy")};
};

TEST_F(Policy, CancelEndsAReportAndItsSessionLivesOn) {
    Busy report(stage_.database, "BEGIN", "SELECT count(*), pg_sleep(100) FROM (SELECT FROM busy LIMIT 1) AS b");
    const auto ended = deploy(kColumn, {"--blockers", "cancel:1s"});
    EXPECT_EQ(ended.status, 0) << ended.said;
    EXPECT_NE(report.outcome().find("canceling statement due to user request"), std::string::npos) << report.outcome();
    EXPECT_TRUE(lives(stage_.database, report.pid()));
    EXPECT_EQ(column(), "1");
    EXPECT_EQ(signals(), "cancel " + report.pid());
    EXPECT_NE(ended.said.find(R"("event":"session_signalled")"), std::string::npos) << ended.said;
    EXPECT_NE(ended.said.find("to be cancelled when older than 1.0 s"), std::string::npos) << ended.said;
    const auto evidence = stage_.run({"report"});
    EXPECT_NE(evidence.said.find("cancelled pid " + report.pid()), std::string::npos) << evidence.said;
    const auto json = stage_.run({"report", "--format", "json"});
    EXPECT_NE(json.said.find(R"("action": "cancel")"), std::string::npos) << json.said;
}

TEST_F(Policy, CancelIsNotOfferedForAnIdleTransaction) {
    Session idle = stage_.session();
    idle.run("BEGIN; SELECT count(*) FROM busy");
    const auto ended = deploy(kColumn, impatient("cancel:1s"));
    EXPECT_EQ(ended.status, 3) << ended.said;
    EXPECT_NE(ended.said.find("a cancel cannot end it, `--blockers terminate` would"), std::string::npos) << ended.said;
    EXPECT_EQ(signals(), "");
    idle.run("COMMIT");
    EXPECT_EQ(stage_.run({"resume"}).status, 0);
}

TEST_F(Policy, TerminateEndsAnIdleTransactionInTheWayOfALock) {
    Session idle = stage_.session();
    idle.run("BEGIN; SELECT count(*) FROM busy");
    const std::string pid = pid_of(idle);
    const auto ended = deploy(kColumn, {"--blockers", "terminate:1s"});
    EXPECT_EQ(ended.status, 0) << ended.said;
    EXPECT_EQ(signals(), "terminate " + pid);
    EXPECT_THROW(idle.run("COMMIT"), std::runtime_error);
}

TEST_F(Policy, TerminateEndsAWriterThatABuildWaitsFor) {
    Session writer = stage_.session();
    writer.run("BEGIN; UPDATE busy SET a = a WHERE id = 1");
    const std::string pid = pid_of(writer);
    const auto ended = deploy(kIndex, {"--blockers", "terminate:1s"});
    EXPECT_EQ(ended.status, 0) << ended.said;
    EXPECT_EQ(valid(), "t");
    EXPECT_EQ(signals(), "terminate " + pid);
}

TEST_F(Policy, CancelEndsAWaiterInAnAdvisoryLockThatABuildWaitsFor) {
    Session holder = stage_.session();
    holder.run("SELECT pg_advisory_lock(4711)");
    Busy waiter(stage_.database, "SELECT 1", "SELECT pg_advisory_lock(4711)");
    const auto ended = deploy(kIndex, {"--blockers", "cancel:1s"});
    EXPECT_EQ(ended.status, 0) << ended.said;
    EXPECT_EQ(valid(), "t");
    EXPECT_EQ(signals(), "cancel " + waiter.pid());
    EXPECT_EQ(holder.value("SELECT pg_advisory_unlock(4711)"), "t");
}

TEST_F(Policy, WhoIsYoungerThanTheLeastAgeIsNotTouched) {
    Session idle = stage_.session();
    idle.run("BEGIN; SELECT count(*) FROM busy");
    const auto ended = deploy(kColumn, impatient("terminate:1h"));
    EXPECT_EQ(ended.status, 3) << ended.said;
    EXPECT_NE(ended.said.find("to be terminated when older than 1 h"), std::string::npos) << ended.said;
    idle.run("COMMIT");
}

TEST_F(Policy, APreparedTransactionIsNamedAndNeverEnded) {
    Session other = stage_.session();
    other.run("BEGIN");
    other.run("UPDATE busy SET a = a WHERE id = 1");
    other.run("PREPARE TRANSACTION 'left behind'");
    const auto ended = deploy(kColumn, impatient("terminate:1s,dumps,migrators,vacuums"));
    EXPECT_EQ(ended.status, 3) << ended.said;
    EXPECT_NE(ended.said.find("prepared transaction \\\"left behind\\\" of postgres"), std::string::npos) << ended.said;
    EXPECT_EQ(signals(), "");
    other.run("COMMIT PREPARED 'left behind'");
    EXPECT_EQ(stage_.run({"resume"}).status, 0);
}

TEST_F(Policy, ADumpIsEndedOnlyWhereThePolicyNamesIt) {
    Session dump = stage_.session();
    dump.run("SET application_name = 'pg_dump'");
    dump.run("BEGIN ISOLATION LEVEL REPEATABLE READ; LOCK TABLE busy IN ACCESS SHARE MODE");
    const std::string pid = pid_of(dump);
    const auto left = deploy(kColumn, impatient("terminate:1s,migrators"));
    EXPECT_EQ(left.status, 3) << left.said;
    EXPECT_NE(left.said.find("a dump"), std::string::npos) << left.said;
    EXPECT_NE(left.said.find("left alone unless the policy says `terminate:…,dumps`"), std::string::npos) << left.said;
    EXPECT_EQ(stage_.run({"resume", "--blockers", "terminate:1s,dumps"}).status, 0);
    EXPECT_EQ(signals(), "terminate " + pid);
    EXPECT_EQ(column(), "1");
}

TEST_F(Policy, AnotherMigratorIsNamedByItsLockAndLeftAlone) {
    Session migrator = stage_.session();
    migrator.run("SELECT pg_advisory_lock(72707369)");
    migrator.run("BEGIN; UPDATE busy SET a = a WHERE id = 1");
    const auto left = deploy(kColumn, impatient("terminate:1s,dumps"));
    EXPECT_EQ(left.status, 3) << left.said;
    EXPECT_NE(left.said.find("another migrator (Prisma)"), std::string::npos) << left.said;
    EXPECT_EQ(signals(), "");
    migrator.run("COMMIT");
    EXPECT_EQ(stage_.run({"resume"}).status, 0);
}

TEST_F(Policy, ResumeMayTakeAnotherOneThanTheDeploymentHad) {
    Session idle = stage_.session();
    idle.run("BEGIN; SELECT count(*) FROM busy");
    stage_.folder.write("1.sql", kColumn);
    auto client = stage_.start({"deploy", "-y", "--format", "jsonl", "1.sql"});
    eventually("it waits", [&] { return client->has_said("step_waiting"); });
    client->signal(SIGINT);
    EXPECT_EQ(client->wait(), 130) << client->said();
    EXPECT_EQ(signals(), "");
    const auto resumed = stage_.run({"resume", "--blockers", "terminate:1s"});
    EXPECT_EQ(resumed.status, 0) << resumed.said;
    EXPECT_EQ(column(), "1");
}

TEST_F(Policy, StandsInARunbookAndIsShownBeforeTheQuestion) {
    stage_.folder.write("d.md", std::string("---\npgbelay: 1\nblockers: terminate:1s\n---\n```sql apply\n") + kColumn + "```\n");
    const auto plan = stage_.run({"plan", "d.md"});
    EXPECT_EQ(plan.status, 0) << plan.said;
    EXPECT_NE(plan.said.find("--blockers: whoever is in the way with a transaction older than 1.0"), std::string::npos) << plan.said;
    Session idle = stage_.session();
    idle.run("BEGIN; SELECT count(*) FROM busy");
    const auto ended = stage_.run({"deploy", "-y", "d.md"});
    EXPECT_EQ(ended.status, 0) << ended.said;
    EXPECT_EQ(column(), "1");
}

// A role that owns the table and may do no more than a deployment needs.
class PolicyOfARole : public Policy {
protected:
    PolicyOfARole() {
        stage_.session().run(
            fmt::format("CREATE ROLE {0} LOGIN; GRANT CREATE ON DATABASE {1} TO {0}; ALTER TABLE busy OWNER TO {0};"
                        "GRANT CREATE ON SCHEMA public TO {0}",
                        role_, stage_.database.name()));
        stage_.folder.write("1.sql", kColumn);
    }
    ~PolicyOfARole() override { stage_.session().run(fmt::format("DROP OWNED BY {0} CASCADE; DROP ROLE {0}", role_)); }

    Stage::Ended deploy(const std::vector<std::string>& options) const {
        std::vector<std::string> words{"deploy", "-y", "1.sql"};
        words.insert(words.end(), options.begin(), options.end());
        Client::Setting setting = stage_.setting();
        setting.url += "?user=" + role_;
        setting.url.replace(setting.url.find("postgres@"), 9, "");
        Client client(setting, words);
        const int status = client.wait();
        return {status, client.said()};
    }

    const std::string role_ = "deployer_of_" + stage_.database.name();
};

TEST_F(PolicyOfARole, IsRefusedBeforeTheFirstChangeWithTheGrantThatMendsIt) {
    const auto refused = deploy({"--blockers", "cancel:1s"});
    EXPECT_EQ(refused.status, 3) << refused.said;
    EXPECT_NE(refused.said.find("GRANT pg_signal_backend, pg_read_all_stats TO " + role_), std::string::npos) << refused.said;
    EXPECT_EQ(stage_.value("SELECT to_regclass('pgbelay.run')"), "");
    EXPECT_EQ(column(), "0");
}

TEST_F(PolicyOfARole, NamesASuperusersSessionThatItMayNotEnd) {
    stage_.session().run(fmt::format("GRANT pg_signal_backend, pg_read_all_stats TO {}", role_));
    Session idle = stage_.session();
    idle.run("BEGIN; SELECT count(*) FROM busy");
    const auto ended = deploy(impatient("terminate:1s"));
    EXPECT_EQ(ended.status, 3) << ended.said;
    EXPECT_NE(ended.said.find("could not be terminated: must be a superuser"), std::string::npos) << ended.said;
    EXPECT_EQ(signals(), "");
    idle.run("COMMIT");
    EXPECT_EQ(deploy({"--blockers", "terminate:1s"}).status, 0);
}

}  // namespace
}  // namespace pgbelay::test
