#include "engine/journal/format.h"

#include "base/fail_point.h"
#include "sql/quote.h"

#include <fmt/core.h>
#include <queries/journal.h>

namespace pgbelay::engine {

using base::Error;
using base::ErrorCode;

namespace {

constexpr std::chrono::seconds kDdlTime{30};

void look_at_version(pg::Connection& connection, JournalState& state, const std::string& owner, bool owned) {
    state.version = connection.query(queries::kJournalVersion).integer(0, 0);
    if (state.version > kJournalFormat) {
        state.refusal =
            fmt::format("the journal has format {}, and this version of pgbelay knows formats up to {}", state.version, kJournalFormat);
        state.way_out = "use the version that wrote it, or a newer one";
    } else if (state.version < kJournalFormat && !owned) {
        state.refusal = fmt::format("the journal has format {} and must be upgraded to {}, which only its owner {} may do", state.version,
                                    kJournalFormat, owner);
        state.way_out = fmt::format("let {} run `pgbelay init-db --db …`", owner);
    }
}

}  // namespace

JournalState journal_state(pg::Connection& connection) {
    const pg::Result r = connection.query(queries::kJournalState);
    JournalState state{.present = r.boolean(0, 0), .journal = r.boolean(0, 1)};
    if (!state.present) {
        return state;
    }
    state.way_out = "look at \\dn+ pgbelay; drop or rename the schema if nobody needs it, then `pgbelay init-db`";
    if (!state.journal) {
        state.refusal = "schema pgbelay exists, but it is not a journal of this program";
    } else if (!r.text(0, 4).empty()) {
        state.refusal = fmt::format("schema pgbelay cannot be trusted: {} may create objects in it", r.text(0, 4));
    } else if (!r.text(0, 5).empty()) {
        state.refusal = fmt::format("schema pgbelay cannot be trusted: it holds what pgbelay did not make ({})", r.text(0, 5));
    } else if (!r.boolean(0, 2)) {
        state.refusal = fmt::format("schema pgbelay belongs to {} and this role may not write to it", r.text(0, 3));
        state.way_out = fmt::format("let {} GRANT what `pgbelay init-db --grant ROLE` prints", sql::quote_identifier(r.text(0, 3)));
    } else {
        look_at_version(connection, state, r.text(0, 3), r.boolean(0, 6));
    }
    return state;
}

std::string journal_ddl(const std::string& owner, const std::vector<std::string>& grant_to) {
    std::string ddl(queries::kJournalDdl.text);
    for (const auto& role : grant_to) {
        const std::string grantee = sql::quote_identifier(role);
        ddl += fmt::format(
            "\nGRANT USAGE ON SCHEMA pgbelay TO {0};\nGRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA pgbelay TO {0};\n",
            grantee);
    }
    if (!owner.empty()) {
        const std::string role = sql::quote_identifier(owner);
        ddl += fmt::format("\nALTER SCHEMA pgbelay OWNER TO {};\n", role);
        for (const auto* table : {"journal", "run", "step", "intent", "timing", "control", "file", "debt", "signal", "row_count",
                                  "row_deletion", "evidence", "guard"}) {
            ddl += fmt::format("ALTER TABLE pgbelay.{} OWNER TO {};\n", table, role);
        }
    }
    return ddl;
}

std::string upgrade_ddl(int from) {
    std::string ddl;
    if (from < 2) {
        ddl += queries::kUpgradeTo2.text;
    }
    if (from < 3) {
        ddl += queries::kUpgradeTo3.text;
        ddl += queries::kUpgradeHandOver.text;
    }
    return ddl;
}

void ensure_journal(pg::Connection& connection, const std::string& owner, const std::vector<std::string>& grant_to) {
    const JournalState state = journal_state(connection);
    if (!state.refusal.empty()) {
        throw Error(ErrorCode::refused, state.refusal).hint(state.way_out);
    }
    if (state.present) {
        return;
    }
    // One implicit transaction: all of it or nothing.
    const pg::Outcome outcome = connection.run(journal_ddl(owner, grant_to), std::nullopt, base::in(kDdlTime), nullptr);
    if (const auto* error = std::get_if<pg::ServerError>(&outcome); error != nullptr) {
        if (journal_state(connection).journal) {
            return;  // somebody else made it at the same time
        }
        throw pg::to_error(*error).hint("CREATE on the database is needed, or let its owner run `pgbelay init-db --grant ROLE`");
    }
}

void upgrade_journal(pg::Connection& keeper) {
    const JournalState state = journal_state(keeper);
    if (!state.journal || (state.version == kJournalFormat && state.refusal.empty())) {
        return;
    }
    if (!state.refusal.empty()) {
        throw Error(ErrorCode::refused, state.refusal).hint(state.way_out);
    }
    base::fail_point("before journal upgrade");
    const pg::Outcome outcome = keeper.run(upgrade_ddl(state.version), std::nullopt, base::in(kDdlTime), nullptr);
    base::fail_point("after journal upgrade");
    if (const auto* error = std::get_if<pg::ServerError>(&outcome); error != nullptr) {
        throw pg::to_error(*error).hint("the journal is as it was; try again when nobody reads it");
    }
}

}  // namespace pgbelay::engine
