#include "cli/commands.h"
#include "cli/exit_status.h"
#include "engine/prepare.h"
#include "engine/run.h"
#include "report/text.h"

namespace pgbelay::cli {

namespace {

std::string verification_text(const std::vector<std::string>& failures, const report::Style& style) {
    if (failures.empty()) {
        return report::paint(style, report::Ink::good, "Verified") + ": every condition holds.\n";
    }
    std::string out;
    for (const std::string& failure : failures) {
        out += report::labelled("failed", failure, style, {0, 8});
    }
    return out;
}

}  // namespace

int run(const Verify& command, const Context& context) {
    const runbook::Runbook runbook = read_runbook(command.paths, context);
    engine::Target target = open_target(context, runbook.targets);
    const std::vector<std::string> failures = engine::verify(target, engine::prepare_from_nothing(target, runbook));
    if (context.console.json()) {
        report::Json json;
        json["target"] = target.describe();
        json["digest"] = runbook.digest;
        json["verified"] = failures.empty();
        json["failures"] = failures;
        context.console.json_document(json);
    } else {
        context.console.document(verification_text(failures, context.console.document_style()));
    }
    return failures.empty() ? kDone : kFindings;
}

}  // namespace pgbelay::cli
