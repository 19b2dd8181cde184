#include "report/run_json.h"

#include "report/gates.h"
#include "report/measures.h"
#include "report/redact.h"

namespace pgbelay::report {

Json rows_json(const engine::RowsReport& rows) {
    Json json = Json::array();
    for (const engine::TableRows& table : rows.tables) {
        std::int64_t deleted = 0;
        for (const engine::RowDeletion& deletion : table.deletions) {
            deleted += deletion.deleted + deletion.emptied;
        }
        json.push_back({{"table", sql::display(table.name)},
                        {"before", table.before ? Json(*table.before) : Json(nullptr)},
                        {"after", table.after ? Json(*table.after) : Json(nullptr)},
                        {"deleted", rows.statistics && !rows.ddl_alone ? Json(deleted) : Json(nullptr)},
                        {"lost", table.lost},
                        {"words", table.words}});
    }
    return json;
}

namespace {

// Text by text: what is masked must not take a quote of JSON with it.
Json redacted(Json json) {
    if (json.is_string()) {
        return redact(json.get<std::string>());
    }
    if (json.is_structured()) {
        for (auto& part : json) {
            part = redacted(std::move(part));
        }
    }
    return json;
}

Json step_json(const engine::RunRecord& run, const engine::StepRecord& record) {
    Json json;
    json["n"] = record.n;
    if (const plan::Step* step = find_step(run, record.n)) {
        json["name"] = step->name;
        json["file"] = step->place.file;
        json["line"] = step->place.line;
        json["sql"] = Json::array();
        for (const plan::Send& send : step->sends) {
            json["sql"].push_back(redact(send.sql));
        }
        json["condition"] = or_null(step->condition.describe());
    }
    json["result"] = or_null(record.result);
    json["started_at"] = or_null(record.started_at);
    json["finished_at"] = or_null(record.finished_at);
    json["tries"] = record.times.tries;
    json["waited_ms"] = record.times.waited.count();
    json["queued_ms"] = record.times.queued.count();
    json["ran_ms"] = record.times.ran.count();
    json["lock_held_ms"] = record.times.lock_held.count();
    json["blocked_sessions"] = record.times.blocked_sessions;
    json["note"] = or_null(redact(record.note));
    return json;
}

// What every list of runs shows; the evidence adds to it.
Json head_json(const engine::RunRecord& run) {
    Json json;
    json["run"] = run.id;
    json["kind"] = run.kind;
    json["undoes"] = run.undoes == 0 ? Json(nullptr) : Json(run.undoes);
    json["name"] = run.name;
    json["state"] = run.state;
    json["control"] = or_null(run.control);
    json["digest"] = or_null(run.digest);
    json["plan_digest"] = or_null(run.plan_digest);
    json["started_at"] = or_null(run.started_at);
    json["finished_at"] = or_null(run.finished_at);
    json["operator"] = or_null(run.operator_name);
    json["role"] = or_null(run.role);
    json["client"] = or_null(run.client);
    json["url_source"] = or_null(run.url_source);
    json["verified"] = run.verified;
    json["process_alive"] = run.process_alive;
    json["holder"] = or_null(redact(run.holder));
    json["error"] = or_null(redact(run.error));
    return json;
}

// What was there before the first change, and after each section that changed something.
Json health_of_run(const engine::RunRecord& run) {
    Json json{{"before", Json(nullptr)}, {"sections", Json::array()}};
    for (const engine::Evidence& evidence : run.evidence) {
        if (evidence.kind == "baseline") {
            json["before"] = Json::parse(evidence.content);
        } else if (evidence.kind == "health") {
            Json section = health_json(engine::read_health(evidence.name, evidence.content));
            section["n"] = evidence.n;
            section["at"] = evidence.at;
            json["sections"].push_back(std::move(section));
        }
    }
    return json;
}

}  // namespace

Json run_json(const engine::RunRecord& run) {
    Json json = head_json(run);
    json["requirements"] = run.plan ? gates_json(run.plan->gates) : Json::array();
    json["steps"] = Json::array();
    for (const engine::StepRecord& step : run.steps) {
        json["steps"].push_back(step_json(run, step));
    }
    json["signals"] = Json::array();
    for (const engine::SignalRecord& signal : run.signals) {
        json["signals"].push_back(
            {{"n", signal.n}, {"action", signal.action}, {"pid", signal.pid}, {"session", redact(signal.session)}, {"at", signal.at}});
    }
    json["evidence"] = Json::array();
    for (const engine::Evidence& evidence : run.evidence) {
        if (evidence.kind == "health" || evidence.kind == "baseline") {
            continue;
        }
        json["evidence"].push_back({{"n", evidence.n},
                                    {"kind", evidence.kind},
                                    {"name", evidence.name},
                                    {"content", redacted(Json::parse(evidence.content))},
                                    {"at", evidence.at}});
    }
    json["rows"] = rows_json(run.rows);
    json["measurements"] = measures_json(run.measured);
    json["guard"] = {{"samples", run.guard_samples}, {"maxima", Json::object()}};
    for (const auto& [name, value] : run.guard_maxima) {
        json["guard"]["maxima"][name] = value;
    }
    json["health"] = health_of_run(run);
    json["debts"] = run.debts;
    return json;
}

Json history_json(const std::string& target, const std::vector<engine::RunRecord>& runs) {
    Json json;
    json["target"] = target;
    json["runs"] = Json::array();
    for (const engine::RunRecord& run : runs) {
        json["runs"].push_back(head_json(run));
    }
    return json;
}

Json status_json(const std::string& target, const std::optional<engine::RunRecord>& run) {
    Json json;
    json["target"] = target;
    json["run"] = run ? run_json(*run) : Json(nullptr);
    return json;
}

}  // namespace pgbelay::report
