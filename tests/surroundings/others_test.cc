// What belongs to somebody else stays as it is: a build that runs on the same table, and an INVALID index of another name.
#include "surroundings/neighbour.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace pgbelay::test {
namespace {

using base::Clock;

class Others : public ::testing::Test {
protected:
    // A build of somebody else's that waits for a writer.
    void begin_others_build() {
        writer_.run("BEGIN; UPDATE busy SET a = a WHERE id = 1");
        build_.emplace(stage_.database, "SELECT 1", "CREATE INDEX CONCURRENTLY theirs ON busy (pad)");
        eventually("their build waits", [&] {
            return stage_.value(fmt::format("SELECT count(*) FROM pg_locks WHERE pid = {} AND NOT granted", build_->pid())) == "1";
        });
    }
    std::string indexes() const {
        return stage_.value(
            "SELECT coalesce(string_agg(indexrelid::regclass || ' ' || indisvalid, ', ' ORDER BY indexrelid::regclass::text), '') "
            "FROM pg_index WHERE indrelid = 'busy'::regclass AND NOT indisprimary");
    }
    // The deployment names their build, and waits although it may terminate whoever is old enough.
    void deploy_beside(const std::string& sql) {
        begin_others_build();
        stage_.folder.write("1.sql", sql);
        auto client = stage_.start({"deploy", "-y", "--format", "jsonl", "--blockers", "terminate:1s,dumps,migrators,vacuums", "1.sql"});
        eventually("their build is named", [&] { return client->has_said("CREATE INDEX CONCURRENTLY theirs"); });
        const auto named_at = Clock::now();
        eventually("it could have been ended", [&] { return Clock::now() - named_at > std::chrono::seconds(2); });
        EXPECT_TRUE(lives(stage_.database, build_->pid()));
        EXPECT_TRUE(client->running()) << client->said();
        try {
            writer_.run("COMMIT");
        } catch (const std::runtime_error&) {
            // A writer in the way of a strong lock is no builder, and was ended.
        }
        EXPECT_EQ(client->wait(), 0) << client->said();
        EXPECT_EQ(build_->outcome(), "");
    }

    Stage stage_{large_table("busy")};
    Session writer_ = stage_.session();
    std::optional<Busy> build_;
};

TEST_F(Others, ABuildOnTheSameTableIsWaitedForByOurs) {
    deploy_beside("CREATE INDEX ours ON busy (a);\n");
    EXPECT_EQ(indexes(), "ours true, theirs true");
}

TEST_F(Others, ABuildOnTheSameTableIsWaitedForByAStrongLock) {
    // It takes the same lock as a build: their writer is not in its way, only the build is.
    deploy_beside("ALTER TABLE busy ALTER COLUMN a SET STATISTICS 500;\n");
    EXPECT_EQ(indexes(), "theirs true");
}

TEST_F(Others, AnInvalidIndexOfAnotherNameIsNeverDropped) {
    begin_others_build();
    stage_.value(fmt::format("SELECT pg_cancel_backend({})", build_->pid()));
    EXPECT_NE(build_->outcome().find("canceling statement"), std::string::npos);
    writer_.run("COMMIT");
    EXPECT_EQ(indexes(), "theirs false");
    stage_.folder.write("1.sql",
                        "CREATE INDEX ours ON busy (a);\nALTER TABLE busy ADD COLUMN region text;\nREINDEX INDEX CONCURRENTLY ours;\n");
    const auto plan = stage_.run({"plan", "1.sql"});
    EXPECT_NE(plan.said.find("index public.theirs on public.busy is INVALID before this deployment"), std::string::npos) << plan.said;
    const auto ended = stage_.run({"deploy", "-y", "1.sql"});
    EXPECT_EQ(ended.status, 0) << ended.said;
    EXPECT_EQ(indexes(), "ours true, theirs false");
    const auto undone = stage_.run({"rollback", "-y"});
    EXPECT_EQ(undone.status, 0) << undone.said;
    EXPECT_EQ(indexes(), "theirs false");
}

}  // namespace
}  // namespace pgbelay::test
