#include "cli/commands.h"
#include "cli/exit_status.h"
#include "report/draft.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>

namespace pgbelay::cli {
namespace fs = std::filesystem;

namespace {

// A draft names files: what has none, and what is a runbook already, cannot be drafted for.
void require_files(const runbook::Runbook& runbook) {
    if (!runbook.document.path.empty()) {
        throw base::Error(base::ErrorCode::usage, "that is a runbook already")
            .at({runbook.document.path, 0, 0})
            .hint("give migrations: SQL files, or a directory of them");
    }
    for (const runbook::File& file : runbook.files) {
        if (!fs::is_regular_file(file.path)) {
            throw base::Error(base::ErrorCode::usage, fmt::format("a runbook cannot name {}", file.path))
                .hint("give files, or a directory of them");
        }
    }
}

}  // namespace

int run(const Init& command, const Context& context) {
    runbook::Runbook runbook = read_runbook(command.paths, context);
    require_files(runbook);
    // The draft is for all that was given, whatever of it a ledger may say.
    runbook.from_directory = false;
    const std::string& output = context.console.output();
    if (!output.empty() && fs::exists(output)) {
        throw base::Error(base::ErrorCode::input, "the file is there already")
            .at({output, 0, 0})
            .hint("remove it, or name another one with -o");
    }
    const fs::path folder = output.empty() ? fs::current_path() : fs::absolute(output).lexically_normal().parent_path();
    catalog::Catalog after;
    const Planned planned = plan_with_or_without(context, runbook, {.stop = &context.interrupts.stop(), .after = &after});
    context.console.document(report::draft_runbook({runbook, planned.plan, after, folder, planned.database}));
    return kDone;
}

}  // namespace pgbelay::cli
