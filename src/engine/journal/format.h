// The journal's tables: whether they are there and may be trusted, how they are made, and how older ones become today's.
#pragma once

#include "pg/connection.h"

#include <string>
#include <vector>

namespace pgbelay::engine {

// What pgbelay.journal.version is for this program; FORMAT.md says what the formats were.
constexpr int kJournalFormat = 3;

// Whether the database has a journal that we may use. Refusals are for `check` and deploy; see queries/journal_state.sql.
struct JournalState {
    bool present = false;  // a schema pgbelay exists
    bool journal = false;  // … and is a journal
    int version = 0;       // its format; less than ours is upgraded by the next session that holds the database
    std::string refusal;   // why it must not be used; "" = it may be
    std::string way_out;
};
JournalState journal_state(pg::Connection& connection);

// The journal's DDL, as `init-db` prints it; with OWNER and GRANTs when asked for.
std::string journal_ddl(const std::string& owner, const std::vector<std::string>& grant_to);
// What leads from an older format to ours, in one transaction; "" when there is nothing to do.
std::string upgrade_ddl(int from);

// Creates the journal where it is missing; throws Error{refused} for a schema pgbelay that is not ours or that others may write to.
void ensure_journal(pg::Connection& connection, const std::string& owner = "", const std::vector<std::string>& grant_to = {});
// Brings an older journal to our format. Only for who holds the database's lock: nobody else may be writing. Does nothing where there
// is no journal. Throws Error{refused} for a newer one.
void upgrade_journal(pg::Connection& keeper);

}  // namespace pgbelay::engine
