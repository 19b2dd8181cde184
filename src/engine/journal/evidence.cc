// The journal's evidence: values that checks recorded, confirmations, what was measured, and the times for which runs wait.
#include "base/fail_point.h"
#include "engine/journal/journal.h"

#include <queries/journal.h>
#include <nlohmann/json.hpp>

namespace pgbelay::engine {

namespace {

std::string dumped(const nlohmann::json& json) {
    return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

pg::Params params_of(const RunKey& key, const Evidence& evidence) {
    return {std::to_string(key.id), std::to_string(key.epoch), std::to_string(evidence.n), evidence.kind, evidence.name, evidence.content};
}

}  // namespace

Record record_of(const std::string& content) {
    Record record;
    for (const auto& column : nlohmann::json::parse(content)) {
        const auto& value = column.at(1);
        record.emplace_back(column.at(0).get<std::string>(), value.is_null() ? std::nullopt : std::optional(value.get<std::string>()));
    }
    return record;
}

std::string to_json_text(const Record& record) {
    nlohmann::json columns = nlohmann::json::array();
    for (const auto& [name, value] : record) {
        columns.push_back({name, value ? nlohmann::json(*value) : nlohmann::json(nullptr)});
    }
    return dumped(columns);
}

pg::Connection::Piece Journal::evidence(const RunKey& key, const Evidence& evidence) const {
    return {std::string(queries::kKeepEvidence.text), params_of(key, evidence)};
}

void Journal::keep(const RunKey& key, const Evidence& evidence) {
    write(queries::kKeepEvidence, params_of(key, evidence));
}

std::vector<Evidence> Journal::evidence(const RunKey& key) {
    return read_evidence(*connection_, key.id);
}

Records Journal::records(const RunKey& key) {
    Records records;
    for (const Evidence& evidence : read_evidence(*connection_, key.id)) {
        if (evidence.kind == "record") {
            records[evidence.name] = record_of(evidence.content);
        }
    }
    return records;
}

Journal::Due Journal::due(const RunKey& key, const plan::Step& step) {
    const pg::Result r = connection_->query(queries::kDue, {step.not_before, std::to_string(key.id), std::to_string(step.not_before_after),
                                                            std::to_string(step.not_before_delay.count())});
    return {r.boolean(0, 0), r.text(0, 1)};
}

void Journal::wait_until(const RunKey& key, const plan::Step& step, const std::string& until) {
    const Evidence waiting{.n = step.n, .kind = "waiting", .name = step.name, .content = dumped({{"until", until}})};
    keep(key, waiting);
    set_state(key, "waiting");
}

std::vector<Evidence> read_evidence(pg::Connection& connection, std::int64_t run) {
    const pg::Outcome outcome = connection.try_query(queries::kEvidence, {std::to_string(run)});
    if (const auto* error = std::get_if<pg::ServerError>(&outcome); error != nullptr) {
        if (error->sqlstate == "42P01") {
            return {};
        }
        throw pg::to_error(*error);
    }
    const auto& r = std::get<pg::Result>(outcome);
    std::vector<Evidence> evidence;
    for (int row = 0; row < r.rows(); ++row) {
        evidence.push_back(
            {.n = r.integer(row, 0), .kind = r.text(row, 1), .name = r.text(row, 2), .content = r.text(row, 3), .at = r.text(row, 4)});
    }
    return evidence;
}

}  // namespace pgbelay::engine
