#include "cli/commands.h"
#include "cli/exit_status.h"
#include "engine/journal/records.h"
#include "report/run_json.h"
#include "report/run_text.h"

namespace pgbelay::cli {

namespace {

// Nothing when there is no run at all: no news, not an error.
std::optional<engine::RunRecord> record_of(engine::Target& target, std::optional<std::int64_t> run) {
    if (!run && (!engine::journal_exists(target.control()) || engine::list_runs(target.control(), 1).empty())) {
        return std::nullopt;
    }
    return engine::load_run(target.control(), run);
}

}  // namespace

int run(const Status& command, const Context& context) {
    engine::Target target = open_target(context);
    const std::optional<engine::RunRecord> record = record_of(target, command.run);
    if (context.console.json()) {
        context.console.json_document(report::status_json(target.describe(), record));
    } else {
        context.console.document(report::status_text(target.describe(), record, context.console.document_style()));
    }
    return kDone;
}

int run(const History& command, const Context& context) {
    engine::Target target = open_target(context);
    std::vector<engine::RunRecord> runs;
    if (engine::journal_exists(target.control())) {
        runs = engine::list_runs(target.control(), command.limit);
    }
    if (context.console.json()) {
        context.console.json_document(report::history_json(target.describe(), runs));
    } else {
        context.console.document(report::history_text(target.describe(), runs, context.console.document_style()));
    }
    return kDone;
}

}  // namespace pgbelay::cli
