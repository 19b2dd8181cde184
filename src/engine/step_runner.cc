#include "engine/step_runner.h"

#include "pg/catalog_loader.h"

#include <fmt/core.h>
#include <fmt/format.h>

namespace pgbelay::engine {

using base::Error;
using base::ErrorCode;

std::vector<pg::Connection::Piece> context_pieces(const pg::Connection& connection, const plan::SessionContext& context) {
    std::vector<pg::Connection::Piece> pieces;
    pieces.push_back({"SELECT pg_catalog.set_config('search_path', $1, true)", {connection.default_search_path()}});
    for (const auto& setting : context.settings) {
        pieces.push_back({setting.local, {}});
    }
    return pieces;
}

void apply_context(pg::Connection& connection, const plan::SessionContext& context) {
    std::vector<pg::Connection::Piece> pieces;
    pieces.push_back({"SELECT pg_catalog.set_config('search_path', $1, false)", {connection.default_search_path()}});
    for (const auto& setting : context.settings) {
        pieces.push_back({setting.session, {}});
    }
    const auto outcomes = connection.pipeline(pieces, base::in(std::chrono::seconds(10)), nullptr);
    if (const auto* error = std::get_if<pg::ServerError>(&outcomes.back()); error != nullptr) {
        throw pg::to_error(*error);
    }
}

Also with_evidence(const RunContext& run, const Also& also, const Evidence& evidence) {
    Also with = also;
    with.push_back(run.session.journal().evidence(run.session.key(), evidence));
    return with;
}

std::string condition_failure(pg::Connection& connection, const catalog::Condition& condition) {
    if (condition.empty()) {
        return "";
    }
    pg::LoadRequest request;
    request.relations = condition.relations();
    return condition.failure(pg::load_catalog(connection, request));
}

namespace {

std::string hint_for(const pg::ServerError& error) {
    const std::string& state = error.sqlstate;
    if (state == "53100") {
        return "free space where the server says it is full, then `pgbelay resume`";
    }
    if (state == "53300") {
        return "raise max_connections or free connections, then `pgbelay resume`";
    }
    if (state == "53200") {
        return "the server is out of memory or of lock table space (max_locks_per_transaction); mend that, then `pgbelay resume`";
    }
    if (state == "42501") {
        return "grant what is missing, then `pgbelay resume`";
    }
    if (state.starts_with("23")) {
        return "mend the rows that are in the way, then `pgbelay resume`; or `pgbelay rollback`";
    }
    return error.hint.empty() ? "mend the cause, then `pgbelay resume`; or `pgbelay rollback`" : error.hint;
}

}  // namespace

Error explain(const pg::ServerError& error, const plan::Send& send) {
    if (error.connection_lost) {
        return pg::to_error(error);
    }
    Error result(ErrorCode::server, error.message);
    result.at(send.place).sqlstate(error.sqlstate).hint(hint_for(error));
    std::string detail = error.detail;
    if (!error.context.empty()) {
        detail += (detail.empty() ? "" : "\n") + error.context;
    }
    return result.detail(detail);
}

void roll_back(pg::Connection& connection) {
    const pg::Outcome outcome = connection.run("ROLLBACK", std::nullopt, base::in(std::chrono::seconds(10)), nullptr);
    if (const auto* error = std::get_if<pg::ServerError>(&outcome); error != nullptr && error->connection_lost) {
        throw pg::to_error(*error);
    }
}

}  // namespace pgbelay::engine
