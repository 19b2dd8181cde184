#include "sql/tokens.h"

#include "base/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pgbelay::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(CutAlterTable, CutsAtTopLevelCommasOnly) {
    const auto cut = cut_alter_table("ALTER TABLE ONLY s.t ADD COLUMN a numeric(10, 2), ADD CHECK (a IN (1, 2)),\n  DROP b");
    EXPECT_EQ(cut.head, "ALTER TABLE ONLY s.t");
    EXPECT_THAT(cut.pieces, ElementsAre("ADD COLUMN a numeric(10, 2)", "ADD CHECK (a IN (1, 2))", "DROP b"));
}

TEST(CutAlterTable, KeepsEveryFormOfTheHead) {
    EXPECT_EQ(cut_alter_table("alter table if exists \"T\" * add a int").head, "alter table if exists \"T\" *");
    EXPECT_EQ(cut_alter_table("ALTER TABLE ONLY (t) ADD a int").head, "ALTER TABLE ONLY (t)");
    EXPECT_EQ(cut_alter_table("ALTER TABLE a.b.c ADD d int").head, "ALTER TABLE a.b.c");
    EXPECT_EQ(cut_alter_table("ALTER FOREIGN TABLE t ADD a int").head, "ALTER FOREIGN TABLE t");
    EXPECT_EQ(cut_alter_table("ALTER MATERIALIZED VIEW m SET (fillfactor = 70)").head, "ALTER MATERIALIZED VIEW m");
    EXPECT_EQ(cut_alter_table("ALTER INDEX i SET (fillfactor = 70)").head, "ALTER INDEX i");
}

TEST(CutAlterTable, KeepsArraysAndCommentsInTheirPiece) {
    const auto cut = cut_alter_table("ALTER TABLE t ADD a int[] DEFAULT ARRAY[1, 2] -- one, two\n, ADD b text /* , */ NOT NULL;");
    EXPECT_THAT(cut.pieces, ElementsAre("ADD a int[] DEFAULT ARRAY[1, 2]", "ADD b text /* , */ NOT NULL"));
}

TEST(CutAlterTable, GivesNothingForOtherStatements) {
    EXPECT_THAT(cut_alter_table("CREATE TABLE t (a int, b int)").pieces, IsEmpty());
    EXPECT_THAT(cut_alter_table("ALTER TABLE t RENAME TO u").pieces, IsEmpty());
    EXPECT_THAT(cut_alter_table("ALTER TABLE t FROBNICATE, ADD a int").pieces, IsEmpty());
    EXPECT_THAT(cut_alter_table("ALTER TABLE t ADD a int; ALTER TABLE t ADD b int").pieces, IsEmpty());
    EXPECT_THAT(cut_alter_table("").pieces, IsEmpty());
}

TEST(Splice, AppliesEditsTogether) {
    EXPECT_EQ(splice("CREATE INDEX i ON t", {{12, 12, " CONCURRENTLY"}, {13, 14, "j"}}), "CREATE INDEX CONCURRENTLY j ON t");
    EXPECT_EQ(splice("abc", {{3, 3, "d"}, {0, 1, ""}}), "bcd");
    EXPECT_EQ(splice("abc", {}), "abc");
}

TEST(Splice, RefusesOverlapsAndRangesOutsideTheText) {
    EXPECT_THROW(splice("abc", {{0, 2, ""}, {1, 3, ""}}), base::Error);
    EXPECT_THROW(splice("abc", {{2, 4, ""}}), base::Error);
    EXPECT_THROW(splice("abc", {{2, 1, ""}}), base::Error);
}

}  // namespace
}  // namespace pgbelay::sql
