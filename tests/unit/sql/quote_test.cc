#include "sql/quote.h"

#include "base/error.h"

#include <gtest/gtest.h>

#include <string>

namespace pgbelay::sql {
namespace {

TEST(QuoteIdentifier, LeavesPlainNamesBare) {
    EXPECT_EQ(quote_identifier("orders"), "orders");
    EXPECT_EQ(quote_identifier("_a1"), "_a1");
    EXPECT_EQ(quote_identifier("name"), "name");  // an unreserved keyword
}

TEST(QuoteIdentifier, QuotesWhatTheParserWouldFoldOrRefuse) {
    EXPECT_EQ(quote_identifier("Orders"), "\"Orders\"");
    EXPECT_EQ(quote_identifier("1a"), "\"1a\"");
    EXPECT_EQ(quote_identifier("a-b"), "\"a-b\"");
    EXPECT_EQ(quote_identifier("größe"), "\"größe\"");
    EXPECT_EQ(quote_identifier(""), "\"\"");
    EXPECT_EQ(quote_identifier("a$b"), "\"a$b\"");
}

TEST(QuoteIdentifier, QuotesKeywordsOfEveryVersion) {
    EXPECT_EQ(quote_identifier("user"), "\"user\"");
    EXPECT_EQ(quote_identifier("all"), "\"all\"");
    EXPECT_EQ(quote_identifier("xmltable"), "\"xmltable\"");
    EXPECT_EQ(quote_identifier("system_user"), "\"system_user\"");  // reserved from 16
}

TEST(QuoteIdentifier, DoublesQuotes) {
    EXPECT_EQ(quote_identifier("a\"b; DROP TABLE t"), "\"a\"\"b; DROP TABLE t\"");
}

TEST(QuoteName, WritesTheSchemaWhereThereIsOne) {
    EXPECT_EQ(quote_name({"public", "Orders"}), "public.\"Orders\"");
    EXPECT_EQ(quote_name({"", "orders"}), "orders");
}

TEST(QuoteLiteral, DoublesQuotesAndEscapesBackslashes) {
    EXPECT_EQ(quote_literal("it's"), "'it''s'");
    EXPECT_EQ(quote_literal("a\\'b"), "E'a\\\\''b'");
    EXPECT_EQ(quote_literal(""), "''");
}

TEST(Quote, RefusesNul) {
    EXPECT_THROW(quote_literal(std::string_view("a\0b", 3)), base::Error);
    EXPECT_THROW(quote_identifier(std::string_view("a\0b", 3)), base::Error);
}

}  // namespace
}  // namespace pgbelay::sql
