#include "report/plan_json.h"
#include "report/plan_text.h"
#include "report/text.h"
#include "report/why.h"

#include "unit/report/fixtures.h"

#include <gtest/gtest.h>

namespace pgbelay::report {
namespace {

Surroundings on_server() {
    return {"app@db1:5432/orders", "15.18", {}, {{2, "pid 4711 (app@10.0.0.5, \"reports\"): idle in transaction for 3 min 2 s"}}};
}

TEST(PlanText, ShowsBothFormsTheirLocksWhoIsInTheWayAndWhatUndoesThem) {
    EXPECT_EQ(plan_text(fixtures::plan(), on_server(), Style{}),
              R"(Plan of db/001.sql for app@db1:5432/orders, PostgreSQL 15.18: 2 statements, 2
steps to run

db/001.sql:1:1
  written   CREATE INDEX orders_user_idx ON orders (user_id)
            SHARE on public.orders: blocks writes; reads all of public.orders
  because   public.orders: what is written while the index is built would be
            missing from it [manual, 13.3.1 Table-Level Locks]
            public.orders: every row goes into the new index [index.c,
            index_build]
  holds     for about 3 min as written (estimate: 3.0 GB put into an index at 20
            MB/s)
  runs      CREATE INDEX CONCURRENTLY orders_user_idx ON orders (user_id)
            concurrently; SHARE UPDATE EXCLUSIVE on public.orders; reads all of
            public.orders
  why       a plain build blocks every write to orders until it is done
  after     index public.orders_user_idx on public.orders is valid
  undo      DROP INDEX CONCURRENTLY public.orders_user_idx

db/001.sql:2:1
  written   ALTER TABLE orders DROP COLUMN note
            ACCESS EXCLUSIVE on public.orders: blocks reads and writes
  because   public.orders: the column goes away for every SELECT [tablecmds.c,
            AlterTableGetLockLevel]
  holds     for a moment (estimate)
  runs      as written
  note      running SELECT * prepared statements on public.orders break: "cached
            plan must not change result type"
  in way    pid 4711 (app@10.0.0.5, "reports"): idle in transaction for 3 min 2
            s
  undo      POINT OF NO RETURN: nothing undoes it

Steps, in this order:
   1  create index orders_user_idx                            concurrently
   2  drop column orders.note                                 one transaction

digest       aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
plan digest  bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
)");
}

TEST(PlanText, BeginsWithTheFencesThatDoNotRun) {
    plan::Plan plan = fixtures::plan();
    plan.fences = 4;
    plan.documentation = {"deploy.md:14", "deploy.md:20"};
    EXPECT_TRUE(plan_text(plan, on_server(), Style{}).starts_with("2 of 4 fences run; documentation: deploy.md:14, deploy.md:20\n\n"));
}

TEST(PlanText, EndsWithRefusalsAndTheirWayOut) {
    plan::Plan plan = fixtures::plan();
    plan.refusals = {{{"db/001.sql", 9, 1}, "orders is partitioned", "build on each partition"}};
    EXPECT_NE(plan_text(plan, {}, Style{})
                  .find("Refused, nothing runs:\n  db/001.sql:9:1: orders is partitioned\n    hint: build on each partition\n"),
              std::string::npos);
}

plan::StatementPlan rewriting() {
    plan::StatementPlan statement;
    statement.facts.locks.add(fixtures::lock("orders", catalog::LockMode::access_exclusive), analysis::Reason::adds_column);
    for (const char* child : {"orders_1", "orders_2", "orders_3", "orders_4"}) {
        statement.facts.locks.add(fixtures::lock(child, catalog::LockMode::access_exclusive), analysis::Reason::stands_below);
    }
    statement.facts.locks.add(fixtures::lock("users", catalog::LockMode::access_share), analysis::Reason::reads);
    return statement;
}

TEST(WhyText, NamesAFewRelationsOfAReasonAndAllOfThemWhenItIsVerbose) {
    const std::string brief = why_text(rewriting(), Style{});
    EXPECT_NE(brief.find("public.orders_1, public.orders_2 and 2 more: partitions and children"), std::string::npos) << brief;
    EXPECT_EQ(brief.find("a query reads it"), std::string::npos);
    const std::string all = why_text(rewriting(), Style{.verbose = true});
    EXPECT_NE(all.find("public.orders_4"), std::string::npos);
    EXPECT_NE(all.find("public.users: a query reads it"), std::string::npos);
}

TEST(WhyText, LeavesOutWhatOnlyReadsOrChangesRows) {
    plan::StatementPlan update;
    update.facts.locks.add(fixtures::lock("orders", catalog::LockMode::row_exclusive), analysis::Reason::writes);
    update.estimate.by_rows = true;
    EXPECT_EQ(why_text(update, Style{}), "");
    EXPECT_NE(why_text(update, Style{.verbose = true}).find("it depends on the rows"), std::string::npos);
}

TEST(WhyText, SaysOfWhatAnEstimateDependsThatCannotBeMade) {
    plan::StatementPlan statement = rewriting();
    statement.estimate.unknown = {{"public", "orders"}};
    EXPECT_NE(why_text(statement, Style{}).find("not known: it grows with the size of\n            public.orders"), std::string::npos)
        << why_text(statement, Style{});
}

TEST(WhyText, SaysTimesAsRoughlyAsTheyAreKnown) {
    plan::StatementPlan statement = rewriting();
    const auto words = [&](double seconds) {
        statement.estimate.parts = {{analysis::Work::rewrite, static_cast<std::int64_t>(seconds * 30e6)}};
        const std::string text = why_text(statement, Style{.columns = 200});
        const auto at = text.find("for ");
        return text.substr(at, text.find(" (", at) - at);
    };
    EXPECT_EQ(words(0.9), "for a moment");
    EXPECT_EQ(words(1.2), "for about 2 s");
    EXPECT_EQ(words(61), "for about 70 s");
    EXPECT_EQ(words(125), "for about 3 min");
    EXPECT_EQ(words(3 * 3600), "for about 3 h");
}

TEST(PlanJson, SaysNullForAnEstimateThatCannotBeMade) {
    plan::Plan plan = fixtures::plan();
    plan.statements[0].estimate.unknown = {{"public", "orders"}};
    EXPECT_EQ(plan_json(plan, {})["statements"][0]["estimate"].dump(), R"({"seconds":null,"bytes":null,"known":false})");
}

TEST(PlanText, NeverIsWiderThanTheTerminal) {
    const std::string text = plan_text(fixtures::plan(), on_server(), Style{});
    std::size_t begin = 0;
    while (begin < text.size()) {
        const std::size_t end = text.find('\n', begin);
        EXPECT_LE(width(text.substr(begin, end - begin)), 80) << text.substr(begin, end - begin);
        begin = end + 1;
    }
}

TEST(PlanText, NamesTheStepsThatCannotBeUndone) {
    EXPECT_EQ(points_of_no_return(fixtures::plan()), std::vector<std::string>{"step 2 (drop column orders.note)"});
    EXPECT_EQ(steps_to_run(fixtures::plan()), 2);
}

TEST(PlanJson, SpellsTheDocumentedKeysOfAStatement) {
    const Json json = plan_json(fixtures::plan(), on_server());
    EXPECT_EQ(json["digest"], std::string(64, 'a'));
    EXPECT_EQ(json["plan_digest"], std::string(64, 'b'));
    EXPECT_EQ(json["server"], "15.18");
    const Json& index = json["statements"][0];
    EXPECT_EQ(index["n"], 1);
    EXPECT_EQ(index["file"], "db/001.sql");
    EXPECT_EQ(index["kind"], "IndexStmt");
    EXPECT_EQ(index["transactional"], true);
    EXPECT_EQ(index["locks"][0]["relation"], "public.orders");
    EXPECT_EQ(index["locks"][0]["mode"], "ShareLock");
    EXPECT_EQ(index["locks"][0]["why"], "what is written while the index is built would be missing from it");
    EXPECT_EQ(index["locks"][0]["source"], "manual, 13.3.1 Table-Level Locks");
    EXPECT_EQ(index["reasons"][0]["effect"], "scan");
    EXPECT_EQ(index["reasons"][0]["source"], "src/backend/catalog/index.c, index_build");
    EXPECT_EQ(index["estimate"].dump(), R"({"seconds":161.1,"bytes":3221225472,"known":true})");
    EXPECT_EQ(index["scans"].dump(), R"(["public.orders"])");
    EXPECT_EQ(index["rewrites"].dump(), "[]");
    EXPECT_EQ(index["runs"][0]["sql"], "CREATE INDEX CONCURRENTLY orders_user_idx ON orders (user_id)");
    EXPECT_EQ(index["runs"][0]["lock_mode"], "ShareUpdateExclusiveLock");
    EXPECT_EQ(index["runs"][0]["concurrently"], true);
    EXPECT_EQ(index["condition"], "index public.orders_user_idx on public.orders is valid");
    EXPECT_EQ(index["inverse"].dump(), R"(["DROP INDEX CONCURRENTLY public.orders_user_idx"])");
    EXPECT_EQ(index["steps"].dump(), "[1]");
}

TEST(PlanJson, SaysNullWhereThereIsNoInverseNoServerAndNoLock) {
    plan::Plan plan = fixtures::plan();
    plan.statements[0].runs[0].locks.clear();
    const Json json = plan_json(plan, {});
    EXPECT_TRUE(json["server"].is_null());
    EXPECT_TRUE(json["statements"][0]["runs"][0]["lock_mode"].is_null());
    EXPECT_TRUE(json["statements"][1]["inverse"].is_null());
    EXPECT_TRUE(json["statements"][1]["condition"].is_null());
}

TEST(PlanJson, KeepsTheStrongestLockOfARelation) {
    const auto locks = strongest({fixtures::lock("a", catalog::LockMode::share), fixtures::lock("b", catalog::LockMode::share),
                                  fixtures::lock("a", catalog::LockMode::access_exclusive)});
    ASSERT_EQ(locks.size(), 2U);
    EXPECT_EQ(locks[0].mode, catalog::LockMode::access_exclusive);
}

TEST(PlanJson, SurvivesBytesThatAreNotUtf8) {
    plan::Plan plan = fixtures::plan();
    plan.statements[0].sql = "SELECT '\xff'";
    EXPECT_NE(dump(plan_json(plan, {})).find("SELECT '\uFFFD'"), std::string::npos);
}

}  // namespace
}  // namespace pgbelay::report
