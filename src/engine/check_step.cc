// Runs read-only queries of the user's: checks with an expectation, and the conditions of `-- pgbelay: when`.
#include "engine/step_runner.h"

#include <fmt/core.h>

#include <charconv>

namespace pgbelay::engine {

using base::Error;
using base::ErrorCode;

namespace {

// In a READ ONLY transaction that is rolled back, whatever the query says.
pg::Outcome ask(RunContext& run, const plan::SessionContext& context, const std::string& sql) {
    pg::Connection& worker = run.session.worker();
    std::vector<pg::Connection::Piece> opening{{"BEGIN READ ONLY", {}}};
    const auto settings = context_pieces(worker, context);
    opening.insert(opening.end(), settings.begin(), settings.end());
    const auto opened = worker.pipeline(opening, base::in(std::chrono::seconds(10)), nullptr);
    pg::Outcome outcome = std::holds_alternative<pg::ServerError>(opened.back())
                              ? pg::Outcome(std::get<pg::ServerError>(opened.back()))
                              : worker.run(sql, std::nullopt, base::kNoDeadline, run.target.stop());
    if (const auto* error = std::get_if<pg::ServerError>(&outcome); error != nullptr && error->connection_lost) {
        throw pg::to_error(*error);
    }
    roll_back(worker);
    return outcome;
}

// The value of a single cell that holds a whole number.
std::optional<std::int64_t> single_number(const pg::Result& r) {
    if (r.rows() != 1 || r.columns() != 1 || r.is_null(0, 0)) {
        return std::nullopt;
    }
    const std::string text = r.text(0, 0);
    std::int64_t n = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), n);
    return failure == std::errc{} && end == text.data() + text.size() ? std::optional(n) : std::nullopt;
}

bool is_true(const pg::Result& r) {
    return r.rows() == 1 && r.columns() == 1 && r.text(0, 0) == "t";
}

std::string first_row(const pg::Result& r) {
    std::string row;
    for (int column = 0; r.rows() > 0 && column < r.columns() && column < 8; ++column) {
        row += fmt::format("{}{} = {}", column == 0 ? "" : ", ", r.column_name(column),
                           r.is_null(0, column) ? "NULL" : r.text(0, column).substr(0, 60));
    }
    return row;
}

// What is wrong with the answer; "" when it is as expected.
std::string unexpected(const plan::Step& step, const pg::Result& r) {
    switch (step.expect) {
        case runbook::Expect::empty: return r.rows() == 0 ? "" : fmt::format("expected no row, got {}", r.rows());
        case runbook::Expect::is_true:
            return is_true(r) ? "" : fmt::format("expected one value that is true, got {}", r.rows() == 0 ? "no row" : "something else");
        case runbook::Expect::count: {
            const std::int64_t n = single_number(r).value_or(r.rows());
            return n == step.expect_count ? "" : fmt::format("expected {}, got {}", step.expect_count, n);
        }
    }
    return "";
}

}  // namespace

StepOutcome run_check(RunContext& run, const plan::Step& step, const Also& also) {
    StepOutcome outcome;
    outcome.times.tries = 1;
    const auto began = base::Clock::now();
    const plan::Send& send = step.sends.front();
    const pg::Outcome answer = ask(run, step.context, send.sql);
    outcome.times.ran = std::chrono::duration_cast<base::Millis>(base::Clock::now() - began);
    if (const auto* error = std::get_if<pg::ServerError>(&answer); error != nullptr) {
        if (run.target.stop() != nullptr && run.target.stop()->requested()) {
            outcome.interrupted = Order::stop;
            return outcome;
        }
        outcome.result = StepResult::failed;
        outcome.error = explain(*error, send);
        return outcome;
    }
    const pg::Result& r = std::get<pg::Result>(answer);
    if (const std::string wrong = unexpected(step, r); !wrong.empty()) {
        outcome.result = StepResult::failed;
        outcome.error = Error(ErrorCode::check, fmt::format("check {} does not hold: {}", step.name, wrong))
                            .at(step.place)
                            .detail(first_row(r))
                            .hint("mend what it found, then deploy again");
        return outcome;
    }
    run.session.journal().finish(run.session.key(), step.n, StepResult::done, "", also);
    return outcome;
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
    if (r.rows() > 1 || (r.rows() == 1 && (r.columns() != 1 || (r.text(0, 0) != "t" && r.text(0, 0) != "f" && !r.is_null(0, 0))))) {
        throw Error(ErrorCode::check, "the query of `-- pgbelay: when` must yield one true or false")
            .at(step.place)
            .hint("write SELECT EXISTS (…)");
    }
    return is_true(r);
}

}  // namespace pgbelay::engine
