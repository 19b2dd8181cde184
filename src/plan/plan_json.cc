#include "plan/plan_json.h"

#include "runbook/blockers.h"

#include <nlohmann/json.hpp>

#include <utility>

// Fields that are at their defaults are left out, so that a plan of thousands of steps stays small and a new field does not
// change the digests of plans that do not use it.

namespace pgbelay::base {

void to_json(nlohmann::json& j, const Place& place) {
    j = nlohmann::json::array({place.file, place.line, place.column});
}
void from_json(const nlohmann::json& j, Place& place) {
    place = {j.at(0).get<std::string>(), j.at(1).get<int>(), j.at(2).get<int>()};
}

}  // namespace pgbelay::base

namespace pgbelay::sql {

void to_json(nlohmann::json& j, const QualifiedName& name) {
    j = nlohmann::json::array({name.schema, name.name});
}
void from_json(const nlohmann::json& j, QualifiedName& name) {
    name = {j.at(0).get<std::string>(), j.at(1).get<std::string>()};
}

}  // namespace pgbelay::sql

namespace pgbelay::analysis {

void to_json(nlohmann::json& j, const RelationLock& lock) {
    j = {{"relation", lock.relation}, {"mode", catalog::pg_name(lock.mode)}, {"lockable", lock.lockable}, {"only", lock.only}};
}
void from_json(const nlohmann::json& j, RelationLock& lock) {
    j.at("relation").get_to(lock.relation);
    lock.mode = catalog::lock_mode(j.at("mode").get<std::string>()).value_or(LockMode::access_exclusive);
    j.at("lockable").get_to(lock.lockable);
    j.at("only").get_to(lock.only);
}

void to_json(nlohmann::json& j, const Inverse& inverse) {
    j = {{"possible", inverse.possible}, {"sql", inverse.sql}};
    if (inverse.loses_data) {
        j["loses_data"] = true;
        j["loss_in"] = inverse.loss_in;
        j["loss_column"] = inverse.loss_column;
    }
    if (inverse.as_written) {
        j["as_written"] = true;
    }
    if (inverse.in_parts) {
        j["in_parts"] = true;
    }
    if (!inverse.why.empty()) {
        j["why"] = inverse.why;
    }
}
void from_json(const nlohmann::json& j, Inverse& inverse) {
    j.at("possible").get_to(inverse.possible);
    j.at("sql").get_to(inverse.sql);
    inverse.loses_data = j.value("loses_data", false);
    if (inverse.loses_data) {
        j.at("loss_in").get_to(inverse.loss_in);
        j.at("loss_column").get_to(inverse.loss_column);
    }
    inverse.as_written = j.value("as_written", false);
    inverse.in_parts = j.value("in_parts", false);
    inverse.why = j.value("why", "");
}

}  // namespace pgbelay::analysis

namespace pgbelay::runbook {

static void to_json(nlohmann::json& j, const GuardLimit& limit) {
    j = {{"name", limit.name}, {"most", limit.most}};
    if (limit.of_baseline) {
        j["of_baseline"] = true;
    }
    if (limit.action) {
        j["action"] = to_string(*limit.action);
    }
    if (limit.samples != 0) {
        j["samples"] = limit.samples;
    }
}
static void from_json(const nlohmann::json& j, GuardLimit& limit) {
    j.at("name").get_to(limit.name);
    j.at("most").get_to(limit.most);
    limit.of_baseline = j.value("of_baseline", false);
    if (j.contains("action")) {
        limit.action = read_action(j.at("action").get<std::string>(), limit.name, {});
    }
    limit.samples = j.value("samples", 0);
}

static void to_json(nlohmann::json& j, const Limits& limits) {
    j = {{"lock_timeout_ms", limits.lock_timeout.count()},
         {"hold_ms", limits.hold.count()},
         {"deadline_ms", limits.deadline.count()},
         {"statement_timeout_ms", limits.statement_timeout.count()},
         {"tiny", limits.tiny},
         {"jobs", limits.jobs},
         {"stuck_after_ms", limits.stuck_after.count()}};
    if (!limits.guard.empty()) {
        j["guard"] = limits.guard;
    }
}

static void from_json(const nlohmann::json& j, Limits& limits) {
    limits.lock_timeout = base::Millis(j.at("lock_timeout_ms").get<std::int64_t>());
    limits.hold = base::Millis(j.at("hold_ms").get<std::int64_t>());
    limits.deadline = base::Millis(j.at("deadline_ms").get<std::int64_t>());
    limits.statement_timeout = base::Millis(j.at("statement_timeout_ms").get<std::int64_t>());
    j.at("tiny").get_to(limits.tiny);
    limits.jobs = j.value("jobs", limits.jobs);
    limits.stuck_after = base::Millis(j.value("stuck_after_ms", limits.stuck_after.count()));
    // Plans from before limits had actions name them by their figures.
    for (const Measure& measure : measures().first(kFirstMeasures)) {
        if (j.contains(measure.figure)) {
            set_limit(limits.guard, {.name = std::string(measure.name), .most = j.at(measure.figure).get<double>()});
        }
    }
    for (const auto& limit : j.value("guard", nlohmann::json::array())) {
        if (find_measure(limit.at("name").get<std::string>()) != nullptr) {
            set_limit(limits.guard, limit.get<GuardLimit>());
        }
    }
}

}  // namespace pgbelay::runbook

namespace pgbelay::plan {

namespace {

template <typename Enum>
int number(Enum e) {
    return static_cast<int>(e);
}

template <typename Enum>
Enum enumerator(const nlohmann::json& j, const char* key, Enum last) {
    const int n = j.value(key, 0);
    return n >= 0 && n <= number(last) ? static_cast<Enum>(n) : Enum{};
}

// Writes `value` under `key` unless it is the default one.
template <typename T>
void put(nlohmann::json& j, const char* key, const T& value) {
    if (!(value == T{})) {
        j[key] = value;
    }
}

template <typename T>
void take(const nlohmann::json& j, const char* key, T& value) {
    if (const auto it = j.find(key); it != j.end()) {
        it->get_to(value);
    }
}

template <typename T>
void take(const nlohmann::json& j, const char* key, std::optional<T>& value) {
    if (const auto it = j.find(key); it != j.end()) {
        value = it->template get<T>();
    }
}

template <typename T>
void put(nlohmann::json& j, const char* key, const std::optional<T>& value) {
    if (value) {
        j[key] = *value;
    }
}

}  // namespace

static void to_json(nlohmann::json& j, const Setting& s) {
    j = nlohmann::json::array({s.variable, s.local, s.session});
}
static void from_json(const nlohmann::json& j, Setting& s) {
    s = {j.at(0).get<std::string>(), j.at(1).get<std::string>(), j.at(2).get<std::string>()};
}

static void to_json(nlohmann::json& j, const SessionContext& context) {
    j = nlohmann::json::object();
    put(j, "settings", context.settings);
    put(j, "search_path", context.search_path);
    put(j, "role", context.role);
}
static void from_json(const nlohmann::json& j, SessionContext& context) {
    take(j, "settings", context.settings);
    take(j, "search_path", context.search_path);
    take(j, "role", context.role);
}

static void to_json(nlohmann::json& j, const Send& send) {
    j = {{"sql", send.sql}, {"place", send.place}, {"statement", send.statement}};
    put(j, "copy_data", send.copy_data);
    put(j, "strong", send.takes_strong_lock);
}
static void from_json(const nlohmann::json& j, Send& send) {
    j.at("sql").get_to(send.sql);
    j.at("place").get_to(send.place);
    j.at("statement").get_to(send.statement);
    take(j, "copy_data", send.copy_data);
    take(j, "strong", send.takes_strong_lock);
}

static void put_expectation(nlohmann::json& j, const runbook::Expectation& expects) {
    j["expect"] = number(expects.expect);
    j["expect_count"] = expects.count;
    if (const auto& c = expects.comparison; !c.op.empty()) {
        j["compare"] = nlohmann::json::array({c.op, c.value, c.record, c.column});
    }
    if (const auto& t = expects.table; !t.columns.empty()) {
        j["expected_table"] = {{"columns", t.columns}, {"rows", t.rows}, {"ordered", t.ordered}, {"trimmed", t.trimmed}};
    }
    put(j, "sqlstate", expects.sqlstate);
}

static void take_expectation(const nlohmann::json& j, runbook::Expectation& expects) {
    expects.expect = enumerator(j, "expect", runbook::Expect::error);
    take(j, "expect_count", expects.count);
    if (const auto c = j.find("compare"); c != j.end()) {
        expects.comparison = {c->at(0).get<std::string>(), c->at(1).get<std::string>(), c->at(2).get<std::string>(),
                              c->at(3).get<std::string>()};
    }
    if (const auto t = j.find("expected_table"); t != j.end()) {
        t->at("columns").get_to(expects.table.columns);
        t->at("rows").get_to(expects.table.rows);
        t->at("ordered").get_to(expects.table.ordered);
        t->at("trimmed").get_to(expects.table.trimmed);
    }
    take(j, "sqlstate", expects.sqlstate);
}

static void take_duration(const nlohmann::json& j, const char* key, base::Millis& value) {
    value = base::Millis(j.value(key, std::int64_t{0}));
}

void to_json(nlohmann::json& j, const Step& step) {
    j = {{"n", step.n}, {"name", step.name}, {"place", step.place}, {"kind", to_string(step.kind)}, {"sends", step.sends}};
    put(j, "fence", step.fence);
    put(j, "context", step.context);
    put(j, "locks", step.locks);
    put(j, "long_running", step.long_running);
    put(j, "condition", step.condition);
    put(j, "inverses", step.inverses);
    put(j, "after", step.after);
    put(j, "skip", step.skip);
    put(j, "why", step.why);
    put(j, "when", step.when);
    put(j, "when_from", step.when_from);
    put(j, "echoes", step.echoes);
    put(j, "undoes", step.undoes);
    j["file"] = step.file;
    put(j, "last_of_file", step.last_of_file);
    put(j, "may_change_rows", step.may_change_rows);
    put(j, "index", step.index);
    put(j, "table", step.table);
    put(j, "reads", step.reads);
    put(j, "finish_with", step.finish_with);
    put(j, "rebuilds", step.rebuilds);
    put(j, "timeout_ms", step.timeout.count());
    put(j, "not_before", step.not_before);
    put(j, "not_before_after", step.not_before_after);
    put(j, "not_before_delay_ms", step.not_before_delay.count());
    if (step.kind == StepKind::check || step.kind == StepKind::attempt) {
        put_expectation(j, step.expects);
    }
    put(j, "record", step.record);
    put(j, "lines", step.lines);
}

static StepKind step_kind(std::string_view name) {
    for (const auto kind : {StepKind::transaction, StepKind::concurrent, StepKind::attach, StepKind::repeatable, StepKind::once,
                            StepKind::check, StepKind::attempt, StepKind::confirm}) {
        if (to_string(kind) == name) {
            return kind;
        }
    }
    throw base::Error(base::ErrorCode::internal, "the journal holds a step of a kind that this version does not know")
        .hint("use the version of pgbelay that began the run");
}

void from_json(const nlohmann::json& j, Step& step) {
    j.at("n").get_to(step.n);
    j.at("name").get_to(step.name);
    j.at("place").get_to(step.place);
    step.kind = step_kind(j.at("kind").get<std::string>());
    j.at("sends").get_to(step.sends);
    take(j, "fence", step.fence);
    take(j, "context", step.context);
    take(j, "locks", step.locks);
    take(j, "long_running", step.long_running);
    take(j, "condition", step.condition);
    take(j, "inverses", step.inverses);
    take(j, "after", step.after);
    take(j, "skip", step.skip);
    take(j, "why", step.why);
    take(j, "when", step.when);
    take(j, "when_from", step.when_from);
    take(j, "echoes", step.echoes);
    take(j, "undoes", step.undoes);
    j.at("file").get_to(step.file);
    take(j, "last_of_file", step.last_of_file);
    take(j, "may_change_rows", step.may_change_rows);
    take(j, "index", step.index);
    take(j, "table", step.table);
    take(j, "reads", step.reads);
    take(j, "finish_with", step.finish_with);
    take(j, "rebuilds", step.rebuilds);
    take_duration(j, "timeout_ms", step.timeout);
    take(j, "not_before", step.not_before);
    take(j, "not_before_after", step.not_before_after);
    take_duration(j, "not_before_delay_ms", step.not_before_delay);
    take_expectation(j, step.expects);
    take(j, "record", step.record);
    take(j, "lines", step.lines);
}

static void put_measure(nlohmann::json& j, const runbook::Gauge& gauge) {
    j["kind"] = number(gauge.kind);
    j["sql"] = gauge.sql;
    j["at"] = gauge.place;
    put(j, "fail", gauge.fail);
    put(j, "fail_is_query", gauge.fail_is_query);
    j["timeout_ms"] = gauge.timeout.count();
    put(j, "max_ms", gauge.max_ms);
    put(j, "uses", gauge.uses);
    for (const auto& node : gauge.without) {
        j["without"].push_back({node.type, node.table});
    }
    put(j, "with", gauge.with);
    j["runs"] = gauge.runs;
    put(j, "writes", gauge.writes);
    put(j, "every_ms", gauge.every.count());
    put(j, "max_ratio", gauge.max_ratio);
    if (gauge.on_breach) {
        j["on_breach"] = number(*gauge.on_breach);
    }
    put(j, "required", gauge.required);
}

static void take_measure(const nlohmann::json& j, runbook::Gauge& gauge) {
    gauge.kind = enumerator(j, "kind", runbook::MeasureKind::probe);
    j.at("sql").get_to(gauge.sql);
    j.at("at").get_to(gauge.place);
    take(j, "fail", gauge.fail);
    take(j, "fail_is_query", gauge.fail_is_query);
    take_duration(j, "timeout_ms", gauge.timeout);
    take(j, "max_ms", gauge.max_ms);
    take(j, "uses", gauge.uses);
    for (const auto& node : j.value("without", nlohmann::json::array())) {
        gauge.without.push_back({node.at(0).get<std::string>(), node.at(1).get<std::string>()});
    }
    take(j, "with", gauge.with);
    take(j, "runs", gauge.runs);
    take(j, "writes", gauge.writes);
    take_duration(j, "every_ms", gauge.every);
    take(j, "max_ratio", gauge.max_ratio);
    if (j.contains("on_breach")) {
        gauge.on_breach = enumerator(j, "on_breach", runbook::OnBreach::rollback);
    }
    take(j, "required", gauge.required);
}

void to_json(nlohmann::json& j, const Measurement& measurement) {
    j = {{"name", measurement.name}, {"place", measurement.place}};
    put(j, "context", measurement.context);
    put_measure(j, measurement.gauge);
}

static void from_json(const nlohmann::json& j, Measurement& measurement) {
    j.at("name").get_to(measurement.name);
    j.at("place").get_to(measurement.place);
    take(j, "context", measurement.context);
    take_measure(j, measurement.gauge);
}

static void to_json(nlohmann::json& j, const PlannedFile& file) {
    j = {{"path", file.path},
         {"key", file.key},
         {"digest", file.digest},
         {"text", file.text},
         {"layout", number(file.layout)},
         {"version", file.version},
         {"description", file.description},
         {"checksum", file.checksum}};
    put(j, "rollback", file.rollback);
    put(j, "rollback_in_one_transaction", file.rollback_in_one_transaction);
    put(j, "rollback_from", file.rollback_from);
}
static void from_json(const nlohmann::json& j, PlannedFile& file) {
    j.at("path").get_to(file.path);
    j.at("key").get_to(file.key);
    j.at("digest").get_to(file.digest);
    j.at("text").get_to(file.text);
    file.layout = enumerator(j, "layout", runbook::Layout::flyway);
    j.at("version").get_to(file.version);
    j.at("description").get_to(file.description);
    j.at("checksum").get_to(file.checksum);
    take(j, "rollback", file.rollback);
    take(j, "rollback_in_one_transaction", file.rollback_in_one_transaction);
    take(j, "rollback_from", file.rollback_from);
}

static void to_json(nlohmann::json& j, const PlannedTable& table) {
    j = {{"name", table.name}, {"oid", static_cast<std::uint32_t>(table.oid)}, {"kind", std::string(1, table.kind)}};
    put(j, "use", number(table.use));
    put(j, "small", table.small);
}
static void from_json(const nlohmann::json& j, PlannedTable& table) {
    j.at("name").get_to(table.name);
    table.oid = catalog::Oid{j.at("oid").get<std::uint32_t>()};
    table.kind = j.at("kind").get<std::string>().at(0);
    table.use = enumerator(j, "use", RowUse::truncated_with_others);
    take(j, "small", table.small);
}

static void to_json(nlohmann::json& j, const Section& section) {
    j = {{"title", section.title}, {"last", section.last}};
}
static void from_json(const nlohmann::json& j, Section& section) {
    j.at("title").get_to(section.title);
    j.at("last").get_to(section.last);
}

void to_json(nlohmann::json& j, const Plan& plan) {
    j = {{"format", 1},
         {"name", plan.name},
         {"digest", plan.digest},
         {"plan_digest", plan.plan_digest},
         {"server_major", plan.server_major},
         {"limits", plan.limits},
         {"on_breach", number(plan.on_breach)},
         {"blockers", runbook::to_string(plan.blockers)},
         {"files", plan.files},
         {"steps", plan.steps},
         {"notes", plan.notes},
         {"not_whole", plan.not_whole},
         {"trailing_echoes", plan.trailing_echoes}};
    put(j, "sections", plan.sections);
    if (!plan.measurements.empty()) {
        j["measurements"] = plan.measurements;
    }
    put(j, "tables", plan.tables);
    put(j, "mentioned", plan.mentioned);
    put(j, "windows", plan.windows);
    put(j, "gates", plan.gates);
    if (const auto& document = plan.document; !document.text.empty()) {
        j["document"] = {{"path", document.path}, {"first_line", document.first_line}, {"text", document.text}};
    }
    if (!plan.row_statistics) {
        j["row_statistics"] = false;
    }
}

void from_json(const nlohmann::json& j, Plan& plan) {
    if (j.value("format", 0) != 1) {
        throw base::Error(base::ErrorCode::refused, "the journal holds a plan of a newer pgbelay")
            .hint("use the version that began the run, or a newer one");
    }
    j.at("name").get_to(plan.name);
    j.at("digest").get_to(plan.digest);
    j.at("plan_digest").get_to(plan.plan_digest);
    j.at("server_major").get_to(plan.server_major);
    j.at("limits").get_to(plan.limits);
    plan.on_breach = enumerator(j, "on_breach", runbook::OnBreach::rollback);
    if (j.contains("blockers")) {
        plan.blockers = runbook::read_blockers(j.at("blockers").get<std::string>(), {});
    }
    j.at("files").get_to(plan.files);
    j.at("steps").get_to(plan.steps);
    j.at("notes").get_to(plan.notes);
    j.at("not_whole").get_to(plan.not_whole);
    j.at("trailing_echoes").get_to(plan.trailing_echoes);
    take(j, "sections", plan.sections);
    take(j, "measurements", plan.measurements);
    take(j, "tables", plan.tables);
    take(j, "mentioned", plan.mentioned);
    take(j, "windows", plan.windows);
    take(j, "gates", plan.gates);
    if (const auto document = j.find("document"); document != j.end()) {
        document->at("path").get_to(plan.document.path);
        document->at("first_line").get_to(plan.document.first_line);
        document->at("text").get_to(plan.document.text);
    }
    take(j, "row_statistics", plan.row_statistics);
}

std::string_view to_string(StepKind kind) {
    switch (kind) {
        case StepKind::transaction: return "transaction";
        case StepKind::concurrent: return "concurrent";
        case StepKind::attach: return "attach";
        case StepKind::repeatable: return "repeatable";
        case StepKind::once: return "once";
        case StepKind::check: return "check";
        case StepKind::attempt: return "try";
        case StepKind::confirm: return "confirm";
    }
    return "transaction";
}

}  // namespace pgbelay::plan
