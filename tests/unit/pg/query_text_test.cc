#include "pg/query_text.h"

#include <gtest/gtest.h>

#include <string>

namespace pgbelay::pg {
namespace {

TEST(ShownQuery, LeavesConstantsOut) {
    EXPECT_EQ(shown_query("SELECT * FROM t WHERE email = 'a@b.c' AND n=42"), "SELECT * FROM t WHERE email = … AND n=…");
    EXPECT_EQ(shown_query("SELECT E'it\\'s', 'it''s x', U&'s', N'x', x'1f', 1.5e-3, .5, -7"),
              "SELECT …");  // after a backslash and a quote nothing can be told apart
    EXPECT_EQ(shown_query("SELECT 'it''s', N'x', x'1f', 1.5e-3, .5, -7"), "SELECT …, …, …, …, …, -…");
    EXPECT_EQ(shown_query("SELECT $$secret$$, $t$ se$$cret $t$, $1"), "SELECT …, …, $1");
    EXPECT_EQ(shown_query("ALTER ROLE app PASSWORD 'hunter2'"), "ALTER ROLE app PASSWORD …");
}

TEST(ShownQuery, KeepsNamesAsTheyAre) {
    EXPECT_EQ(shown_query("SELECT col1, \"Quoted 'x' 5\" FROM t2.tänzer3"), "SELECT col1, \"Quoted 'x' 5\" FROM t2.tänzer3");
    EXPECT_EQ(shown_query("UPDATE e SET a$b = e.c"), "UPDATE e SET a$b = e.c");
}

TEST(ShownQuery, FoldsWhiteSpaceAndDropsComments) {
    EXPECT_EQ(shown_query("  SELECT\n\t1  -- secret\n /* se /* cret */ */ , 2 ;\n"), "SELECT … , …");
}

TEST(ShownQuery, SurvivesTextThatWasCutOff) {
    EXPECT_EQ(shown_query("SELECT 'secr"), "SELECT …");
    EXPECT_EQ(shown_query("SELECT $x$secr"), "SELECT …");
    EXPECT_EQ(shown_query("SELECT /* secr"), "SELECT");
    EXPECT_EQ(shown_query("SELECT \"na"), "SELECT \"na");
    EXPECT_EQ(shown_query(""), "");
}

TEST(ShownQuery, ShowsTwoHundredCharactersNotBytes) {
    std::string expected;
    for (int i = 0; i < 200; ++i) {
        expected += "ä";
    }
    EXPECT_EQ(shown_query(expected), expected);
    EXPECT_EQ(shown_query(expected + "ö"), expected + "…");
}

}  // namespace
}  // namespace pgbelay::pg
