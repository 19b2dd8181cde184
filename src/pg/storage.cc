#include "pg/storage.h"

#include "sql/quote.h"

#include <fmt/core.h>
#include <queries/pg.h>

namespace pgbelay::pg {

namespace {

constexpr std::chrono::seconds kTime{10};

std::string oid_text(catalog::Oid oid) {
    return std::to_string(static_cast<std::uint32_t>(oid));
}

// For the server's /bin/sh.
std::string quote_shell(const std::string& word) {
    std::string quoted = "'";
    for (const char c : word) {
        quoted += c == '\'' ? "'\\''" : std::string(1, c);
    }
    return quoted + "'";
}

}  // namespace

std::int64_t predicted_index_size(Connection& connection, catalog::Oid table, const std::vector<std::string>& columns,
                                  const std::string& method) {
    return connection.query(queries::kPredictedIndex, {oid_text(table), to_array(columns), method}).big(0, 0);
}

std::int64_t rewritten_size(Connection& connection, catalog::Oid relation) {
    return connection.query(queries::kRewrittenSize, {oid_text(relation)}).big(0, 0);
}

Place storage_place(Connection& connection, const std::string& tablespace) {
    const Outcome outcome = connection.try_query(queries::kStoragePlace, {tablespace});
    if (const auto* error = std::get_if<ServerError>(&outcome)) {
        if (error->connection_lost) {
            throw to_error(*error);
        }
        return {tablespace, ""};
    }
    const auto& row = std::get<Result>(outcome);
    return row.rows() == 0 ? Place{tablespace, ""} : Place{row.text(0, 0), row.text(0, 1)};
}

FreeSpace free_space_by_df(Connection& connection, const std::string& directory) {
    const std::string program = sql::quote_literal("df -Pk -- " + quote_shell(directory));
    const std::vector<Connection::Piece> pieces{{"BEGIN", {}},
                                                {std::string(queries::kFreeSpaceMake.text), {}},
                                                {fmt::format("COPY pg_temp.pgbelay_df FROM PROGRAM {}", program), {}},
                                                {std::string(queries::kFreeSpaceRead.text), {}},
                                                {"ROLLBACK", {}}};
    const auto outcomes = connection.pipeline(pieces, base::in(kTime), nullptr, nullptr, Connection::Boundaries::none);
    if (const auto* error = std::get_if<ServerError>(&outcomes.back())) {
        if (error->connection_lost) {
            throw to_error(*error);
        }
        connection.run("ROLLBACK", std::nullopt, base::in(kTime), nullptr);
        return {std::nullopt, error->message};
    }
    const auto& row = std::get<Result>(outcomes.at(pieces.size() - 2));
    return row.rows() == 1 && !row.is_null(0, 0) ? FreeSpace{row.big(0, 0), ""} : FreeSpace{std::nullopt, "df said something else"};
}

}  // namespace pgbelay::pg
