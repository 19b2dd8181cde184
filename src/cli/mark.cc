#include "cli/commands.h"
#include "cli/exit_status.h"
#include "engine/run.h"
#include "report/text.h"

#include <fmt/core.h>

namespace pgbelay::cli {

int run(const Mark& command, const Context& context) {
    const runbook::Runbook runbook = read_runbook(command.paths, context);
    engine::Target target = open_target(context, runbook.targets);
    pass_gates(engine::check_target(target));
    // What is recorded are files; what their statements would do to this database plays no part.
    const std::vector<std::string> keys = engine::mark(target, engine::prepare_offline(runbook, {.stop = target.stop()}));
    if (context.console.json()) {
        report::Json json;
        json["target"] = target.describe();
        json["marked"] = keys;
        context.console.json_document(json);
        return kDone;
    }
    std::string text =
        fmt::format("{}: {} recorded as deployed\n", target.describe(), report::count(static_cast<std::int64_t>(keys.size()), "file"));
    for (const std::string& key : keys) {
        text += "  " + key + "\n";
    }
    context.console.document(text);
    return kDone;
}

}  // namespace pgbelay::cli
