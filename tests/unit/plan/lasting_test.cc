// Which facts still have to hold when everything is done.
#include "plan/planner.h"

#include <gmock/gmock.h>

namespace pgbelay::plan {
namespace {

using catalog::Absent;
using catalog::ColumnIs;
using catalog::ConstraintIs;
using catalog::Fact;
using catalog::IndexIs;
using catalog::QualifiedName;
using catalog::RelationIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const QualifiedName kTable{"public", "t"};
const QualifiedName kIndex{"public", "i"};

std::vector<Fact> left(const std::vector<Fact>& facts) {
    std::vector<catalog::Condition> conditions;
    for (const auto& fact : facts) {
        conditions.push_back({{fact}});
    }
    return lasting(conditions).facts;
}

TEST(Lasting, DroppedThingsNeedNotBeThere) {
    const Absent no_index{Absent::What::index, kIndex, ""};
    EXPECT_THAT(left({IndexIs{kIndex, kTable, ""}, no_index}), ElementsAre(Fact(no_index)));
    const Absent no_column{Absent::What::column, kTable, "c"};
    EXPECT_THAT(left({ColumnIs{kTable, "c", "text", false}, ColumnIs{kTable, "d", "text", false}, no_column}),
                ElementsAre(Fact(ColumnIs{kTable, "d", "text", false}), Fact(no_column)));
    const Absent no_check{Absent::What::constraint, kTable, "k"};
    EXPECT_THAT(left({ConstraintIs{kTable, "k", 'c', "", true}, no_check}), ElementsAre(Fact(no_check)));
}

TEST(Lasting, AnAttachmentCountsUntilTheDetachment) {
    const catalog::PartitionIs attached{kTable, {"public", "p"}, true};
    const catalog::PartitionIs detached{kTable, {"public", "p"}, false};
    EXPECT_THAT(left({attached, RelationIs{kTable, 'r'}}), ElementsAre(Fact(attached), Fact(RelationIs{kTable, 'r'})));
    EXPECT_THAT(left({attached, detached}), ElementsAre(Fact(detached)));
    EXPECT_THAT(left({attached, Absent{Absent::What::relation, kTable, ""}}),
                ElementsAre(Fact(Absent{Absent::What::relation, kTable, ""})));
}

TEST(Lasting, ADroppedTableTakesItsPartsWithIt) {
    const Absent gone{Absent::What::relation, kTable, ""};
    EXPECT_THAT(left({RelationIs{kTable, 'r'}, IndexIs{kIndex, kTable, ""}, ColumnIs{kTable, "c", "", true},
                      ConstraintIs{kTable, "k", 'c', "", true}, gone}),
                ElementsAre(Fact(gone)));
}

TEST(Lasting, WhatIsMadeAgainCounts) {
    const RelationIs back{kTable, 'r'};
    EXPECT_THAT(left({Absent{Absent::What::relation, kTable, ""}, back}), ElementsAre(Fact(back)));
}

TEST(Lasting, ConstraintsBecomeValid) {
    const ConstraintIs valid{kTable, "k", 'c', "", true};
    EXPECT_THAT(left({ConstraintIs{kTable, "k", 'c', "", false}, valid}), ElementsAre(Fact(valid)));
}

TEST(Lasting, TypeAndNotNullOfAColumnAreTwoFacts) {
    const ColumnIs typed{kTable, "c", "text", false};
    const ColumnIs not_null{kTable, "c", "", true};
    EXPECT_THAT(left({typed, not_null}), ElementsAre(Fact(typed), Fact(not_null)));
    EXPECT_THAT(left({not_null, typed}), ElementsAre(Fact(not_null), Fact(typed)));
    const ColumnIs other{kTable, "c", "bigint", false};
    EXPECT_THAT(left({typed, other}), ElementsAre(Fact(other)));
}

TEST(Lasting, DropNotNullTakesItBack) {
    const ColumnIs either{kTable, "c", "", false};
    EXPECT_THAT(left({ColumnIs{kTable, "c", "", true}, either}), ElementsAre(Fact(either)));
}

TEST(Lasting, TheSameFactTwiceIsSaidOnce) {
    const IndexIs index{kIndex, kTable, ""};
    EXPECT_THAT(left({index, index}), ElementsAre(Fact(index)));
    EXPECT_THAT(left({}), IsEmpty());
}

}  // namespace
}  // namespace pgbelay::plan
