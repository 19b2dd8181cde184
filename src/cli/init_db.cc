#include "cli/commands.h"
#include "cli/exit_status.h"
#include "engine/journal/format.h"
#include "engine/session.h"

#include <fmt/core.h>

namespace pgbelay::cli {

namespace {

void show(const Context& context, const char* key, const std::string& value, const std::string& text) {
    if (context.console.json()) {
        report::Json json;
        json[key] = value;
        context.console.json_document(json);
    } else {
        context.console.document(text);
    }
}

// What a database lacks: all of it, what leads from an older format to ours, or nothing.
std::string lacking(const InitDb& command, engine::Target& target) {
    const engine::JournalState state = engine::journal_state(target.control());
    if (state.version > engine::kJournalFormat || (state.present && !state.journal)) {
        throw base::Error(base::ErrorCode::refused, state.refusal).hint(state.way_out);
    }
    return state.present ? engine::upgrade_ddl(state.version) : engine::journal_ddl(command.owner, command.grant_to);
}

}  // namespace

// Creates the journal in a database that --db names, or brings it to our format; prints the DDL for somebody else to run when no --db is
// given.
int run(const InitDb& command, const Context& context) {
    if (!context.common.db) {
        const std::string ddl = engine::journal_ddl(command.owner, command.grant_to);
        show(context, "ddl", ddl, ddl);
        return kDone;
    }
    engine::Target target = open_target(context);
    if (command.print) {
        const std::string ddl = lacking(command, target);
        show(context, "ddl", ddl, ddl.empty() ? "-- The journal is there, in the format of this version: nothing to do.\n" : ddl);
        return kDone;
    }
    engine::ensure_journal(target.control(), command.owner, command.grant_to);
    if (engine::journal_state(target.control()).version < engine::kJournalFormat) {
        // A session holds the database, so that nobody writes meanwhile, and upgrades.
        constexpr base::Millis kPatience{3'000};
        const engine::Session session(target, kPatience);
    }
    show(context, "target", target.describe(), fmt::format("{}: the journal is there, schema pgbelay\n", target.describe()));
    return kDone;
}

}  // namespace pgbelay::cli
