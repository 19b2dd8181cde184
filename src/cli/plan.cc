#include "cli/commands.h"
#include "cli/exit_status.h"
#include "cli/facts.h"
#include "report/facts_json.h"
#include "report/plan_text.h"

namespace pgbelay::cli {

namespace {

// What would stop a deployment besides the statements themselves belongs to what a person reads before it.
void add_gates(const Context& context, engine::Target& target, const runbook::Runbook& runbook, engine::Prepared& prepared) {
    std::vector<engine::Finding> findings = engine::check_target(target);
    for (engine::Finding& finding : check_deployment(context, target, runbook, prepared, Looking::only)) {
        findings.push_back(std::move(finding));
    }
    for (const engine::Finding& finding : findings) {
        if (finding.level == engine::Finding::Level::refusal && finding.gate != "statements") {
            prepared.plan.refusals.push_back({finding.place, finding.message, finding.hint});
        }
    }
}

}  // namespace

int run(const Plan& command, const Context& context) {
    if (command.separately && (!command.facts || names_a_database(context))) {
        throw base::Error(base::ErrorCode::usage, "--separately is for --format jsonl without a database")
            .hint("the steps of a deployment depend on each other: leave it out");
    }
    if (command.facts && !names_a_database(context)) {
        return print_facts(command, context);
    }
    const runbook::Runbook runbook = read_runbook(command.paths, context);
    engine::Prepared prepared;
    report::Surroundings surroundings;
    if (names_a_database(context)) {
        engine::Target target = open_target(context, runbook.targets, runbook.replicas);
        prepared = engine::prepare(target, runbook, {command.as_written});
        surroundings = surroundings_of(target, prepared);
        add_gates(context, target, runbook, prepared);
    } else {
        prepared.plan = engine::prepare_offline(runbook, {command.as_written, &context.interrupts.stop()});
    }
    if (command.facts) {
        std::string lines;
        for (const plan::StatementPlan& statement : prepared.plan.statements) {
            report::append_facts(lines, plan::facts_of(prepared.plan, statement));
        }
        context.console.document(lines);
    } else if (context.console.json()) {
        context.console.json_document(report::plan_json(prepared.plan, surroundings));
    } else {
        context.console.document(report::plan_text(prepared.plan, surroundings, context.console.document_style()));
    }
    return prepared.plan.refusals.empty() ? kDone : kRefused;
}

}  // namespace pgbelay::cli
