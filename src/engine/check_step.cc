// Runs read-only queries of the user's: checks with an expectation, and the conditions of `-- pgbelay: when`.
#include "engine/step_runner.h"

#include <fmt/format.h>

namespace pgbelay::engine {

using base::Error;
using base::ErrorCode;

namespace {

// In a READ ONLY transaction that is rolled back, whatever the query says.
pg::Outcome ask(RunContext& run, const plan::SessionContext& context, const std::string& sql, const pg::Ticker* ticker = nullptr) {
    pg::Connection& worker = run.session.worker();
    std::vector<pg::Connection::Piece> opening{{"BEGIN READ ONLY", {}}};
    const auto settings = context_pieces(worker, context);
    opening.insert(opening.end(), settings.begin(), settings.end());
    const auto opened = worker.pipeline(opening, base::in(std::chrono::seconds(10)), nullptr);
    pg::Outcome outcome = std::holds_alternative<pg::ServerError>(opened.back())
                              ? pg::Outcome(std::get<pg::ServerError>(opened.back()))
                              : worker.run(sql, std::nullopt, base::kNoDeadline, run.target.stop(), ticker);
    if (const auto* error = std::get_if<pg::ServerError>(&outcome); error != nullptr && error->connection_lost) {
        throw pg::to_error(*error);
    }
    roll_back(worker);
    return outcome;
}

// What a record cannot be made of; "" when it can.
std::string not_recordable(const plan::Step& step, const pg::Result& r) {
    if (r.rows() != 1) {
        return fmt::format("record={} keeps the values of one row, got {}", step.record, r.rows());
    }
    for (int i = 0; i < r.columns(); ++i) {
        for (int j = 0; j < i; ++j) {
            if (r.column_name(i) == r.column_name(j)) {
                return fmt::format("record={} has two columns that are called {}", step.record, r.column_name(i));
            }
        }
    }
    return "";
}

Record record_of(const pg::Result& r) {
    Record record;
    for (int column = 0; column < r.columns(); ++column) {
        record.emplace_back(r.column_name(column), r.maybe(0, column));
    }
    return record;
}

// "before.tenants = 500, before.users = 12".
std::string words(const std::string& name, const Record& record) {
    std::vector<std::string> parts;
    for (const auto& [column, value] : record) {
        parts.push_back(fmt::format("{}.{} = {}", name, column, value ? value->substr(0, 60) : "NULL"));
    }
    return fmt::format("{}", fmt::join(parts, ", "));
}

Error does_not_hold(const plan::Step& step, const std::string& what, const Mismatch& wrong) {
    return Error(ErrorCode::check, fmt::format("{} {} does not hold: {}", what, step.name, wrong.message))
        .at(step.place)
        .detail(wrong.detail)
        .hint("mend what it found, then deploy again");
}

}  // namespace

StepOutcome run_check(RunContext& run, const plan::Step& step, const Also& also) {
    StepOutcome outcome;
    outcome.times.tries = 1;
    const auto began = base::Clock::now();
    const plan::Send& send = step.sends.front();
    // Nobody who aborts waits for the end of a long query.
    const pg::Ticker ticker{.tick = [&] {
        const Order order = run.control.look();
        if (outcome.interrupted == Order::go_on && (order == Order::abort || order == Order::roll_back)) {
            outcome.interrupted = order;
            run.session.worker().cancel();
        }
    }};
    const pg::Outcome answer = ask(run, step.context, send.sql, &ticker);
    outcome.times.ran = std::chrono::duration_cast<base::Millis>(base::Clock::now() - began);
    if (const auto* error = std::get_if<pg::ServerError>(&answer); error != nullptr) {
        if (run.target.stop() != nullptr && run.target.stop()->requested()) {
            outcome.interrupted = Order::stop;
            return outcome;
        }
        if (outcome.interrupted != Order::go_on && error->sqlstate == "57014") {
            return outcome;
        }
        outcome.interrupted = Order::go_on;
        outcome.result = StepResult::failed;
        outcome.error = explain(*error, send);
        return outcome;
    }
    outcome.interrupted = Order::go_on;  // the answer was faster
    const pg::Result& r = std::get<pg::Result>(answer);
    Mismatch wrong = mismatch(step.expects, r, records_for(run, step));
    if (wrong.message.empty() && !step.record.empty()) {
        wrong.message = not_recordable(step, r);
    }
    if (!wrong.message.empty()) {
        outcome.result = StepResult::failed;
        outcome.error = does_not_hold(step, "check", wrong);
        return outcome;
    }
    Also with = also;
    if (!step.record.empty()) {
        const Record record = record_of(r);
        outcome.note = words(step.record, record);
        with = with_evidence(run, also, {.n = step.n, .kind = "record", .name = step.record, .content = to_json_text(record)});
    }
    run.session.journal().finish(run.session.key(), step.n, StepResult::done, outcome.note, with);
    return outcome;
}

Records records_for(RunContext& run, const plan::Step& step) {
    return step.expects.comparison.record.empty() ? Records{} : run.session.journal().records(run.session.key());
}

bool when_holds(RunContext& run, const plan::Step& step) {
    const pg::Outcome answer = ask(run, step.context, step.when);
    if (const auto* error = std::get_if<pg::ServerError>(&answer); error != nullptr) {
        if (run.target.stop() != nullptr && run.target.stop()->requested()) {
            throw Error(ErrorCode::interrupted, "interrupted in a condition");
        }
        plan::Send send{.sql = step.when, .place = step.place};
        throw explain(*error, send);
    }
    const pg::Result& r = std::get<pg::Result>(answer);
    if (r.rows() != 0 && !is_one_boolean(r)) {
        throw Error(ErrorCode::check, "the query of `-- pgbelay: when` must yield one true or false")
            .at(step.place)
            .hint("write SELECT EXISTS (…)");
    }
    return is_true(r);
}

}  // namespace pgbelay::engine
