#include "pg/canonical.h"

#include "base/error.h"
#include "sql/quote.h"

#include <queries/pg.h>

#include <vector>

namespace pgbelay::pg {

namespace {

constexpr std::chrono::seconds kTime{10};

// Runs the pieces in a transaction that is rolled back whatever happens, then asks `query` inside it; nothing when a piece
// fails there. The copy has no rows, so only a lock on the original's definition could make it wait.
std::optional<std::string> ask_about_copy(Connection& connection, std::vector<Connection::Piece> pieces, const Query& query,
                                          const Params& params) {
    if (connection.in_transaction()) {
        throw base::Error(base::ErrorCode::internal, "a canonical form is found in a transaction of its own");
    }
    const std::vector<Outcome> outcomes = connection.pipeline(pieces, base::in(kTime), nullptr, nullptr, Connection::Boundaries::none);
    const auto* error = outcomes.empty() ? nullptr : std::get_if<ServerError>(&outcomes.back());
    if (error != nullptr && error->connection_lost) {
        throw to_error(*error);
    }
    std::optional<std::string> form;
    if (error == nullptr) {
        const Outcome answer = connection.try_query(query, params);
        if (const auto* result = std::get_if<Result>(&answer); result != nullptr && result->rows() == 1) {
            form = result->maybe(0, 0);
        }
    }
    connection.query(queries::kEndTransaction);
    return form;
}

// BEGIN and the copy. Its schema comes first on the path, so that the statement finds it under its bare name.
std::vector<Connection::Piece> make_copy(const Connection& connection, const sql::QualifiedName& table, const std::string& copy_name,
                                         const std::string& search_path, const std::string& partition_by = "") {
    const std::string& rest = search_path.empty() ? connection.default_search_path() : search_path;
    const std::string path = rest.empty() ? "pg_temp" : "pg_temp, " + rest;
    return {{"BEGIN", {}},
            {"SELECT pg_catalog.set_config('lock_timeout', '1s', true), pg_catalog.set_config('statement_timeout', '5s', true)", {}},
            {"CREATE TEMPORARY TABLE " + sql::quote_identifier(copy_name) + " (LIKE " + sql::quote_name(table) + ")" + partition_by +
                 " ON COMMIT DROP",
             {}},
            {"SELECT pg_catalog.set_config('search_path', $1, true)", {path}}};
}

Connection::Piece back_to_the_systems_path() {
    return {"SELECT pg_catalog.set_config('search_path', 'pg_catalog', true)", {}};
}

}  // namespace

std::optional<std::string> canonical_index(Connection& connection, const sql::QualifiedName& table, const std::string& copy_name,
                                           const std::string& create_index, const std::string& search_path) {
    std::vector<Connection::Piece> pieces = make_copy(connection, table, copy_name, search_path);
    pieces.push_back({create_index, {}});
    pieces.push_back(back_to_the_systems_path());
    return ask_about_copy(connection, std::move(pieces), queries::kCanonicalIndex, {copy_name});
}

std::optional<std::string> canonical_check(Connection& connection, const sql::QualifiedName& table, const std::string& check,
                                           const std::string& search_path) {
    const std::string copy_name = "pgbelay_copy";
    std::vector<Connection::Piece> pieces = make_copy(connection, table, copy_name, search_path);
    pieces.push_back({"ALTER TABLE " + sql::quote_identifier(copy_name) + " ADD CONSTRAINT pgbelay_check " + check, {}});
    pieces.push_back(back_to_the_systems_path());
    return ask_about_copy(connection, std::move(pieces), queries::kCanonicalCheck, {copy_name});
}

std::optional<std::string> canonical_partition(Connection& connection, const sql::QualifiedName& table, const std::string& key,
                                               const std::string& bound, const std::string& search_path) {
    const std::string copy_name = "pgbelay_copy";
    const std::string part_name = "pgbelay_part";
    // The key is the server's own text, printed under the system's path: it means the same under every other.
    std::vector<Connection::Piece> pieces = make_copy(connection, table, copy_name, search_path, " PARTITION BY " + key);
    pieces.push_back({"CREATE TEMPORARY TABLE " + part_name + " PARTITION OF " + sql::quote_identifier(copy_name) + " " + bound, {}});
    pieces.push_back(back_to_the_systems_path());
    return ask_about_copy(connection, std::move(pieces), queries::kPartitionConstraint, {"pg_temp", part_name});
}

std::optional<std::string> partition_constraint(Connection& connection, const sql::QualifiedName& partition) {
    const Result row = connection.query(queries::kPartitionConstraint, {partition.schema, partition.name});
    return row.rows() == 1 ? row.maybe(0, 0) : std::nullopt;
}

}  // namespace pgbelay::pg
