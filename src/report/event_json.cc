#include "report/event_json.h"

#include "report/redact.h"

namespace pgbelay::report {

namespace {

Json head(std::string_view name, std::int64_t run, const std::string& at) {
    Json json;
    json["event"] = std::string(name);
    json["run"] = run == 0 ? Json(nullptr) : Json(run);
    json["at"] = at;
    return json;
}

void put_step(Json& json, const plan::Step* step) {
    json["step"] = step->n;
    json["name"] = step->name;
}

Json strings(const std::vector<std::string>& items) {
    Json json = Json::array();
    for (const std::string& item : items) {
        json.push_back(redact(item));
    }
    return json;
}

// One overload an event; each fills in what is its own.
struct Writer {
    std::int64_t run;
    const std::string& at;

    Json operator()(const engine::RunStarted& e) const {
        Json json = head("run_started", e.run, at);
        json["target"] = e.target;
        json["steps"] = e.steps;
        json["resumed"] = e.resumed;
        json["rollback"] = e.rollback;
        return json;
    }
    Json operator()(const engine::StepStarted& e) const {
        Json json = head("step_started", run, at);
        put_step(json, e.step);
        json["total"] = e.total;
        json["kind"] = std::string(plan::to_string(e.step->kind));
        json["file"] = e.step->place.file;
        json["line"] = e.step->place.line;
        return json;
    }
    Json operator()(const engine::StepWaiting& e) const {
        Json json = head("step_waiting", run, at);
        put_step(json, e.step);
        json["blockers"] = strings(e.blockers);
        json["since_ms"] = e.since.count();
        return json;
    }
    Json operator()(const engine::SessionSignalled& e) const {
        Json json = head("session_signalled", run, at);
        put_step(json, e.step);
        json["action"] = e.action;
        json["session"] = redact(e.session);
        json["age_ms"] = e.age.count();
        json["error"] = or_null(redact(e.error));
        return json;
    }
    Json operator()(const engine::StepRetry& e) const {
        Json json = head("step_retry", run, at);
        put_step(json, e.step);
        json["tries"] = e.tries;
        json["why"] = redact(e.why);
        json["backoff_ms"] = e.backoff.count();
        return json;
    }
    Json operator()(const engine::StepProgress& e) const {
        Json json = head("step_progress", run, at);
        put_step(json, e.step);
        json["phase"] = or_null(e.phase);
        json["fraction"] = e.fraction < 0 ? Json(nullptr) : Json(e.fraction);
        json["eta_ms"] = e.eta ? Json(e.eta->count()) : Json(nullptr);
        json["elapsed_ms"] = e.elapsed.count();
        json["blockers"] = strings(e.blockers);
        json["waiting_on_us"] = e.waiting_on_us;
        return json;
    }
    Json operator()(const engine::StepFinished& e) const {
        Json json = head("step_finished", run, at);
        put_step(json, e.step);
        json["result"] = std::string(engine::to_string(e.result));
        json["tries"] = e.times.tries;
        json["waited_ms"] = e.times.waited.count();
        json["queued_ms"] = e.times.queued.count();
        json["ran_ms"] = e.times.ran.count();
        json["lock_held_ms"] = e.times.lock_held.count();
        json["blocked_sessions"] = e.times.blocked_sessions;
        json["note"] = or_null(redact(e.note));
        return json;
    }
    Json operator()(const engine::Echo& e) const {
        Json json = head("echo", run, at);
        json["text"] = e.text;
        return json;
    }
    Json operator()(const engine::Notice& e) const {
        Json json = head("notice", run, at);
        json["text"] = redact(e.text);
        json["warning"] = e.warning;
        return json;
    }
    Json operator()(const engine::GuardBreach& e) const {
        Json json = head("guard_breach", run, at);
        json["limit"] = e.limit;
        json["what"] = e.what;
        json["action"] = std::string(runbook::to_string(e.action));
        json["cleared"] = e.cleared;
        return json;
    }
    Json operator()(const engine::Paused& e) const {
        Json json = head("paused", run, at);
        json["why"] = e.why;
        return json;
    }
    Json operator()(const engine::Resumed& e) const {
        Json json = head("resumed", run, at);
        json["after_ms"] = e.after.count();
        return json;
    }
    Json operator()(const engine::HealthSeen& e) const {
        Json json = head("health", run, at);
        json.update(health_json(e.health));
        return json;
    }
    Json operator()(const engine::Waiting& e) const {
        Json json = head("waiting", run, at);
        put_step(json, e.step);
        json["until"] = e.until;
        return json;
    }
    Json operator()(const engine::Verified& e) const {
        Json json = head("verified", run, at);
        json["holds"] = e.holds;
        json["failures"] = strings(e.failures);
        return json;
    }
    Json operator()(const engine::RunFinished& e) const {
        Json json = head("run_finished", e.run == 0 ? run : e.run, at);
        json["result"] = e.result;
        json["took_ms"] = e.took.count();
        json["longest_hold_ms"] = e.longest_hold.count();
        json["longest_queue_ms"] = e.longest_queue.count();
        json["error"] = e.error ? error_json(*e.error) : Json(nullptr);
        return json;
    }
};

}  // namespace

Json event_json(const engine::Event& event, std::int64_t run, const std::string& at) {
    return std::visit(Writer{run, at}, event);
}

}  // namespace pgbelay::report
