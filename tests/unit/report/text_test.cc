#include "report/text.h"

#include "base/clock.h"
#include "report/redact.h"

#include <gtest/gtest.h>

namespace pgbelay::report {
namespace {

TEST(Text, MeasuresColumnsAndNotBytes) {
    EXPECT_EQ(width("abc"), 3);
    EXPECT_EQ(width("größe"), 5);
    EXPECT_EQ(width("数据"), 4);
    EXPECT_EQ(width("e\u0301"), 1);
}

TEST(Text, CutsWithAnEllipsisThatTheTerminalCanShow) {
    EXPECT_EQ(shorten("create index orders_user_idx", 12, Style{}), "create inde…");
    EXPECT_EQ(shorten("create index orders_user_idx", 12, Style{80, false}), "create in...");
    EXPECT_EQ(shorten("数据数据", 5, Style{}), "数据…");
    EXPECT_EQ(shorten("short", 12, Style{}), "short");
}

TEST(Text, FoldsAtSpacesAndLeavesLongWordsWhole) {
    EXPECT_EQ(wrap("one two three", 8), (std::vector<std::string>{"one two", "three"}));
    EXPECT_EQ(wrap("a averyverylongword b", 8), (std::vector<std::string>{"a", "averyverylongword", "b"}));
}

TEST(Text, LetsNoControlCharacterReachTheTerminal) {
    EXPECT_EQ(one_line("a\x1b[2J\tb\r\n c"), "a?[2J b c");
    EXPECT_EQ(printable("a\u202eb\xff"), "a?b?");
}

TEST(Text, KeepsTheLinesOfAStatementWithoutTheirCommonIndentation) {
    EXPECT_EQ(sql_lines("CREATE TABLE a (\n        id int,\n        b text\n    )", 60, Style{}),
              (std::vector<std::string>{"CREATE TABLE a (", "      id int,", "      b text", "  )"}));
}

TEST(Text, CountsTheRestOfALongStatementUnlessAskedForAll) {
    std::string sql = "SELECT 1";
    for (int i = 0; i < 40; ++i) {
        sql += ",\n  1";
    }
    const auto lines = sql_lines(sql, 60, Style{});
    EXPECT_EQ(lines.size(), 24U);
    EXPECT_EQ(lines.back(), "(18 more lines; -v shows them)");
    EXPECT_EQ(sql_lines(sql, 60, Style{80, true, false, true}).size(), 41U);
}

TEST(Text, ShowsTheBeginningOfAWordOfMegabytes) {
    const std::string sql = "SELECT '" + std::string(1'000'000, 'x') + "'";
    EXPECT_EQ(width(sql_lines(sql, 60, Style{}).back()), 500);
    EXPECT_EQ(sql_lines(sql, 60, Style{80, true, false, true}).back().size(), 1'000'004U);
}

TEST(Redact, MasksPasswordsWhereverTheyStand) {
    EXPECT_EQ(redact("ALTER ROLE a PASSWORD 'it''s' VALID UNTIL 'x'"), "ALTER ROLE a PASSWORD '********' VALID UNTIL 'x'");
    EXPECT_EQ(redact("CREATE ROLE a password E'a\\'b'"), "CREATE ROLE a password ********");
    EXPECT_EQ(redact("OPTIONS (user 'u', password 'p')"), "OPTIONS (user 'u', password '********')");
    EXPECT_EQ(redact("CONNECTION 'host=a password=geheim dbname=b'"), "CONNECTION 'host=a password=******** dbname=b'");
    EXPECT_EQ(redact("postgres://app:geheim@db1/x"), "postgres://app:********@db1/x");
}

TEST(Redact, LeavesColumnsAndUrlsWithoutAPasswordAlone) {
    EXPECT_EQ(redact("CREATE TABLE u (password text NOT NULL)"), "CREATE TABLE u (password text NOT NULL)");
    EXPECT_EQ(redact("SELECT password_hash FROM u"), "SELECT password_hash FROM u");
    EXPECT_EQ(redact("postgres://app@db1:5432/x"), "postgres://app@db1:5432/x");
}

TEST(Wrap, FoldsALineOfMegabytesSoon) {
    std::string line;
    for (int i = 0; i < 400'000; ++i) {
        line += "word ";
    }
    const auto began = base::Clock::now();
    EXPECT_EQ(wrap(line, 80).size(), 25'000U);
    // With every piece measured to the end of the line it would be minutes.
    EXPECT_LT(base::Clock::now() - began, std::chrono::seconds(5));
}

}  // namespace
}  // namespace pgbelay::report
