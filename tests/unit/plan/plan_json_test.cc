// The journal keeps plans as JSON: what is read back is what was written.
#include "plan/plan_json.h"

#include "planning.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace pgbelay::plan {
namespace {

nlohmann::json json_of(const Plan& plan) {
    nlohmann::json json = plan;
    return json;
}

Plan through_text(const Plan& plan) {
    return nlohmann::json::parse(json_of(plan).dump()).get<Plan>();
}

// A plan with every kind of step in it.
Book everything() {
    Book book("CREATE TABLE t (id bigint PRIMARY KEY, a integer, b integer); CREATE TABLE u (t_id bigint); CREATE INDEX u_t ON u (t_id);");
    book.check("look", "SELECT count(*) FROM t");
    book.file("1.sql",
              "\\echo begin\nSET search_path = public; SET ROLE app;\nCREATE INDEX t_a ON t (a);\n-- pgbelay: when SELECT true\n"
              "ALTER TABLE u ADD FOREIGN KEY (t_id) REFERENCES t;\nBEGIN; SET LOCAL jit = off; ALTER TABLE t ADD COLUMN c text; UPDATE t "
              "SET a = 1; "
              "COMMIT;\nVACUUM t;\nREINDEX INDEX u_t;\nDROP INDEX u_t;\nDO $$ BEGIN COMMIT; END $$;\nCOPY t (id) FROM "
              "stdin;\n1\n\\.\n\\echo end\n",
              runbook::TransactionRule::each_statement, runbook::Layout::plain, "DROP INDEX t_a;", runbook::TransactionRule::whole_file);
    book.file("2.sql", "CREATE INDEX IF NOT EXISTS t_b ON t (b);", runbook::TransactionRule::whole_file, runbook::Layout::flyway);
    book.runbook.files[1].version = "2.1";
    book.runbook.files[1].description = "the second";
    book.runbook.files[1].raw_checksum_source = "CREATE INDEX IF NOT EXISTS t_b ON t (b);";
    book.item("tried", runbook::TryItem{.statements = {sql::read_statement("DELETE FROM t RETURNING a")},
                                        .expects = {.expect = runbook::Expect::table,
                                                    .table = {.columns = {"a"}, .rows = {{"1"}, {""}}, .ordered = true, .trimmed = true}},
                                        .timeout = base::Millis(12)});
    book.item("failing", runbook::TryItem{.statements = {sql::read_statement("DELETE FROM t")},
                                          .expects = {.expect = runbook::Expect::error, .sqlstate = "23503"}});
    book.item("compared", runbook::CheckItem{.statement = sql::read_statement("SELECT 1"),
                                             .expects = {.expect = runbook::Expect::compare,
                                                         .comparison = {.op = ">=", .record = "before", .column = "n"}},
                                             .record = "after"});
    book.item("asked", runbook::ConfirmItem{.lines = {"one", "two"}});
    runbook::SqlItem late{.statements = {sql::read_statement("DROP TABLE t")}, .timeout = base::Millis(13)};
    late.not_before = {.delay = base::Millis(14), .after = "asked"};
    book.item("late", late);
    late.statements = {sql::read_statement("CREATE TABLE later ()")};
    late.not_before = {.at = "2030-01-01 00:00:00+00:00"};
    book.item("dated", late);
    book.item("measured", runbook::MeasureItem{.statement = sql::read_statement("SELECT 1 AS n"),
                                               .gauge = {.sql = "SELECT 1 AS n",
                                                         .place = {"book.md", 10, 1},
                                                         .fail = "SELECT true",
                                                         .fail_is_query = true,
                                                         .timeout = base::Millis(15)}});
    book.item("explained", runbook::MeasureItem{.statement = sql::read_statement("SELECT 1"),
                                                .gauge = {.kind = runbook::MeasureKind::explain,
                                                          .sql = "SELECT $1",
                                                          .max_ms = 2.5,
                                                          .uses = "t_a",
                                                          .without = {{"Seq Scan", "t"}, {"Sort", ""}},
                                                          .with = {"7"},
                                                          .runs = 3,
                                                          .writes = true}});
    book.item("probed", runbook::MeasureItem{.statement = sql::read_statement("SELECT 1"),
                                             .gauge = {.kind = runbook::MeasureKind::probe,
                                                       .sql = "SELECT 1",
                                                       .fail = "value > 1",
                                                       .max_ms = 7,
                                                       .every = base::Millis(200),
                                                       .max_ratio = 3,
                                                       .on_breach = runbook::OnBreach::rollback,
                                                       .required = true}});
    book.runbook.on_breach = runbook::OnBreach::abort;
    book.runbook.blockers = {.action = runbook::Blockers::Action::terminate, .older_than = base::Millis(90'001), .migrators = true};
    book.runbook.limits.guard = {{.name = "active_sessions", .most = 8},
                                 {.name = "rollbacks_per_second", .most = 0.5, .of_baseline = true},
                                 {.name = "lock_waiters", .most = 7, .action = runbook::OnBreach::rollback, .samples = 4}};
    book.runbook.limits.hold = base::Millis(11);
    return book;
}

TEST(PlanJson, SecondTripSaysTheSame) {
    const Plan plan = everything().plan();
    const Plan again = through_text(plan);
    EXPECT_EQ(json_of(again), json_of(plan));
}

TEST(PlanJson, KeepsEveryFieldOfEveryStep) {
    const Plan plan = everything().plan();
    const Plan again = through_text(plan);
    ASSERT_EQ(again.steps.size(), plan.steps.size());
    std::set<StepKind> kinds;
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
        const Step& a = plan.steps[i];
        const Step& b = again.steps[i];
        kinds.insert(a.kind);
        SCOPED_TRACE(a.name);
        EXPECT_EQ(a.n, b.n);
        EXPECT_EQ(a.name, b.name);
        EXPECT_EQ(a.place, b.place);
        EXPECT_EQ(a.kind, b.kind);
        ASSERT_EQ(a.sends.size(), b.sends.size());
        for (std::size_t s = 0; s < a.sends.size(); ++s) {
            EXPECT_EQ(a.sends[s].sql, b.sends[s].sql);
            EXPECT_EQ(a.sends[s].place, b.sends[s].place);
            EXPECT_EQ(a.sends[s].statement, b.sends[s].statement);
            EXPECT_EQ(a.sends[s].copy_data, b.sends[s].copy_data);
            EXPECT_EQ(a.sends[s].takes_strong_lock, b.sends[s].takes_strong_lock);
        }
        EXPECT_EQ(a.context, b.context);
        EXPECT_EQ(a.locks, b.locks);
        EXPECT_EQ(a.long_running, b.long_running);
        EXPECT_EQ(a.condition, b.condition);
        EXPECT_EQ(a.inverses, b.inverses);
        EXPECT_EQ(a.after, b.after);
        EXPECT_EQ(a.skip, b.skip);
        EXPECT_EQ(a.why, b.why);
        EXPECT_EQ(a.when, b.when);
        EXPECT_EQ(a.when_from, b.when_from);
        EXPECT_EQ(a.echoes, b.echoes);
        EXPECT_EQ(a.file, b.file);
        EXPECT_EQ(a.last_of_file, b.last_of_file);
        EXPECT_EQ(a.index, b.index);
        EXPECT_EQ(a.table, b.table);
        EXPECT_EQ(a.rebuilds, b.rebuilds);
        EXPECT_EQ(a.expects, b.expects);
        EXPECT_EQ(a.record, b.record);
        EXPECT_EQ(a.lines, b.lines);
        EXPECT_EQ(a.timeout, b.timeout);
        EXPECT_EQ(a.not_before, b.not_before);
        EXPECT_EQ(a.not_before_after, b.not_before_after);
        EXPECT_EQ(a.not_before_delay, b.not_before_delay);
    }
    EXPECT_EQ(kinds.size(), 7U) << "the plan of this test has lost a kind of step";
}

TEST(PlanJson, KeepsFilesLimitsAndDigests) {
    const Plan plan = everything().plan();
    const Plan again = through_text(plan);
    EXPECT_EQ(again.digest, plan.digest);
    EXPECT_EQ(again.plan_digest, plan.plan_digest);
    EXPECT_EQ(again.on_breach, runbook::OnBreach::abort);
    EXPECT_EQ(again.blockers, plan.blockers);
    EXPECT_EQ(again.blockers.older_than, base::Millis(90'001));
    EXPECT_EQ(again.limits.guard, plan.limits.guard);
    EXPECT_EQ(again.limits.hold, base::Millis(11));
    ASSERT_EQ(again.files.size(), 2U);
    EXPECT_EQ(again.files[0].rollback, plan.files[0].rollback);
    EXPECT_TRUE(again.files[0].rollback_in_one_transaction);
    EXPECT_EQ(again.files[0].rollback_from, "1.sql.down");
    EXPECT_EQ(again.files[1].layout, runbook::Layout::flyway);
    EXPECT_EQ(again.files[1].version, "2.1");
    EXPECT_EQ(again.files[1].description, "the second");
    EXPECT_NE(again.files[1].checksum, "");
    EXPECT_EQ(again.files[1].checksum, plan.files[1].checksum);
    EXPECT_EQ(again.trailing_echoes, plan.trailing_echoes);
}

TEST(PlanJson, KeepsWhatIsMeasuredAndItsSettings) {
    const Plan plan = everything().plan();
    const Plan again = through_text(plan);
    ASSERT_EQ(again.measurements.size(), plan.measurements.size());
    for (std::size_t i = 0; i < plan.measurements.size(); ++i) {
        EXPECT_EQ(again.measurements[i].name, plan.measurements[i].name);
        EXPECT_EQ(again.measurements[i].place, plan.measurements[i].place);
        EXPECT_EQ(again.measurements[i].context, plan.measurements[i].context);
        EXPECT_EQ(again.measurements[i].gauge, plan.measurements[i].gauge);
    }
    Book without = everything();
    without.runbook.items.pop_back();
    EXPECT_NE(without.plan().plan_digest, plan.plan_digest);
}

TEST(PlanJson, ReadsTheLimitsOfOlderJournals) {
    nlohmann::json old = everything().plan();
    old["limits"].erase("guard");
    old["limits"]["blocked_sessions"] = 7;
    old["limits"]["replication_lag_ms"] = 9;
    old["limits"]["deadlocks_per_second"] = 1.5;
    EXPECT_EQ(old.get<Plan>().limits.guard, (std::vector<runbook::GuardLimit>{{.name = "blocked_sessions", .most = 7},
                                                                              {.name = "replication_lag", .most = 9},
                                                                              {.name = "deadlocks_per_second", .most = 1.5}}));
    // A measure of a later version: nothing is watched that this one cannot measure.
    old["limits"]["guard"] = {{{"name", "moon_phase"}, {"most", 1}}};
    EXPECT_EQ(old.get<Plan>().limits.guard.size(), 3U);
}

TEST(PlanJson, RollbackFromTheJournalIsTheSame) {
    const Plan plan = everything().plan();
    const Plan again = through_text(plan);
    std::set<int> done;
    for (const Step& step : plan.steps) {
        done.insert(step.n);
    }
    EXPECT_EQ(rollback_runbook(plan, done, false).runbook.digest, rollback_runbook(again, done, false).runbook.digest);
}

TEST(PlanJson, NewerFormatsAndUnknownKindsAreRefused) {
    nlohmann::json json = json_of(plan_of("SELECT 1;"));
    json["format"] = 2;
    EXPECT_THROW(json.get<Plan>(), base::Error);
    json["format"] = 1;
    json["steps"][0]["kind"] = "teleport";
    EXPECT_THROW(json.get<Plan>(), base::Error);
}

}  // namespace
}  // namespace pgbelay::plan
