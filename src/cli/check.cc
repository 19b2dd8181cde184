#include "cli/commands.h"
#include "cli/exit_status.h"
#include "report/findings.h"
#include "report/syntax.h"

#include <iterator>

namespace pgbelay::cli {

namespace {

// A gate that says no by throwing is a finding like the others here: a person sees all of them at once.
engine::Finding finding_of(const base::Error& error) {
    engine::Finding finding;
    finding.level = engine::Finding::Level::refusal;
    finding.gate = "pending";
    finding.message = error.detail().empty() ? error.message() : error.message() + ": " + error.detail();
    finding.hint = error.hint();
    finding.place = error.place();
    return finding;
}

std::vector<engine::Finding> findings_of_plan(const Context& context, engine::Target& target, const runbook::Runbook& runbook,
                                              bool as_written) {
    try {
        engine::Prepared prepared = engine::prepare(target, runbook, {as_written});
        return check_deployment(context, target, runbook, prepared, Looking::only);
    } catch (const base::Error& error) {
        if (error.code() != base::ErrorCode::refused && error.code() != base::ErrorCode::conflict) {
            throw;
        }
        return {finding_of(error)};
    }
}

// What the files are, for editors and hooks that have no database at hand.
int look_at_syntax(const runbook::Runbook& runbook, const Context& context) {
    if (context.console.json()) {
        context.console.json_document(report::syntax_json(runbook));
    } else {
        context.console.document(report::syntax_text(runbook, context.console.document_style()));
    }
    return report::has_unknown_syntax(runbook) ? kFindings : kDone;
}

}  // namespace

int run(const Check& command, const Context& context) {
    runbook::Runbook runbook;
    if (!command.paths.empty()) {
        runbook = read_runbook(command.paths, context);
    }
    if (command.syntax) {
        return look_at_syntax(runbook, context);
    }
    engine::Target target = open_target(context, runbook.targets, runbook.replicas);
    std::vector<engine::Finding> findings = engine::check_target(target);
    if (!command.paths.empty() && !engine::refuses(findings)) {
        std::vector<engine::Finding> more = findings_of_plan(context, target, runbook, command.as_written);
        std::move(more.begin(), more.end(), std::back_inserter(findings));
    }
    if (context.console.json()) {
        context.console.json_document(report::findings_json(target.describe(), findings));
    } else {
        context.console.document(report::findings_text(target.describe(), findings, context.console.document_style()));
    }
    return engine::refuses(findings) ? kFindings : kDone;
}

}  // namespace pgbelay::cli
