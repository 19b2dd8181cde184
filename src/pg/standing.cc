#include "pg/standing.h"

#include "sql/quote.h"

#include <fmt/core.h>
#include <queries/pg.h>

namespace pgbelay::pg {

namespace {

// What our own side of a look may take longer than the server's statement_timeout.
constexpr base::Millis kGrace{5'000};

}  // namespace

std::vector<NamedRelation> named_relations(Connection& connection, const std::vector<catalog::QualifiedName>& names,
                                           const std::vector<std::string>& search_path) {
    std::vector<std::string> schemas;
    std::vector<std::string> relations;
    for (const auto& name : names) {
        schemas.push_back(name.schema);
        relations.push_back(name.name);
    }
    const Result r = connection.query(queries::kNamedRelations, {to_array(schemas), to_array(relations), to_array(search_path)});
    std::vector<NamedRelation> found;
    for (int row = 0; row < r.rows(); ++row) {
        NamedRelation& relation = found.emplace_back();
        relation.name = names.at(static_cast<std::size_t>(row));
        if (!r.is_null(row, 0)) {
            relation.oid = catalog::Oid{static_cast<std::uint32_t>(r.big(row, 0))};
            relation.name = {r.text(row, 1), r.text(row, 2)};
            relation.kind = r.text(row, 3).at(0);
            relation.columns = r.is_null(row, 4) ? std::vector<std::string>{} : from_array(r.text(row, 4));
        }
    }
    return found;
}

std::map<std::string, std::string> extension_versions(Connection& connection) {
    const Result r = connection.query(queries::kExtensionVersions);
    std::map<std::string, std::string> versions;
    for (int row = 0; row < r.rows(); ++row) {
        versions[r.text(row, 0)] = r.text(row, 1);
    }
    return versions;
}

std::vector<std::string> invalid_indexes(Connection& connection) {
    const Result r = connection.query(queries::kInvalidIndexes);
    std::vector<std::string> words;
    for (int row = 0; row < r.rows(); ++row) {
        words.push_back(r.text(row, 0));
    }
    return words;
}

std::vector<OldTransaction> idle_transactions(Connection& connection, base::Millis older_than) {
    const Result r = connection.query(queries::kIdleTransactions, {std::to_string(older_than.count())});
    std::vector<OldTransaction> found;
    for (int row = 0; row < r.rows(); ++row) {
        const std::string application = r.text(row, 2);
        found.push_back({fmt::format("pid {}, user {}{}{}", r.text(row, 0), r.text(row, 1), application.empty() ? "" : ", ", application),
                         base::Millis(r.big(row, 3))});
    }
    return found;
}

std::vector<OldTransaction> prepared_transactions(Connection& connection, base::Millis older_than) {
    const Result r = connection.query(queries::kPreparedTransactions, {std::to_string(older_than.count())});
    std::vector<OldTransaction> found;
    for (int row = 0; row < r.rows(); ++row) {
        found.push_back({fmt::format("{} of {}", sql::quote_literal(r.text(row, 0)), r.text(row, 1)), base::Millis(r.big(row, 2))});
    }
    return found;
}

ConnectionCount connection_count(Connection& connection) {
    const Result r = connection.query(queries::kConnections);
    return {r.big(0, 0), r.big(0, 1)};
}

std::int64_t server_seconds(Connection& connection) {
    return connection.query(queries::kServerSeconds).big(0, 0);
}

std::vector<std::string> running_dumps(Connection& connection) {
    const Result r = connection.query(queries::kRunningDumps);
    std::vector<std::string> words;
    for (int row = 0; row < r.rows(); ++row) {
        words.push_back(r.text(row, 0));
    }
    return words;
}

std::vector<StandbyLag> standby_lag(Connection& connection) {
    const Result r = connection.query(queries::kStandbyLag);
    std::vector<StandbyLag> lags;
    for (int row = 0; row < r.rows(); ++row) {
        lags.push_back({r.text(row, 0), base::Millis(r.big(row, 1))});
    }
    return lags;
}

BoundedCount count_up_to(Connection& connection, const catalog::QualifiedName& relation, std::int64_t most, base::Millis time) {
    const Outcome outcome =
        look(connection, fmt::format("SELECT count(*) FROM (SELECT FROM {} LIMIT {}) AS counted", sql::quote_name(relation), most), time);
    if (const auto* error = std::get_if<ServerError>(&outcome)) {
        const bool slow = error->sqlstate == "57014";
        return {std::nullopt, slow ? fmt::format("counting took longer than {}", base::format_duration(time)) : error->message};
    }
    return {std::get<Result>(outcome).big(0, 0), ""};
}

Outcome look(Connection& connection, const std::string& sql, base::Millis time, const std::string& search_path) {
    const std::string& path = search_path.empty() ? connection.default_search_path() : search_path;
    const std::vector<Connection::Piece> pieces{{"BEGIN READ ONLY", {}},
                                                {std::string(queries::kLookLimits.text), {std::to_string(time.count()), path}},
                                                {sql, {}},
                                                {"ROLLBACK", {}}};
    std::vector<Outcome> outcomes = connection.pipeline(pieces, base::in(time + kGrace), nullptr, nullptr, Connection::Boundaries::none);
    if (const auto* error = std::get_if<ServerError>(&outcomes.back())) {
        if (error->connection_lost) {
            throw to_error(*error);
        }
        connection.run("ROLLBACK", std::nullopt, base::in(kGrace), nullptr);
        return *error;
    }
    return std::move(outcomes.at(pieces.size() - 2));
}

}  // namespace pgbelay::pg
