#include "cli/commands.h"
#include "cli/exit_status.h"
#include "cli/signing_key.h"
#include "engine/approvals.h"

#include <fmt/core.h>

namespace pgbelay::cli {

int run(const Approve& command, const Context& context) {
    const runbook::Runbook runbook = read_runbook({command.path}, context);
    const std::string key = signing_key(command.key);
    const std::string file = engine::approve(command.path, runbook.name, runbook.digest, command.role, key, &context.interrupts.stop());
    if (context.console.json()) {
        context.console.json_document({{"name", runbook.name}, {"digest", runbook.digest}, {"as", command.role}, {"file", file}});
        return kDone;
    }
    context.console.document(fmt::format("{}: signed as {}\n  {}\n", runbook.name, command.role, file) +
                             fmt::format("  digest {}\n", runbook.digest));
    return kDone;
}

}  // namespace pgbelay::cli
