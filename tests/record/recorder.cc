#include "record/recorder.h"

#include <libpq-fe.h>

#include <stdexcept>

namespace pgbelay::test {

namespace {

struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, Clear>;

// Of our own transaction so far; indexes count what is read through them elsewhere.
constexpr const char* kRelations = R"(
SELECT c.oid, n.nspname, c.relname, c.relkind, coalesce(pg_catalog.pg_relation_filenode(c.oid)::text, ''),
       CASE WHEN c.relkind IN ('r', 'm') THEN pg_catalog.pg_stat_get_xact_tuples_returned(c.oid) ELSE 0 END
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND c.relpersistence <> 't')";

constexpr const char* kLocks = R"(
SELECT l.relation, l.mode FROM pg_catalog.pg_locks l
 WHERE l.locktype = 'relation' AND l.pid = pg_catalog.pg_backend_pid() AND l.granted
   AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()))";

bool is_transaction_control(const sql::Statement& statement) {
    return statement.kind == "TransactionStmt" || statement.kind == "VariableSetStmt";
}

// What refuses to run in a transaction block, or behaves in another way there.
bool refuses_transactions(const std::string& error) {
    return error.starts_with("25001") || error.starts_with("2D000");
}

}  // namespace

Recorder::Recorder(const std::string& url) : connection_(PQconnectdb(url.c_str())) {
    if (PQstatus(connection_.get()) != CONNECTION_OK) {
        throw std::runtime_error(PQerrorMessage(connection_.get()));
    }
    PQsetNoticeReceiver(
        connection_.get(),
        [](void* messages, const PGresult* notice) {
            const char* text = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);
            static_cast<std::vector<std::string>*>(messages)->emplace_back(text == nullptr ? "" : text);
        },
        &messages_);
}

Recorder::~Recorder() = default;

void Recorder::Close::operator()(pg_conn* connection) const {
    PQfinish(connection);
}

Recorded Recorder::run(const sql::Statement& statement) {
    Recorded record;
    const std::string* copy_data = statement.copy_data ? &*statement.copy_data : nullptr;
    if (is_transaction_control(statement)) {
        record.in_transaction = false;
        record.error = statement.kind == "TransactionStmt" ? "" : execute(statement.sql);
        return record;
    }
    execute("BEGIN");
    execute("SET LOCAL client_min_messages = debug1");
    const Relations before = relations();
    messages_.clear();
    record.error = execute(statement.sql, copy_data);
    record.messages = messages_;
    if (refuses_transactions(record.error)) {
        execute("ROLLBACK");
        record.in_transaction = false;
        record.error = execute(statement.sql, copy_data);
        return record;
    }
    if (!record.error.empty()) {
        execute("ROLLBACK");
        return record;
    }
    locks_into(record, before);
    changes_into(record, before);
    record.error = execute("COMMIT");
    return record;
}

Recorder::Relations Recorder::relations() {
    Relations found;
    for (const auto& row : rows(kRelations)) {
        found[row[0]] = {{row[1], row[2]}, row[3].at(0), row[4], std::stoll(row[5])};
    }
    return found;
}

void Recorder::locks_into(Recorded& record, const Relations& before) {
    for (const auto& row : rows(kLocks)) {
        const auto relation = before.find(row[0]);
        if (relation == before.end()) {
            continue;
        }
        const auto mode = catalog::lock_mode(row[1]).value();
        auto& strongest = record.locks.try_emplace(relation->second.name, mode).first->second;
        strongest = std::max(strongest, mode);
        record.kinds[relation->second.name] = relation->second.kind;
    }
}

void Recorder::changes_into(Recorded& record, const Relations& before) {
    for (const auto& [oid, now] : relations()) {
        const auto then = before.find(oid);
        if (then == before.end()) {
            continue;
        }
        record.kinds[then->second.name] = then->second.kind;
        if (now.storage != then->second.storage) {
            record.rewritten.insert(then->second.name);
        }
        if (now.read > then->second.read) {
            record.read[then->second.name] = now.read - then->second.read;
        }
    }
}

std::string Recorder::execute(const std::string& sql, const std::string* copy_data) {
    Result result(PQexec(connection_.get(), sql.c_str()));
    if (PQresultStatus(result.get()) == PGRES_COPY_IN) {
        if (copy_data != nullptr) {
            PQputCopyData(connection_.get(), copy_data->data(), static_cast<int>(copy_data->size()));
        }
        PQputCopyEnd(connection_.get(), copy_data == nullptr ? "no data" : nullptr);
        result.reset(PQgetResult(connection_.get()));
        while (Result(PQgetResult(connection_.get())) != nullptr) {
        }
    }
    const ExecStatusType status = PQresultStatus(result.get());
    if (PQstatus(connection_.get()) != CONNECTION_OK) {
        throw std::runtime_error(PQerrorMessage(connection_.get()));
    }
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY || status == PGRES_COPY_OUT) {
        return "";
    }
    const char* code = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
    const char* text = PQresultErrorField(result.get(), PG_DIAG_MESSAGE_PRIMARY);
    return std::string(code == nullptr ? "" : code) + ": " + (text == nullptr ? "" : text);
}

std::vector<std::vector<std::string>> Recorder::rows(const std::string& query) {
    const Result result(PQexec(connection_.get(), query.c_str()));
    if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) {
        throw std::runtime_error(PQerrorMessage(connection_.get()));
    }
    std::vector<std::vector<std::string>> found;
    for (int row = 0; row < PQntuples(result.get()); ++row) {
        auto& values = found.emplace_back();
        for (int column = 0; column < PQnfields(result.get()); ++column) {
            values.emplace_back(PQgetvalue(result.get(), row, column));
        }
    }
    return found;
}

}  // namespace pgbelay::test
