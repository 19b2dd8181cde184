// Verbs of a runbook whose point is what happens over time: waiting for it, asking a person, keeping values over a restart, and trying
// something without standing in anybody's way.
#include "faults/stage.h"

#include "base/wait.h"

#include <gtest/gtest.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace pgbelay::test {
namespace {

constexpr const char* kTable = "CREATE TABLE t (id int PRIMARY KEY, note text); INSERT INTO t SELECT n, 'x' FROM generate_series(1, 3) n";

void write_runbook(const Stage& stage, const std::string& body, const std::string& front = "") {
    stage.folder.write("runbook.md", "---\npgbelay: 1\n" + front + "---\n" + body);
}

std::string columns(const Stage& stage) {
    return stage.value(
        "SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0 AND NOT "
        "attisdropped");
}

TEST(NotBefore, ARunWaitsForItsTimeAndResumeGoesOnThen) {
    const Stage stage(kTable);
    write_runbook(stage,
                  "```sql apply name=first\nALTER TABLE t ADD COLUMN a int;\n```\n"
                  "```sql apply not_before=3s-after:first\nALTER TABLE t ADD COLUMN b int;\n```\n");
    const auto deploy = stage.run({"deploy", "--yes", "runbook.md"});
    EXPECT_EQ(deploy.status, 0) << deploy.said;
    EXPECT_NE(deploy.said.find("Waiting for its time"), std::string::npos) << deploy.said;
    EXPECT_EQ(stage.run_state(), "waiting");
    EXPECT_EQ(columns(stage), "id note a");
    EXPECT_EQ(stage.value("SELECT finished_at IS NULL FROM pgbelay.run"), "t");

    eventually("its time", [&] {
        const auto resumed = stage.run({"resume"});
        EXPECT_EQ(resumed.status, 0) << resumed.said;
        return stage.run_state() == "deployed";
    });
    EXPECT_EQ(columns(stage), "id note a b");
    EXPECT_EQ(stage.value("SELECT b.at - a.at >= interval '3 s' FROM pgbelay.step a, pgbelay.step b WHERE a.n = 1 AND b.n = 2"), "t");
    const auto back = stage.run({"rollback", "--yes"});
    EXPECT_EQ(back.status, 0) << back.said;
    EXPECT_EQ(columns(stage), "id note");
}

TEST(NotBefore, AWaitingRunCanBeRolledBackAndIsNotClosedByOthers) {
    const Stage stage(kTable);
    write_runbook(stage, "```sql apply not_before=2999-01-01T00:00Z\nALTER TABLE t ADD COLUMN a int;\n```\n");
    stage.folder.write("other.sql", "ALTER TABLE t ADD COLUMN other int;\n");
    EXPECT_EQ(stage.run({"deploy", "--yes", "runbook.md"}).status, 0);
    EXPECT_EQ(stage.run_state(), "waiting");
    const auto other = stage.run({"deploy", "--yes", "other.sql"});
    EXPECT_EQ(other.status, 3) << other.said;
    EXPECT_NE(other.said.find("pgbelay abort 1"), std::string::npos) << other.said;
    EXPECT_EQ(stage.run_state(), "waiting");
    EXPECT_EQ(stage.run({"abort"}).status, 0);
    EXPECT_EQ(stage.run_state(), "aborted");
    EXPECT_EQ(stage.run({"deploy", "--yes", "other.sql"}).status, 0);
    EXPECT_EQ(columns(stage), "id note other");
}

TEST(Record, AResumedRunComparesWithWhatWasRecordedBefore) {
    const Stage stage(kTable);
    write_runbook(stage,
                  "```sql check record=before\nSELECT count(*) AS n, 'a \"b\" \\ c' AS text FROM t;\n```\n"
                  "```sql apply\nALTER TABLE t ADD COLUMN a int;\n```\n"
                  "```sql check\n-- expect: > before.n\nSELECT count(*) FROM t;\n```\n");
    const auto deploy = stage.run({"deploy", "--yes", "runbook.md"});
    EXPECT_EQ(deploy.status, 5) << deploy.said;
    EXPECT_NE(deploy.said.find("expected > 3 (before.n), got 3"), std::string::npos) << deploy.said;
    stage.session().run("INSERT INTO t VALUES (4)");
    const auto resumed = stage.run({"resume"});
    EXPECT_EQ(resumed.status, 0) << resumed.said;
    EXPECT_EQ(stage.value("SELECT content FROM pgbelay.evidence WHERE kind = 'record'"), R"([["n","3"],["text","a \"b\" \\ c"]])");
}

TEST(Try, NeverHoldsStrongLocksForLongerThanTheBudget) {
    const Stage stage(kTable);
    write_runbook(stage, "```sql try timeout=1h name=long\nALTER TABLE t ADD COLUMN a int;\nSELECT pg_sleep(60);\n```\n",
                  "limits: { hold: 300ms }\n");
    const auto began = base::Clock::now();
    const auto deploy = stage.run({"deploy", "--yes", "runbook.md"});
    EXPECT_LT(base::Clock::now() - began, std::chrono::seconds(30));
    EXPECT_EQ(deploy.status, 3) << deploy.said;
    EXPECT_NE(deploy.said.find("took longer than its budget of 300 ms"), std::string::npos) << deploy.said;
    EXPECT_EQ(columns(stage), "id note");
    EXPECT_EQ(stage.value("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'pgbelay%' AND datname = current_database()"),
              "0");
}

TEST(Try, WaitsOutsideOfTheQueue) {
    const Stage stage(kTable);
    write_runbook(stage, "```sql try\nALTER TABLE t ADD COLUMN a int;\n```\n");
    Session reader = stage.session();
    reader.run("BEGIN; SELECT count(*) FROM t");
    const auto client = stage.start({"deploy", "--yes", "runbook.md"});
    eventually("the try waits", [&] { return client->has_said("has waited"); });
    EXPECT_FALSE(stage.waits_for_a_lock("worker"));
    EXPECT_EQ(stage.value("SELECT count(*) FROM t"), "3") << "nobody queues behind it";
    reader.run("COMMIT");
    EXPECT_EQ(client->wait(), 0) << client->said();
    EXPECT_EQ(columns(stage), "id note");
}

TEST(Timeout, OfAStepCancelsABuildAndLeavesNothing) {
    const Stage stage(large_table("busy"));
    write_runbook(stage, "```sql apply timeout=1s\nCREATE INDEX busy_a ON busy (a);\n```\n");
    Session writer = stage.session();
    writer.run("BEGIN; UPDATE busy SET a = a WHERE id = 1");
    const auto deploy = stage.run({"deploy", "--yes", "runbook.md"});
    EXPECT_EQ(deploy.status, 3) << deploy.said;
    EXPECT_NE(deploy.said.find("not done within its timeout of 1.0 s"), std::string::npos) << deploy.said;
    writer.run("COMMIT");
    const auto resumed = stage.run({"resume"});
    EXPECT_EQ(resumed.status, 0) << resumed.said;
    EXPECT_EQ(stage.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'busy_a'::regclass"), "t");
}

// pgbelay at a terminal of its own, typed at.
class AtTerminal {
public:
    AtTerminal(const Stage& stage, std::vector<std::string> arguments) {
        const auto setting = stage.setting();
        arguments.insert(arguments.begin(), setting.binary.string());
        arguments.insert(arguments.end(), {"--db", setting.url});
        pid_ = forkpty(&terminal_, nullptr, nullptr, nullptr);
        if (pid_ == 0) {
            if (chdir(setting.directory.c_str()) != 0) {
                _exit(127);
            }
            std::vector<char*> argv;
            for (std::string& argument : arguments) {
                argv.push_back(argument.data());
            }
            argv.push_back(nullptr);
            execv(argv[0], argv.data());
            _exit(127);
        }
    }
    ~AtTerminal() {
        if (pid_ > 0) {
            kill(pid_, SIGKILL);
            waitpid(pid_, nullptr, 0);
        }
        close(terminal_);
    }
    AtTerminal(const AtTerminal&) = delete;
    AtTerminal& operator=(const AtTerminal&) = delete;

    void type(const std::string& line) const { ASSERT_EQ(write(terminal_, line.data(), line.size()), static_cast<ssize_t>(line.size())); }

    // False when it ended, or half a minute passed, without saying so.
    bool wait_for(const std::string& words) {
        const base::Deadline deadline = base::in(std::chrono::seconds(30));
        while (said_.find(words) == std::string::npos) {
            if (base::wait(terminal_, base::Direction::read, deadline, nullptr) != base::WaitResult::ready) {
                return false;
            }
            char bytes[4096];
            const ssize_t got = read(terminal_, bytes, sizeof bytes);
            if (got <= 0) {
                return false;
            }
            said_.append(bytes, static_cast<std::size_t>(got));
        }
        return true;
    }
    int end() {
        wait_for("\x01 never said");
        int status = 0;
        waitpid(std::exchange(pid_, -1), &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    const std::string& said() const { return said_; }

private:
    int terminal_ = -1;
    pid_t pid_ = -1;
    std::string said_;
};

constexpr const char* kConfirmed =
    "```sql apply\nALTER TABLE t ADD COLUMN a int;\n```\n"
    "```confirm name=dashboards\nThe dashboards look as before.\n```\n"
    "```sql apply\nALTER TABLE t ADD COLUMN b int;\n```\n";

TEST(Confirm, APersonAtTheTerminalIsAskedWhereItStands) {
    const Stage stage(kTable);
    write_runbook(stage, kConfirmed);
    AtTerminal terminal(stage, {"deploy", "--yes", "runbook.md"});
    ASSERT_TRUE(terminal.wait_for("Confirmed by")) << terminal.said();
    EXPECT_NE(terminal.said().find("The dashboards look as before."), std::string::npos);
    EXPECT_EQ(columns(stage), "id note a");
    terminal.type("Ada Lovelace\n");
    EXPECT_EQ(terminal.end(), 0) << terminal.said();
    EXPECT_EQ(columns(stage), "id note a b");
    EXPECT_EQ(stage.value("SELECT content::json->>'who' FROM pgbelay.evidence WHERE kind = 'confirm'"), "Ada Lovelace");
}

TEST(Confirm, AnEmptyAnswerStopsTheRunAndResumeNeedsAName) {
    const Stage stage(kTable);
    write_runbook(stage, kConfirmed);
    AtTerminal terminal(stage, {"deploy", "--yes", "runbook.md"});
    ASSERT_TRUE(terminal.wait_for("Confirmed by")) << terminal.said();
    terminal.type("\n");
    EXPECT_EQ(terminal.end(), 5) << terminal.said();
    EXPECT_EQ(columns(stage), "id note a");
    const auto nobody = stage.run({"resume"});
    EXPECT_EQ(nobody.status, 3) << nobody.said;
    EXPECT_NE(nobody.said.find("--confirm dashboards=WHO"), std::string::npos) << nobody.said;
    const auto named = stage.run({"resume", "--confirm", "dashboards=alice"});
    EXPECT_EQ(named.status, 0) << named.said;
    EXPECT_EQ(columns(stage), "id note a b");
}

TEST(Confirm, AnAbortFromElsewhereEndsTheQuestion) {
    const Stage stage(kTable);
    write_runbook(stage, kConfirmed);
    AtTerminal terminal(stage, {"deploy", "--yes", "runbook.md"});
    ASSERT_TRUE(terminal.wait_for("Confirmed by")) << terminal.said();
    EXPECT_EQ(stage.run({"abort"}).status, 0);
    EXPECT_EQ(terminal.end(), 5) << terminal.said();
    EXPECT_EQ(stage.run_state(), "aborted");
}

}  // namespace
}  // namespace pgbelay::test
