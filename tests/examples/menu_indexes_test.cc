// examples/menu-indexes: what staging had, the backup's id, 47 indexes in ten sections, a pause for lock waiters that ends by itself, an
// abort.
#include "base/file.h"
#include "examples/example.h"
#include "support/canonical.h"

#include <gtest/gtest.h>

namespace pgbelay::test {
namespace {

using std::chrono::milliseconds;

// A second server: staging is none of production's databases.
cluster::Cluster& staging_server() {
    static cluster::Cluster cluster({.major = "15", .settings = {{"fsync", "off"}}});
    return cluster;
}

// Sessions that wait for a lock that has nothing to do with us.
class Queue {
public:
    Queue(const Example& example, int length) : holder_(example.database().open()) {
        holder_.run("CREATE TABLE IF NOT EXISTS ops.queue (id integer)");
        holder_.run("BEGIN; LOCK TABLE ops.queue");
        for (int i = 0; i < length; ++i) {
            threads_.emplace_back([url = example.database().url()] { Session(url).run("SELECT * FROM ops.queue"); });
        }
        eventually("all of them wait", [&] {
            return example.value("SELECT count(*) >= " + std::to_string(length) + " FROM pg_locks WHERE NOT granted") == "t";
        });
    }
    ~Queue() { release(); }
    Queue(const Queue&) = delete;
    Queue& operator=(const Queue&) = delete;

    void release() {
        if (!threads_.empty()) {
            holder_.run("COMMIT");
        }
        for (auto& thread : threads_) {
            thread.join();
        }
        threads_.clear();
    }

private:
    Session holder_;
    std::vector<std::thread> threads_;
};

class Menu : public ::testing::Test {
protected:
    Menu() { production_.set("STAGING_DATABASE_URL", staging_.database().url()); }

    Stage::Ended deploy() const { return production_.run({"deploy", "-y", "RUNBOOK.md"}); }

    void backs_up() const {
        const auto backed_up = production_.run({"deploy", "-y", "BACKUP.md", "--confirm", "kept=Ops"});
        ASSERT_EQ(backed_up.status, 0) << backed_up.said;
    }

    // Staging is deployed to from the same folder.
    void deploys_on_staging() const {
        const auto on_staging = [&](const std::vector<std::string>& words) {
            std::vector<std::string> argv{PGBELAY_BINARY};
            argv.insert(argv.end(), words.begin(), words.end());
            return production_.command(argv);
        };
        ASSERT_EQ(on_staging({"deploy", "-y", "BACKUP.md", "--db", staging_.database().url(), "--confirm", "kept=Ops"}).status, 0);
        const auto deployed = on_staging({"deploy", "-y", "RUNBOOK.md", "--env", "staging"});
        ASSERT_EQ(deployed.status, 0) << deployed.out << deployed.err;
    }

    std::string indexes() const {
        return production_.value(
            "SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid "
            "WHERE c.relnamespace = 'menu'::regnamespace AND NOT i.indisprimary AND i.indisvalid");
    }

    Example staging_{"menu-indexes", {}, staging_server()};
    Example production_{"menu-indexes"};
};

TEST_F(Menu, FollowsStagingAndTheBackup) {
    const auto before = canonical_dump(production_.database().url());
    const auto neither = deploy();
    EXPECT_EQ(neither.status, 3) << neither.said;
    EXPECT_NE(neither.said.find("after Production backup (backup.id): nothing was deployed here"), std::string::npos) << neither.said;
    EXPECT_NE(neither.said.find("deployed_on staging: nothing was deployed on"), std::string::npos) << neither.said;
    backs_up();
    deploys_on_staging();

    // Eleven that wait pause it; it goes on by itself when they are gone.
    Application application(production_.database().url(),
                            {"SELECT * FROM menu.dishes WHERE restaurant_id = 3 AND active LIMIT 100",
                             "INSERT INTO menu.reviews (restaurant_id, customer_id, rating, created_at) VALUES (1, 1, 5, now())"});
    Queue queue(production_, 11);
    const auto client = production_.start({"deploy", "-y", "RUNBOOK.md"});
    eventually("it pauses", [&] { return client->has_said("lock_waiters 11 > 10"); });
    queue.release();
    ASSERT_EQ(client->wait(std::chrono::minutes(3)), 0) << client->said();
    application.stop();
    EXPECT_EQ(application.error(), "");
    EXPECT_LT(application.longest(), milliseconds(1000));
    EXPECT_EQ(indexes(), "47");

    const std::string room = base::read_file(production_.folder() / "war-room.log");
    for (const char* words : {"start:", "pause:", "end:"}) {
        EXPECT_NE(room.find(words), std::string::npos) << room;
    }
    const auto report = production_.run({"report", "--format", "md"});
    for (const char* words : {"backup.id is BK-2026-0041", "deployed_on staging: run ", "## Deliveries", "## Hand-over"}) {
        EXPECT_NE(report.said.find(words), std::string::npos) << words << " in\n" << report.said;
    }
    const auto rolled_back = production_.run({"rollback", "-y"});
    ASSERT_EQ(rolled_back.status, 0) << rolled_back.said;
    production_.database().open().run("DROP TABLE ops.queue");
    EXPECT_EQ(canonical_dump(production_.database().url()), before);
}

TEST_F(Menu, IsAbortedWhereItIsToldTo) {
    production_.replace("RUNBOOK.md", "lock_waiters: 10:pause", "lock_waiters: 10:abort");
    backs_up();
    deploys_on_staging();
    Queue queue(production_, 11);
    const auto aborted = deploy();
    EXPECT_TRUE(aborted.status == 3 || aborted.status == 5) << "3 when nothing was built by then: " << aborted.status << "\n"
                                                            << aborted.said;
    EXPECT_NE(aborted.said.find("lock_waiters 11 > 10"), std::string::npos) << aborted.said;
    queue.release();
    EXPECT_EQ(production_.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0");
}

}  // namespace
}  // namespace pgbelay::test
