#include "report/deploy_json.h"

#include "report/measures.h"
#include "report/redact.h"
#include "report/run_json.h"

namespace pgbelay::report {

namespace {

Json step_json(const engine::StepReport& step) {
    Json json;
    json["n"] = step.n;
    json["name"] = step.name;
    json["file"] = step.place.file;
    json["line"] = step.place.line;
    json["sql"] = redact(step.sql);
    json["result"] = std::string(engine::to_string(step.result));
    json["tries"] = step.times.tries;
    json["waited_ms"] = step.times.waited.count();
    json["ran_ms"] = step.times.ran.count();
    json["lock_held_ms"] = step.times.lock_held.count();
    json["queued_ms"] = step.times.queued.count();
    json["blocked_sessions"] = step.times.blocked_sessions;
    json["note"] = or_null(redact(step.note));
    return json;
}

}  // namespace

Json deploy_json(const engine::RunReport& report) {
    Json json;
    json["run"] = report.run == 0 ? Json(nullptr) : Json(report.run);
    json["result"] = std::string(engine::to_string(report.result));
    json["digest"] = or_null(report.digest);
    json["plan_digest"] = or_null(report.plan_digest);
    json["verified"] = report.verified;
    json["verification_failures"] = report.verification_failures;
    json["rows"] = rows_json(report.rows);
    json["measurements"] = measures_json(report.measured);
    json["changed"] = report.changed;
    json["steps"] = Json::array();
    for (const engine::StepReport& step : report.steps) {
        json["steps"].push_back(step_json(step));
    }
    json["waiting_for"] = or_null(report.waiting_for);
    json["waiting_until"] = or_null(report.waiting_until);
    json["error"] = report.error ? error_json(*report.error) : Json(nullptr);
    return json;
}

}  // namespace pgbelay::report
