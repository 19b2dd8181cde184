#include "pg/connection.h"

#include "base/fail_point.h"
#include "pg/connection_state.h"
#include "pg/tally.h"

#include <fmt/core.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cctype>
#include <utility>

namespace pgbelay::pg {

using base::Error;
using base::ErrorCode;

namespace {

constexpr std::chrono::seconds kQueryTime{5};
constexpr std::size_t kMostRows = 10'000;
constexpr std::size_t kMostNotices = 1'000;

std::string field(const PGresult* result, int code) {
    const char* value = PQresultErrorField(result, code);
    return value == nullptr ? std::string() : value;
}

ServerError lost(const PGconn* raw) {
    ServerError error;
    error.message = raw == nullptr ? "" : fold(PQerrorMessage(raw));
    error.connection_lost = true;
    if (error.message.empty()) {
        error.message = "the connection to the server is closed";
    }
    return error;
}

// The first words of a statement, for the name of a boundary: never a constant, never a quoted name.
std::string first_words(std::string_view sql) {
    std::string words;
    std::size_t i = 0;
    for (int n = 0; n < 2; ++n) {
        std::size_t begin = sql.find_first_not_of(" \t\r\n", i);
        if (begin == std::string_view::npos) {
            break;
        }
        i = begin;
        while (i < sql.size() && std::isalpha(static_cast<unsigned char>(sql[i])) != 0) {
            ++i;
        }
        if (i == begin) {
            break;
        }
        words += words.empty() ? "" : " ";
        for (std::size_t k = begin; k < i; ++k) {
            words += static_cast<char>(std::toupper(static_cast<unsigned char>(sql[k])));
        }
    }
    return words;
}

bool is_commit(const std::string& words) {
    return words.starts_with("COMMIT") || words == "END";
}

void passing_send(const std::string& words) {
    base::fail_point(is_commit(words) ? "before commit" : "send:" + words);
}
void passing_result(const std::string& words) {
    base::fail_point(is_commit(words) ? "after commit" : "result:" + words);
}

// Rows that arrive one by one, so that a large result takes no more memory than what is kept of it.
class Rows {
public:
    void add(const PGresult* row) {
        if (rows_.size() >= kMostRows) {
            return;
        }
        std::vector<Param>& values = rows_.emplace_back();
        for (int column = 0; column < PQnfields(row); ++column) {
            values.push_back(PQgetisnull(row, 0, column) != 0
                                 ? Param()
                                 : Param(std::string(PQgetvalue(row, 0, column), static_cast<std::size_t>(PQgetlength(row, 0, column)))));
        }
    }
    // Puts them into the last result of single-row mode, which has the columns and the command tag but no row.
    void move_into(PGresult* result) {
        for (std::size_t row = 0; row < rows_.size(); ++row) {
            for (std::size_t column = 0; column < rows_[row].size(); ++column) {
                Param& value = rows_[row][column];
                PQsetvalue(result, static_cast<int>(row), static_cast<int>(column), value ? value->data() : nullptr,
                           value ? static_cast<int>(value->size()) : -1);
            }
        }
        rows_.clear();
    }

private:
    std::vector<std::vector<Param>> rows_;
};

bool is_error(const PGresult* result) {
    const ExecStatusType status = PQresultStatus(result);
    return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE;
}

std::vector<const char*> to_values(const Params& params) {
    std::vector<const char*> values;
    for (const Param& param : params) {
        values.push_back(param ? param->c_str() : nullptr);
    }
    return values;
}

int send_params(PGconn* raw, const char* sql, const Params& params) {
    const auto values = to_values(params);
    return PQsendQueryParams(raw, sql, static_cast<int>(values.size()), nullptr, values.data(), nullptr, nullptr, 0);
}

}  // namespace

std::string fold(const char* text) {
    std::string folded;
    for (const char* c = text; *c != '\0'; ++c) {
        const bool space = std::isspace(static_cast<unsigned char>(*c)) != 0;
        if (!space) {
            folded += *c;
        } else if (!folded.empty() && folded.back() != ' ') {
            folded += ' ';
        }
    }
    while (folded.ends_with(' ')) {
        folded.pop_back();
    }
    return folded;
}

ServerError read_error(const PGresult* result) {
    ServerError error;
    error.sqlstate = field(result, PG_DIAG_SQLSTATE);
    error.message = field(result, PG_DIAG_MESSAGE_PRIMARY);
    error.detail = field(result, PG_DIAG_MESSAGE_DETAIL);
    error.hint = field(result, PG_DIAG_MESSAGE_HINT);
    error.context = field(result, PG_DIAG_CONTEXT);
    error.constraint = field(result, PG_DIAG_CONSTRAINT_NAME);
    const std::string position = field(result, PG_DIAG_STATEMENT_POSITION);
    error.position = position.empty() ? 0 : std::stoi(position);
    const std::string severity = field(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    error.connection_lost = severity == "FATAL" || severity == "PANIC";
    if (error.message.empty()) {
        error.message = fold(PQresultErrorMessage(result));  // libpq's own word, not the server's
    }
    return error;
}

Connection::State::State(PGconn* connection) : raw(connection), canceller(connection) {
    PQsetNoticeReceiver(
        raw,
        [](void* to, const PGresult* notice) {
            auto& kept = static_cast<State*>(to)->notices;
            if (kept.size() < kMostNotices) {
                kept.push_back(field(notice, PG_DIAG_SEVERITY) + ": " + field(notice, PG_DIAG_MESSAGE_PRIMARY));
            }
        },
        this);
}

Connection::State::~State() {
    PQfinish(raw);
}

void Connection::State::close() noexcept {
    // The canceller stays: another thread may be about to use it.
    PQfinish(raw);
    raw = nullptr;
}

Connection::Connection(pg_conn* raw) : state_(std::make_unique<State>(raw)) {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

int Connection::server_version() const {
    return PQserverVersion(state_->raw);
}

std::string Connection::host_name() const {
    const char* name = PQhost(state_->raw);
    return name == nullptr ? "" : name;
}

bool Connection::alive() const {
    return PQstatus(state_->raw) == CONNECTION_OK;
}

bool Connection::in_transaction() const {
    const PGTransactionStatusType status = PQtransactionStatus(state_->raw);
    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR || status == PQTRANS_ACTIVE;
}

int Connection::socket() const {
    return PQsocket(state_->raw);
}

void Connection::cancel() noexcept {
    state_->canceller.cancel();
}

std::vector<std::pair<std::string, std::string>> Connection::notifications() {
    std::vector<std::pair<std::string, std::string>> found;
    PQconsumeInput(state_->raw);
    while (PGnotify* notify = PQnotifies(state_->raw)) {
        found.emplace_back(notify->relname, notify->extra);
        PQfreemem(notify);
    }
    return found;
}

std::vector<std::string> Connection::take_notices() {
    return std::exchange(state_->notices, {});
}

void Connection::close() noexcept {
    state_->close();
}

Result Connection::query(const Query& query, const Params& params) {
    return query_until(query, params, base::in(kQueryTime), nullptr);
}

Result Connection::query_until(const Query& query, const Params& params, base::Deadline deadline, const base::StopSignal* stop) {
    base::heed(state_->heeded);
    stop = stop != nullptr ? stop : state_->heeded;
    Exchange exchange(state_->raw, state_->canceller, deadline, stop, nullptr);
    Outcome outcome = send_query(query, params, exchange);
    if (auto* result = std::get_if<Result>(&outcome)) {
        return std::move(*result);
    }
    const ServerError& error = std::get<ServerError>(outcome);
    const bool by_our_cancel = exchange.cancelled() && error.sqlstate == "57014";
    if (by_our_cancel && exchange.stopped()) {
        base::heed(state_->heeded);
        throw Error(ErrorCode::interrupted, fmt::format("interrupted in our query {}", query.name));
    }
    if (by_our_cancel) {
        throw Error(ErrorCode::server, fmt::format("the server did not answer our query {} in time", query.name)).sqlstate(error.sqlstate);
    }
    throw to_error(error);
}

Outcome Connection::try_query(const Query& query, const Params& params) {
    base::heed(state_->heeded);
    Exchange exchange(state_->raw, state_->canceller, base::in(kQueryTime), state_->heeded, nullptr);
    Outcome outcome = send_query(query, params, exchange);
    base::heed(state_->heeded);
    return outcome;
}

void Connection::State::note_end(const Outcome& last) {
    const auto* error = std::get_if<ServerError>(&last);
    deadlocked = deadlocked || (error != nullptr && error->sqlstate == "40P01");
    if (PQtransactionStatus(raw) != PQTRANS_IDLE) {
        return;  // it goes on, or the connection is lost
    }
    if (error != nullptr || std::get<Result>(last).command_tag() == "ROLLBACK") {
        count_rollback(deadlocked);
    }
    deadlocked = false;
}

int Connection::State::send_repeated(const std::string& sql, const Params& params) {
    const Repeated& query = sent.at(sql);
    if (query.times == 1) {
        return send_params(raw, sql.c_str(), params);
    }
    const auto values = to_values(params);
    return PQsendQueryPrepared(raw, query.name.c_str(), static_cast<int>(values.size()), values.data(), nullptr, nullptr, 0);
}

// Planning costs more than most of them: what is asked once for every step is planned once. Statements outlive a rollback.
Outcome Connection::send_query(const Query& query, const Params& params, Exchange& exchange) {
    const std::string text(query.text);
    if (auto error = prepare(text, exchange)) {
        return *std::move(error);
    }
    return state_->send_repeated(text, params) == 0 ? lost(state_->raw) : collect(exchange, std::nullopt);
}

// Counts what is about to be sent, and prepares it when that is the second time.
std::optional<ServerError> Connection::prepare(const std::string& sql, Exchange& exchange) {
    auto& sent = state_->sent[sql];
    if (sent.name.empty()) {
        sent.name = fmt::format("pgbelay_{}", state_->sent.size());
    }
    if (++sent.times != 2) {
        return std::nullopt;
    }
    if (PQsendPrepare(state_->raw, sent.name.c_str(), sql.c_str(), 0, nullptr) == 0) {
        return lost(state_->raw);
    }
    Outcome prepared = collect(exchange, std::nullopt);
    if (auto* error = std::get_if<ServerError>(&prepared); error != nullptr) {
        sent.times = 1;
        return std::move(*error);
    }
    return std::nullopt;
}

Outcome Connection::run(const std::string& sql, const std::optional<std::string>& copy_data, base::Deadline deadline,
                        const base::StopSignal* stop, const Ticker* ticker) {
    if (sql.find('\0') != std::string::npos) {
        throw Error(ErrorCode::input, "a statement cannot contain a NUL byte");
    }
    const std::string words = first_words(sql);
    passing_send(words);
    if (PQsendQuery(state_->raw, sql.c_str()) == 0) {
        return lost(state_->raw);
    }
    PQsetSingleRowMode(state_->raw);
    Exchange exchange(state_->raw, state_->canceller, deadline, stop, ticker);
    Outcome outcome = collect(exchange, copy_data);
    passing_result(words);
    return outcome;
}

// All results of what was sent: the first error, else the last result.
Outcome Connection::collect(Exchange& exchange, const std::optional<std::string>& copy_data) {
    std::optional<ServerError> error;
    std::optional<Result> last;
    Rows rows;
    try {
        exchange.flush();
        while (PGresult* raw = exchange.next()) {
            Result result(raw);
            const ExecStatusType status = PQresultStatus(raw);
            if (status == PGRES_SINGLE_TUPLE) {
                rows.add(raw);
                continue;
            }
            if (status == PGRES_COPY_IN) {
                exchange.feed(copy_data.value_or(""));
            } else if (status == PGRES_COPY_OUT) {
                exchange.drain_copy_out();
            } else if (is_error(raw)) {
                error = error ? error : read_error(raw);
            } else {
                rows.move_into(raw);
                last = std::move(result);
            }
        }
    } catch (...) {
        exchange.abandon();
        throw;
    }
    if (!alive()) {
        error = error ? error : lost(state_->raw);
        error->connection_lost = true;
    }
    Outcome outcome = error  ? Outcome(*std::move(error))
                      : last ? Outcome(std::move(*last))
                             : Outcome(Result(PQmakeEmptyPGresult(state_->raw, PGRES_EMPTY_QUERY)));
    state_->note_end(outcome);
    return outcome;
}

std::vector<Outcome> Connection::pipeline(const std::vector<Piece>& pieces, base::Deadline deadline, const base::StopSignal* stop,
                                          const Ticker* ticker, Boundaries boundaries) {
    base::heed(state_->heeded);
    stop = stop != nullptr ? stop : state_->heeded;
    std::vector<Outcome> broken;
    Exchange exchange(state_->raw, state_->canceller, deadline, stop, ticker);
    for (const Piece& piece : pieces) {
        if (auto error = piece.repeated ? prepare(piece.sql, exchange) : std::nullopt) {
            broken.emplace_back(*std::move(error));
            return broken;
        }
    }
    if (PQenterPipelineMode(state_->raw) == 0) {
        broken.emplace_back(lost(state_->raw));
        return broken;
    }
    std::vector<std::string> marks;
    for (const Piece& piece : pieces) {
        if (boundaries == Boundaries::marked && base::has_fail_points()) {
            marks.push_back(first_words(piece.sql));
            // What stands before it is on its way by then, so that the boundary is a true one.
            PQflush(state_->raw);
            passing_send(marks.back());
        }
        const int sent =
            piece.repeated ? state_->send_repeated(piece.sql, piece.params) : send_params(state_->raw, piece.sql.c_str(), piece.params);
        if (sent == 0) {
            break;
        }
    }
    PQpipelineSync(state_->raw);
    exchange.flush();
    std::vector<Outcome> outcomes = collect_pipeline(exchange, marks);
    PQexitPipelineMode(state_->raw);
    if (!outcomes.empty()) {
        state_->note_end(outcomes.back());
    }
    const auto* error = outcomes.empty() ? nullptr : std::get_if<ServerError>(&outcomes.back());
    if (error != nullptr && error->sqlstate == "26000" && pieces[outcomes.size() - 1].repeated) {
        state_->sent.at(pieces[outcomes.size() - 1].sql).times = 0;
    }
    return outcomes;
}

std::vector<Outcome> Connection::collect_pipeline(Exchange& exchange, const std::vector<std::string>& boundaries) {
    std::vector<Outcome> outcomes;
    Rows rows;
    bool failed = false;
    while (alive()) {
        PGresult* raw = exchange.next();
        if (raw == nullptr) {
            continue;  // the end of one piece
        }
        Result result(raw);
        const ExecStatusType status = PQresultStatus(raw);
        if (status == PGRES_PIPELINE_SYNC) {
            return outcomes;
        }
        if (failed || status == PGRES_PIPELINE_ABORTED) {
            continue;
        }
        if (status == PGRES_SINGLE_TUPLE) {
            // The single-row mode of a run() before still holds for the first piece: libpq resets it outside of pipelines only.
            rows.add(raw);
            continue;
        }
        if (!is_error(raw)) {
            rows.move_into(raw);
        }
        failed = is_error(raw);
        outcomes.emplace_back(failed ? Outcome(read_error(raw)) : Outcome(std::move(result)));
        if (outcomes.size() <= boundaries.size()) {
            passing_result(boundaries[outcomes.size() - 1]);
        }
    }
    if (failed) {
        std::get<ServerError>(outcomes.back()).connection_lost = true;
    } else {
        outcomes.emplace_back(lost(state_->raw));
    }
    return outcomes;
}

Heeding::Heeding(Connection& connection, const base::StopSignal* stop)
    : state_(*connection.state_), before_(std::exchange(state_.heeded, stop)) {}

Heeding::~Heeding() {
    state_.heeded = before_;
}

Severance::Severance(const Connection& connection) : socket_(dup(connection.socket())) {}

Severance::~Severance() {
    close(socket_);
}

void Severance::sever() noexcept {
    shutdown(socket_, SHUT_RDWR);
}

}  // namespace pgbelay::pg
