#include "engine/journal/records.h"

#include "engine/journal/journal.h"
#include "sql/quote.h"

#include <fmt/core.h>
#include <queries/journal.h>
#include <nlohmann/json.hpp>

#include <map>

namespace pgbelay::engine {

using base::Error;
using base::ErrorCode;

namespace {

RunRecord read_run(const pg::Result& r, int row) {
    RunRecord run;
    run.id = r.big(row, 0);
    run.kind = r.text(row, 1);
    run.undoes = r.big(row, 2);
    run.name = r.text(row, 3);
    run.digest = r.text(row, 4);
    run.plan_digest = r.text(row, 5);
    run.state = r.text(row, 6);
    run.control = r.text(row, 7);
    run.started_at = r.text(row, 8);
    run.finished_at = r.text(row, 9);
    run.operator_name = r.text(row, 10);
    run.role = r.text(row, 11);
    run.client = r.text(row, 12);
    run.url_source = r.text(row, 13);
    run.verified = r.boolean(row, 14);
    run.error = r.text(row, 15);
    if (const std::string plan = r.text(row, 16); !plan.empty()) {
        run.plan = nlohmann::json::parse(plan).get<plan::Plan>();
    }
    run.system_identifier = r.text(row, 17);
    run.database_oid = static_cast<std::uint32_t>(r.big(row, 18));
    return run;
}

bool unfinished(const RunRecord& run) {
    return run.state == "running" || run.state == "paused" || run.state == "waiting" || run.state == "stopped" ||
           run.state == "interrupted";
}

std::vector<StepRecord> read_steps(pg::Connection& connection, std::int64_t run) {
    const pg::Result r = connection.query(queries::kStepRecords, {std::to_string(run)});
    std::vector<StepRecord> steps;
    for (int row = 0; row < r.rows(); ++row) {
        StepRecord step;
        step.n = r.integer(row, 0);
        step.result = r.text(row, 1);
        step.started_at = r.text(row, 2);
        step.finished_at = r.text(row, 3);
        step.times.tries = r.integer(row, 4);
        step.times.waited = base::Millis(r.big(row, 5));
        step.times.queued = base::Millis(r.big(row, 6));
        step.times.ran = base::Millis(r.big(row, 7));
        step.times.lock_held = base::Millis(r.big(row, 8));
        step.times.blocked_sessions = r.integer(row, 9);
        step.note = r.text(row, 10);
        steps.push_back(std::move(step));
    }
    return steps;
}

std::vector<SignalRecord> read_signals(pg::Connection& connection, std::int64_t run) {
    const pg::Outcome outcome = connection.try_query(queries::kSignals, {std::to_string(run)});
    if (const auto* error = std::get_if<pg::ServerError>(&outcome); error != nullptr) {
        if (error->sqlstate == "42P01") {
            return {};  // a journal from before there were any
        }
        throw pg::to_error(*error);
    }
    const auto& r = std::get<pg::Result>(outcome);
    std::vector<SignalRecord> signals;
    for (int row = 0; row < r.rows(); ++row) {
        signals.push_back({r.integer(row, 0), r.text(row, 1), r.integer(row, 2), r.text(row, 3), r.text(row, 4)});
    }
    return signals;
}

void read_guard(pg::Connection& connection, RunRecord& run) {
    const pg::Result r = connection.query(queries::kGuardRecords, {std::to_string(run.id)});
    std::map<std::string, double> maxima;
    for (int row = 0; row < r.rows(); ++row) {
        run.guard_samples += r.integer(row, 0);
        const auto values = nlohmann::json::parse(r.text(row, 1));
        for (const auto& [name, value] : values.items()) {
            maxima[name] = std::max(maxima[name], value.get<double>());
        }
    }
    run.guard_maxima.assign(maxima.begin(), maxima.end());
}

void note_holder(pg::Connection& connection, RunRecord& run) {
    if (!unfinished(run)) {
        return;
    }
    if (const auto holder = keeper_holder(connection); holder) {
        run.process_alive = true;
        run.holder = *holder;
    }
}

}  // namespace

void refuse_copied(Target& target, const RunRecord& run) {
    const pg::ServerFacts& here = target.facts();
    // Not every role may read the server's identifier.
    const bool other_server =
        run.system_identifier != here.system_identifier && !run.system_identifier.empty() && !here.system_identifier.empty();
    if (other_server || run.database_oid != here.database_oid) {
        throw Error(ErrorCode::refused, fmt::format("run {} is one of another database, of which this is a copy", run.id))
            .hint("nothing goes on here; deploy anew: what the copy has is found");
    }
}

bool journal_exists(pg::Connection& connection) {
    const JournalState state = journal_state(connection);
    if (state.journal && state.version > kJournalFormat) {
        throw Error(ErrorCode::refused, state.refusal).hint(state.way_out);
    }
    return state.journal;
}

std::vector<RunRecord> list_runs(pg::Connection& connection, int limit) {
    const pg::Result r = connection.query(queries::kListRuns, {std::nullopt, std::to_string(limit), "false"});
    std::vector<RunRecord> runs;
    for (int row = 0; row < r.rows(); ++row) {
        runs.push_back(read_run(r, row));
    }
    // Only the newest unfinished run can be the one that a living process works on.
    for (auto& run : runs) {
        if (unfinished(run)) {
            note_holder(connection, run);
            break;
        }
    }
    return runs;
}

std::optional<Deployed> latest_deployed(pg::Connection& connection, const pg::ServerFacts& facts, const std::string& digest,
                                        const std::string& name) {
    const pg::Result r =
        connection.query(queries::kLatestDeployed, {digest, name, facts.system_identifier, std::to_string(facts.database_oid)});
    if (r.rows() == 0) {
        return std::nullopt;
    }
    return Deployed{.id = r.big(0, 0), .digest = r.text(0, 1), .verified = r.boolean(0, 2), .who = r.text(0, 3), .at = r.text(0, 4)};
}

RunRecord load_run(pg::Connection& connection, std::optional<std::int64_t> run) {
    if (!journal_exists(connection)) {
        throw Error(ErrorCode::usage, "this database has no journal: nothing was deployed here")
            .hint("`pgbelay deploy PATH --db …` makes one, as does `pgbelay init-db`");
    }
    if (!run) {
        const pg::Result chosen = connection.query(queries::kChooseRun);
        if (chosen.rows() == 0) {
            throw Error(ErrorCode::usage, "the journal holds no run yet").hint("`pgbelay deploy PATH --db …` begins one");
        }
        run = chosen.big(0, 0);
    }
    const pg::Result r = connection.query(queries::kListRuns, {std::to_string(*run), "1", "true"});
    if (r.rows() == 0) {
        throw Error(ErrorCode::usage, fmt::format("there is no run {}", *run)).hint("`pgbelay history` lists the runs");
    }
    RunRecord record = read_run(r, 0);
    record.steps = read_steps(connection, record.id);
    record.signals = read_signals(connection, record.id);
    record.evidence = read_evidence(connection, record.id);
    if (record.kind != "mark" && record.plan) {
        record.measured = measured(*record.plan, record.evidence);
        record.rows = judge_rows(*record.plan, row_counts(connection, record.id), row_deletions(connection, record.id));
    }
    read_guard(connection, record);
    note_holder(connection, record);
    for (const auto& debt : Journal(connection).open_debts()) {
        record.debts.push_back(
            fmt::format("INVALID index {} on {} is still to be dropped: {}", sql::display(debt.index), debt.table, debt.why));
    }
    return record;
}

const plan::Step* find_step(const RunRecord& run, int n) {
    return run.plan ? plan::find_step(*run.plan, n) : nullptr;
}

}  // namespace pgbelay::engine
