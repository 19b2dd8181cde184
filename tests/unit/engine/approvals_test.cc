// Approvals with real keys: `ssh-keygen` makes them, signs and verifies.
#include "engine/approvals.h"

#include "base/error.h"
#include "base/file.h"
#include "base/subprocess.h"
#include "engine/signature.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>

namespace pgbelay::engine {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

const std::string kDigest(64, 'a');

// A folder with keys, the file of allowed signers, and a runbook's name. HOME is in it, so that the account's own keys play no part.
class Desk {
public:
    Desk() {
        std::string pattern = testing::TempDir() + "/approvals-XXXXXX";
        root_ = mkdtemp(pattern.data());
        setenv("HOME", root_.c_str(), 1);
    }
    ~Desk() { fs::remove_all(root_); }
    Desk(const Desk&) = delete;
    Desk& operator=(const Desk&) = delete;

    std::string runbook() const { return (root_ / "deploy.md").string(); }
    std::string allowed() const { return (root_ / "allowed_signers").string(); }
    std::string key(const std::string& who) const { return (root_ / who).string(); }
    fs::path root() const { return root_; }

    // Makes a key; an allowed signer's unless told otherwise.
    std::string make_key(const std::string& who, bool allow = true) const {
        const auto made = base::run_command({.argv = {"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", who, "-f", key(who)}},
                                            base::in(std::chrono::seconds(20)), nullptr);
        EXPECT_EQ(made.status, 0) << made.err;
        if (allow) {
            const std::string before = fs::exists(allowed()) ? base::read_file(allowed()) : "";
            base::write_file(allowed(), before + who + "@example.com " + base::read_file(key(who) + ".pub"));
        }
        return key(who);
    }

    std::string approve(const std::string& who, const std::string& role, const std::string& digest = kDigest) const {
        return engine::approve(runbook(), "Indexes", digest, role, key(who), nullptr);
    }

    Answer approved(const std::string& role, int wanted, bool deployer_may = false) const {
        runbook::Requirement requirement{.place = {runbook(), 5, 3}, .key = "approvals." + role};
        requirement.subject = role;
        requirement.range.bounds.push_back({.op = runbook::Range::Operator::at_least, .parts = {wanted}});
        requirement.options["allowed_signers"] = "allowed_signers";
        if (deployer_may) {
            requirement.options["deployer_may_approve"] = "true";
        }
        return engine::approved(requirement, kDigest, nullptr);
    }

private:
    fs::path root_;
};

TEST(Approvals, CountOncePerPersonAndRole) {
    const Desk desk;
    desk.make_key("alice-approver");
    desk.make_key("bob-approver");
    EXPECT_THAT(desk.approved("reviewed", 1).found, "nobody");
    EXPECT_FALSE(desk.approved("reviewed", 1).holds);
    desk.approve("alice-approver", "reviewed");
    EXPECT_TRUE(desk.approved("reviewed", 1).holds);
    EXPECT_THAT(desk.approved("reviewed", 1).found,
                AllOf(HasSubstr("alice-approver@example.com"), HasSubstr("ED25519"), HasSubstr("SHA256:")));
    EXPECT_FALSE(desk.approved("approved", 1).holds) << "another role";
    desk.approve("alice-approver", "reviewed");
    EXPECT_FALSE(desk.approved("reviewed", 2).holds) << "the same person twice";
    EXPECT_THAT(desk.approved("reviewed", 2).hint, AllOf(StartsWith("1 more: "), HasSubstr("--as reviewed")));
    desk.approve("bob-approver", "reviewed");
    EXPECT_TRUE(desk.approved("reviewed", 2).holds);
}

TEST(Approvals, AreVoidOnceTheDigestChanges) {
    const Desk desk;
    desk.make_key("alice-approver");
    desk.approve("alice-approver", "approved", std::string(64, 'b'));
    const Answer answer = desk.approved("approved", 1);
    EXPECT_FALSE(answer.holds);
    EXPECT_THAT(answer.found, HasSubstr("the runbook was changed since"));
}

TEST(Approvals, OfStrangersAndForgersDoNotCount) {
    const Desk desk;
    desk.make_key("alice-approver");
    desk.make_key("mallory", false);
    desk.approve("mallory", "approved");
    EXPECT_FALSE(desk.approved("approved", 1).holds);
    EXPECT_THAT(desk.approved("approved", 1).found, HasSubstr("not among the allowed signers"));

    // Alice's signature for one role, put under another, and over another digest.
    const std::string file = desk.approve("alice-approver", "reviewed");
    const std::string text = base::read_file(file);
    for (const auto& [from, to] : {std::pair<std::string, std::string>{"as: reviewed", "as: approved"}, {"at: 2", "at: 3"}}) {
        std::string forged = text;
        forged.replace(forged.find(from), from.size(), to);
        base::write_file(file, forged);
        const std::string role = to == "as: approved" ? "approved" : "reviewed";
        EXPECT_FALSE(desk.approved(role, 1).holds) << to;
        EXPECT_THAT(desk.approved(role, 1).found, HasSubstr("the signature is not good")) << to;
    }
}

TEST(Approvals, OfWhoDeploysCountOnlyWhereAllowed) {
    const Desk desk;
    desk.make_key("alice-approver");
    desk.approve("alice-approver", "approved");
    ASSERT_TRUE(desk.approved("approved", 1).holds);
    // The key becomes one of this account's.
    fs::create_directories(desk.root() / ".ssh");
    fs::copy_file(desk.key("alice-approver") + ".pub", desk.root() / ".ssh" / "id_ed25519.pub");
    EXPECT_FALSE(desk.approved("approved", 1).holds);
    EXPECT_THAT(desk.approved("approved", 1).found, HasSubstr("who deploys"));
    EXPECT_TRUE(desk.approved("approved", 1, true).holds);
}

TEST(Approvals, HostileFilesDoNotCount) {
    const Desk desk;
    desk.make_key("alice-approver");
    const fs::path folder = desk.runbook() + ".approvals";
    fs::create_directories(folder);
    const std::string begin = "-----BEGIN SSH SIGNATURE-----\n";
    int n = 0;
    for (const std::string& bytes :
         {std::string(), std::string("x"), begin, "pgbelay approval 1\n" + begin, "pgbelay approval 1\nas approved\n" + begin,
          "pgbelay approval 1\nas: approved\nas: reviewed\n" + begin,
          "pgbelay approval 1\nas: approved\ndigest: " + kDigest + "\n" + begin + "AAAA\n-----END SSH SIGNATURE-----\n",
          std::string(1 << 20, 'a') + "\n" + begin, std::string("\0\xff\n", 3) + begin}) {
        base::write_file(folder / (std::to_string(++n) + ".approval"), bytes);
    }
    const auto approvals = read_approvals(desk.runbook(), kDigest, desk.allowed(), nullptr);
    EXPECT_THAT(approvals, SizeIs(n));
    for (const Approval& approval : approvals) {
        EXPECT_EQ(approval.principal, "") << approval.file;
        EXPECT_NE(approval.why, "") << approval.file;
    }
    EXPECT_FALSE(desk.approved("approved", 1).holds);
}

TEST(Approvals, SayWhyTheyCannotBeSigned) {
    const Desk desk;
    try {
        desk.approve("nobody", "approved");
        ADD_FAILURE() << "it was signed";
    } catch (const base::Error& error) {
        EXPECT_EQ(error.code(), base::ErrorCode::refused);
        EXPECT_THAT(error.hint(), HasSubstr("--key"));
    }
    EXPECT_FALSE(fs::exists(desk.runbook() + ".approvals"));
}

}  // namespace
}  // namespace pgbelay::engine
