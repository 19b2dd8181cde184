// The life of a run: begun or taken over, step after step, verified, closed; after a lost connection reconciled and gone on with.
#include "engine/run.h"

#include "engine/gates.h"
#include "engine/ledger.h"
#include "engine/leftovers.h"
#include "engine/rollback_run.h"
#include "engine/run_loop.h"
#include "engine/verification.h"
#include "engine/window_gate.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pgbelay::engine {

using base::Error;
using base::ErrorCode;

std::string_view to_string(RunResult result) {
    switch (result) {
        case RunResult::deployed: return "deployed";
        case RunResult::nothing_to_do: return "nothing_to_do";
        case RunResult::waiting: return "waiting";
        case RunResult::rolled_back: return "rolled_back";
        case RunResult::stopped: return "stopped";
        case RunResult::refused: return "refused";
        case RunResult::interrupted: return "interrupted";
    }
    return "stopped";
}

std::string_view to_string(StepResult result) {
    switch (result) {
        case StepResult::done: return "done";
        case StepResult::skipped: return "skipped";
        case StepResult::adopted: return "adopted";
        case StepResult::failed: return "failed";
        case StepResult::unknown: return "unknown";
        case StepResult::rolled_back: return "rolled_back";
    }
    return "failed";
}

namespace {

// Whether the plan would change anything: checks alone are worth running, skipped steps are not.
bool nothing_to_do(const plan::Plan& plan) {
    return std::ranges::all_of(plan.steps, [](const plan::Step& step) { return step.skip && !step.last_of_file; });
}

std::string names(const Unfinished& run) {
    return fmt::format("run {} ({}, {} by {} since {})", run.id, run.name, run.state, run.who, run.since);
}

[[noreturn]] void refuse_unfinished(const Unfinished& run) {
    throw Error(ErrorCode::conflict, names(run) + " is not finished")
        .hint(fmt::format("`pgbelay resume {0}`, `pgbelay rollback {0}` or `pgbelay abort {0}` it first", run.id));
}

bool took_effect(Target& target, std::int64_t run) {
    const auto done = Journal(target.control()).steps_done({.id = run});
    return std::ranges::any_of(done, [](const auto& step) { return step.second != StepResult::skipped; });
}

// What a deploy does about a run that was left unfinished: the same one goes on; another must be settled first, unless nothing of
// it took effect (see close_without_effect).
std::optional<std::int64_t> unfinished_of_this(Target& target, const plan::Plan& plan) {
    const auto unfinished = unfinished_run(target.control(), target.facts());
    if (!unfinished) {
        return std::nullopt;
    }
    if (unfinished->digest == plan.digest && unfinished->kind == "deploy") {
        return unfinished->id;
    }
    // One that waits for its time is meant to go on, also when nothing of it took effect yet.
    if (unfinished->kind == "deploy" && unfinished->state != "waiting" && !took_effect(target, unfinished->id)) {
        return std::nullopt;
    }
    refuse_unfinished(*unfinished);
}

void say_waiting(const Sink& sink, std::string& last, const std::string& words) {
    if (words != last) {
        sink(Notice{.text = "waiting: " + words});
        last = words;
    }
}

void greet_debts(Target& target, Session& session, const Sink& sink) {
    for (const auto& debt : settle_debts(target, session.journal(), session.pids())) {
        sink(Notice{.text = debt, .warning = true});
    }
}

void refuse_blockers(Target& target, const runbook::Blockers& policy) {
    if (const auto findings = check_blockers(target.facts(), policy); refuses(findings)) {
        throw to_error(findings);
    }
}

constexpr base::Millis kPatience{3'000};

// A run that failed before it changed anything stands in nobody's way: it is closed by the next deployment.
void close_without_effect(Target& target, Session& session, const Sink& sink) {
    const auto unfinished = unfinished_run(target.control(), target.facts());
    if (!unfinished) {
        return;
    }
    const RunRecord record = load_run(target.control(), unfinished->id);
    if (record.state == "waiting") {
        refuse_unfinished(*unfinished);
    }
    std::string last;
    session.take_over(record.id, [&](const std::string& words) { say_waiting(sink, last, words); });
    adopt_ended_unseen(target, session, *record.plan);
    if (took_effect(target, record.id)) {
        session.journal().set_state(session.key(), "stopped", "its process died");
        refuse_unfinished(*unfinished);
    }
    for (const auto& debt : clean_up_leftovers(target, session, *record.plan)) {
        sink(Notice{.text = debt, .warning = true});
    }
    session.journal().set_state(session.key(), "aborted", record.error);
    sink(Notice{.text = fmt::format("{} had changed nothing: closed", names(*unfinished))});
}

}  // namespace

RunReport deploy(Target& target, const plan::Plan& plan, const RunOptions& options, const Sink& sink) {
    if (!plan.refusals.empty()) {
        throw Error(ErrorCode::refused, plan.refusals.front().message).at(plan.refusals.front().place).hint(plan.refusals.front().hint);
    }
    const bool journal = journal_state(target.control()).journal;
    if (const auto run = journal ? unfinished_of_this(target, plan) : std::nullopt; run) {
        sink(Notice{.text = fmt::format("run {} of this deployment is unfinished: going on with it", *run)});
        return resume(target, run, options, sink);
    }
    if (nothing_to_do(plan)) {
        RunReport report{.result = RunResult::nothing_to_do, .digest = plan.digest, .plan_digest = plan.plan_digest, .verified = true};
        report.steps = reports_of_skipped(plan);
        return report;
    }
    require_confirmable(plan, {}, options.confirmer);
    ensure_journal(target.control());
    auto session = std::make_unique<Session>(target, kPatience);
    greet_debts(target, *session, sink);
    // Somebody may have begun a run since we looked; now that the lock is ours nobody can.
    if (const auto run = unfinished_of_this(target, plan); run) {
        session.reset();
        return resume(target, run, options, sink);
    }
    close_without_effect(target, *session, sink);
    session->attach(session->journal().begin(plan, {.url_source = options.url_source}, target.facts()));
    return RunLoop(target, plan, std::move(session), options, sink).run(false);
}

RunReport resume(Target& target, std::optional<std::int64_t> run, const RunOptions& options, const Sink& sink) {
    const RunRecord record = load_run(target.control(), run);
    if (record.state == "deployed" || record.state == "rolled_back" || record.state == "aborted") {
        throw Error(ErrorCode::usage, fmt::format("run {} is not unfinished: it is {}", record.id, record.state))
            .hint("`pgbelay deploy` begins a new one");
    }
    refuse_copied(target, record);
    if (record.kind == "deploy" && std::ranges::find(record.steps, "rolled_back", &StepRecord::result) != record.steps.end()) {
        throw Error(ErrorCode::refused, fmt::format("run {} was rolled back in part, and cannot go on", record.id))
            .hint(fmt::format("`pgbelay rollback {}` undoes the rest of it", record.id));
    }
    refuse_blockers(target, options.blockers.value_or(record.plan->blockers));
    if (record.kind == "deploy") {
        refuse_shut_windows(target, record.plan->windows);
    }
    require_confirmable(*record.plan, Journal(target.control()).steps_done({.id = record.id}), options.confirmer);
    auto session = std::make_unique<Session>(target, kPatience);
    request_control(target.control(), record.id, ControlRequest::run);
    std::string last;
    session->take_over(record.id, [&](const std::string& words) { say_waiting(sink, last, words); });
    greet_debts(target, *session, sink);
    if (record.kind == "rollback") {
        return go_on_rolling_back(target, record, std::move(session), options, sink);
    }
    return RunLoop(target, *record.plan, std::move(session), options, sink).run(true);
}

std::string request_pause(Target& target, std::optional<std::int64_t> run, bool now) {
    const RunRecord record = load_run(target.control(), run);
    if (!record.process_alive) {
        throw Error(ErrorCode::usage, fmt::format("no process works on run {} ({})", record.id, record.state))
            .hint("`pgbelay status` shows where it stands");
    }
    request_control(target.control(), record.id, now ? ControlRequest::pause_now : ControlRequest::pause);
    return fmt::format("run {}: told {} to pause{}", record.id, record.holder,
                       now ? ", cancelling a running build" : "; a running build goes on to its end");
}

namespace {

bool is_over(const RunRecord& record) {
    return record.state == "deployed" || record.state == "rolled_back" || record.state == "aborted";
}

// Whether there was somebody to hear what was asked of the run's process. One that was killed keeps its lock until its backend has ended
// the statement that it was at; who lives keeps it for longer, or ends the run.
bool was_heard(Target& target, std::int64_t run) {
    constexpr base::Millis kLongestDeath{3'000};
    constexpr base::Millis kLookAgain{50};
    const base::Deadline deadline = base::in(kLongestDeath);
    while (keeper_holder(target.control())) {
        if (base::Clock::now() >= deadline || !base::pause_for(kLookAgain, target.stop())) {
            return true;
        }
    }
    return is_over(load_run(target.control(), run));
}

}  // namespace

std::optional<std::string> request_resume(Target& target, std::optional<std::int64_t> run) {
    const RunRecord record = load_run(target.control(), run);
    if (!record.process_alive) {
        return std::nullopt;
    }
    request_control(target.control(), record.id, ControlRequest::run);
    if (!was_heard(target, record.id)) {
        return std::nullopt;
    }
    return fmt::format("run {}: told {} to go on", record.id, record.holder);
}

std::string request_abort(Target& target, std::optional<std::int64_t> run, const Sink& sink) {
    const RunRecord record = load_run(target.control(), run);
    if (record.state == "deployed" || record.state == "rolled_back" || record.state == "aborted") {
        throw Error(ErrorCode::usage, fmt::format("run {} is over: {}", record.id, record.state))
            .hint("`pgbelay rollback` undoes a deployed one");
    }
    if (record.process_alive) {
        request_control(target.control(), record.id, ControlRequest::abort);
        if (was_heard(target, record.id)) {
            return fmt::format("run {}: told {} to abort", record.id, record.holder);
        }
    }
    // Nobody lives there: what is left is cleaned up from here.
    refuse_copied(target, record);
    Session session(target, kPatience);
    std::string last;
    session.take_over(record.id, [&](const std::string& words) { say_waiting(sink, last, words); });
    adopt_ended_unseen(target, session, *record.plan);
    const auto owed = clean_up_leftovers(target, session, *record.plan);
    session.journal().set_state(session.key(), "aborted");
    for (const auto& debt : owed) {
        sink(Notice{.text = debt, .warning = true});
    }
    return fmt::format("run {}: aborted; what it had done stands, and `pgbelay rollback {}` undoes it", record.id, record.id);
}

std::vector<std::string> verify(Target& target, const plan::Plan& plan) {
    const pg::Heeding heeding(target.control(), target.stop());
    return verification_failures(target.control(), plan, true);
}

std::vector<std::string> mark(Target& target, const plan::Plan& plan) {
    ensure_journal(target.control());
    Session session(target, kPatience);
    Ledger ledger(target, layouts(plan));
    const auto histories = ledger.histories();
    const RunKey key = session.journal().begin(plan, {.kind = "mark", .url_source = "mark"}, target.facts());
    std::vector<std::string> keys;
    Also pieces{{"BEGIN", {}}};
    for (const auto& file : plan.files) {
        const Also rows = ledger.marked(session.journal(), key, file, histories);
        pieces.insert(pieces.end(), rows.begin(), rows.end());
        keys.push_back(file.key);
    }
    pieces.push_back({"COMMIT", {}});
    const auto outcomes = session.keeper().pipeline(pieces, base::in(std::chrono::seconds(10)), target.stop());
    if (const auto* error = std::get_if<pg::ServerError>(&outcomes.back()); error != nullptr) {
        session.keeper().run("ROLLBACK", std::nullopt, base::in(std::chrono::seconds(5)), nullptr);
        session.journal().set_state(key, "aborted", error->message);
        throw pg::to_error(*error);
    }
    session.journal().set_state(key, "deployed");
    return keys;
}

}  // namespace pgbelay::engine
