#include "pg/connection.h"

#include "server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace pgbelay::pg {
namespace {

using namespace testing;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr Query kOne{"one", "SELECT 1, NULL, 'a\"b', 2.5::float8, true"};
constexpr Query kSleep{"sleep", "SELECT pg_sleep(60)"};
constexpr Query kWrong{"wrong", "SELECT * FROM nowhere"};
constexpr Query kEcho{"echo", "SELECT $1::text[], $2::text"};

Outcome run(Connection& connection, const std::string& sql, const base::StopSignal* stop = nullptr, base::Millis time = seconds(20)) {
    return connection.run(sql, std::nullopt, base::in(time), stop);
}

const ServerError& error_of(const Outcome& outcome) {
    static const ServerError none;
    const auto* error = std::get_if<ServerError>(&outcome);
    EXPECT_NE(error, nullptr) << "expected an error";
    return error == nullptr ? none : *error;
}

TEST(Connection, ReadsValuesOfEveryKind) {
    const Database db;
    Connection c = db.open();
    const Result result = c.query(kOne);
    ASSERT_EQ(result.rows(), 1);
    EXPECT_EQ(result.columns(), 5);
    EXPECT_EQ(result.integer(0, 0), 1);
    EXPECT_TRUE(result.is_null(0, 1));
    EXPECT_EQ(result.maybe(0, 1), std::nullopt);
    EXPECT_EQ(result.text(0, 2), "a\"b");
    EXPECT_EQ(result.real(0, 3), 2.5);
    EXPECT_TRUE(result.boolean(0, 4));
}

TEST(Connection, ArraysSurviveTheRoundTrip) {
    const Database db;
    Connection c = db.open();
    const std::vector<std::string> items = {"a", "", "b,c", "d\"e", "f\\g", "NULL", "{h}", " i "};
    const Result result = c.query(kEcho, {to_array(items), std::nullopt});
    EXPECT_EQ(from_array(result.text(0, 0)), items);
    EXPECT_TRUE(result.is_null(0, 1));
    EXPECT_TRUE(from_array("{}").empty());
    EXPECT_THAT(from_array("{a,NULL}"), ElementsAre("a", ""));
}

TEST(Connection, SetsWhatOurSessionsNeedWhateverTheRoleSays) {
    const Database db;
    Connection first = db.open();
    run_all(first, {"ALTER DATABASE " + value(first, "SELECT current_database()") + " SET default_transaction_read_only = on",
                    "ALTER DATABASE " + value(first, "SELECT current_database()") + " SET statement_timeout = '3s'",
                    "ALTER DATABASE " + value(first, "SELECT current_database()") + " SET search_path = app, public",
                    "ALTER DATABASE " + value(first, "SELECT current_database()") + " SET work_mem = '7MB'"});
    Connection c = Connection::open(db.conninfo(), "worker", base::in(seconds(10)), nullptr);
    EXPECT_EQ(c.default_search_path(), "app, public");
    EXPECT_EQ(value(c, "SHOW search_path"), "pg_catalog");
    EXPECT_EQ(value(c, "SHOW transaction_read_only"), "off");
    EXPECT_EQ(value(c, "SHOW statement_timeout"), "0");
    EXPECT_EQ(value(c, "SHOW work_mem"), "7MB");
    EXPECT_EQ(value(c, "SHOW application_name"), "pgbelay worker");
    EXPECT_EQ(value(c, "SELECT pg_backend_pid()"), std::to_string(c.backend_pid()));
    EXPECT_EQ(c.major(), c.server_version() / 10000);
}

TEST(Connection, OurQueriesThrowAndTriedOnesAnswer) {
    const Database db;
    Connection c = db.open();
    try {
        c.query(kWrong);
        FAIL();
    } catch (const base::Error& error) {
        EXPECT_EQ(error.code(), base::ErrorCode::server);
        EXPECT_EQ(error.sqlstate(), "42P01");
    }
    const Outcome outcome = c.try_query(kWrong);
    EXPECT_EQ(error_of(outcome).sqlstate, "42P01");
    EXPECT_EQ(c.query(kOne).rows(), 1);
}

TEST(Connection, AQueryThatTakesTooLongIsCancelledAndNamed) {
    const Database db;
    Connection c = db.open();
    try {
        c.query_until(kSleep, {}, base::in(milliseconds(100)), nullptr);
        FAIL();
    } catch (const base::Error& error) {
        EXPECT_THAT(error.what(), HasSubstr("sleep"));
    }
    EXPECT_EQ(c.query(kOne).rows(), 1);
}

TEST(Connection, AStopInterruptsAQuery) {
    const Database db;
    Connection c = db.open();
    base::StopSignal stop;
    stop.request();
    try {
        c.query_until(kSleep, {}, base::in(seconds(30)), &stop);
        FAIL();
    } catch (const base::Error& error) {
        EXPECT_EQ(error.code(), base::ErrorCode::interrupted);
    }
    EXPECT_TRUE(c.alive());
}

TEST(Run, GivesTheServersErrorWhole) {
    const Database db;
    Connection c = db.open();
    run_all(c, {"CREATE TABLE t (id int CONSTRAINT t_key UNIQUE)", "INSERT INTO t VALUES (1)"});
    const Outcome outcome = run(c, "INSERT INTO t VALUES (1)");
    EXPECT_EQ(error_of(outcome).sqlstate, "23505");
    EXPECT_EQ(error_of(outcome).constraint, "t_key");
    EXPECT_EQ(error_of(outcome).detail, "Key (id)=(1) already exists.");
    EXPECT_EQ(error_of(run(c, "SELECT  x FROM t")).position, 9);
    EXPECT_EQ(error_of(run(c, "DO $$ BEGIN RAISE 'no' USING HINT = 'try'; END $$")).hint, "try");
}

TEST(Run, StopCancelsTheStatementAndKeepsTheConnection) {
    const Database db;
    Connection c = db.open();
    base::StopSignal stop;
    const Ticker ticker{.every = milliseconds(20), .tick = [&] { stop.request(); }};
    const Outcome outcome = c.run("SELECT pg_sleep(60)", std::nullopt, base::in(seconds(30)), &stop, &ticker);
    EXPECT_EQ(error_of(outcome).sqlstate, "57014");
    EXPECT_FALSE(error_of(outcome).connection_lost);
    EXPECT_EQ(value(c, "SELECT 1"), "1");
}

TEST(Run, DeadlineCancelsTheStatement) {
    const Database db;
    Connection c = db.open();
    EXPECT_EQ(error_of(run(c, "SELECT pg_sleep(60)", nullptr, milliseconds(50))).sqlstate, "57014");
    EXPECT_EQ(value(c, "SELECT 1"), "1");
}

TEST(Run, AnotherThreadMayCancel) {
    const Database db;
    Connection c = db.open();
    Connection watcher = db.open();
    const std::string active = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid = " + std::to_string(c.backend_pid());
    std::jthread other([&] {
        eventually([&] { return value(watcher, active) == "1"; }, "the statement runs");
        c.cancel();
    });
    EXPECT_EQ(error_of(run(c, "SELECT pg_sleep(60)")).sqlstate, "57014");
}

TEST(Run, TicksWhileItWaits) {
    const Database db;
    Connection c = db.open();
    int ticks = 0;
    const Ticker ticker{.every = milliseconds(10), .tick = [&] { ++ticks; }};
    const Outcome outcome = c.run("SELECT pg_sleep(0.2)", std::nullopt, base::in(seconds(10)), nullptr, &ticker);
    EXPECT_TRUE(std::holds_alternative<Result>(outcome));
    EXPECT_GE(ticks, 5);
}

TEST(Run, ATickThatThrowsLeavesTheConnectionUsable) {
    const Database db;
    Connection c = db.open();
    const Ticker ticker{.every = milliseconds(10), .tick = [] { throw base::Error(base::ErrorCode::interrupted, "enough"); }};
    EXPECT_THROW(c.run("SELECT pg_sleep(60)", std::nullopt, base::in(seconds(30)), nullptr, &ticker), base::Error);
    EXPECT_EQ(value(c, "SELECT 1"), "1");
}

TEST(Run, SeesATerminatedBackend) {
    const Database db;
    Connection c = db.open();
    Connection killer = db.open();
    const std::string kill = "SELECT pg_terminate_backend(" + std::to_string(c.backend_pid()) + ")";
    int ticks = 0;
    const Ticker ticker{.every = milliseconds(20), .tick = [&] {
                            if (++ticks == 1) {
                                must_run(killer, kill);
                            }
                        }};
    const Outcome outcome = c.run("SELECT pg_sleep(60)", std::nullopt, base::in(seconds(30)), nullptr, &ticker);
    EXPECT_TRUE(error_of(outcome).connection_lost);
    EXPECT_EQ(error_of(outcome).sqlstate, "57P01");
    EXPECT_FALSE(c.alive());
    EXPECT_EQ(to_error(error_of(outcome)).code(), base::ErrorCode::connection);
    EXPECT_TRUE(error_of(run(c, "SELECT 1")).connection_lost);
    EXPECT_TRUE(error_of(c.pipeline({{"SELECT 1", {}}}, base::in(seconds(5)), nullptr)[0]).connection_lost);
}

TEST(Run, SeesABackendThatEndedWhileIdle) {
    const Database db;
    Connection c = db.open();
    Connection killer = db.open();
    must_run(killer, "SELECT pg_terminate_backend(" + std::to_string(c.backend_pid()) + ")");
    const std::string left = "SELECT count(*) FROM pg_stat_activity WHERE pid = " + std::to_string(c.backend_pid());
    eventually([&] { return value(killer, left) == "0"; }, "the backend ends");
    EXPECT_TRUE(error_of(run(c, "SELECT 1")).connection_lost);
    try {
        c.query(kOne);
        FAIL();
    } catch (const base::Error& error) {
        EXPECT_EQ(error.code(), base::ErrorCode::connection);
    }
}

TEST(Run, AClosedConnectionSaysSo) {
    const Database db;
    Connection c = db.open();
    c.close();
    EXPECT_FALSE(c.alive());
    EXPECT_FALSE(c.in_transaction());
    EXPECT_TRUE(error_of(run(c, "SELECT 1")).connection_lost);
    c.cancel();
    EXPECT_TRUE(c.notifications().empty());
}

TEST(Run, KeepsTenThousandRowsAndTheCommandTag) {
    const Database db;
    Connection c = db.open();
    const Outcome outcome = run(c, "SELECT n, CASE WHEN n > 1 THEN 'x' || n END FROM generate_series(1, 25000) n");
    const Result& result = std::get<Result>(outcome);
    EXPECT_EQ(result.rows(), 10'000);
    EXPECT_EQ(result.text(9'999, 1), "x10000");
    EXPECT_TRUE(result.is_null(0, 1));
    EXPECT_EQ(result.column_name(0), "n");
    EXPECT_EQ(result.command_tag(), "SELECT 25000");
    EXPECT_EQ(std::get<Result>(run(c, "CREATE TABLE t ()")).command_tag(), "CREATE TABLE");
    EXPECT_TRUE(std::holds_alternative<Result>(run(c, "  -- nothing\n")));
}

TEST(Run, AnErrorAfterManyRowsIsAnError) {
    const Database db;
    Connection c = db.open();
    EXPECT_EQ(error_of(run(c, "SELECT 1 / (5000 - n) FROM generate_series(1, 9000) n")).sqlstate, "22012");
}

TEST(Run, FeedsACopy) {
    const Database db;
    Connection c = db.open();
    must_run(c, "CREATE TABLE t (a int, b text)");
    std::string data;
    for (int i = 0; i < 200'000; ++i) {
        data += std::to_string(i) + "\tsome text for the row\n";
    }
    const Outcome outcome = c.run("COPY t FROM stdin", data, base::in(seconds(60)), nullptr);
    ASSERT_TRUE(std::holds_alternative<Result>(outcome)) << error_of(outcome).message;
    EXPECT_EQ(std::get<Result>(outcome).command_tag(), "COPY 200000");
    EXPECT_EQ(value(c, "SELECT count(*) FROM t"), "200000");
    EXPECT_EQ(error_of(c.run("COPY t FROM stdin", "x\ty\n", base::in(seconds(10)), nullptr)).sqlstate, "22P02");
    EXPECT_TRUE(std::holds_alternative<Result>(c.run("COPY t FROM stdin", "", base::in(seconds(10)), nullptr)));
    EXPECT_EQ(value(c, "SELECT 1"), "1");
}

TEST(Run, ACopyThatWaitsForALockCanBeStopped) {
    const Database db;
    Connection c = db.open();
    must_run(c, "CREATE TABLE t (a text)");
    Connection other = db.open();
    run_all(other, {"CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN NEW; END'",
                    "CREATE TRIGGER slow BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION slow()"});
    std::string data;
    for (int i = 0; i < 100'000; ++i) {
        data += std::string(100, 'x') + "\n";
    }
    const Outcome outcome = c.run("COPY t FROM stdin", data, base::in(milliseconds(200)), nullptr);
    EXPECT_EQ(error_of(outcome).sqlstate, "57014");
    EXPECT_EQ(value(c, "SELECT count(*) FROM t"), "0");
}

TEST(Run, DropsWhatACopyOutSends) {
    const Database db;
    Connection c = db.open();
    const Outcome outcome = run(c, "COPY (SELECT * FROM generate_series(1, 100000)) TO STDOUT");
    EXPECT_EQ(std::get<Result>(outcome).command_tag(), "COPY 100000");
    EXPECT_EQ(value(c, "SELECT 1"), "1");
}

TEST(Run, CollectsNoticesAndNotifications) {
    const Database db;
    Connection c = db.open();
    run_all(c, {"DO $$ BEGIN RAISE NOTICE 'hello'; RAISE WARNING 'mind'; END $$", "LISTEN ch", "NOTIFY ch, 'payload'"});
    EXPECT_THAT(c.take_notices(), ElementsAre("NOTICE: hello", "WARNING: mind"));
    EXPECT_TRUE(c.take_notices().empty());
    EXPECT_THAT(c.notifications(), ElementsAre(std::pair<std::string, std::string>("ch", "payload")));
}

TEST(Run, KnowsWhetherATransactionIsOpen) {
    const Database db;
    Connection c = db.open();
    EXPECT_FALSE(c.in_transaction());
    must_run(c, "BEGIN");
    EXPECT_TRUE(c.in_transaction());
    run(c, "SELECT 1/0");
    EXPECT_TRUE(c.in_transaction());
    must_run(c, "ROLLBACK");
    EXPECT_FALSE(c.in_transaction());
}

TEST(Pipeline, AnswersInOrder) {
    const Database db;
    Connection c = db.open();
    const auto outcomes = c.pipeline({{"BEGIN", {}}, {"SELECT $1::int + 1", {"41"}}, {"COMMIT", {}}}, base::in(seconds(10)), nullptr);
    ASSERT_EQ(outcomes.size(), 3U);
    EXPECT_EQ(std::get<Result>(outcomes[1]).integer(0, 0), 42);
    EXPECT_EQ(std::get<Result>(outcomes[2]).command_tag(), "COMMIT");
    EXPECT_FALSE(c.in_transaction());
    EXPECT_EQ(value(c, "SELECT 1"), "1");
}

TEST(Pipeline, StopsAtTheFirstErrorAndRunsNothingAfterIt) {
    const Database db;
    Connection c = db.open();
    must_run(c, "CREATE TABLE t (a int)");
    const auto outcomes =
        c.pipeline({{"BEGIN", {}}, {"INSERT INTO t VALUES (1)", {}}, {"SELECT 1/0", {}}, {"COMMIT", {}}}, base::in(seconds(10)), nullptr);
    ASSERT_EQ(outcomes.size(), 3U);
    EXPECT_EQ(error_of(outcomes[2]).sqlstate, "22012");
    EXPECT_TRUE(c.in_transaction());
    must_run(c, "ROLLBACK");
    EXPECT_EQ(value(c, "SELECT count(*) FROM t"), "0");
}

TEST(Pipeline, PreparesWhatIsRepeatedAndRecoversWhenTheUserDropsIt) {
    const Database db;
    Connection c = db.open();
    const auto send = [&](const char* number) {
        return std::move(c.pipeline({{"SELECT $1::int + 1", {number}, true}}, base::in(seconds(10)), nullptr).back());
    };
    const char* const kPrepared = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT $1::int%'";
    EXPECT_EQ(std::get<Result>(send("1")).integer(0, 0), 2);
    EXPECT_EQ(value(c, kPrepared), "0");
    EXPECT_EQ(std::get<Result>(send("2")).integer(0, 0), 3);
    EXPECT_EQ(value(c, kPrepared), "1");
    EXPECT_EQ(std::get<Result>(send("3")).integer(0, 0), 4);

    must_run(c, "DEALLOCATE ALL");
    EXPECT_EQ(error_of(send("4")).sqlstate, "26000");
    EXPECT_EQ(std::get<Result>(send("5")).integer(0, 0), 6);
    EXPECT_EQ(std::get<Result>(send("6")).integer(0, 0), 7);
    EXPECT_EQ(value(c, kPrepared), "1");
}

TEST(Pipeline, ALockTimeoutLeavesTheConnectionUsable) {
    const Database db;
    Connection holder = db.open();
    run_all(holder, {"CREATE TABLE t (a int)", "BEGIN", "LOCK TABLE t"});
    Connection c = db.open();
    const auto outcomes =
        c.pipeline({{"BEGIN", {}}, {"SET LOCAL lock_timeout = 50", {}}, {"LOCK TABLE t", {}}, {"DROP TABLE t", {}}, {"COMMIT", {}}},
                   base::in(seconds(10)), nullptr);
    ASSERT_EQ(outcomes.size(), 3U);
    EXPECT_EQ(error_of(outcomes[2]).sqlstate, "55P03");
    must_run(c, "ROLLBACK");
}

TEST(Pipeline, WritesWhileTheServerWrites) {
    const Database db;
    Connection c = db.open();
    // More in both directions than the sockets' buffers take.
    std::vector<Connection::Piece> pieces;
    for (int i = 0; i < 60; ++i) {
        pieces.push_back({"SELECT $1::text, repeat('x', 200000)", {std::string(200'000, 'y')}});
    }
    const auto outcomes = c.pipeline(pieces, base::in(seconds(60)), nullptr);
    ASSERT_EQ(outcomes.size(), pieces.size());
    EXPECT_EQ(std::get<Result>(outcomes.front()).text(0, 1).size(), 200'000U);
    EXPECT_EQ(std::get<Result>(outcomes.back()).text(0, 0).size(), 200'000U);
}

TEST(Pipeline, IsCancelledAtItsDeadline) {
    const Database db;
    Connection c = db.open();
    const auto outcomes =
        c.pipeline({{"SELECT 1", {}}, {"SELECT pg_sleep(60)", {}}, {"SELECT 2", {}}}, base::in(milliseconds(100)), nullptr);
    ASSERT_EQ(outcomes.size(), 2U);
    EXPECT_EQ(error_of(outcomes[1]).sqlstate, "57014");
    EXPECT_EQ(value(c, "SELECT 1"), "1");
}

TEST(Pipeline, ABreakInTheMiddleIsTheLastOutcome) {
    const Database db;
    Connection c = db.open();
    const auto outcomes =
        c.pipeline({{"SELECT 1", {}}, {"SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(10)", {}}, {"COMMIT", {}}},
                   base::in(seconds(10)), nullptr);
    ASSERT_EQ(outcomes.size(), 2U);
    EXPECT_TRUE(error_of(outcomes[1]).connection_lost);
    EXPECT_FALSE(c.alive());
}

// A port that accepts connections and never says a word.
class SilentPort {
public:
    SilentPort() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address);
        listen(fd_, 8);
        socklen_t size = sizeof address;
        getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
    }
    ~SilentPort() { ::close(fd_); }
    std::string port() const { return std::to_string(port_); }

private:
    int fd_;
    int port_ = 0;
};

TEST(Open, ASilentServerEndsAtTheDeadline) {
    const SilentPort silent;
    try {
        Connection::open(Conninfo("host=127.0.0.1 user=u port=" + silent.port(), "--db"), "test", base::in(milliseconds(100)), nullptr);
        FAIL();
    } catch (const base::Error& error) {
        EXPECT_EQ(error.code(), base::ErrorCode::connection);
        EXPECT_THAT(error.what(), HasSubstr("no answer"));
    }
}

TEST(Open, AStopEndsTheAttempt) {
    const SilentPort silent;
    base::StopSignal stop;
    stop.request();
    try {
        Connection::open(Conninfo("host=127.0.0.1 user=u port=" + silent.port(), "--db"), "test", base::in(seconds(10)), &stop);
        FAIL();
    } catch (const base::Error& error) {
        EXPECT_EQ(error.code(), base::ErrorCode::interrupted);
    }
}

TEST(Open, GoesOnToTheNextHostWhenOneIsSilentOrRefuses) {
    const SilentPort silent;
    const std::string port = std::to_string(server().port());
    const Conninfo conninfo("host=127.0.0.1,127.0.0.1,127.0.0.1 user=postgres dbname=postgres port=1," + silent.port() + "," + port,
                            "--db");
    Connection c = Connection::open(conninfo, "test", base::in(seconds(3)), nullptr);
    EXPECT_EQ(value(c, "SELECT 1"), "1");
}

}  // namespace
}  // namespace pgbelay::pg
