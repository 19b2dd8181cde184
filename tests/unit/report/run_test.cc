#include "report/deploy_json.h"
#include "report/findings.h"
#include "report/run_json.h"
#include "report/run_text.h"
#include "report/summary.h"

#include "unit/report/fixtures.h"

#include <gtest/gtest.h>

namespace pgbelay::report {
namespace {

engine::RunReport deployed() {
    engine::RunReport report;
    report.run = 7;
    report.result = engine::RunResult::deployed;
    report.digest = std::string(64, 'a');
    report.verified = true;
    report.changed = true;
    engine::StepReport step;
    step.n = 1;
    step.name = "add column orders.note";
    step.place = {"db/001.sql", 3, 1};
    step.sql = "ALTER TABLE orders ADD COLUMN note text";
    step.result = engine::StepResult::done;
    step.times.tries = 2;
    step.times.waited = base::Millis(3000);
    step.times.queued = base::Millis(48);
    step.times.ran = base::Millis(15);
    step.times.lock_held = base::Millis(12);
    report.steps = {step};
    return report;
}

TEST(Summary, SaysWhatTheApplicationCouldHaveFeltAndHowToUndoIt) {
    EXPECT_EQ(summary_text(deployed(), {base::Millis(3100), "pgbelay rollback 7", "pgbelay resume 7"}, Style{}),
              R"(Deployed, run 7, in 3.1 s.
  steps         1 done
  felt at most  60 ms: 48 ms in a lock queue, 12 ms holding a lock; nobody seen
                waiting on us
  waited        3.0 s in all for others
  verification  every condition holds
  to undo       pgbelay rollback 7
)");
}

TEST(Summary, SaysHowToGoOnAfterAStop) {
    engine::RunReport report = deployed();
    report.result = engine::RunResult::stopped;
    report.verified = false;
    report.steps[0].result = engine::StepResult::failed;
    report.steps[0].times = {};
    EXPECT_EQ(summary_text(report, {base::Millis(900), "pgbelay rollback 7", "pgbelay resume 7"}, Style{}),
              R"(Stopped part-way, run 7, in 900 ms.
  steps         1 failed
  felt at most  nothing: no strong lock was held for a millisecond
  to go on      pgbelay resume 7
  to undo       pgbelay rollback 7
)");
}

TEST(Summary, SaysUntilWhenARunWaitsAndHowItGoesOn) {
    engine::RunReport report = deployed();
    report.result = engine::RunResult::waiting;
    report.verified = false;
    report.steps[0].times = {};
    report.waiting_for = "drop column orders.note";
    report.waiting_until = "2026-11-28 02:00:00+00";
    EXPECT_EQ(summary_text(report, {base::Millis(900), "pgbelay rollback 7", "pgbelay resume 7"}, Style{}),
              R"(Waiting for its time, run 7, in 900 ms.
  steps         1 done
  felt at most  nothing: no strong lock was held for a millisecond
  waits until   2026-11-28 02:00:00+00, for drop column orders.note
  to go on      pgbelay resume 7
  to undo       pgbelay rollback 7
)");
}

TEST(Summary, DoesNotCallItDeployedWhenTheVerificationFailed) {
    engine::RunReport report = deployed();
    report.verified = false;
    report.verification_failures = {"index public.orders_user_idx is INVALID"};
    const std::string text = summary_text(report, {base::Millis(3100), "pgbelay rollback 7", ""}, Style{});
    EXPECT_TRUE(text.starts_with("Deployed, but not as it should be, run 7, in 3.1 s.\n")) << text;
    EXPECT_NE(text.find("  verification  index public.orders_user_idx is INVALID\n"), std::string::npos) << text;
}

TEST(Summary, IsShortWhenThereWasNothingToDo) {
    engine::RunReport report;
    report.result = engine::RunResult::nothing_to_do;
    EXPECT_EQ(summary_text(report, {}, Style{}), "Nothing to do: deployed before, or there already.\n");
}

TEST(DeployJson, SpellsTheDocumentedKeys) {
    const Json json = deploy_json(deployed());
    EXPECT_EQ(json["run"], 7);
    EXPECT_EQ(json["result"], "deployed");
    EXPECT_EQ(json["verified"], true);
    EXPECT_TRUE(json["error"].is_null());
    const Json& step = json["steps"][0];
    EXPECT_EQ(step["n"], 1);
    EXPECT_EQ(step["name"], "add column orders.note");
    EXPECT_EQ(step["file"], "db/001.sql");
    EXPECT_EQ(step["line"], 3);
    EXPECT_EQ(step["sql"], "ALTER TABLE orders ADD COLUMN note text");
    EXPECT_EQ(step["result"], "done");
    EXPECT_EQ(step["tries"], 2);
    EXPECT_EQ(step["waited_ms"], 3000);
    EXPECT_EQ(step["ran_ms"], 15);
    EXPECT_EQ(step["lock_held_ms"], 12);
}

TEST(DeployJson, CarriesTheErrorOfARefusalAndNoRun) {
    engine::RunReport report;
    report.result = engine::RunResult::refused;
    report.error = base::Error(base::ErrorCode::refused, "the server is a hot standby").hint("deploy to the primary");
    const Json json = deploy_json(report);
    EXPECT_TRUE(json["run"].is_null());
    EXPECT_EQ(json["error"]["code"], "refused");
    EXPECT_EQ(json["error"]["hint"], "deploy to the primary");
    EXPECT_TRUE(json["error"]["file"].is_null());
}

TEST(RunText, IsTheEvidenceOfARun) {
    EXPECT_EQ(run_text(fixtures::record(), Style{}),
              R"(Run 7: deploy, db/001.sql
  state         stopped
  error         lock not available
  started       2026-11-20T02:14:07+00:00
  finished      2026-11-20T02:16:31+00:00
  by            alice@laptop
  as role       app
  with          0.1.0
  target from   $DATABASE_URL
  digest        aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
  plan digest   bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb

Steps:
   1  create index orders_user_idx                                          done
      at       db/001.sql:1:1
      sent     CREATE INDEX CONCURRENTLY orders_user_idx ON orders (user_id)
      when     2026-11-20T02:14:08+00:00 to 2026-11-20T02:14:10+00:00
      took     2.4 s
   2  drop column orders.note                                             failed
      at       db/001.sql:2:1
      sent     ALTER TABLE orders DROP COLUMN note
      when     2026-11-20T02:14:10+00:00 to 2026-11-20T02:16:31+00:00
      took     12 tries, waited 2 min 20 s, queued 98 ms, 2 sessions waited on
               us, ran 0 ms

Guard, the most seen in 480 samples:
  blocked_sessions    3
  replication_lag_ms  120
)");
}

TEST(StatusText, SaysWhereTheRunStandsAndWhatCanBeDone) {
    EXPECT_EQ(status_text("app@db1:5432/orders", fixtures::record(), Style{}),
              R"(Run 7: deploy, db/001.sql
  target        app@db1:5432/orders
  state         stopped
  steps         1 of 2 finished
  at step       2, drop column orders.note: failed
  error         lock not available
  started       2026-11-20T02:14:07+00:00
  finished      2026-11-20T02:16:31+00:00
  by            alice@laptop
  next          pgbelay resume 7, or pgbelay rollback 7
)");
}

TEST(StatusText, TellsADeadProcessFromALivingOne) {
    engine::RunRecord run = fixtures::record();
    run.state = "running";
    EXPECT_NE(status_text("t", run, Style{}).find("running, its process is gone"), std::string::npos);
    run.process_alive = true;
    run.holder = "pid 4711 (app@laptop)";
    EXPECT_NE(status_text("t", run, Style{}).find("running, held by pid 4711 (app@laptop)"), std::string::npos);
    EXPECT_EQ(status_text("app@db1/o", std::nullopt, Style{}), "app@db1/o: nothing was deployed with pgbelay yet.\n");
}

TEST(StatusText, SaysWhatARunWaitsForByItsLatestWord) {
    engine::RunRecord run = fixtures::record();
    run.state = "waiting";
    run.evidence = {{.n = 2, .kind = "waiting", .name = "first", .content = R"({"until":"2026-11-01 00:00:00+00"})"},
                    {.n = 3, .kind = "record", .name = "before", .content = R"([["n","3"]])"},
                    {.n = 4, .kind = "waiting", .name = "drop column", .content = R"({"until":"2026-11-28 02:00:00+00"})"}};
    EXPECT_NE(status_text("t", run, Style{}).find("waiting until 2026-11-28 02:00:00+00, for drop column"), std::string::npos)
        << status_text("t", run, Style{});
    EXPECT_EQ(run_json(run)["evidence"][1]["content"][0][1], "3");
    run.evidence[1].content = R"([["url","host=x password=secret"]])";
    EXPECT_EQ(run_json(run)["evidence"][1]["content"][0][1], "host=x password=********");
}

TEST(HistoryText, FitsIntoEightyColumns) {
    EXPECT_EQ(history_text("t", {fixtures::record()}, Style{}),
              "  RUN  KIND      STATE        STARTED              BY                NAME\n"
              "    7  deploy    stopped      2026-11-20 02:14:07  alice@laptop      db/001.sql\n");
}

TEST(RunJson, CarriesStepsGuardAndDebts) {
    engine::RunRecord run = fixtures::record();
    run.debts = {"drop index public.x"};
    const Json json = run_json(run);
    EXPECT_EQ(json["run"], 7);
    EXPECT_EQ(json["operator"], "alice@laptop");
    EXPECT_EQ(json["steps"][1]["result"], "failed");
    EXPECT_EQ(json["steps"][1]["sql"][0], "ALTER TABLE orders DROP COLUMN note");
    EXPECT_EQ(json["guard"]["maxima"]["blocked_sessions"], 3);
    EXPECT_EQ(json["debts"][0], "drop index public.x");
    EXPECT_TRUE(status_json("t", std::nullopt)["run"].is_null());
}

TEST(RunRecord, ShowsHowTheDatabaseWasAfterASection) {
    engine::RunRecord run = fixtures::record();
    EXPECT_TRUE(run_json(run)["health"]["before"].is_null());
    run.evidence = {{.n = 0, .kind = "baseline", .name = "", .content = R"({"active_sessions":9.0})", .at = "then"},
                    {.n = 2,
                     .kind = "health",
                     .name = "Apply",
                     .content = R"([{"name":"active_sessions","now":12.0,"before":9.0,"far":false}])",
                     .at = "later"}};
    const Json json = run_json(run);
    EXPECT_TRUE(json["evidence"].empty());
    EXPECT_EQ(json["health"]["before"]["active_sessions"], 9);
    EXPECT_EQ(json["health"]["sections"][0]["section"], "Apply");
    EXPECT_EQ(json["health"]["sections"][0]["n"], 2);
    EXPECT_EQ(json["health"]["sections"][0]["at"], "later");
    EXPECT_NE(run_text(run, Style{}).find("  health after \"Apply\": active 12 (before 9)\n"), std::string::npos) << run_text(run, Style{});
}

TEST(Findings, AreListedWithTheirWayOut) {
    using Level = engine::Finding::Level;
    const std::vector<engine::Finding> findings{
        {Level::ok, "version", "PostgreSQL 15.18", "", {}},
        {Level::warning, "activity", "the activity of other sessions is hidden", "GRANT pg_read_all_stats TO app", {}},
        {Level::refusal, "pooler", "there is a pooler in transaction mode between us and the server", "connect to the server itself", {}}};
    EXPECT_EQ(findings_text("app@db1:5432/orders", findings, Style{}),
              R"(app@db1:5432/orders
  ok       version   PostgreSQL 15.18
  warning  activity  the activity of other sessions is hidden
                     hint: GRANT pg_read_all_stats TO app
  refused  pooler    there is a pooler in transaction mode between us and the
                     server
                     hint: connect to the server itself

Refused: 1 finding in the way.
)");
    const Json json = findings_json("t", findings);
    EXPECT_EQ(json["refused"], true);
    EXPECT_EQ(json["findings"][2]["level"], "refused");
    EXPECT_EQ(json["findings"][2]["gate"], "pooler");
}

}  // namespace
}  // namespace pgbelay::report
