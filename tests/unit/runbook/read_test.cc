#include "runbook/runbook.h"

#include "workspace.h"

#include <gmock/gmock.h>

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <thread>

namespace pgbelay::runbook {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

std::string digest_of_text(const std::string& text) {
    const Workspace w;
    return read({w.write("d.md", text)}, {}).digest;
}

// Standard input reading from a file for as long as this lives.
class RedirectedInput {
public:
    explicit RedirectedInput(const std::string& path) : saved_(dup(STDIN_FILENO)) {
        if (std::freopen(path.c_str(), "r", stdin) == nullptr) {
            throw std::runtime_error("standard input cannot be redirected");
        }
    }
    ~RedirectedInput() {
        dup2(saved_, STDIN_FILENO);
        close(saved_);
    }
    RedirectedInput(const RedirectedInput&) = delete;
    RedirectedInput& operator=(const RedirectedInput&) = delete;

private:
    int saved_;
};

TEST(Read, JoinsPathsInTheOrderGiven) {
    const Workspace w;
    w.write("m/1.sql", "SELECT 1;");
    const std::string last = w.write("last.sql", "SELECT 3;");
    const std::string runbook_path = w.write("d.md", "---\npgbelay: 1\nlimits: {hold: 3s}\n---\n```sql apply\nSELECT 2;\n```\n");
    const Runbook runbook = read({w.path("m"), runbook_path, last}, {});
    EXPECT_THAT(names_of(runbook), ElementsAre("1", "step-1", "last"));
    EXPECT_EQ(runbook.items[1].file, 1);
    EXPECT_EQ(runbook.items[2].file, 2);
    EXPECT_EQ(runbook.limits.hold, base::Millis(3000));
    EXPECT_EQ(runbook.name, "d");
}

TEST(Read, TakesSqlFromStandardInput) {
    const Workspace w;
    const std::string path = w.write("input", "SELECT 1;\nSELECT 2;\n");
    const RedirectedInput input(path);
    const Runbook runbook = read({"-"}, {});
    EXPECT_EQ(sql_of(runbook, 0).statements.at(1).place, (base::Place{"<stdin>", 2, 1}));
    EXPECT_EQ(runbook.name, "<stdin>");
    EXPECT_THAT(runbook.files.at(0).key, StartsWith("<stdin>:"));
}

TEST(Read, TakesAPipeLikeStandardInput) {
    const Workspace w;
    const std::string path = w.path("pipe.sql");
    ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
    std::jthread writer([&] { std::ofstream(path) << "SELECT 1;\n"; });
    const Runbook runbook = read({path}, {});
    EXPECT_THAT(statements_of(sql_of(runbook, 0).statements), ElementsAre("SELECT 1"));
    EXPECT_THAT(runbook.files.at(0).key, StartsWith("<stdin>:"));
}

TEST(Read, NamesFilesInTheLedgerWithoutDots) {
    const Workspace w;
    w.write("db/m/1.sql", "SELECT 1;");
    w.write("db/x/other", "");
    EXPECT_THAT(keys_of(read({w.path("db/x/../m/.")}, {})), ElementsAre("m/1.sql"));
    EXPECT_THAT(keys_of(read({w.path("db/m/")}, {})), ElementsAre("m/1.sql"));
    EXPECT_THAT(keys_of(read({w.path("db/m/../m/1.sql")}, {})), ElementsAre("m/1.sql"));
}

TEST(Read, RefusesTwoFilesThatTheLedgerWouldTakeForOne) {
    const Workspace w;
    const std::string first = w.write("a/m/1.sql", "SELECT 1;");
    const std::string second = w.write("b/m/1.sql", "SELECT 2;");
    const base::Error error = error_of({first, second});
    EXPECT_EQ(error.place().file, second);
    EXPECT_THAT(error.message(), HasSubstr(first));
    EXPECT_THAT(error_of({first, first}).hint(), HasSubstr("once"));
}

TEST(Read, KeepsStepNamesUnique) {
    const Workspace w;
    w.write("m/1.sql", "SELECT 1;");
    w.write("m/1.up.sql", "SELECT 2;");
    EXPECT_THAT(names_of(read({w.path("m")}, {})), ElementsAre("1", "1-2"));
}

TEST(Read, RefusesWhatCannotBeRead) {
    const Workspace w;
    EXPECT_THAT(error_of({w.path("gone.sql")}).message(), HasSubstr("no such file"));
    EXPECT_THAT(error_of({w.write("a.yaml", "a: 1")}).message(), HasSubstr("*.yaml"));
    EXPECT_EQ(error_of({w.write("a.sql", "SELECT '\xFF';\n")}).place().line, 1);
    EXPECT_THAT(error_of({w.write("b.sql", std::string("SELECT 1;\n\0", 11))}).message(), HasSubstr("NUL"));
    EXPECT_EQ(error_of({w.write("c.sql", "SELECT 1;\nSELECT 'open\n")}).place().line, 2);
    EXPECT_THAT(error_of({w.write("1.md", "---\npgbelay: 1\n---\n```sql apply\nSELECT 1;\n```\n"), w.write("2.md", "")}).message(),
                HasSubstr("a second runbook"));
    EXPECT_THROW(read({}, {}), base::Error);
}

// Approvals and "deployed on staging first" go by it: a new version must not change what nobody has changed.
TEST(Digest, OfLimitsWithoutAnActionIsWhatItWasBeforeTheyCouldHaveOne) {
    const std::string step = "```sql apply\nSELECT 1;\n```\n";
    const auto of = [&](const std::string& limits) {
        return digest_of_text("---\npgbelay: 1\nlimits: {" + limits + "}\non_breach: abort\n---\n" + step);
    };
    const std::string plain = "blocked_sessions: 10, oldest_transaction: 5min, rollbacks_per_second: 0.5";
    EXPECT_EQ(of(plain), "5b37da98755a4b05476591f5db62fbbee3a6459d54a4147d2818b45a789c2a39");
    EXPECT_NE(of("blocked_sessions: 10:abort, oldest_transaction: 5min, rollbacks_per_second: 0.5"), of(plain));
    EXPECT_NE(of("blocked_sessions: {max: 10, samples: 3}, oldest_transaction: 5min, rollbacks_per_second: 0.5"), of(plain));
    EXPECT_NE(of("blocked_sessions: 10x, oldest_transaction: 5min, rollbacks_per_second: 0.5"), of(plain));
    EXPECT_NE(of(plain + ", lock_waiters: 10"), of(plain));
    EXPECT_NE(of(plain + ", lock_waiters: 10"), of(plain + ", blocked_by_us: 10"));
    EXPECT_EQ(of(plain + ", lock_waiters: 10, blocked_by_us: 1"), of("blocked_by_us: 1, lock_waiters: 10, " + plain));
}

TEST(Digest, FollowsWhatTheAuthorGaveAndNothingElse) {
    const std::string head = "---\npgbelay: 1\n---\n";
    const std::string step = "```sql apply\nSELECT 1;\n```\n";
    const std::string base_digest = digest_of_text(head + step);
    EXPECT_EQ(digest_of_text("---\npgbelay: 1\nname: other\ntargets: {a: x}\n---\n# Prose\n" + step), base_digest);
    EXPECT_EQ(digest_of_text(head + "```sql apply name=x\nSELECT 1;\n```\n"), base_digest);
    EXPECT_NE(digest_of_text(head + "```sql apply\nSELECT  1;\n```\n"), base_digest);
    EXPECT_NE(digest_of_text(head + "```sql apply\n-- when: SELECT true\nSELECT 1;\n```\n"), base_digest);
    EXPECT_NE(digest_of_text("---\npgbelay: 1\nlimits: {hold: 2s}\n---\n" + step), base_digest);
    EXPECT_NE(digest_of_text("---\npgbelay: 1\non_breach: abort\n---\n" + step), base_digest);
    EXPECT_NE(digest_of_text(head + step + "```sql rollback\nSELECT 2;\n```\n"), base_digest);
    const std::string checked = digest_of_text(head + step + "```sql check expect=1\nSELECT 2;\n```\n");
    EXPECT_NE(checked, base_digest);
    EXPECT_NE(digest_of_text(head + step + "```sql check expect=2\nSELECT 2;\n```\n"), checked);
    EXPECT_NE(digest_of_text(head + step + "```sql check expect=true\nSELECT 2;\n```\n"), checked);
}

TEST(Digest, OfAFileHasItsRuleAndNotItsRollbackOrName) {
    const Workspace w;
    const std::string up = "-- migrate:up\nSELECT 1;\n";
    const auto file = [&](const std::string& name, const std::string& text) { return read({w.write(name, text)}, {}).files.at(0); };
    const std::string digest = file("1_a.sql", up).digest;
    EXPECT_EQ(file("2_b.sql", up + "-- migrate:down\nSELECT 2;\n").digest, digest);
    EXPECT_NE(file("3_c.sql", "-- migrate:up transaction:false\nSELECT 1;\n").digest, digest);
    EXPECT_EQ(file("4.sql", "-- a comment\nSELECT 1 ;\n\nSELECT 2").text, "SELECT 1;\nSELECT 2");
}

TEST(Digest, HasInlineData) {
    const Workspace w;
    const auto file = [&](const std::string& name, const std::string& data) {
        return read({w.write(name, "COPY t FROM stdin;\n" + data + "\\.\n")}, {}).files.at(0);
    };
    EXPECT_NE(file("1.sql", "1\n").digest, file("2.sql", "2\n").digest);
    EXPECT_EQ(file("3.sql", "1\n").text, "COPY t FROM stdin;\n1\n\\.");
}

}  // namespace
}  // namespace pgbelay::runbook
