// Ctrl-C and SIGTERM before the first step: whatever pgbelay reads, computes or waits for then, it ends, and nothing of it stays behind.
#include "surroundings/neighbour.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>

namespace pgbelay::test {
namespace {

constexpr int kSignalBase = 128;
constexpr const char* kSentence = "interrupted before anything was changed";

// A named pipe from which pgbelay reads: it shows when it is being read, and when all of it was.
class Pipe {
public:
    explicit Pipe(const std::filesystem::path& path) : path_(path) {
        if (mkfifo(path.c_str(), 0600) != 0) {
            throw std::runtime_error(std::strerror(errno));
        }
    }
    ~Pipe() { close(); }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    void wait_for_the_reader() {
        eventually("the pipe is read", [&] {
            fd_ = ::open(path_.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
            return fd_ >= 0;
        });
    }
    // All of it, and waits until it was read.
    void send(std::string_view bytes) {
        ::fcntl(fd_, F_SETFL, 0);
        while (!bytes.empty()) {
            const auto written = ::write(fd_, bytes.data(), bytes.size());
            if (written <= 0) {
                throw std::runtime_error(std::strerror(errno));
            }
            bytes.remove_prefix(static_cast<std::size_t>(written));
        }
        close();
        eventually("the pipe was read to its end", [&] {
            const int fd = ::open(path_.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
            return fd < 0 ? errno == ENXIO : ::close(fd) != 0;
        });
    }

private:
    void close() {
        if (fd_ >= 0) {
            ::close(fd_);
        }
        fd_ = -1;
    }

    std::filesystem::path path_;
    int fd_ = -1;
};

class Interrupted : public ::testing::Test {
protected:
    Interrupted() : stage_("CREATE TABLE orders (id integer)") {
        stage_.folder.write("a.sql", "ALTER TABLE orders ADD COLUMN region text;\n");
    }

    void expect_end_by(Client& client, int signal) {
        client.signal(signal);
        EXPECT_EQ(client.wait(), kSignalBase + signal);
        EXPECT_TRUE(client.has_said(kSentence)) << client.said();
        EXPECT_EQ(stage_.run_state(), "");
        EXPECT_EQ(stage_.value("SELECT count(*) FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attnum > 0"), "1");
    }

    // While a query of the planning waits for somebody's lock.
    void expect_end_behind_a_lock(const std::string& table, const std::vector<std::string>& words, int signal) {
        SCOPED_TRACE(table);
        Session other = stage_.session();
        other.run("BEGIN");
        other.run("LOCK TABLE " + table + " IN ACCESS EXCLUSIVE MODE");
        const auto client = stage_.start(words);
        eventually("the planning waits", [&] { return stage_.waits_for_a_lock("control"); });
        client->signal(signal);
        EXPECT_EQ(client->wait(), kSignalBase + signal) << client->said();
        EXPECT_TRUE(client->has_said(kSentence)) << client->said();
        // The lock is still there, and nobody waits for it any more.
        eventually("its session is gone", [&] { return stage_.backends("control").empty(); });
        other.run("ROLLBACK");
        EXPECT_EQ(stage_.run_state(), "");
    }

    Stage stage_;
};

TEST_F(Interrupted, WhileTheCatalogIsLoaded) {
    expect_end_behind_a_lock("pg_catalog.pg_policy", {"plan", "a.sql"}, SIGINT);
    expect_end_behind_a_lock("pg_catalog.pg_policy", {"deploy", "-y", "a.sql"}, SIGTERM);
}

TEST_F(Interrupted, WhileTheGatesAreLookedAt) {
    ASSERT_EQ(stage_.run({"init-db"}).status, 0);
    expect_end_behind_a_lock("pgbelay.journal", {"check", "a.sql"}, SIGINT);
    expect_end_behind_a_lock("pgbelay.journal", {"deploy", "-y", "a.sql"}, SIGTERM);
}

TEST_F(Interrupted, WhileItReadsFromAPipe) {
    Pipe pipe(stage_.folder.path() / "pipe");
    const auto client = stage_.start({"deploy", "-y", "pipe"});
    pipe.wait_for_the_reader();
    expect_end_by(*client, SIGTERM);
}

TEST_F(Interrupted, InTheMiddleOfAHundredThousandStatements) {
    Pipe pipe(stage_.folder.path() / "pipe");
    const auto client = stage_.start({"deploy", "-y", "pipe"});
    pipe.wait_for_the_reader();
    std::string script;
    for (int i = 0; i < 100'000; ++i) {
        script += "SELECT 1;\n";
    }
    pipe.send(script);
    expect_end_by(*client, SIGINT);
}

// One statement is parsed to its end; the second signal does not wait for it.
TEST_F(Interrupted, TwiceEndsAtOnce) {
    Pipe pipe(stage_.folder.path() / "pipe");
    const auto client = stage_.start({"deploy", "-y", "pipe"});
    pipe.wait_for_the_reader();
    std::string script = "SELECT 1";
    for (int i = 0; i < 4'000'000; ++i) {
        script += ",1";
    }
    pipe.send(script);
    client->signal(SIGINT);
    client->signal(SIGTERM);
    // Of two that arrive together the kernel may have the later one handled first.
    EXPECT_THAT(client->wait(), ::testing::AnyOf(kSignalBase + SIGINT, kSignalBase + SIGTERM));
    EXPECT_EQ(client->said(), "");
    EXPECT_EQ(stage_.run_state(), "");
}

}  // namespace
}  // namespace pgbelay::test
