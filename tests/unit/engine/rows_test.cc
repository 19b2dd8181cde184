// What is said about tables with whose rows a plan had no business.
#include "engine/rows.h"

#include <gmock/gmock.h>

namespace pgbelay::engine {
namespace {

using ::testing::HasSubstr;

constexpr catalog::Oid kOrders{1};
constexpr catalog::Oid kItems{2};
const sql::QualifiedName kItemsName{"public", "items"};

// Step 2 changes rows of orders; items is only touched.
plan::Plan plan() {
    plan::Plan plan;
    plan.steps = {{.n = 1, .place = {"1.sql", 1, 1}}, {.n = 2, .place = {"1.sql", 7, 1}, .may_change_rows = true}};
    plan.tables = {{.name = {"public", "orders"}, .oid = kOrders, .use = plan::RowUse::changed},
                   {.name = kItemsName, .oid = kItems, .small = true}};
    return plan;
}

RowCount counted(std::int64_t before, std::int64_t after) {
    return {.relation = kItems, .name = kItemsName, .before = before, .after = after};
}

TableRows items(const std::vector<RowCount>& counts, const std::vector<RowDeletion>& deletions, const plan::Plan& of = plan()) {
    const auto report = judge_rows(of, counts, deletions);
    EXPECT_EQ(report.tables.size(), 1U);
    return report.tables.at(0);
}

TEST(Rows, SameCountBeforeAndAfterIsAllThatIsSaid) {
    EXPECT_EQ(items({counted(200, 200)}, {}).words, "200 before and after (counted)");
}

TEST(Rows, FewerWithoutADeletionOfOursIsTheApplicationsDoing) {
    const auto table = items({counted(200, 190)}, {});
    EXPECT_FALSE(table.lost);
    EXPECT_EQ(table.words, "200 before, 190 after (counted); by this run: none deleted (statistics of this run's sessions)");
}

TEST(Rows, ADeletionOfOursInATableOfNoBusinessIsALoss) {
    const auto table = items({}, {{.n = 2, .relation = kItems, .name = kItemsName, .deleted = 3}});
    EXPECT_TRUE(table.lost);
    EXPECT_EQ(describe_loss(table, plan(), {"trigger t on orders"}),
              "public.items lost 3 rows in step 2 (1.sql:7:1), and this plan has no business with its rows; probably trigger t on orders");
}

TEST(Rows, WhatIsPutBackByTheSameRunOrBySomebodyElseIsNotLost) {
    EXPECT_FALSE(items({}, {{.n = 2, .relation = kItems, .name = kItemsName, .deleted = 3, .inserted = 3}}).lost);
    EXPECT_FALSE(items({counted(200, 200)}, {{.n = 2, .relation = kItems, .name = kItemsName, .deleted = 3}}).lost);
    EXPECT_TRUE(items({counted(200, 199)}, {{.n = 2, .relation = kItems, .name = kItemsName, .deleted = 3}}).lost);
}

TEST(Rows, ATruncatedTableIsSaidToHaveLostAboutSoMany) {
    const auto table = items({}, {{.n = 2, .relation = kItems, .name = kItemsName, .emptied = 200}});
    EXPECT_TRUE(table.lost);
    EXPECT_THAT(describe_loss(table, plan(), {}), HasSubstr("lost about 200 rows"));
}

TEST(Rows, ATableOfWhichThePlanKnewNothingIsNotExcusedUnlessSomethingOpaqueNamesIt) {
    const RowDeletion deletion{.n = 2, .relation = catalog::Oid{9}, .name = {"public", "sessions"}, .deleted = 1};
    EXPECT_EQ(judge_rows(plan(), {}, {deletion}).tables.size(), 2U);
    plan::Plan mentioning = plan();
    mentioning.mentioned = {"sessions"};
    EXPECT_EQ(judge_rows(mentioning, {}, {deletion}).tables.size(), 1U);
}

TEST(Rows, WhatIsNotKnownIsSaid) {
    plan::Plan off = plan();
    off.row_statistics = false;
    EXPECT_EQ(items({}, {}, off).words, "not known: track_counts is off");
    plan::Plan commits = plan();
    commits.steps.at(1).kind = plan::StepKind::once;
    EXPECT_THAT(items({}, {}, commits).words, HasSubstr("but for what step 2 may have done"));
    plan::Plan ddl = plan();
    ddl.steps.at(1).may_change_rows = false;
    EXPECT_EQ(items({{.relation = kItems, .name = kItemsName, .note = "it was locked"}}, {}, ddl).words,
              "none deleted (the run is DDL alone); not counted: it was locked");
}

}  // namespace
}  // namespace pgbelay::engine
