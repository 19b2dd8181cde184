// With which tables' rows a plan has business.
#include "unit/plan/planning.h"

#include <gmock/gmock.h>

namespace pgbelay::plan {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kTables =
    "CREATE TABLE orders (id bigint PRIMARY KEY, note text);"
    "CREATE TABLE items (id bigint PRIMARY KEY, order_id bigint REFERENCES orders ON DELETE CASCADE);"
    "CREATE TABLE parts (item_id bigint REFERENCES items ON DELETE CASCADE);"
    "CREATE TABLE labels (order_id bigint REFERENCES orders)";

Plan plan_of(std::string_view sql) {
    return Book(kTables).file("1.sql", sql).plan();
}

// "orders" for those whose rows are changed, "(orders)" for those that are only touched.
std::vector<std::string> uses(std::string_view sql) {
    std::vector<std::string> words;
    for (const auto& table : plan_of(sql).tables) {
        words.push_back(table.use == RowUse::none ? "(" + table.name.name + ")" : table.name.name);
    }
    return words;
}

TEST(RowUse, ATableThatIsOnlyAlteredIsTouched) {
    EXPECT_THAT(uses("ALTER TABLE orders ADD COLUMN x text"), ElementsAre("(orders)"));
}

TEST(RowUse, ADeleteReachesWhatCascadesAtEveryLevelAndNothingElse) {
    EXPECT_THAT(uses("DELETE FROM orders; ALTER TABLE labels ADD COLUMN x text"), ElementsAre("items", "(labels)", "orders", "parts"));
}

TEST(RowUse, AnInsertReachesNothing) {
    EXPECT_THAT(uses("INSERT INTO orders VALUES (1); ALTER TABLE items ADD COLUMN x text"), ElementsAre("(items)", "orders"));
}

TEST(RowUse, TruncateCascadeReachesEveryReferencingTable) {
    EXPECT_THAT(uses("TRUNCATE orders CASCADE"), ElementsAre("items", "labels", "orders", "parts"));
}

TEST(RowUse, WhatIsDroppedOrMadeByThePlanHasNoRowsToLose) {
    EXPECT_THAT(uses("DROP TABLE parts"), Contains("parts"));
    EXPECT_THAT(uses("CREATE TABLE fresh (id bigint); ALTER TABLE fresh ADD COLUMN x text"), ElementsAre("fresh"));
}

TEST(RowUse, ADoBlockSpeaksOfWhatItNamesAlsoInTextThatItExecutes) {
    const Plan plan = plan_of(
        "ALTER TABLE labels ADD COLUMN x text;"
        "DO $$ BEGIN -- not parts\n EXECUTE 'DELETE FROM labels'; PERFORM \"Odd\"(); END $$");
    EXPECT_THAT(plan.mentioned, Contains("labels"));
    EXPECT_THAT(plan.mentioned, Contains("Odd"));
    EXPECT_FALSE(plan.mentioned.contains("parts"));
    EXPECT_EQ(plan.tables.at(0).use, RowUse::changed);
}

TEST(RowUse, OnlyStepsThatAreNotPureDdlAreAskedWhatTheyDeleted) {
    const Plan plan =
        plan_of("ALTER TABLE orders ADD COLUMN x text; CREATE INDEX ON orders (note); UPDATE orders SET x = ''; SELECT 1; TRUNCATE labels");
    std::vector<std::string> asked;
    for (const auto& step : plan.steps) {
        if (step.may_change_rows) {
            asked.push_back(step.name);
        }
    }
    EXPECT_THAT(asked, ElementsAre("update public.orders", "select", "truncate public.labels"));
    EXPECT_THAT(plan_of("ALTER TABLE orders ADD COLUMN x text").mentioned, IsEmpty());
}

}  // namespace
}  // namespace pgbelay::plan
