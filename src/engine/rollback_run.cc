#include "engine/rollback_run.h"

#include "engine/gates.h"
#include "engine/ledger.h"
#include "engine/prepare.h"
#include "engine/run_loop.h"
#include "engine/verification.h"
#include "sql/quote.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pgbelay::engine {

using base::Error;
using base::ErrorCode;

namespace {

std::set<int> effective_steps(const std::vector<StepRecord>& steps) {
    std::set<int> done;
    for (const auto& step : steps) {
        if (step.result == "done" || step.result == "adopted") {
            done.insert(step.n);
        }
    }
    return done;
}

std::set<int> effective_steps(Journal& journal, const RunKey& key) {
    std::set<int> done;
    for (const auto& [n, result] : journal.steps_done(key)) {
        if (result == StepResult::done || result == StepResult::adopted) {
            done.insert(n);
        }
    }
    return done;
}

// Indexes that were built on partitions of which the plan knew nothing, and that are not attached yet, go with the rest.
void add_found_parts(plan::Plan& plan, const std::map<int, Intent>& intents) {
    for (const auto& [n, intent] : intents) {
        const auto attach = std::ranges::find(plan.steps, n, &plan::Step::n);
        std::vector<std::string> names;
        for (const auto& index : intent.built) {
            names.push_back(sql::quote_name(index));
        }
        if (names.empty() || attach == plan.steps.end()) {
            continue;
        }
        for (auto& step : plan.steps) {
            const catalog::Fact made = catalog::RelationIs{attach->index, 'I'};
            if (!step.inverses.empty() && std::ranges::find(step.condition.facts, made) != step.condition.facts.end()) {
                step.inverses.back().sql.push_back(fmt::format("DROP INDEX IF EXISTS {}", fmt::join(names, ", ")));
            }
        }
    }
}

plan::RollbackRunbook make_runbook(Target& target, plan::Plan plan, const std::set<int>& done, const std::map<int, Intent>& intents,
                                   bool automatic, plan::Plan& made) {
    add_found_parts(plan, intents);
    plan::RollbackRunbook rollback = plan::rollback_runbook(plan, done, automatic);
    const catalog::Catalog catalog = load_with_forms(target.control(), rollback.runbook);
    made = plan::make_rollback_plan(rollback, catalog, {.temporary_prefix = "pgbelay_" + rollback.runbook.digest.substr(0, 6)});
    note_not_whole(target.control(), made, "rollback");
    note_row_reach(target.control(), made);
    // What the undone run left half done is its doing, and goes with it.
    std::erase_if(made.not_whole, [&](const std::string& words) {
        return std::ranges::any_of(plan.steps, [&](const plan::Step& step) {
            return !step.index.name.empty() && words.starts_with(fmt::format("index {} on ", sql::quote_name(step.index)));
        });
    });
    return rollback;
}

// The undone run is over: its steps, its files and the rows in tools' ledgers go together.
void close_undone(Target& target, Session& session, const RunRecord& undone) {
    Journal& journal = session.journal();
    const Ledger ledger(target, layouts(*undone.plan));
    Also pieces{{"BEGIN", {}}};
    std::set<int> files;
    for (const auto& step : undone.plan->steps) {
        if (step.last_of_file && std::ranges::find(undone.steps, step.n, &StepRecord::n) != undone.steps.end()) {
            files.insert(step.file);
        }
    }
    for (const int file : files) {
        const Also rows = ledger.undeployed(journal, undone.plan->files.at(static_cast<std::size_t>(file)));
        pieces.insert(pieces.end(), rows.begin(), rows.end());
    }
    pieces.push_back({"COMMIT", {}});
    const auto outcomes = session.keeper().pipeline(pieces, base::in(std::chrono::seconds(10)), nullptr);
    if (const auto* error = std::get_if<pg::ServerError>(&outcomes.back()); error != nullptr) {
        if (!error->connection_lost) {
            session.keeper().run("ROLLBACK", std::nullopt, base::in(std::chrono::seconds(5)), nullptr);
        }
        throw pg::to_error(*error);
    }
    std::vector<int> steps;
    for (const int n : effective_steps(undone.steps)) {
        steps.push_back(n);
    }
    journal.mark_undone(undone.id, steps, true);
}

RunReport run_rollback(Target& target, const plan::Plan& plan, const RunRecord& undone, std::unique_ptr<Session> session,
                       const RunOptions& options, const Sink& sink, bool resumed) {
    RunOptions careful = options;
    careful.on_failure = OnFailure::stop;
    RunLoop loop(target, plan, std::move(session), careful, sink);
    loop.ends_as(RunResult::rolled_back, "rolled_back");
    loop.begun_as({.kind = "rollback", .undoes = undone.id, .url_source = options.url_source});
    loop.carry_along(
        [&](const plan::Step& step) { return step.undoes.empty() ? Also{} : Also{mark_undone_piece(undone.id, step.undoes)}; });
    loop.when_good([&](Session& living) { close_undone(target, living, undone); });
    RunReport report = loop.run(resumed);
    report.was_rollback = true;
    return report;
}

Error cannot(const plan::Plan& plan) {
    std::string others;
    for (std::size_t i = 1; i < plan.refusals.size(); ++i) {
        others += (others.empty() ? "" : "\n") + base::to_string(plan.refusals[i].place) + ": " + plan.refusals[i].message;
    }
    Error error(ErrorCode::refused, plan.refusals.front().message);
    return error.at(plan.refusals.front().place).hint(plan.refusals.front().hint).detail(others);
}

}  // namespace

RollbackPlan plan_rollback(Target& target, std::optional<std::int64_t> run) {
    const pg::Heeding heeding(target.control(), target.stop());
    const RunRecord record = load_run(target.control(), run);
    if (record.process_alive) {
        throw Error(ErrorCode::conflict, fmt::format("run {} is being worked on by {}", record.id, record.holder))
            .hint(fmt::format("`pgbelay abort {}` it first", record.id));
    }
    if (record.kind != "deploy" || record.state == "rolled_back") {
        throw Error(ErrorCode::usage, record.kind == "rollback"
                                          ? fmt::format("run {} is a rollback itself: resume it, or deploy again", record.id)
                                      : record.kind == "mark" ? fmt::format("run {} only recorded files", record.id)
                                                              : fmt::format("run {} is rolled back already", record.id))
            .hint("`pgbelay history` lists the runs");
    }
    refuse_copied(target, record);
    RollbackPlan result{.run = record.id, .done = effective_steps(record.steps)};
    Journal reader(target.control());
    if (record.state != "deployed" && record.state != "aborted") {
        result.done.merge(ended_unseen(target.control(), reader, {.id = record.id}, *record.plan));
    }
    result.loses_data = make_runbook(target, *record.plan, result.done, reader.intents({.id = record.id}), false, result.plan).loses_data;
    return result;
}

RunReport rollback(Target& target, const RollbackPlan& shown, const RunOptions& options, const Sink& sink) {
    if (!shown.plan.refusals.empty()) {
        throw cannot(shown.plan);
    }
    if (const auto findings = check_blockers(target.facts(), options.blockers.value_or(shown.plan.blockers)); refuses(findings)) {
        throw to_error(findings);
    }
    constexpr base::Millis kPatience{3'000};
    auto session = std::make_unique<Session>(target, kPatience);
    RunRecord record = load_run(target.control(), shown.run);
    if (record.state != "deployed" && record.state != "aborted") {
        // Nothing of an unfinished run may still happen once it is being undone.
        session->take_over(record.id, [&](const std::string& words) { sink(Notice{.text = "waiting: " + words}); });
        adopt_ended_unseen(target, *session, *record.plan);
        for (const auto& debt : clean_up_leftovers(target, *session, *record.plan)) {
            sink(Notice{.text = debt, .warning = true});
        }
        record = load_run(target.control(), shown.run);
    }
    if (effective_steps(record.steps) != shown.done) {
        throw Error(ErrorCode::conflict, fmt::format("run {} went on after the rollback was planned", record.id))
            .hint("call `pgbelay rollback` again");
    }
    const RunKey key =
        session->journal().begin(shown.plan, {.kind = "rollback", .undoes = record.id, .url_source = options.url_source}, target.facts());
    session->attach(key);
    return run_rollback(target, shown.plan, record, std::move(session), options, sink, false);
}

RunReport roll_back_after_failure(Target& target, RunReport failed, std::unique_ptr<Session> session, const plan::Plan& plan,
                                  const RunOptions& options, const Sink& sink) {
    plan::Plan undo;
    const auto done = effective_steps(session->journal(), session->key());
    make_runbook(target, plan, done, session->journal().intents(session->key()), true, undo);
    if (!undo.refusals.empty()) {
        sink(Notice{.text = "not rolled back: " + undo.refusals.front().message, .warning = true});
        failed.error->detail(failed.error->detail() + (failed.error->detail().empty() ? "" : "\n") +
                             "not rolled back: " + undo.refusals.front().message);
        return failed;
    }
    sink(Notice{.text = "rolling back"});
    const RunRecord record = load_run(target.control(), failed.run);
    const RunKey key =
        session->journal().begin(undo, {.kind = "rollback", .undoes = failed.run, .url_source = options.url_source}, target.facts());
    session->attach(key);
    const RunReport undone = run_rollback(target, undo, record, std::move(session), options, sink, false);
    if (undone.result != RunResult::rolled_back) {
        failed.error->detail(
            failed.error->detail() + (failed.error->detail().empty() ? "" : "\n") +
            fmt::format("the rollback (run {}) did not end: {}", undone.run, undone.error ? undone.error->message() : "interrupted"));
        return failed;
    }
    failed.result = RunResult::rolled_back;
    failed.changed = false;
    for (auto& step : failed.steps) {
        step.result = done.contains(step.n) ? StepResult::rolled_back : step.result;
    }
    return failed;
}

RunReport go_on_rolling_back(Target& target, const RunRecord& record, std::unique_ptr<Session> session, const RunOptions& options,
                             const Sink& sink) {
    const RunRecord undone = load_run(target.control(), record.undoes);
    return run_rollback(target, *record.plan, undone, std::move(session), options, sink, true);
}

}  // namespace pgbelay::engine
