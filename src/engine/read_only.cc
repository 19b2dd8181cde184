#include "engine/read_only.h"

#include "engine/step_runner.h"

namespace pgbelay::engine {

using base::Error;
using base::ErrorCode;

namespace {

// Beyond the server's own timeout, for a network that hangs.
constexpr base::Millis kGrace{10'000};

}  // namespace

std::vector<pg::Connection::Piece> read_only_opening(const pg::Connection& connection, const plan::SessionContext& context,
                                                     base::Millis timeout) {
    std::vector<pg::Connection::Piece> pieces{{"BEGIN READ ONLY", {}}};
    const auto settings = context_pieces(connection, context);
    pieces.insert(pieces.end(), settings.begin(), settings.end());
    pieces.push_back({"SELECT pg_catalog.set_config('statement_timeout', $1, true)", {std::to_string(timeout.count())}});
    return pieces;
}

ReadOnly::ReadOnly(pg::Connection& connection, const plan::SessionContext& context, base::Millis timeout, const base::StopSignal* stop)
    : connection_(connection), timeout_(timeout), stop_(stop) {
    const auto outcomes = connection.pipeline(read_only_opening(connection, context, timeout), base::in(kGrace), stop, nullptr,
                                              pg::Connection::Boundaries::none);
    if (const auto* error = std::get_if<pg::ServerError>(&outcomes.back()); error != nullptr) {
        if (!error->connection_lost) {
            roll_back(connection);
        }
        throw pg::to_error(*error);
    }
}

ReadOnly::~ReadOnly() {
    try {
        roll_back(connection_);
    } catch (const Error&) {
        // Lost: the next statement says so.
    }
}

pg::Outcome ReadOnly::ask(const std::string& sql, const pg::Params& params) {
    auto outcomes = connection_.pipeline({{sql, params}}, base::in(timeout_ + kGrace), stop_, nullptr, pg::Connection::Boundaries::none);
    return heard(std::move(outcomes.back()));
}

pg::Outcome ReadOnly::run(const std::string& sql) {
    return heard(connection_.run(sql, std::nullopt, base::in(timeout_ + kGrace), stop_));
}

pg::Outcome ReadOnly::heard(pg::Outcome outcome) const {
    if (const auto* error = std::get_if<pg::ServerError>(&outcome); error != nullptr) {
        if (error->connection_lost) {
            throw pg::to_error(*error);
        }
        if (stop_ != nullptr && stop_->requested()) {
            throw Error(ErrorCode::interrupted, "interrupted in a measurement");
        }
    }
    return outcome;
}

}  // namespace pgbelay::engine
