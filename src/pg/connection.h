// One connection over libpq, asynchronous throughout: every wait has a deadline and can be stopped.
#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "base/wait.h"
#include "pg/conninfo.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

struct pg_conn;
struct pg_result;

namespace pgbelay::pg {

// A query of ours: made only from the files in queries/ folders, compiled in.
struct Query {
    std::string_view name;
    std::string_view text;
};

using Param = std::optional<std::string>;
using Params = std::vector<Param>;

// "{a,b}" for a text[] parameter.
std::string to_array(const std::vector<std::string>& items);
// The items of a text[] value as the server prints it; NULL items come back as "".
std::vector<std::string> from_array(std::string_view text);

class Result {
public:
    explicit Result(pg_result* result) : result_(result, &Result::clear) {}
    int rows() const;
    int columns() const;
    std::string column_name(int column) const;
    std::uint32_t type_oid(int column) const;
    bool is_null(int row, int column) const;
    std::string text(int row, int column) const;  // "" for NULL
    std::optional<std::string> maybe(int row, int column) const;
    int integer(int row, int column) const;
    long long big(int row, int column) const;
    double real(int row, int column) const;
    bool boolean(int row, int column) const;
    std::string command_tag() const;

private:
    static void clear(pg_result* result);
    std::unique_ptr<pg_result, void (*)(pg_result*)> result_;
};

// What the server said against a statement.
struct ServerError {
    std::string sqlstate;  // "" when the connection broke
    std::string message;
    std::string detail;
    std::string hint;
    std::string context;
    std::string constraint;
    int position = 0;  // characters from 1, 0 = none
    bool connection_lost = false;
};

// As an Error{server} or Error{connection}.
base::Error to_error(const ServerError& error);

using Outcome = std::variant<Result, ServerError>;

// What happens while a statement runs: called about every `every` until its result is there.
struct Ticker {
    base::Millis every{100};
    std::function<void()> tick;
};

class Exchange;

class Connection {
public:
    // Connects (over all hosts of the conninfo, each with its share of the time), then sets what our own connections need:
    // search_path=pg_catalog, read committed, timeouts; see queries/set_session.sql. `purpose` ends up in application_name as
    // "pgbelay PURPOSE". Throws Error{connection}, and Error{refused} behind a transaction pooler: settings made there would
    // stay on the pooler's connections, for the application to find.
    static Connection open(const Conninfo& conninfo, std::string_view purpose, base::Deadline deadline, const base::StopSignal* stop);

    // Whether sessions do not stay on one backend; sets nothing anywhere. See pg/server.h.
    static bool behind_transaction_pooler(const Conninfo& conninfo, base::Deadline deadline, const base::StopSignal* stop);

    Connection(Connection&&) noexcept;
    Connection& operator=(Connection&&) noexcept;
    ~Connection();

    int server_version() const;  // 150018
    int major() const { return server_version() / 10000; }
    int backend_pid() const { return backend_pid_; }  // pg_backend_pid(), not what a pooler says
    // Which of the conninfo's hosts it leads to.
    std::size_t host() const { return host_; }
    // When the server behind it started, to the microsecond: the same for all connections to one server, and for no other.
    const std::string& server_start() const { return server_start_; }
    // The session's own search_path before ours was set: what the user's statements see.
    const std::string& default_search_path() const { return default_search_path_; }
    // What libpq connected to: a host's name or address, or the directory of a socket.
    std::string host_name() const;
    bool alive() const;
    bool in_transaction() const;

    // One query of ours with text parameters. Waits 5 s unless told otherwise; past it, and on `stop`, the query is cancelled.
    // Throws Error{server|connection|interrupted}.
    Result query(const Query& query, const Params& params = {});
    Result query_until(const Query& query, const Params& params, base::Deadline deadline, const base::StopSignal* stop);
    // The same where an error is an expected answer.
    Outcome try_query(const Query& query, const Params& params = {});

    // The user's bytes, one statement by the simple protocol (extended when `params` are of ours is impossible here). On stop the
    // statement is cancelled and drained; the outcome is then the server's 57014 (or a result that was faster).
    // `copy_data` feeds a COPY … FROM STDIN. Rows of a result are kept only up to 10,000.
    Outcome run(const std::string& sql, const std::optional<std::string>& copy_data, base::Deadline deadline, const base::StopSignal* stop,
                const Ticker* ticker = nullptr);

    // Several statements in one pipeline (extended protocol), a Sync at the end. The outcomes come in order up to and including the
    // first error; what followed it was not run. After a break of the connection the last outcome says so.
    struct Piece {
        std::string sql;
        Params params;
        // Whether `sql` will be sent many times: from the second time on it is a prepared statement. A DEALLOCATE of the user's takes
        // that away: the piece then fails once with 26000.
        bool repeated = false;
    };
    // Pieces that change nothing, whatever happens to us between them, are not worth a fail point.
    enum class Boundaries { marked, none };
    std::vector<Outcome> pipeline(const std::vector<Piece>& pieces, base::Deadline deadline, const base::StopSignal* stop,
                                  const Ticker* ticker = nullptr, Boundaries boundaries = Boundaries::marked);

    // Cancels what runs on this connection; through a connection of its own, so any thread may call it.
    void cancel() noexcept;
    // Asynchronous notifications since the last call: (channel, payload). Reads what has arrived, never waits.
    std::vector<std::pair<std::string, std::string>> notifications();
    int socket() const;
    // NOTICEs and WARNINGs since the last call.
    std::vector<std::string> take_notices();
    void close() noexcept;

private:
    friend class Heeding;
    struct State;
    explicit Connection(pg_conn* raw);
    // A connection as libpq makes it, without any setting of ours.
    static Connection connect(const Conninfo& conninfo, std::string_view purpose, base::Deadline deadline, const base::StopSignal* stop);
    Outcome send_query(const Query& query, const Params& params, Exchange& exchange);
    std::optional<ServerError> prepare(const std::string& sql, Exchange& exchange);
    Outcome collect(Exchange& exchange, const std::optional<std::string>& copy_data);
    std::vector<Outcome> collect_pipeline(Exchange& exchange, const std::vector<std::string>& boundaries);

    std::unique_ptr<State> state_;
    std::string default_search_path_;
    std::string server_start_;
    int backend_pid_ = 0;
    std::size_t host_ = 0;
};

// While it lives, `stop` also ends queries and pipelines that were not given one, with Error{interrupted}: for phases that only look, and
// after which nothing on the connection needs to be cleaned up.
class Heeding {
public:
    Heeding(Connection& connection, const base::StopSignal* stop);
    ~Heeding();
    Heeding(const Heeding&) = delete;
    Heeding& operator=(const Heeding&) = delete;

private:
    // Not the connection itself, which may be moved meanwhile.
    Connection::State& state_;
    const base::StopSignal* before_;
};

// Breaks a connection from any thread without a word to the server: what runs there goes on, and who waits for it here finds the
// connection lost.
class Severance {
public:
    explicit Severance(const Connection& connection);
    ~Severance();
    Severance(const Severance&) = delete;
    Severance& operator=(const Severance&) = delete;

    void sever() noexcept;

private:
    int socket_;  // a duplicate: it stays this connection's when libpq has closed its own
};

}  // namespace pgbelay::pg
