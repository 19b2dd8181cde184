#include "cli/commands.h"
#include "cli/exit_status.h"
#include "engine/approvals.h"

#include <fmt/core.h>

#include <array>
#include <cstdlib>
#include <filesystem>

namespace pgbelay::cli {

namespace {

// The key that ssh would try first.
std::string own_key() {
    const char* home = std::getenv("HOME");
    for (const char* name : {"id_ed25519", "id_ecdsa", "id_rsa"}) {
        const auto path = std::filesystem::path(home == nullptr ? "/nonexistent" : home) / ".ssh" / name;
        if (std::filesystem::exists(path)) {
            return path.string();
        }
    }
    throw base::Error(base::ErrorCode::usage, "this account has no SSH key").hint("name one with --key, or make one with ssh-keygen");
}

}  // namespace

int run(const Approve& command, const Context& context) {
    const runbook::Runbook runbook = read_runbook({command.path}, context);
    const std::string key = command.key.empty() ? own_key() : command.key;
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
