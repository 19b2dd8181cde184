#include "catalog/condition.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace pgbelay::catalog {
namespace {

const QualifiedName kTable{"public", "t"};

Catalog with_table() {
    auto catalog = Catalog::unknown(15);
    catalog.loaded = true;
    Relation table;
    table.name = kTable;
    table.columns = {{.name = "a", .type = "integer", .not_null = true}, {.name = "b", .type = "text"}};
    table.constraints.push_back({.name = "c", .type = 'c', .definition = "CHECK ((a > 0)) NOT VALID", .validated = false});
    Index index;
    index.name = {"public", "i"};
    index.table = kTable;
    index.canonical = "USING btree (a)";
    table.indexes.push_back(index);
    catalog.add(table);
    return catalog;
}

TEST(Condition, AnIndexMustBeValid) {
    auto catalog = with_table();
    const Condition condition{{IndexIs{{"public", "i"}, kTable, "USING btree (a)"}}};
    EXPECT_TRUE(condition.holds(catalog));
    catalog.relations.at(kTable).indexes[0].valid = false;
    EXPECT_EQ(condition.failure(catalog), "index public.i is INVALID");
}

TEST(Condition, AnIndexWithAnotherDefinitionDoesNotDo) {
    const Condition condition{{IndexIs{{"public", "i"}, kTable, "USING btree (b)"}}};
    EXPECT_FALSE(condition.holds(with_table()));
}

TEST(Condition, AConstraintMayBeNotValidOnlyWhereThatWasAskedFor) {
    const auto catalog = with_table();
    EXPECT_EQ((Condition{{ConstraintIs{kTable, "c", 'c', "", true}}}).failure(catalog), "constraint c on public.t is NOT VALID");
    EXPECT_TRUE((Condition{{ConstraintIs{kTable, "c", 'c', "CHECK ((a > 0))", false}}}).holds(catalog));
}

TEST(Condition, ColumnsAreComparedByTypeAndNotNull) {
    const auto catalog = with_table();
    EXPECT_TRUE((Condition{{ColumnIs{kTable, "a", "integer", true}}}).holds(catalog));
    EXPECT_FALSE((Condition{{ColumnIs{kTable, "a", "bigint", false}}}).holds(catalog));
    EXPECT_FALSE((Condition{{ColumnIs{kTable, "b", "", true}}}).holds(catalog));
}

TEST(Condition, SaysTheFirstThingThatDoesNotHold) {
    const Condition condition{
        {RelationIs{kTable, 'r'}, Absent{Absent::What::column, kTable, "b"}, Absent{Absent::What::relation, kTable, ""}}};
    EXPECT_EQ(condition.failure(with_table()), "column public.t.b is still there");
}

TEST(Condition, OfAPartitionsIndexSaysNothingOnceTheTableIsNoPartition) {
    auto catalog = with_table();
    catalog.relations.at(kTable).indexes[0].valid = false;
    const QualifiedName top{"public", "p"};
    const QualifiedName middle{"public", "p1"};
    const Condition condition{{IndexIs{{"public", "i"}, kTable, "", top}}};
    EXPECT_TRUE(condition.holds(catalog));
    Relation between;
    between.name = middle;
    between.parent = top;
    catalog.add(between);
    catalog.relations.at(kTable).parent = middle;
    EXPECT_EQ(condition.failure(catalog), "index public.i is INVALID");
    catalog.remove(kTable);
    EXPECT_TRUE(condition.holds(catalog));
}

TEST(Condition, KnowsWhoIsAPartition) {
    auto catalog = with_table();
    const QualifiedName top{"public", "p"};
    const Condition attached{{PartitionIs{kTable, top, true}}};
    const Condition detached{{PartitionIs{kTable, top, false}}};
    EXPECT_EQ(attached.failure(catalog), "public.t is not a partition of public.p");
    EXPECT_TRUE(detached.holds(catalog));
    catalog.relations.at(kTable).parent = top;
    catalog.relations.at(kTable).is_partition = true;
    EXPECT_TRUE(attached.holds(catalog));
    EXPECT_EQ(detached.failure(catalog), "public.t is still a partition of public.p");
    EXPECT_TRUE((Condition{{PartitionIs{{"public", "gone"}, top, false}}}).holds(catalog));
}

TEST(Condition, WithoutFactsHolds) {
    EXPECT_TRUE(Condition{}.holds(Catalog::unknown(15)));
}

TEST(Condition, SurvivesTheJournal) {
    const Condition condition{{IndexIs{{"public", "i"}, kTable, "USING btree (a)"}, ConstraintIs{kTable, "c", 'f', "x", false},
                               ColumnIs{kTable, "a", "integer", true}, RelationIs{kTable, 'r'}, RelationIs{{"", "v"}, 0},
                               IndexIs{{"public", "i"}, kTable, "", {"public", "p"}}, PartitionIs{kTable, {"public", "p"}, false},
                               Absent{Absent::What::constraint, kTable, "c"}}};
    const nlohmann::json j = condition;
    EXPECT_EQ(nlohmann::json::parse(j.dump()).get<Condition>(), condition);
}

TEST(Condition, NamesTheRelationsThatDecideIt) {
    const Condition condition{{IndexIs{{"public", "i"}, kTable, ""}, ColumnIs{kTable, "a", "", false}}};
    EXPECT_EQ(condition.relations(), (std::vector<QualifiedName>{kTable, {"public", "i"}}));
}

}  // namespace
}  // namespace pgbelay::catalog
