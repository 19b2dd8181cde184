// What kind of server and session this is, and what it allows us: read once when a command starts.
#pragma once

#include "base/clock.h"
#include "pg/connection.h"

#include <cstdint>
#include <string>
#include <vector>

namespace pgbelay::pg {

// For a connection that asks the same of us many times: a prepared query is planned once, not for the values of each time.
void plan_once(Connection& connection);

struct ServerFacts {
    int version = 0;           // 150018
    std::string version_text;  // "15.18"
    bool in_recovery = false;
    std::string system_identifier;  // pg_control_system(), "" when the role may not read it
    int timeline = 0;               // of a primary: every promotion begins a new one. 0 in recovery, and where it is not known
    std::uint32_t database_oid = 0;
    std::string database;
    std::string role;  // current_user
    bool superuser = false;
    bool sees_activity = false;      // superuser or pg_read_all_stats
    bool may_signal = false;         // superuser or pg_signal_backend; nobody but a superuser ends a superuser's session
    bool may_create_schema = false;  // CREATE on the database
    bool may_create_temp = false;
    base::Millis deadlock_timeout{1000};
    int standbys = 0;           // physical walsenders that stream, as far as visible
    bool active_slots = false;  // logical slots in this database
    std::string encoding;
    std::string address;  // "10.0.0.5:5432" or "socket"
};
ServerFacts server_facts(Connection& connection);

// How far the log of a primary is written, for not_replayed(); what was committed before is in it.
std::string written_up_to(Connection& connection);
// Why a standby has not replayed the log up to there, in words; "" when it has.
std::string not_replayed(Connection& connection, const std::string& position);

// The two-connection probe for a transaction pooler: A reads pg_backend_pid(), B opens a transaction and reads it, A reads again
// and another pid (or B's) shows it; several times. True when sessions do not stay on one backend.
bool behind_transaction_pooler(const Conninfo& conninfo, base::Deadline deadline, const base::StopSignal* stop);

// Privileges that a plan needs: what of them is missing, in words with the GRANT that mends it. Ownership of relations, CREATE on schemas.
struct NeededRights {
    std::vector<std::string> own_relations;      // "schema.name", quoted
    std::vector<std::string> create_in_schemas;  // quoted
    std::string role;                            // "" = the session's own
};
struct MissingRight {
    std::string what;
    std::string way_out;
};
std::vector<MissingRight> missing_rights(Connection& connection, const NeededRights& needed);

}  // namespace pgbelay::pg
