// Private servers on the real programs: PostgreSQL 15, the version that tools/setup installs.
#include "cluster/cluster.h"
#include "base/error.h"

#include <gmock/gmock.h>

#include <libpq-fe.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <future>
#include <memory>

namespace pgbelay::cluster {
namespace {

namespace fs = std::filesystem;

ClusterOptions quick() {
    return {.major = "15", .settings = {{"fsync", "off"}, {"shared_buffers", "8MB"}}};
}

// The first value that a query answers; the error's text when it fails.
std::string ask(const std::string& url, const char* query) {
    const std::unique_ptr<PGconn, void (*)(PGconn*)> connection(PQconnectdb(url.c_str()), &PQfinish);
    const std::unique_ptr<PGresult, void (*)(PGresult*)> result(PQexec(connection.get(), query), &PQclear);
    return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : PQerrorMessage(connection.get());
}

TEST(Cluster, AnswersAtItsUrl) {
    const Cluster cluster(quick());
    EXPECT_EQ(ask(cluster.url(), "SELECT current_setting('server_version_num')::int / 10000"), "15");
    EXPECT_EQ(ask(cluster.url("template1"), "SELECT current_database()"), "template1");
}

TEST(Cluster, IsUtf8WithTheCLocale) {
    const Cluster cluster(quick());
    EXPECT_EQ(ask(cluster.url(), "SHOW server_encoding"), "UTF8");
    EXPECT_EQ(ask(cluster.url(), "SELECT datcollate FROM pg_database WHERE datname = 'postgres'"), "C");
}

TEST(Cluster, TakesTheCallersSettings) {
    ClusterOptions options = quick();
    options.settings["cluster_name"] = "it's C:\\ours";
    const Cluster cluster(options);
    EXPECT_EQ(ask(cluster.url(), "SHOW cluster_name"), "it's C:\\ours");
    EXPECT_EQ(ask(cluster.url(), "SHOW fsync"), "off");
}

TEST(Cluster, ListensOnLoopbackOnly) {
    const Cluster cluster(quick());
    EXPECT_EQ(ask(cluster.url(), "SHOW listen_addresses"), "127.0.0.1");
    EXPECT_EQ(ask(cluster.url(), "SHOW unix_socket_directories"), (cluster.directory() / "socket").string());
}

TEST(Cluster, NeverRunsAsRoot) {
    const Cluster cluster(quick());
    const std::string data = ask(cluster.url(), "SHOW data_directory");
    struct stat info{};
    ASSERT_EQ(stat(data.c_str(), &info), 0);
    EXPECT_NE(info.st_uid, 0U);
}

TEST(Cluster, LeavesNothingBehind) {
    fs::path directory;
    std::string url;
    {
        const Cluster cluster(quick());
        directory = cluster.directory();
        url = cluster.url();
    }
    EXPECT_FALSE(fs::exists(directory));
    EXPECT_EQ(PQping(url.c_str()), PQPING_NO_RESPONSE);
}

TEST(Cluster, ComesBackAtTheSamePortAfterACrash) {
    Cluster cluster(quick());
    ask(cluster.url(), "CREATE TABLE kept AS SELECT 42 AS n");
    const int port = cluster.port();
    cluster.stop_immediately();
    EXPECT_EQ(PQping(cluster.url().c_str()), PQPING_NO_RESPONSE);
    cluster.start();
    EXPECT_EQ(cluster.port(), port);
    EXPECT_EQ(ask(cluster.url(), "SELECT n FROM kept"), "42");
}

TEST(Cluster, CanBeMadeSeveralAtOnce) {
    std::vector<std::future<std::unique_ptr<Cluster>>> starts;
    for (int n = 0; n < 3; ++n) {
        starts.push_back(std::async(std::launch::async, [] { return std::make_unique<Cluster>(quick()); }));
    }
    std::vector<std::unique_ptr<Cluster>> clusters;
    for (auto& start : starts) {
        clusters.push_back(start.get());
    }
    for (const auto& cluster : clusters) {
        EXPECT_EQ(ask(cluster->url(), "SHOW data_directory"), (cluster->directory() / "data").string());
    }
}

TEST(Cluster, ThatCannotStartSaysWhyAndLeavesNothing) {
    ClusterOptions options = quick();
    options.directory = testing::TempDir() + "pgb-broken-" + std::to_string(getpid());
    options.settings["no_such_setting"] = "1";
    try {
        const Cluster cluster(options);
        FAIL() << "a server with a wrong setting started";
    } catch (const base::Error& error) {
        EXPECT_THAT(error.detail(), testing::HasSubstr("no_such_setting"));
    }
    EXPECT_FALSE(fs::exists(options.directory));
}

TEST(Cluster, StopsStartingWhenItIsTold) {
    base::StopSignal stop;
    stop.request();
    ClusterOptions options = quick();
    options.stop = &stop;
    try {
        const Cluster cluster(options);
        FAIL() << "the request was ignored";
    } catch (const base::Error& error) {
        EXPECT_EQ(error.code(), base::ErrorCode::interrupted);
    }
}

// The owner is a process of its own, which is killed while its server runs; in a folder of its own, where no other test cleans up.
TEST(Cluster, OfAKilledOwnerIsEndedByTheNextOne) {
    std::string parent = "/tmp/pgb-orphan-XXXXXX";
    ASSERT_NE(mkdtemp(parent.data()), nullptr);
    chmod(parent.c_str(), 0755);
    setenv("TMPDIR", parent.c_str(), 1);
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe(ends.data()), 0);
    const pid_t owner = fork();
    if (owner == 0) {
        const Cluster cluster(quick());
        const std::string url = cluster.url() + '\n';
        [[maybe_unused]] const auto written = write(ends[1], url.data(), url.size());
        pause();
        _exit(0);
    }
    close(ends[1]);
    std::string url;
    for (char c = 0; read(ends[0], &c, 1) == 1 && c != '\n';) {
        url += c;
    }
    close(ends[0]);
    ASSERT_EQ(PQping(url.c_str()), PQPING_OK);
    kill(owner, SIGKILL);
    waitpid(owner, nullptr, 0);
    ASSERT_EQ(PQping(url.c_str()), PQPING_OK);

    {
        const Cluster next(quick());
        EXPECT_EQ(PQping(url.c_str()), PQPING_NO_RESPONSE);
    }
    EXPECT_TRUE(fs::is_empty(parent));
    unsetenv("TMPDIR");
    fs::remove_all(parent);
}

}  // namespace
}  // namespace pgbelay::cluster
