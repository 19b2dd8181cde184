// examples/franchise-indexes: sign-offs by four keys, disk and rights, a build that is stuck, queries at least twice as fast, one command.
#include "base/file.h"
#include "examples/example.h"
#include "support/canonical.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace pgbelay::test {
namespace {

using std::chrono::milliseconds;

class Franchise : public ::testing::Test {
protected:
    Franchise() {
        // The night is when the tests run.
        example_.replace("RUNBOOK.md", "02:00-04:00 America/New_York", "00:00-24:00 UTC");
        before_ = canonical_dump(example_.database().url());
    }

    void make_keys() const {
        std::string allowed;
        for (const char* who : {"preparer", "reviewer", "approver", "executor"}) {
            ASSERT_EQ(example_.command({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", who, "-f", who}).status, 0);
            allowed += fmt::format("{}@example.com {}", who, base::read_file(example_.folder() / fmt::format("{}.pub", who)));
        }
        base::write_file(example_.folder() / "allowed_signers", allowed);
    }

    void approve() const {
        make_keys();
        for (const auto& [role, who] : {std::pair{"prepared", "preparer"}, {"reviewed", "reviewer"}, {"approved", "approver"}}) {
            const auto signed_as = example_.command({PGBELAY_BINARY, "approve", "RUNBOOK.md", "--as", role, "--key", who});
            ASSERT_EQ(signed_as.status, 0) << signed_as.err;
        }
    }

    void rolls_back() const {
        const auto rolled_back = example_.run({"rollback", "-y"});
        ASSERT_EQ(rolled_back.status, 0) << rolled_back.said;
        EXPECT_EQ(canonical_dump(example_.database().url()), before_);
    }

    std::string indexes() const {
        return example_.value("SELECT count(*) FROM pg_index WHERE indisvalid AND indexrelid::regclass::text LIKE 'idx\\_%'");
    }

    Example example_{"franchise-indexes"};
    std::vector<std::string> before_;
};

TEST_F(Franchise, WantsItsSignatures) {
    const auto refused = example_.run({"deploy", "-y", "RUNBOOK.md"});
    EXPECT_EQ(refused.status, 3) << refused.said;
    for (const char* role : {"prepared", "reviewed", "approved"}) {
        EXPECT_NE(refused.said.find(fmt::format("approvals.{} 1: nobody", role)), std::string::npos) << refused.said;
    }
    EXPECT_EQ(canonical_dump(example_.database().url()), before_);
}

TEST_F(Franchise, IsDeployedByOneCommandAndFiled) {
    approve();
    Application application(
        example_.database().url(),
        {"SELECT * FROM franchise_overview WHERE org_id = 'ORG_12345' AND period = '2025-11' LIMIT 50",
         "INSERT INTO payments (org_id, order_id, status, amount, created_at) VALUES ('ORG_12001', 1, 'pending', 5, now())"});
    const std::string path = std::filesystem::path(PGBELAY_BINARY).parent_path().string() + ":" + std::getenv("PATH");
    const auto deployed = example_.command({"./deploy.sh", "--yes"}, {{"PATH", path}});
    application.stop();
    ASSERT_EQ(deployed.status, 0) << deployed.out << deployed.err;
    EXPECT_EQ(application.error(), "");
    EXPECT_LT(application.longest(), milliseconds(1000));
    EXPECT_EQ(indexes(), "6");

    std::string record;
    for (const auto& entry : std::filesystem::directory_iterator(example_.folder())) {
        if (entry.path().filename().string().starts_with("record-")) {
            record = base::read_file(entry.path());
        }
    }
    for (const char* words :
         {"| prepared by | preparer@example.com", "| reviewed by | reviewer@example.com", "| approved by | approver@example.com",
          "| overview | must use idx_fr_overview_org_period, must be 2 times as fast as before | holds |", "disk_free",
          "idx_payments_org_status_created", "## Hand-over"}) {
        EXPECT_NE(record.find(words), std::string::npos) << words << " in\n" << record;
    }
    const auto receipt = example_.run({"report", "--receipt", "production.receipt", "--key", "executor"});
    EXPECT_EQ(receipt.status, 0) << receipt.said;
    EXPECT_NE(base::read_file(example_.folder() / "production.receipt").find("BEGIN SSH SIGNATURE"), std::string::npos);
    EXPECT_EQ(example_.run({"verify", "RUNBOOK.md"}).status, 0);
    rolls_back();
}

// "If stuck, cancel and retry": a transaction that is older than the build, and does not end.
TEST_F(Franchise, AStuckBuildIsCancelledAndTriedAgain) {
    approve();
    Session old = example_.database().open();
    old.run("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1");
    const auto stuck = example_.run({"deploy", "-y", "RUNBOOK.md", "--limit", "stuck_after=1s", "--limit", "jobs=1"});
    EXPECT_NE(stuck.status, 0) << stuck.said;
    EXPECT_NE(stuck.said.find("no progress for 1.0 s, twice"), std::string::npos) << stuck.said;
    EXPECT_NE(stuck.said.find("pid " + old.value("SELECT pg_backend_pid()")), std::string::npos) << "who is in the way: " << stuck.said;
    EXPECT_EQ(example_.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0") << "nothing is left behind";
    old.run("COMMIT");
    const auto resumed = example_.run({"resume"});
    ASSERT_EQ(resumed.status, 0) << resumed.said;
    EXPECT_EQ(indexes(), "6");
    rolls_back();
}

}  // namespace
}  // namespace pgbelay::test
