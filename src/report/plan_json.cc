#include "report/plan_json.h"

#include "report/gates.h"
#include "report/measures.h"
#include "report/redact.h"
#include "report/why.h"
#include "sql/tree.h"

#include <algorithm>

namespace pgbelay::report {

namespace {

Json locks_json(const std::vector<analysis::RelationLock>& locks) {
    Json json = Json::array();
    for (const analysis::RelationLock& lock : strongest(locks)) {
        json.push_back({{"relation", relation(lock.relation)}, {"mode", std::string(catalog::pg_name(lock.mode))}});
    }
    return json;
}

Json relations_json(const std::vector<sql::QualifiedName>& names) {
    Json json = Json::array();
    for (const sql::QualifiedName& name : names) {
        json.push_back(relation(name));
    }
    return json;
}

Json strings_json(const std::vector<std::string>& items) {
    Json json = Json::array();
    for (const std::string& item : items) {
        json.push_back(redact(item));
    }
    return json;
}

std::string_view phase_name(analysis::Phase phase) {
    switch (phase) {
        case analysis::Phase::before: return "before";
        case analysis::Phase::inside: return "inside";
        case analysis::Phase::after: return "after";
    }
    return "inside";
}

Json run_json(const analysis::Run& run) {
    const auto most = std::max_element(run.locks.begin(), run.locks.end(),
                                       [](const auto& a, const auto& b) { return static_cast<int>(a.mode) < static_cast<int>(b.mode); });
    Json json;
    json["sql"] = redact(run.sql);
    json["lock_mode"] = most == run.locks.end() ? Json(nullptr) : Json(std::string(catalog::pg_name(most->mode)));
    json["concurrently"] = is_concurrent(run);
    json["phase"] = std::string(phase_name(run.phase));
    json["locks"] = locks_json(run.locks);
    json["scans"] = relations_json(run.scans);
    return json;
}

Json statement_json(const StepIndex& steps, const plan::StatementPlan& statement, const Surroundings& surroundings) {
    Json json;
    json["n"] = statement.n;
    json["file"] = statement.place.file;
    json["line"] = statement.place.line;
    json["column"] = statement.place.column;
    json["kind"] = statement.kind;
    json["sql"] = redact(statement.sql);
    json["transactional"] = statement.facts.transactional;
    json["locks"] = reasoned_locks_json(statement.facts);
    json["rewrites"] = relations_json(statement.facts.rewrites);
    json["scans"] = relations_json(statement.facts.scans);
    json["reasons"] = reasons_json(statement.facts);
    json["estimate"] = estimate_json(statement.estimate);
    json["runs"] = Json::array();
    for (const analysis::Run& run : statement.runs) {
        json["runs"].push_back(run_json(run));
    }
    json["condition"] = or_null(statement.condition.describe());
    json["inverse"] = statement.inverse ? strings_json(*statement.inverse) : Json(nullptr);
    json["loses_data"] = statement.loses_data;
    json["opaque"] = statement.facts.opaque;
    json["fails"] =
        statement.facts.fails ? Json{{"sqlstate", statement.facts.fails->sqlstate}, {"message", statement.facts.fails->message}} : Json();
    json["rewritten"] = statement.rewritten;
    json["why"] = or_null(statement.why);
    json["notes"] = strings_json(statement.notes);
    json["skip"] = statement.skip ? Json(*statement.skip) : Json(nullptr);
    json["session"] = statement.session;
    json["steps"] = steps.of(statement);
    json["in_the_way"] = strings_json(in_the_way_of(steps, statement, surroundings));
    return json;
}

Json step_json(const plan::Step& step) {
    Json json;
    json["n"] = step.n;
    json["name"] = step.name;
    json["kind"] = std::string(plan::to_string(step.kind));
    json["file"] = step.place.file;
    json["line"] = step.place.line;
    json["column"] = step.place.column;
    json["sql"] = Json::array();
    for (const plan::Send& send : step.sends) {
        json["sql"].push_back(redact(send.sql));
    }
    json["after"] = step.after;
    json["not_before"] = or_null(step.not_before);
    json["not_before_after"] = step.not_before_after == 0 ? Json(nullptr) : Json(step.not_before_after);
    json["not_before_delay_ms"] = step.not_before_delay.count();
    json["timeout_ms"] = step.timeout.count() == 0 ? Json(nullptr) : Json(step.timeout.count());
    json["lines"] = step.lines;
    json["skip"] = step.skip ? Json(*step.skip) : Json(nullptr);
    return json;
}

}  // namespace

std::vector<analysis::RelationLock> strongest(const std::vector<analysis::RelationLock>& locks) {
    std::vector<analysis::RelationLock> out;
    for (const analysis::RelationLock& lock : locks) {
        const auto known = std::find_if(out.begin(), out.end(), [&](const auto& l) { return l.relation == lock.relation; });
        if (known == out.end()) {
            out.push_back(lock);
        } else if (static_cast<int>(known->mode) < static_cast<int>(lock.mode)) {
            *known = lock;
        }
    }
    return out;
}

bool is_concurrent(const analysis::Run& run) {
    return run.method == analysis::Method::build || run.method == analysis::Method::drop_concurrently;
}

StepIndex::StepIndex(const plan::Plan& plan) {
    for (const plan::Step& step : plan.steps) {
        for (const plan::Send& send : step.sends) {
            // `n` counts within a file; the place tells files apart.
            auto& steps = steps_[{send.place.file, send.statement}];
            if (steps.empty() || steps.back() != step.n) {
                steps.push_back(step.n);
            }
        }
    }
}

const std::vector<int>& StepIndex::of(const plan::StatementPlan& statement) const {
    static const std::vector<int> kNone;
    const auto found = steps_.find({statement.place.file, statement.n});
    return found == steps_.end() ? kNone : found->second;
}

std::vector<std::string> in_the_way_of(const StepIndex& index, const plan::StatementPlan& statement, const Surroundings& surroundings) {
    const std::vector<int>& steps = index.of(statement);
    std::vector<std::string> who;
    for (const auto& [step, description] : surroundings.in_the_way) {
        if (std::find(steps.begin(), steps.end(), step) != steps.end() && std::find(who.begin(), who.end(), description) == who.end()) {
            who.push_back(description);
        }
    }
    return who;
}

Json plan_json(const plan::Plan& plan, const Surroundings& surroundings) {
    Json json;
    json["digest"] = plan.digest;
    json["plan_digest"] = plan.plan_digest;
    json["parser"] = sql::parser_name();
    json["server"] = or_null(surroundings.server);
    json["target"] = or_null(surroundings.target);
    json["name"] = plan.name;
    json["statements"] = Json::array();
    const StepIndex steps(plan);
    for (const plan::StatementPlan& statement : plan.statements) {
        json["statements"].push_back(statement_json(steps, statement, surroundings));
    }
    json["steps"] = Json::array();
    for (const plan::Step& step : plan.steps) {
        json["steps"].push_back(step_json(step));
    }
    json["measurements"] = planned_measures_json(plan);
    json["requirements"] = gates_json(plan.gates);
    json["refusals"] = Json::array();
    for (const plan::Refusal& refusal : plan.refusals) {
        json["refusals"].push_back({{"message", redact(refusal.message)},
                                    {"hint", or_null(refusal.hint)},
                                    {"file", or_null(refusal.place.file)},
                                    {"line", refusal.place.line},
                                    {"column", refusal.place.column}});
    }
    json["notes"] = strings_json(plan.notes);
    json["already_deployed"] = surroundings.already_deployed;
    json["fences"] = plan.fences;
    json["documentation"] = plan.documentation;
    json["points_of_no_return"] = plan.points_of_no_return();
    return json;
}

}  // namespace pgbelay::report
