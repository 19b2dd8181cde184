// When the server runs out of something: disk, connections, room for locks. A clear error, nothing half done, and resume goes on.
#include "surroundings/neighbour.h"

#include "base/subprocess.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

namespace pgbelay::test {
namespace {

std::string column(const Stage& stage) {
    return stage.value("SELECT count(*) FROM pg_attribute WHERE attrelid = 'busy'::regclass AND attname = 'region'");
}
std::string indexes(const Stage& stage) {
    return stage.value(
        "SELECT coalesce(string_agg(indexrelid::regclass || ' ' || indisvalid, ', '), '') FROM pg_index "
        "WHERE indrelid = 'busy'::regclass AND NOT indisprimary");
}

// A file system of its own, in memory, of a few hundred kilobytes.
class SmallDisk {
public:
    explicit SmallDisk(const std::filesystem::path& at) : at_(at) {
        std::filesystem::create_directories(at_);
        mounted_ = mount("tmpfs", at_.c_str(), "tmpfs", 0, "size=600k,mode=0777") == 0;
        why_ = mounted_ ? "" : std::strerror(errno);
    }
    ~SmallDisk() {
        if (mounted_) {
            umount2(at_.c_str(), MNT_DETACH);
        }
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;

    const std::string& why_not() const { return why_; }
    void grow() const { ASSERT_EQ(mount("tmpfs", at_.c_str(), "tmpfs", MS_REMOUNT, "size=64m"), 0) << std::strerror(errno); }

private:
    std::filesystem::path at_;
    bool mounted_ = false;
    std::string why_;
};

TEST(Limits, ABuildOnAFullDiskIsCleanedUpAndResumedOnceThereIsRoom) {
    cluster::Cluster server({.major = "15", .settings = {{"fsync", "off"}}});
    // Inside of the server's own folder, which its user may enter; dropped with it.
    const std::filesystem::path place = server.directory() / "small";
    const SmallDisk disk(place);
    if (!disk.why_not().empty()) {
        GTEST_SKIP() << "SKIPPED: no file system can be mounted here: " << disk.why_not();
    }
    const std::filesystem::path folder = place / "space";
    std::filesystem::create_directory(folder);
    std::filesystem::permissions(folder, std::filesystem::perms::all);
    {
        // The folder has to be the server's own.
        const auto owner = base::run_command({.argv = {"chown", "--reference", (server.directory() / "data").string(), folder.string()}},
                                             base::in(std::chrono::seconds(10)), nullptr);
        ASSERT_EQ(owner.status, 0) << owner.err;
    }
    Session(server.url()).run(fmt::format("CREATE TABLESPACE small LOCATION '{}'", folder.string()));
    {
        Stage stage(large_table("busy"), server);
        stage.folder.write("1.sql",
                           "CREATE INDEX busy_a_idx ON busy (a);\nCREATE INDEX busy_pad_idx ON busy (id, pad) TABLESPACE small;\n");
        const auto full = stage.run({"deploy", "-y", "1.sql"});
        EXPECT_EQ(full.status, 5) << full.said;
        EXPECT_NE(full.said.find("No space left on device"), std::string::npos) << full.said;
        EXPECT_NE(full.said.find("53100"), std::string::npos) << full.said;
        EXPECT_NE(full.said.find("pgbelay resume"), std::string::npos) << full.said;
        EXPECT_EQ(stage.run_state(), "stopped");
        EXPECT_EQ(indexes(stage), "busy_a_idx true");

        disk.grow();
        const auto resumed = stage.run({"resume"});
        EXPECT_EQ(resumed.status, 0) << resumed.said;
        EXPECT_EQ(stage.value("SELECT count(*) FROM pg_index WHERE indrelid = 'busy'::regclass AND indisvalid"), "3");
        EXPECT_EQ(stage.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0");
    }
    Session(server.url()).run("DROP TABLESPACE small");
}

// Every connection that is left for ordinary roles.
class Crowd {
public:
    Crowd(const std::string& url, int most) {
        for (int i = 0; i < most; ++i) {
            try {
                sessions_.emplace_back(url);
            } catch (const std::runtime_error&) {
                return;
            }
        }
    }
    void leave(std::size_t n) {
        sessions_.erase(sessions_.end() - static_cast<std::ptrdiff_t>(std::min(n, sessions_.size())), sessions_.end());
    }

private:
    std::vector<Session> sessions_;
};

class Crowded : public ::testing::Test {
protected:
    Crowded() {
        stage_.session().run(
            fmt::format("CREATE ROLE app LOGIN; GRANT CREATE ON DATABASE {} TO app; ALTER TABLE busy OWNER TO app; "
                        "GRANT CREATE ON SCHEMA public TO app",
                        stage_.database.name()));
        url_ = stage_.database.url();
        url_.replace(url_.find("postgres@"), 9, "app@");
    }
    std::unique_ptr<Client> start(const std::vector<std::string>& words) const {
        Client::Setting setting = stage_.setting();
        setting.url = url_;
        return std::make_unique<Client>(setting, words);
    }

    cluster::Cluster server_{{.major = "15", .settings = {{"fsync", "off"}, {"max_connections", "16"}, {"autovacuum", "off"}}}};
    Stage stage_{large_table("busy"), server_};
    std::string url_;
};

TEST_F(Crowded, WithoutAConnectionNothingIsBegun) {
    stage_.folder.write("1.sql", "ALTER TABLE busy ADD COLUMN region text;\n");
    Crowd crowd(url_, 20);
    auto client = start({"deploy", "-y", "1.sql"});
    EXPECT_EQ(client->wait(), 3) << client->said();
    EXPECT_TRUE(client->has_said("connection slots") || client->has_said("too many clients")) << client->said();
    EXPECT_EQ(stage_.value("SELECT to_regclass('pgbelay.run')"), "");
    crowd.leave(20);
    auto again = start({"deploy", "-y", "1.sql"});
    EXPECT_EQ(again->wait(), 0) << again->said();
}

TEST_F(Crowded, ABuildThatFindsNoConnectionInMidRunGoesOnWhenThereIsOneAgain) {
    stage_.folder.write("1.sql", "ALTER TABLE busy ADD COLUMN region text;\nCREATE INDEX busy_a_idx ON busy (a);\n");
    Session reader = stage_.session();
    reader.run("BEGIN; SELECT count(*) FROM busy");
    auto client = start({"deploy", "-y", "--format", "jsonl", "1.sql"});
    eventually("the first step waits", [&] { return client->has_said("step_waiting"); });
    Crowd crowd(url_, 20);
    reader.run("COMMIT");
    eventually("it is without a connection", [&] { return client->has_said("connecting again"); });
    crowd.leave(8);
    EXPECT_EQ(client->wait(), 0) << client->said();
    EXPECT_EQ(column(stage_), "1");
    EXPECT_EQ(indexes(stage_), "busy_a_idx true");
    EXPECT_EQ(stage_.value("SELECT count(*) FROM pgbelay.run"), "1");
}

TEST(Limits, WithoutRoomForLocksNothingIsHalfDone) {
    cluster::Cluster server({.major = "15",
                             .settings = {{"fsync", "off"},
                                          {"max_connections", "12"},
                                          {"max_locks_per_transaction", "10"},
                                          {"autovacuum", "off"},
                                          {"max_prepared_transactions", "0"}}});
    std::string many;
    for (int i = 0; i < 1200; ++i) {
        many += fmt::format("CREATE TABLE many_{} (id integer);", i);
        if (i % 50 == 49) {
            many += "COMMIT; BEGIN;";
        }
    }
    Stage stage(large_table("busy"), server);
    stage.session().run("BEGIN;" + many + "COMMIT");
    stage.folder.write(
        "1.sql",
        "CREATE TABLE region (code text PRIMARY KEY);\nBEGIN;\nALTER TABLE busy ADD COLUMN region text;\n"
        "CREATE TABLE regions (code text PRIMARY KEY, a text UNIQUE, b text UNIQUE);\nCOMMIT;\nCREATE INDEX busy_a_idx ON busy (a);\n");
    Session reader = stage.session();
    reader.run("BEGIN; SELECT count(*) FROM busy");
    auto client = stage.start({"deploy", "-y", "--format", "jsonl", "1.sql"});
    eventually("the second step waits", [&] { return client->has_said("step_waiting"); });

    Session hoarder = stage.session();
    hoarder.run("BEGIN");
    for (int i = 0; i < 1200; ++i) {
        try {
            hoarder.run(fmt::format("SAVEPOINT one; LOCK TABLE many_{} IN ACCESS SHARE MODE", i));
        } catch (const std::runtime_error&) {
            hoarder.run("ROLLBACK TO one");
            break;
        }
    }
    reader.run("COMMIT");
    const int status = client->wait(std::chrono::minutes(2));
    EXPECT_EQ(status, 5) << client->said();
    EXPECT_TRUE(client->has_said("out of shared memory")) << client->said();
    EXPECT_TRUE(client->has_said("max_locks_per_transaction")) << client->said();
    hoarder.run("ROLLBACK");
    EXPECT_EQ(column(stage), "0");
    EXPECT_EQ(stage.value("SELECT to_regclass('regions')"), "");
    const auto resumed = stage.run({"resume"});
    EXPECT_EQ(resumed.status, 0) << resumed.said;
    EXPECT_EQ(column(stage), "1");
    EXPECT_EQ(indexes(stage), "busy_a_idx true");
}

}  // namespace
}  // namespace pgbelay::test
