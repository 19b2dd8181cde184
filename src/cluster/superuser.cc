#include "cluster/superuser.h"

#include "base/error.h"

#include <libpq-fe.h>

namespace pgbelay::cluster {

using base::Error;
using base::ErrorCode;

void Superuser::Close::operator()(pg_conn* connection) const {
    PQfinish(connection);
}

Superuser::Superuser(const std::string& url) : connection_(PQconnectdb(url.c_str())) {
    if (PQstatus(connection_.get()) != CONNECTION_OK) {
        throw Error(ErrorCode::connection, "the private server does not answer").detail(PQerrorMessage(connection_.get()));
    }
}

int Superuser::version() const {
    return PQserverVersion(connection_.get());
}

std::string Superuser::value(const char* statement) {
    const std::unique_ptr<PGresult, void (*)(PGresult*)> result(PQexec(connection_.get(), statement), &PQclear);
    const ExecStatusType status = PQresultStatus(result.get());
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
        throw Error(ErrorCode::connection, "the private server refused what it was asked").detail(PQerrorMessage(connection_.get()));
    }
    return PQntuples(result.get()) == 0 ? "" : PQgetvalue(result.get(), 0, 0);
}

}  // namespace pgbelay::cluster
