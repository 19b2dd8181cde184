#include "support/session.h"

#include <libpq-fe.h>

#include <stdexcept>

namespace pgbelay::test {

namespace {

struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, Clear>;

Result execute(PGconn* connection, const std::string& script) {
    Result result(PQexec(connection, script.c_str()));
    const ExecStatusType status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY) {
        throw std::runtime_error(PQerrorMessage(connection));
    }
    return result;
}

}  // namespace

void Session::Close::operator()(pg_conn* connection) const {
    PQfinish(connection);
}

Session::Session(const std::string& url) : connection_(PQconnectdb(url.c_str())) {
    if (PQstatus(connection_.get()) != CONNECTION_OK) {
        throw std::runtime_error(PQerrorMessage(connection_.get()));
    }
    PQsetNoticeProcessor(connection_.get(), [](void*, const char*) {}, nullptr);
}

Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

void Session::run(const std::string& script) {
    execute(connection_.get(), script);
}

std::vector<std::string> Session::column(const std::string& query) {
    const Result result = execute(connection_.get(), query);
    std::vector<std::string> values;
    for (int row = 0; row < PQntuples(result.get()); ++row) {
        values.emplace_back(PQgetvalue(result.get(), row, 0));
    }
    return values;
}

std::string Session::value(const std::string& query) {
    const auto values = column(query);
    return values.empty() ? "" : values.front();
}

}  // namespace pgbelay::test
