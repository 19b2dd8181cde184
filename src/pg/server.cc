#include "pg/server.h"

#include <queries/pg.h>

namespace pgbelay::pg {

namespace {

// What not every role may ask, or not every managed server answers: "" then, and other signs must tell servers apart.
std::string where_answered(Connection& connection, const Query& query) {
    const Outcome outcome = connection.try_query(query);
    if (const auto* error = std::get_if<ServerError>(&outcome)) {
        if (error->connection_lost) {
            throw to_error(*error);
        }
        return "";
    }
    return std::get<Result>(outcome).text(0, 0);
}

}  // namespace

void plan_once(Connection& connection) {
    connection.query(queries::kGenericPlans);
}

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
    facts.system_identifier = where_answered(connection, queries::kSystemIdentifier);
    const std::string timeline = where_answered(connection, queries::kTimeline);
    facts.timeline = timeline.empty() ? 0 : std::stoi(timeline);
    return facts;
}

std::string written_up_to(Connection& connection) {
    return connection.query(queries::kFlushed).text(0, 0);
}

std::string not_replayed(Connection& connection, const std::string& position) {
    const Result row = connection.query(queries::kReplay, {position});
    if (row.boolean(0, 0)) {
        return "";
    }
    return row.boolean(0, 1)   ? "its replay is paused"
           : row.boolean(0, 2) ? "has it, but has not replayed it yet"
                               : "has not received it yet";
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
