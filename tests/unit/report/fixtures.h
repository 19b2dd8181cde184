// Hand-made plans, steps and records for the renderers' tests.
#pragma once

#include "engine/journal/records.h"
#include "plan/plan.h"

namespace pgbelay::report::fixtures {

inline analysis::RelationLock lock(const std::string& name, catalog::LockMode mode) {
    return {{"public", name}, mode, true, true};
}

inline plan::Step step(int n, const std::string& name, plan::StepKind kind, const std::string& sql, int line) {
    plan::Step step;
    step.n = n;
    step.name = name;
    step.place = {"db/001.sql", line, 1};
    step.kind = kind;
    step.sends.push_back({sql, step.place, line, std::nullopt, false});
    return step;
}

// An index that is built concurrently, and a column that is dropped for good.
inline plan::Plan plan() {
    plan::Plan plan;
    plan.name = "db/001.sql";
    plan.digest = std::string(64, 'a');
    plan.plan_digest = std::string(64, 'b');
    plan.server_major = 15;

    plan::StatementPlan index;
    index.n = 1;
    index.place = {"db/001.sql", 1, 1};
    index.kind = "IndexStmt";
    index.sql = "CREATE INDEX orders_user_idx ON orders (user_id)";
    index.facts.locks.add(lock("orders", catalog::LockMode::share), analysis::Reason::builds_index);
    index.facts.scans.add({"public", "orders"}, analysis::Reason::reads_for_index);
    analysis::Run build;
    build.sql = "CREATE INDEX CONCURRENTLY orders_user_idx ON orders (user_id)";
    build.phase = analysis::Phase::before;
    build.method = analysis::Method::build;
    build.locks = {lock("orders", catalog::LockMode::share_update_exclusive)};
    build.scans = {{"public", "orders"}};
    index.runs = {build};
    index.rewritten = true;
    index.why = "a plain build blocks every write to orders until it is done";
    index.estimate.parts = {{analysis::Work::build_index, std::int64_t{3} << 30}};
    index.condition.facts = {catalog::IndexIs{{"public", "orders_user_idx"}, {"public", "orders"}, ""}};
    index.inverse = {{"DROP INDEX CONCURRENTLY public.orders_user_idx"}};

    plan::StatementPlan drop;
    drop.n = 2;
    drop.place = {"db/001.sql", 2, 1};
    drop.kind = "AlterTableStmt";
    drop.sql = "ALTER TABLE orders DROP COLUMN note";
    drop.facts.locks.add(lock("orders", catalog::LockMode::access_exclusive), analysis::Reason::drops_column);
    analysis::Run as_written;
    as_written.sql = drop.sql;
    as_written.locks = drop.facts.locks;
    drop.runs = {as_written};
    drop.notes = {"running SELECT * prepared statements on public.orders break: \"cached plan must not change result type\""};

    plan.statements = {index, drop};
    plan.steps = {step(1, "create index orders_user_idx", plan::StepKind::concurrent, build.sql, 1),
                  step(2, "drop column orders.note", plan::StepKind::transaction, drop.sql, 2)};
    analysis::Inverse none;
    none.possible = false;
    none.why = "the column's values are gone";
    plan.steps[1].inverses = {none};
    return plan;
}

inline engine::RunRecord record() {
    engine::RunRecord run;
    run.id = 7;
    run.kind = "deploy";
    run.name = "db/001.sql";
    run.digest = std::string(64, 'a');
    run.plan_digest = std::string(64, 'b');
    run.state = "stopped";
    run.control = "run";
    run.started_at = "2026-11-20T02:14:07+00:00";
    run.finished_at = "2026-11-20T02:16:31+00:00";
    run.operator_name = "alice@laptop";
    run.role = "app";
    run.client = "0.1.0";
    run.url_source = "$DATABASE_URL";
    run.error = "lock not available";
    run.plan = plan();
    engine::StepRecord built;
    built.n = 1;
    built.result = "done";
    built.started_at = "2026-11-20T02:14:08+00:00";
    built.finished_at = "2026-11-20T02:14:10+00:00";
    built.times.tries = 1;
    built.times.ran = base::Millis(2400);
    engine::StepRecord failed;
    failed.n = 2;
    failed.result = "failed";
    failed.started_at = "2026-11-20T02:14:10+00:00";
    failed.finished_at = "2026-11-20T02:16:31+00:00";
    failed.times.tries = 12;
    failed.times.waited = base::Millis(140'000);
    failed.times.queued = base::Millis(98);
    failed.times.ran = base::Millis(0);
    failed.times.blocked_sessions = 2;
    run.steps = {built, failed};
    run.guard_samples = 480;
    run.guard_maxima = {{"blocked_sessions", 3}, {"replication_lag_ms", 120}};
    return run;
}

}  // namespace pgbelay::report::fixtures
