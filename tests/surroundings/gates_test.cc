// What a runbook asks of the world before a deployment, and whom it tells: windows by the clock of the moment, approvals with real keys,
// other targets, disk, webhooks that do not answer.
#include "surroundings/neighbour.h"

#include "base/file.h"
#include "base/subprocess.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

namespace pgbelay::test {
namespace {

class Gates : public ::testing::Test {
protected:
    void write(const std::string& front_matter, const std::string& sql = "ALTER TABLE busy ADD COLUMN region text;") const {
        stage_.folder.write("deploy.md", "---\npgbelay: 1\nname: Regions\n" + front_matter + "---\n```sql apply\n" + sql + "\n```\n");
    }
    Stage::Ended deploy() const { return stage_.run({"deploy", "-y", "deploy.md"}); }
    std::string column() const {
        return stage_.value("SELECT count(*) FROM pg_attribute WHERE attrelid = 'busy'::regclass AND attname = 'region'");
    }
    // "HH:MM", so many minutes from now, UTC.
    std::string clock(int minutes) const {
        return stage_.value(fmt::format("SELECT to_char(now() AT TIME ZONE 'UTC' + interval '{} min', 'HH24:MI')", minutes));
    }
    base::CommandResult local(const std::vector<std::string>& words) const {
        return base::run_command({.argv = words, .working_directory = stage_.folder.path().string()}, base::in(std::chrono::seconds(30)),
                                 nullptr);
    }

    Stage stage_{large_table("busy")};
};

TEST_F(Gates, OutsideOfItsWindowNothingIsDeployed) {
    write(fmt::format("window: \"{}-{} UTC\"\n", clock(120), clock(180)));
    const auto refused = deploy();
    EXPECT_EQ(refused.status, 3) << refused.said;
    EXPECT_NE(refused.said.find("the window is shut; it opens"), std::string::npos) << refused.said;
    EXPECT_NE(refused.said.find(clock(120).substr(0, 3)), std::string::npos) << refused.said;
    EXPECT_EQ(column(), "0");
    EXPECT_EQ(stage_.run_state(), "");
    const auto looked = stage_.run({"check", "deploy.md"});
    EXPECT_EQ(looked.status, 0) << "who only looks is told: " << looked.said;
    EXPECT_NE(looked.said.find("warning  window"), std::string::npos) << looked.said;

    write(fmt::format("window: [\"{}-{} UTC\", \"{}-{} UTC\"]\n", clock(120), clock(180), clock(-60), clock(60)));
    const auto deployed = deploy();
    EXPECT_EQ(deployed.status, 0) << deployed.said;
    EXPECT_EQ(column(), "1");
    const auto evidence = stage_.run({"report"});
    EXPECT_NE(evidence.said.find("the window is open until"), std::string::npos) << evidence.said;
}

TEST_F(Gates, AStepThatWouldRunPastTheEndOfTheWindowDoesNotBegin) {
    // As large as the server can tell: the rest of its segments are holes.
    stage_.session().run("CREATE TABLE vast (id bigint)");
    const std::string file = stage_.value("SELECT current_setting('data_directory') || '/' || pg_relation_filepath('vast')");
    for (const char* segment : {"", ".1", ".2", ".3"}) {
        ASSERT_EQ(local({"truncate", "-s", "1G", file + segment}).status, 0);
        ASSERT_EQ(local({"chown", "--reference", file, file + segment}).status, 0);
    }
    write(fmt::format("window: \"{}-{} UTC\"\n", clock(-60), clock(2)),
          "ALTER TABLE busy ADD COLUMN region text;\nCREATE INDEX vast_id ON vast (id);\nALTER TABLE busy ADD COLUMN area text;");
    const auto deployed = deploy();
    EXPECT_EQ(deployed.status, 0) << deployed.said;
    EXPECT_NE(deployed.said.find("would probably take 3 min"), std::string::npos) << deployed.said;
    EXPECT_EQ(stage_.run_state(), "waiting");
    EXPECT_EQ(column(), "1") << "what stood before it is done";
    EXPECT_EQ(stage_.value("SELECT to_regclass('vast_id') IS NULL"), "t");
    const auto status = stage_.run({"status"});
    EXPECT_NE(status.said.find("waiting until"), std::string::npos) << status.said;
    const auto rolled_back = stage_.run({"rollback", "-y"});
    EXPECT_EQ(rolled_back.status, 0) << "windows do not hold a rollback up: " << rolled_back.said;
}

TEST_F(Gates, ADumpInTheWindowIsNamed) {
    Session dump = stage_.session();
    dump.run("SET application_name = 'pg_dump'; BEGIN; LOCK TABLE busy IN ACCESS SHARE MODE");
    write("window: 00:00-24:00 UTC\n");
    const auto looked = stage_.run({"check", "deploy.md"});
    EXPECT_NE(looked.said.find("a dump is running: pid " + dump.value("SELECT pg_backend_pid()")), std::string::npos) << looked.said;
}

TEST_F(Gates, ApprovalsAreSignedCheckedAndVoidedByAChange) {
    for (const char* who : {"alice", "bob"}) {
        ASSERT_EQ(local({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", who, "-f", who}).status, 0);
    }
    const auto key = [&](const char* who) {
        return fmt::format("{0}.approver@example.com {1}", who, base::read_file(stage_.folder.path() / fmt::format("{}.pub", who)));
    };
    stage_.folder.write("allowed_signers", key("alice") + key("bob"));
    const std::string front = "require: { approvals: { reviewed: 1, approved: 1 } }\n";
    write(front);
    const auto approve = [&](const char* role, const char* who) {
        return local({stage_.setting().binary.string(), "approve", "deploy.md", "--as", role, "--key", who});
    };
    const auto nobody = deploy();
    EXPECT_EQ(nobody.status, 3) << nobody.said;
    EXPECT_NE(nobody.said.find("approvals.reviewed 1: nobody"), std::string::npos) << nobody.said;
    EXPECT_NE(nobody.said.find("approvals.approved 1: nobody"), std::string::npos) << "both are said: " << nobody.said;

    const auto signed_by_alice = approve("reviewed", "alice");
    ASSERT_EQ(signed_by_alice.status, 0) << signed_by_alice.err;
    EXPECT_EQ(deploy().status, 3);
    ASSERT_EQ(approve("approved", "bob").status, 0);
    write(front, "ALTER TABLE busy ADD COLUMN area text;");
    const auto changed = deploy();
    EXPECT_EQ(changed.status, 3) << changed.said;
    EXPECT_NE(changed.said.find("the runbook was changed since"), std::string::npos) << changed.said;

    write(front);
    const auto deployed = deploy();
    EXPECT_EQ(deployed.status, 0) << deployed.said;
    const auto evidence = stage_.run({"report", "--format", "json"});
    EXPECT_NE(evidence.said.find("alice.approver@example.com"), std::string::npos) << evidence.said;
    EXPECT_NE(evidence.said.find("bob.approver@example.com"), std::string::npos) << evidence.said;
}

TEST_F(Gates, WhatWasNotDeployedOnStagingIsRefused) {
    const Database staging(large_table("busy"));
    const std::string front =
        fmt::format("targets: {{ staging: \"{}\" }}\nrequire: {{ deployed_on: staging, same_as: staging }}\n", staging.url());
    write(front);
    const auto never = deploy();
    EXPECT_EQ(never.status, 3) << never.said;
    EXPECT_NE(never.said.find("nothing was deployed on"), std::string::npos) << never.said;

    const auto on_staging = [&] {
        Client::Setting setting = stage_.setting();
        setting.url = staging.url();
        Client client(setting, {"deploy", "-y", "deploy.md"});
        return Stage::Ended{client.wait(), client.said()};
    };
    const auto first = on_staging();
    ASSERT_EQ(first.status, 0) << "on staging itself it does not ask for itself: " << first.said;
    write(front, "ALTER TABLE busy ADD COLUMN area text;");
    const auto other = deploy();
    EXPECT_EQ(other.status, 3) << other.said;
    EXPECT_NE(other.said.find("not this digest: run 1 on"), std::string::npos) << other.said;
    EXPECT_EQ(column(), "0");

    write(front);
    const auto deployed = deploy();
    EXPECT_EQ(deployed.status, 0) << deployed.said;
    const auto evidence = stage_.run({"report"});
    EXPECT_NE(evidence.said.find("deployed_on staging: run 1 on"), std::string::npos) << evidence.said;
}

TEST_F(Gates, AReceiptStandsForATargetThatCannotBeReached) {
    for (const char* who : {"ops", "mallory"}) {
        ASSERT_EQ(local({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", who, "-f", who}).status, 0);
    }
    stage_.folder.write("allowed_signers", "ops@example.com " + base::read_file(stage_.folder.path() / "ops.pub"));
    const Database staging(large_table("busy"));
    const std::string front = "targets: { staging: \"${STAGING_URL}\" }\nrequire: { deployed_on: { staging: staging.receipt } }\n";
    const auto on_staging = [&](const std::vector<std::string>& words) {
        base::Command command{.argv = {stage_.setting().binary.string()}, .working_directory = stage_.folder.path().string()};
        command.argv.insert(command.argv.end(), words.begin(), words.end());
        command.env = {{"STAGING_URL", staging.url()}, {"DATABASE_URL", staging.url()}};
        return base::run_command(command, base::in(std::chrono::seconds(30)), nullptr);
    };
    write(front);
    const auto never = deploy();
    EXPECT_EQ(never.status, 3) << never.said;
    EXPECT_NE(never.said.find("there is no receipt staging.receipt"), std::string::npos) << never.said;

    const auto first = on_staging({"deploy", "-y", "--env", "staging", "deploy.md"});
    ASSERT_EQ(first.status, 0) << "on staging itself it does not ask for itself: " << first.err;
    ASSERT_EQ(on_staging({"report", "--receipt", "staging.receipt", "--key", "mallory"}).status, 0);
    const auto by_mallory = deploy();
    EXPECT_EQ(by_mallory.status, 3) << by_mallory.said;
    EXPECT_NE(by_mallory.said.find("not among the allowed signers"), std::string::npos) << by_mallory.said;

    ASSERT_EQ(on_staging({"report", "--receipt", "staging.receipt", "--key", "ops"}).status, 0);
    write(front, "ALTER TABLE busy ADD COLUMN area text;");
    const auto other = deploy();
    EXPECT_EQ(other.status, 3) << other.said;
    EXPECT_NE(other.said.find("not this digest: run 1 deployed"), std::string::npos) << other.said;
    EXPECT_EQ(column(), "0");

    write(front);
    const auto deployed = deploy();
    EXPECT_EQ(deployed.status, 0) << deployed.said;
    const auto evidence = stage_.run({"report"});
    EXPECT_NE(evidence.said.find("as ops@example.com has signed"), std::string::npos) << evidence.said;

    ASSERT_EQ(on_staging({"rollback", "-y"}).status, 0);
    const auto rolled_back = on_staging({"report", "1", "--receipt", "another.receipt", "--key", "ops"});
    EXPECT_EQ(rolled_back.status, 3) << rolled_back.out << rolled_back.err;
    EXPECT_FALSE(std::filesystem::exists(stage_.folder.path() / "another.receipt"));
}

TEST_F(Gates, AValueOfAnotherRunbookIsWanted) {
    write("require: { after: { The base: backup.id } }\n");
    const auto base = [&](const char* file, const char* id) {
        stage_.folder.write(file,
                            fmt::format("---\npgbelay: 1\nname: The base\n---\n```sql check record=backup\nSELECT {} AS id;\n```\n", id));
        return stage_.run({"deploy", "-y", file}).status;
    };
    ASSERT_EQ(base("first.md", "NULL"), 0);
    const auto without = deploy();
    EXPECT_EQ(without.status, 3) << without.said;
    EXPECT_NE(without.said.find("it did not record backup.id"), std::string::npos) << without.said;
    ASSERT_EQ(base("second.md", "'BK-7'"), 0);
    const auto deployed = deploy();
    EXPECT_EQ(deployed.status, 0) << deployed.said;
    const auto evidence = stage_.run({"report", "--format", "md"});
    EXPECT_NE(evidence.said.find("backup.id is BK-7"), std::string::npos) << evidence.said;
}

TEST_F(Gates, AnotherRunbookIsWantedFirst) {
    write("require: { after: The base }\n");
    EXPECT_EQ(deploy().status, 3);
    stage_.folder.write("base.md", "---\npgbelay: 1\nname: The base\n---\n```sql apply\nALTER TABLE busy ADD COLUMN base text;\n```\n");
    ASSERT_EQ(stage_.run({"deploy", "-y", "base.md"}).status, 0);
    const auto deployed = deploy();
    EXPECT_EQ(deployed.status, 0) << deployed.said;
    ASSERT_EQ(stage_.run({"rollback", "-y"}).status, 0);
    ASSERT_EQ(stage_.run({"rollback", "-y", "1"}).status, 0);
    const auto undone = deploy();
    EXPECT_EQ(undone.status, 3) << "it was rolled back: " << undone.said;
}

TEST_F(Gates, DiskMustSufficeForWhatIsWrittenAnew) {
    const std::string index = "CREATE INDEX busy_pad ON busy (pad, a);";
    stage_.session().run("ANALYZE busy");
    write("require: { disk_free: { available: 100kB } }\n", index);
    const auto refused = deploy();
    EXPECT_EQ(refused.status, 3) << refused.said;
    EXPECT_NE(refused.said.find("100 kB are said to be available"), std::string::npos) << refused.said;
    write("require: { disk_free: { ask: df, keep: 900000TB } }\n", index);
    EXPECT_EQ(deploy().status, 3);
    write("require: { disk_free: { ask: df } }\n", index);
    const auto deployed = deploy();
    EXPECT_EQ(deployed.status, 0) << deployed.said;
    const auto evidence = stage_.run({"report"});
    EXPECT_NE(evidence.said.find("are free there"), std::string::npos) << evidence.said;
}

// Listens, and never answers.
class Silence {
public:
    Silence() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        EXPECT_EQ(::listen(fd_, 8), 0);
        socklen_t size = sizeof address;
        ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
    }
    ~Silence() { ::close(fd_); }
    Silence(const Silence&) = delete;
    Silence& operator=(const Silence&) = delete;
    int port() const { return port_; }

private:
    int fd_;
    int port_ = 0;
};

TEST_F(Gates, AWebhookThatNeverAnswersDelaysNothing) {
    const Silence silence;
    stage_.folder.write("told.sh", "echo \"$PGBELAY_EVENT $PGBELAY_RESULT\" >> told\n");
    write(
        fmt::format("notify:\n  - url: http://127.0.0.1:{}/t0psecret\n    events: end\n  - slack: http://127.0.0.1:1/t0psecret\n"
                    "  - command: [sh, told.sh]\n  - url: \"${{PGBELAY_TEST_UNSET}}\"\n",
                    silence.port()));
    const auto began = base::Clock::now();
    const auto deployed = deploy();
    EXPECT_LT(base::Clock::now() - began, std::chrono::seconds(30));
    EXPECT_EQ(deployed.status, 0) << deployed.said;
    EXPECT_EQ(column(), "1");
    EXPECT_NE(deployed.said.find("slack was not told of \"start\""), std::string::npos) << deployed.said;
    EXPECT_NE(deployed.said.find("url was not told of \"end\""), std::string::npos) << deployed.said;
    EXPECT_NE(deployed.said.find("PGBELAY_TEST_UNSET is not set"), std::string::npos) << deployed.said;
    EXPECT_EQ(deployed.said.find("t0psecret"), std::string::npos) << deployed.said;
    EXPECT_NE(base::read_file(stage_.folder.path() / "told").find("start"), std::string::npos);
}

}  // namespace
}  // namespace pgbelay::test
