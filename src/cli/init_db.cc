#include "cli/commands.h"
#include "cli/exit_status.h"
#include "engine/journal/records.h"

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

}  // namespace

// Creates the journal in a database that --db names; prints the DDL for somebody else to run when no --db is given.
int run(const InitDb& command, const Context& context) {
    if (command.print || !context.common.db) {
        const std::string ddl = engine::journal_ddl(command.owner, command.grant_to);
        show(context, "ddl", ddl, ddl);
        return kDone;
    }
    engine::Target target = open_target(context);
    engine::ensure_journal(target.control(), command.owner, command.grant_to);
    show(context, "target", target.describe(), fmt::format("{}: the journal is there, schema pgbelay\n", target.describe()));
    return kDone;
}

}  // namespace pgbelay::cli
