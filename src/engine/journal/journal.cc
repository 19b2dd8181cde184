#include "engine/journal/journal.h"

#include "base/fail_point.h"
#include "engine/version.h"
#include "pg/activity.h"

#include <fmt/core.h>
#include <pwd.h>
#include <queries/journal.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include <array>
#include <charconv>
#include <random>

namespace pgbelay::engine {

using base::Error;
using base::ErrorCode;

namespace {

constexpr std::chrono::seconds kRollBack{5};

std::string str(std::int64_t n) {
    return std::to_string(n);
}

std::string_view to_string(ControlRequest request) {
    switch (request) {
        case ControlRequest::run: return "run";
        case ControlRequest::pause: return "pause";
        case ControlRequest::pause_now: return "pause_now";
        case ControlRequest::abort: return "abort";
    }
    return "run";
}

ControlRequest control_request(const std::string& text) {
    for (const auto request : {ControlRequest::pause, ControlRequest::pause_now, ControlRequest::abort}) {
        if (to_string(request) == text) {
            return request;
        }
    }
    return ControlRequest::run;
}

std::optional<StepResult> step_result(const std::string& text) {
    for (const auto result : {StepResult::done, StepResult::skipped, StepResult::adopted, StepResult::rolled_back}) {
        if (to_string(result) == text) {
            return result;
        }
    }
    return std::nullopt;
}

pg::Connection::Piece piece(const pg::Query& query, pg::Params params) {
    return {std::string(query.text), std::move(params)};
}

// What tells one incarnation of a run from every other, also where a failover has taken numbers back.
std::string fresh_incarnation() {
    std::random_device random;
    return fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

pg::Params new_row(const plan::Plan& plan, const NewRun& run, const pg::ServerFacts& facts, const RunKey& key) {
    const nlohmann::json j = plan;
    return {run.kind,
            run.undoes == 0 ? "" : str(run.undoes),
            plan.name,
            plan.digest,
            plan.plan_digest,
            j.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
            operator_name(),
            "pgbelay " + std::string(version()),
            run.url_source,
            facts.system_identifier,
            str(facts.database_oid),
            key.line.back()};
}

}  // namespace

std::string operator_name() {
    std::array<char, 256> host{};
    gethostname(host.data(), host.size() - 1);
    const passwd* user = getpwuid(geteuid());
    return fmt::format("{}@{}", user != nullptr ? user->pw_name : std::to_string(geteuid()), host.data());
}

pg::Result Journal::write(const pg::Query& query, const pg::Params& params) {
    base::fail_point(fmt::format("before journal {}", query.name));
    pg::Result result = connection_->query(query, params);
    base::fail_point(fmt::format("after journal {}", query.name));
    return result;
}

RunKey Journal::begin(const plan::Plan& plan, const NewRun& run, const pg::ServerFacts& facts) {
    RunKey key{.line = {fresh_incarnation()}};
    // Where a failover took the sequence back, it yields numbers once more that a run has.
    constexpr int kMostNumbers = 1000;
    for (int i = 0;; ++i) {
        base::fail_point("before journal begin_run");
        const pg::Outcome outcome = connection_->try_query(queries::kBeginRun, new_row(plan, run, facts, key));
        if (const auto* result = std::get_if<pg::Result>(&outcome); result != nullptr) {
            base::fail_point("after journal begin_run");
            key.id = result->big(0, 0);
            return key;
        }
        const auto& error = std::get<pg::ServerError>(outcome);
        if (error.sqlstate != "23505" || i == kMostNumbers) {
            throw pg::to_error(error);
        }
    }
}

void Journal::begin_again(RunKey& key, const plan::Plan& plan, const NewRun& run, const pg::ServerFacts& facts) {
    key.epoch += 1;
    key.line.push_back(fresh_incarnation());
    pg::Params params = new_row(plan, run, facts, key);
    params.insert(params.end(), {str(key.id), str(key.epoch)});
    write(queries::kBeginRunAgain, params);
}

bool Journal::take_over(RunKey& key, base::Deadline deadline, const base::StopSignal* stop) {
    for (;;) {
        // short_timeouts bounds each try; the orphan's transaction holds the row.
        connection_->query(queries::kShortTimeouts);
        base::fail_point("before journal take_over");
        const std::string incarnation = fresh_incarnation();
        const pg::Outcome outcome = connection_->try_query(queries::kTakeOver, {str(key.id), str(key.epoch), incarnation});
        if (const auto* result = std::get_if<pg::Result>(&outcome); result != nullptr) {
            if (result->rows() == 0) {
                throw Error(ErrorCode::usage, fmt::format("there is no run {}", key.id)).hint("`pgbelay history` lists the runs");
            }
            key.epoch = result->integer(0, 0);
            key.line.push_back(incarnation);
            base::fail_point("after journal take_over");
            return true;
        }
        const auto& error = std::get<pg::ServerError>(outcome);
        if (error.sqlstate != "55P03" && error.sqlstate != "57014") {
            throw pg::to_error(error);
        }
        if (base::Clock::now() >= deadline || (stop != nullptr && stop->requested())) {
            return false;
        }
    }
}

void throw_replaced(const RunKey& key) {
    throw Error(ErrorCode::conflict, fmt::format("another pgbelay has taken over run {}; this one stops here", key.id))
        .hint("nothing was done twice; see `pgbelay status`");
}

std::vector<pg::Connection::Piece> Journal::opening(const RunKey& key, int n, StepResult result, const std::string& note) const {
    pg::Connection::Piece record =
        piece(queries::kStepDone, {str(key.id), str(key.epoch), str(n), std::string(engine::to_string(result)), note});
    record.repeated = true;
    return {{"BEGIN", {}}, std::move(record)};
}

std::vector<pg::Connection::Piece> Journal::opening_without_record(const RunKey& key) const {
    return {{"BEGIN", {}}, piece(queries::kFence, {str(key.id), str(key.epoch)})};
}

namespace {

// The SQLSTATE that the fence, right after BEGIN, has ended a pipeline with; "" when it did not.
std::string fence_error(const std::vector<pg::Outcome>& outcomes) {
    constexpr std::size_t kFence = 1;
    const auto* error = outcomes.size() == kFence + 1 ? std::get_if<pg::ServerError>(&outcomes.back()) : nullptr;
    return error == nullptr ? "" : error->sqlstate;
}

}  // namespace

void Journal::throw_if_replaced(const RunKey& key, const std::vector<pg::Outcome>& outcomes) {
    const std::string sqlstate = fence_error(outcomes);
    if (sqlstate == "23502" || sqlstate == "22012") {
        throw_replaced(key);
    }
}

bool Journal::was_forgotten(const std::vector<pg::Outcome>& outcomes) {
    return fence_error(outcomes) == "26000";
}

pg::Connection::Piece Journal::watch_deletions() const {
    return piece(queries::kDeletionsBefore, {});
}

std::vector<pg::Connection::Piece> Journal::record_deletions(const RunKey& key, int n) const {
    return {{"SET CONSTRAINTS ALL IMMEDIATE", {}},
            {"RESET ROLE", {}},
            {"SET LOCAL search_path = pg_catalog", {}},
            piece(queries::kDeletions, {str(key.id), str(key.epoch), str(n)})};
}

namespace {

pg::Params counts_params(const RunKey& key, const std::vector<RowCount>& counts, std::optional<std::int64_t> RowCount::* which) {
    std::vector<std::string> relations;
    std::vector<std::string> schemas;
    std::vector<std::string> names;
    std::vector<std::string> rows;
    std::vector<std::string> notes;
    for (const auto& count : counts) {
        relations.push_back(str(static_cast<std::uint32_t>(count.relation)));
        schemas.push_back(count.name.schema);
        names.push_back(count.name.name);
        rows.push_back(count.*which ? str(*(count.*which)) : "");
        notes.push_back(count.note);
    }
    return {str(key.id),         str(key.epoch),     pg::to_array(relations), pg::to_array(schemas),
            pg::to_array(names), pg::to_array(rows), pg::to_array(notes)};
}

// What a journal from before there was such a table has to say.
std::optional<pg::Result> read_if_there(pg::Connection& connection, const pg::Query& query, std::int64_t run) {
    pg::Outcome outcome = connection.try_query(query, {str(run)});
    if (const auto* error = std::get_if<pg::ServerError>(&outcome); error != nullptr) {
        if (error->sqlstate == "42P01") {
            return std::nullopt;
        }
        throw pg::to_error(*error);
    }
    return std::get<pg::Result>(std::move(outcome));
}

std::optional<std::int64_t> maybe_big(const pg::Result& r, int row, int column) {
    return r.is_null(row, column) ? std::nullopt : std::optional<std::int64_t>(r.big(row, column));
}

}  // namespace

void Journal::count_before(const RunKey& key, const std::vector<RowCount>& counts) {
    write(queries::kCountBefore, counts_params(key, counts, &RowCount::before));
}

void Journal::count_after(const RunKey& key, const std::vector<RowCount>& counts) {
    write(queries::kCountAfter, counts_params(key, counts, &RowCount::after));
}

std::vector<RowCount> row_counts(pg::Connection& connection, std::int64_t run) {
    const auto r = read_if_there(connection, queries::kRowCounts, run);
    std::vector<RowCount> counts;
    for (int row = 0; r && row < r->rows(); ++row) {
        counts.push_back({.relation = catalog::Oid{static_cast<std::uint32_t>(r->big(row, 0))},
                          .name = {r->text(row, 1), r->text(row, 2)},
                          .before = maybe_big(*r, row, 3),
                          .after = maybe_big(*r, row, 4),
                          .note = r->text(row, 5)});
    }
    return counts;
}

std::vector<RowDeletion> row_deletions(pg::Connection& connection, std::int64_t run) {
    const auto r = read_if_there(connection, queries::kRowDeletions, run);
    std::vector<RowDeletion> deletions;
    for (int row = 0; r && row < r->rows(); ++row) {
        deletions.push_back({.n = r->integer(row, 0),
                             .relation = catalog::Oid{static_cast<std::uint32_t>(r->big(row, 1))},
                             .name = {r->text(row, 2), r->text(row, 3)},
                             .deleted = r->big(row, 4),
                             .inserted = r->big(row, 5),
                             .emptied = r->big(row, 6)});
    }
    return deletions;
}

std::map<int, StepResult> Journal::steps_done(const RunKey& key) {
    const pg::Result r = connection_->query(queries::kStepsDone, {str(key.id)});
    std::map<int, StepResult> done;
    for (int row = 0; row < r.rows(); ++row) {
        done[r.integer(row, 0)] = step_result(r.text(row, 1)).value_or(StepResult::done);
    }
    return done;
}

std::map<int, Intent> Journal::intents(const RunKey& key) {
    const pg::Result r = connection_->query(queries::kIntents, {str(key.id)});
    std::map<int, Intent> intents;
    for (int row = 0; row < r.rows(); ++row) {
        const auto j = nlohmann::json::parse(r.text(row, 2));
        // What was true before is said by the first incarnation; what was built, by all of them.
        auto& intent = intents
                           .try_emplace(r.integer(row, 0),
                                        Intent{j.value("condition_held", false), j.value("index_oids", std::vector<std::uint32_t>{}), {}})
                           .first->second;
        for (const auto& name : j.value("built", std::vector<std::array<std::string, 2>>{})) {
            intent.built.push_back({name[0], name[1]});
        }
    }
    return intents;
}

void Journal::intend(const RunKey& key, int n, const Intent& intent) {
    nlohmann::json before{{"condition_held", intent.condition_held}, {"index_oids", intent.index_oids}};
    for (const auto& name : intent.built) {
        before["built"].push_back({name.schema, name.name});
    }
    const pg::Result r = write(queries::kIntent, {str(key.id), str(key.epoch), str(n), before.dump()});
    if (r.command_tag() != "INSERT 0 1") {
        throw_replaced(key);
    }
}

void Journal::finish(const RunKey& key, int n, StepResult result, const std::string& note, const std::vector<pg::Connection::Piece>& also) {
    base::fail_point("before journal step_done");
    std::vector<pg::Connection::Piece> pieces = opening(key, n, result, note);
    pieces.insert(pieces.end(), also.begin(), also.end());
    pieces.push_back({"COMMIT", {}});
    const auto outcomes = connection_->pipeline(pieces, base::in(std::chrono::seconds(10)), nullptr);
    if (const auto* error = std::get_if<pg::ServerError>(&outcomes.back()); error != nullptr) {
        if (!error->connection_lost) {
            connection_->run("ROLLBACK", std::nullopt, base::in(kRollBack), nullptr);
        }
        throw_if_replaced(key, outcomes);
        throw pg::to_error(*error);
    }
    base::fail_point("after journal step_done");
}

void Journal::add_timings(const RunKey& key, const std::vector<Timing>& timings) {
    const auto column = [&](const auto& value_of) {
        std::vector<std::string> values;
        std::transform(timings.begin(), timings.end(), std::back_inserter(values), value_of);
        return pg::to_array(values);
    };
    const auto now = base::Clock::now();
    write(queries::kTiming,
          {str(key.id), str(key.epoch), column([](const Timing& t) { return str(t.n); }),
           column([](const Timing& t) { return std::string(engine::to_string(t.result)); }), column([](const Timing& t) { return t.note; }),
           column([](const Timing& t) { return str(t.times.tries); }), column([](const Timing& t) { return str(t.times.waited.count()); }),
           column([](const Timing& t) { return str(t.times.queued.count()); }),
           column([](const Timing& t) { return str(t.times.ran.count()); }),
           column([](const Timing& t) { return str(t.times.lock_held.count()); }),
           column([](const Timing& t) { return str(t.times.blocked_sessions); }),
           column([&](const Timing& t) { return str(std::chrono::duration_cast<base::Millis>(now - t.finished).count()); })});
}

void Journal::set_state(const RunKey& key, const std::string& state, const std::string& error, bool verified) {
    write(queries::kSetState, {str(key.id), str(key.epoch), state, error, verified ? "true" : "false"});
}

ControlState Journal::control(const RunKey& key) {
    const auto state = find(key.id);
    if (!state) {
        throw_replaced(key);
    }
    return *state;
}

std::optional<ControlState> Journal::find(std::int64_t run) {
    const pg::Result r = connection_->query(queries::kRunState, {str(run)});
    if (r.rows() == 0) {
        return std::nullopt;
    }
    return ControlState{.request = control_request(r.text(0, 2)),
                        .by = r.text(0, 3),
                        .epoch = r.integer(0, 1),
                        .state = r.text(0, 0),
                        .incarnation = r.text(0, 4)};
}

void Journal::guard_summary(const RunKey& key, int samples, const std::map<std::string, double>& maxima) {
    write(queries::kGuardSummary, {str(key.id), str(key.epoch), str(samples), nlohmann::json(maxima).dump()});
}

pg::Connection::Piece Journal::file_deployed(const plan::PlannedFile& file, const RunKey& key, const std::string& how) const {
    return piece(queries::kFileDeployed, {file.key, file.digest, file.text, how, str(key.id)});
}

pg::Connection::Piece Journal::forget_file(const std::string& key) const {
    return piece(queries::kForgetFile, {key});
}

std::map<std::string, DeployedFile> Journal::files(const std::vector<std::string>& keys) {
    const pg::Result r = connection_->query(queries::kFiles, {pg::to_array(keys)});
    std::map<std::string, DeployedFile> files;
    for (int row = 0; row < r.rows(); ++row) {
        files[r.text(row, 0)] = {.digest = r.text(row, 1), .text = r.text(row, 2), .how = r.text(row, 3), .at = r.text(row, 4)};
    }
    return files;
}

bool Journal::knows_any_file() {
    return connection_->query(queries::kAnyFile).boolean(0, 0);
}

void Journal::add_debt(const RunKey& key, int n, const Debt& debt) {
    write(queries::kAddDebt, {str(key.id), str(n), debt.index.schema, debt.index.name, debt.table, str(debt.index_oid), debt.why});
}

std::vector<Debt> Journal::open_debts() {
    const pg::Result r = connection_->query(queries::kOpenDebts);
    std::vector<Debt> debts;
    for (int row = 0; row < r.rows(); ++row) {
        debts.push_back({.id = r.big(row, 0),
                         .run = r.big(row, 6),
                         .index = {r.text(row, 1), r.text(row, 2)},
                         .table = r.text(row, 3),
                         .index_oid = static_cast<std::uint32_t>(r.big(row, 4)),
                         .why = r.text(row, 5)});
    }
    return debts;
}

void Journal::settle_debt(std::int64_t id) {
    write(queries::kSettleDebt, {str(id)});
}

SignalResult Journal::signal(const RunKey& key, int n, const Signal& signal) {
    base::fail_point("before journal signal");
    const pg::Outcome outcome = connection_->try_query(
        signal.terminate ? queries::kTerminateSession : queries::kCancelSession,
        {str(key.id), str(key.epoch), str(n), str(signal.pid), signal.started, signal.transaction_started, signal.who});
    base::fail_point("after journal signal");
    if (const auto* error = std::get_if<pg::ServerError>(&outcome); error != nullptr) {
        if (error->connection_lost || error->sqlstate != "42501") {
            throw pg::to_error(*error);
        }
        return {SignalResult::Outcome::refused, error->message};
    }
    return {std::get<pg::Result>(outcome).command_tag() == "INSERT 0 1" ? SignalResult::Outcome::sent : SignalResult::Outcome::gone, ""};
}

pg::Connection::Piece mark_undone_piece(std::int64_t undone, const std::vector<int>& steps) {
    std::vector<std::string> numbers;
    for (const int n : steps) {
        numbers.push_back(str(n));
    }
    return piece(queries::kMarkUndone, {str(undone), pg::to_array(numbers)});
}

void Journal::mark_undone(std::int64_t undone, const std::vector<int>& steps, bool whole) {
    const auto marked = mark_undone_piece(undone, steps);
    write(queries::kMarkUndone, marked.params);
    if (whole) {
        write(queries::kRunUndone, {str(undone)});
    }
}

std::optional<Unfinished> unfinished_run(pg::Connection& connection, const pg::ServerFacts& facts) {
    const pg::Result r = connection.query(queries::kUnfinishedRun, {facts.system_identifier, str(facts.database_oid)});
    if (r.rows() == 0) {
        return std::nullopt;
    }
    return Unfinished{.id = r.big(0, 0),
                      .digest = r.text(0, 1),
                      .name = r.text(0, 2),
                      .kind = r.text(0, 3),
                      .state = r.text(0, 4),
                      .who = r.text(0, 5),
                      .since = r.text(0, 6)};
}

std::optional<std::string> keeper_holder(pg::Connection& connection) {
    const pg::Result r = connection.query(queries::kKeeperHolder, {str(pg::AdvisoryKeys::kKeeper)});
    if (r.rows() == 0) {
        return std::nullopt;
    }
    return fmt::format("{} (pid {}, role {}, from {}) since {}", r.text(0, 2), r.text(0, 0), r.text(0, 1), r.text(0, 3), r.text(0, 4));
}

void request_control(pg::Connection& connection, std::int64_t run, ControlRequest request) {
    connection.query(queries::kRequestControl, {str(run), std::string(to_string(request)), operator_name()});
}

}  // namespace pgbelay::engine
