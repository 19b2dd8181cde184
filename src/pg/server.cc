#include "pg/server.h"

#include <queries/pg.h>

namespace pgbelay::pg {

namespace {

// Where the role may not read it, other signs must tell databases apart.
std::string system_identifier(Connection& connection) {
    const Outcome outcome = connection.try_query(queries::kSystemIdentifier);
    if (const auto* error = std::get_if<ServerError>(&outcome)) {
        if (error->connection_lost) {
            throw to_error(*error);
        }
        return "";
    }
    return std::get<Result>(outcome).text(0, 0);
}

}  // namespace

ServerFacts server_facts(Connection& connection) {
    const Result row = connection.query(queries::kServerFacts);
    ServerFacts facts;
    facts.version = row.integer(0, 0);
    facts.version_text = row.text(0, 1);
    // "15.18 (Debian 15.18-0+deb12u1)": the number alone.
    facts.version_text = facts.version_text.substr(0, facts.version_text.find(' '));
    facts.in_recovery = row.boolean(0, 2);
    facts.database_oid = static_cast<std::uint32_t>(row.big(0, 3));
    facts.database = row.text(0, 4);
    facts.role = row.text(0, 5);
    facts.superuser = row.boolean(0, 6);
    facts.sees_activity = row.boolean(0, 7);
    facts.may_signal = row.boolean(0, 8);
    facts.may_create_schema = row.boolean(0, 9);
    facts.may_create_temp = row.boolean(0, 10);
    facts.deadlock_timeout = base::Millis(row.big(0, 11));
    facts.standbys = row.integer(0, 12);
    facts.active_slots = row.boolean(0, 13);
    facts.encoding = row.text(0, 14);
    facts.address = row.text(0, 15);
    facts.system_identifier = system_identifier(connection);
    return facts;
}

bool behind_transaction_pooler(const Conninfo& conninfo, base::Deadline deadline, const base::StopSignal* stop) {
    return Connection::behind_transaction_pooler(conninfo, deadline, stop);
}

std::vector<MissingRight> missing_rights(Connection& connection, const NeededRights& needed) {
    const Result rows =
        connection.query(queries::kMissingRights, {to_array(needed.own_relations), to_array(needed.create_in_schemas), needed.role});
    std::vector<MissingRight> missing;
    for (int row = 0; row < rows.rows(); ++row) {
        missing.push_back({rows.text(row, 0), rows.text(row, 1)});
    }
    return missing;
}

}  // namespace pgbelay::pg
