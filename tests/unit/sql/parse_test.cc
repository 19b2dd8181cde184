#include "sql/tree.h"

#include "sql/tokens.h"

#include <gtest/gtest.h>

#include <string>

namespace pgbelay::sql {
namespace {

std::string kind_of(const std::string& sql) {
    const auto parsed = parse(sql);
    const auto* tree = std::get_if<Tree>(&parsed);
    return tree != nullptr && tree->size() == 1 ? node_kind(tree->statement()) : std::get<SyntaxError>(parsed).message;
}

std::string repeat(std::string_view text, std::size_t times) {
    std::string result;
    for (std::size_t i = 0; i < times; ++i) {
        result += text;
    }
    return result;
}

TEST(Parse, NamesTheNodesAsPostgresDoes) {
    EXPECT_EQ(kind_of("CREATE INDEX i ON t (a)"), "IndexStmt");
    EXPECT_EQ(kind_of("ALTER TABLE t ADD COLUMN c int"), "AlterTableStmt");
    EXPECT_EQ(kind_of("BEGIN"), "TransactionStmt");
    EXPECT_EQ(kind_of("DO $$ BEGIN END $$"), "DoStmt");
}

TEST(Parse, SaysWhereTheGrammarStopped) {
    const auto parsed = parse("SELECT 'häßlich' FORM t");
    const auto& error = std::get<SyntaxError>(parsed);
    EXPECT_EQ(error.message, "syntax error at or near \"t\"");
    EXPECT_EQ(error.offset, std::string("SELECT 'häßlich' FORM ").size());
}

TEST(Parse, PutsAnUnexpectedEndAtTheEnd) {
    const std::string sql = "CREATE INDEX ON";
    EXPECT_EQ(std::get<SyntaxError>(parse(sql)).offset, sql.size());
}

TEST(Parse, AcceptsACommentAfterALookaheadToken) {
    EXPECT_EQ(kind_of("SELECT 1 WHERE 1 NOT /* c */ IN (2)"), "SelectStmt");
    EXPECT_EQ(kind_of("SELECT 1 ORDER BY 1 NULLS -- c\n LAST"), "SelectStmt");
    EXPECT_EQ(kind_of("SELECT * FROM f() WITH /* a /* nested */ one */ ORDINALITY"), "SelectStmt");
}

TEST(Parse, LeavesCommentsInsideConstantsAlone) {
    EXPECT_TRUE(same_tree("SELECT 1 NOT /* x */ IN (2), '/* a */'", "SELECT 1 NOT IN (2), '/* a */'"));
    EXPECT_FALSE(same_tree("SELECT '/* a */'", "SELECT '       '"));
    EXPECT_FALSE(same_tree("DO $$ BEGIN -- a\n END $$", "DO $$ BEGIN     \n END $$"));
}

TEST(Parse, DoesNotJoinConstantsOverABlankedComment) {
    EXPECT_EQ(kind_of("SELECT 'a' /* c */\n 'b'").substr(0, 12), "syntax error");
    EXPECT_EQ(kind_of("SELECT 'a' -- c\n 'b'"), "SelectStmt");
}

TEST(Parse, RefusesNulAndStatementsAboveTheLimit) {
    EXPECT_THROW(parse(std::string("SELECT 1\0; DROP TABLE t", 23)), base::Error);
    EXPECT_THROW(parse("SELECT '" + std::string(17U << 20, 'a') + "'"), base::Error);
}

TEST(Parse, TakesAStatementOfFiveMegabytes) {
    EXPECT_EQ(kind_of("SELECT '" + std::string(5U << 20, 'a') + "'"), "SelectStmt");
    EXPECT_EQ(kind_of("INSERT INTO t VALUES " + repeat("(1, 'abc'), ", 20'000) + "(2, 'd')"), "InsertStmt");
}

TEST(Parse, EndsDeepNestingWithAnErrorInsteadOfACrash) {
    for (const auto& sql : {
             "SELECT " + repeat("(", 20'000) + "1" + repeat(")", 20'000),
             "SELECT 1" + repeat(" + 1", 20'000),
             "SELECT 1" + repeat(" + 1", 200'000),
             "SELECT " + repeat("- ", 20'000) + "1",
             "SELECT " + repeat("NOT ", 20'000) + "true",
             "SELECT 1" + repeat("::int", 20'000),
             "SELECT " + repeat("CASE WHEN true AND ", 20'000) + "1" + repeat(" END", 20'000),
             "SELECT 1" + repeat(" UNION ALL SELECT 1, 2", 20'000),
             "SELECT * FROM t" + repeat(" JOIN t ON true AND true", 20'000),
             "SELECT " + repeat("f(1, ", 20'000) + "1" + repeat(")", 20'000),
             repeat("[", 200'000),
         }) {
        const auto parsed = parse(sql);
        EXPECT_TRUE(std::holds_alternative<SyntaxError>(parsed)) << sql.substr(0, 40);
    }
}

TEST(Parse, TakesLongListsAndChainsThatAreFlat) {
    EXPECT_EQ(kind_of("SELECT 1 WHERE a = 1" + repeat(" OR a = 2", 20'000)), "SelectStmt");
    EXPECT_EQ(kind_of("SELECT CASE a" + repeat(" WHEN 1 THEN 2", 20'000) + " END"), "SelectStmt");
    EXPECT_EQ(kind_of("SELECT 1" + repeat(" UNION ALL SELECT 1", 300)), "SelectStmt");
    EXPECT_EQ(kind_of("SELECT 'a'" + repeat(" || 'b'", 500)), "SelectStmt");
}

TEST(SameTree, IgnoresLayoutAndLocations) {
    EXPECT_TRUE(same_tree("select  a from t", "SELECT a\nFROM t -- c"));
    EXPECT_TRUE(same_tree("CREATE TABLE t (a int)", "CREATE  TABLE  t ( a  int )"));
}

TEST(SameTree, SeesWhatAFingerprintDoesNot) {
    EXPECT_FALSE(same_tree("ALTER TABLE t ADD c varchar(10)", "ALTER TABLE t ADD c varchar(20)"));
    EXPECT_FALSE(same_tree("SELECT 1", "SELECT 2"));
    EXPECT_FALSE(same_tree("CREATE TABLESPACE s LOCATION '/a'", "CREATE TABLESPACE s LOCATION '/b'"));
    EXPECT_FALSE(same_tree("SELECT FORM", "SELECT FORM x y"));
}

TEST(ParserName, TellsTheGrammarsVersion) {
    EXPECT_GE(parser_major(), 15);
    EXPECT_EQ(parser_name(), "PostgreSQL " + std::to_string(parser_major()) + " grammar (libpg_query)");
}

TEST(Scan, GivesByteRangesKeywordsAndComments) {
    const auto tokens = scan("ALTER /* ä */ TABLE \"Ä\"");
    ASSERT_EQ(tokens.size(), 4U);
    EXPECT_EQ(tokens[0].text, "alter");
    EXPECT_TRUE(tokens[0].keyword);
    EXPECT_TRUE(tokens[1].comment);
    EXPECT_EQ(tokens[2].begin, 15U);
    EXPECT_EQ(tokens[3].text, "\"Ä\"");
    EXPECT_FALSE(tokens[3].keyword);
}

TEST(Scan, KnowsWhereUnicodeStringsAndNamesEnd) {
    const auto tokens = scan("SELECT U&'\\0041;' , U&\"b\" ");
    ASSERT_EQ(tokens.size(), 4U);
    EXPECT_EQ(tokens[1].text, "U&'\\0041;'");
    EXPECT_EQ(tokens[3].text, "U&\"b\"");
}

TEST(Scan, RefusesAnUnterminatedQuote) {
    EXPECT_THROW(scan("SELECT 'a"), base::Error);
}

}  // namespace
}  // namespace pgbelay::sql
