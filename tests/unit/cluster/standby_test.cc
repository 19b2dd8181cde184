// A hot standby of a private server: it follows, it can be cut off, and it becomes a primary.
#include "base/error.h"
#include "cluster/cluster.h"

#include <gtest/gtest.h>

#include <libpq-fe.h>

#include <memory>

namespace pgbelay::cluster {
namespace {

class Standby : public ::testing::Test {
protected:
    static std::string ask(const Cluster& cluster, const std::string& query) {
        const std::unique_ptr<PGconn, void (*)(PGconn*)> connection(PQconnectdb(cluster.url().c_str()), &PQfinish);
        const std::unique_ptr<PGresult, void (*)(PGresult*)> result(PQexec(connection.get(), query.c_str()), &PQclear);
        return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : PQresultErrorMessage(result.get());
    }

    void wait_until_replayed() {
        const std::string position = ask(primary_, "SELECT pg_current_wal_flush_lsn()");
        const auto deadline = base::in(std::chrono::seconds(30));
        while (ask(*standby_, "SELECT pg_last_wal_replay_lsn() >= '" + position + "'") != "t") {
            ASSERT_LT(base::Clock::now(), deadline) << "the standby does not follow";
            base::pause_for(std::chrono::milliseconds(10), nullptr);
        }
    }

    Cluster primary_{{.major = "15", .settings = {{"fsync", "off"}, {"max_connections", "120"}}}};
    std::unique_ptr<Cluster> standby_ =
        (ask(primary_, "CREATE TABLE t AS SELECT 1 AS n"), std::make_unique<Cluster>(ClusterOptions{.standby_of = &primary_}));
};

TEST_F(Standby, FollowsItsPrimaryAndIsTheSameDatabase) {
    EXPECT_EQ(ask(*standby_, "SELECT pg_is_in_recovery()"), "t");
    ask(primary_, "INSERT INTO t VALUES (2)");
    wait_until_replayed();
    EXPECT_EQ(ask(*standby_, "SELECT sum(n) FROM t"), "3");
    EXPECT_EQ(ask(*standby_, "SELECT system_identifier FROM pg_control_system()"),
              ask(primary_, "SELECT system_identifier FROM pg_control_system()"));
}

TEST_F(Standby, LosesWhatWasCommittedAfterItWasCutOff) {
    wait_until_replayed();
    standby_->cut_off();
    ask(primary_, "INSERT INTO t VALUES (2)");
    primary_.stop_immediately();
    standby_->promote();
    EXPECT_EQ(ask(*standby_, "SELECT sum(n) FROM t"), "1");
    EXPECT_EQ(ask(*standby_, "INSERT INTO t VALUES (4) RETURNING n"), "4");
}

}  // namespace
}  // namespace pgbelay::cluster
