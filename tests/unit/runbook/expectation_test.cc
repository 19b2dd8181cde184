#include "runbook/expectation.h"

#include "base/error.h"

#include <gmock/gmock.h>

namespace pgbelay::runbook {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const base::Place kFirst{"d.md", 10, 1};

base::Error error_of(const auto& action) {
    try {
        action();
    } catch (const base::Error& error) {
        return error;
    }
    ADD_FAILURE() << "nothing was thrown";
    return base::Error(base::ErrorCode::internal, "nothing");
}

base::Error table_error(std::string_view text) {
    return error_of([&] { read_expected_table(text, kFirst); });
}

TEST(Expectation, ComparesNumbersExactly) {
    EXPECT_EQ(compare_numbers("9007199254740993", "9007199254740992"), 1) << "past what a double can tell apart";
    EXPECT_EQ(compare_numbers("0.1", "0.10"), 0);
    EXPECT_EQ(compare_numbers("-2", "-10"), 1);
    EXPECT_EQ(compare_numbers("-0.0", "0"), 0);
    EXPECT_EQ(compare_numbers("1e3", "1000"), 0);
    EXPECT_EQ(compare_numbers("1e-3", "0.001"), 0);
    EXPECT_EQ(compare_numbers("007", "7"), 0);
    EXPECT_EQ(compare_numbers("10", "9"), 1);
    EXPECT_EQ(compare_numbers(".5", "0.5"), 0);
    EXPECT_EQ(compare_numbers("-1", "1"), -1);
    for (const char* none : {"", "-", ".", "1e", "1e99999999999", "x", "1 ", "0x10", "NaN", "1.2.3"}) {
        EXPECT_EQ(compare_numbers(none, "1"), std::nullopt) << none;
    }
}

TEST(Expectation, ReadsComparisonsWithConstantsAndWithRecords) {
    EXPECT_EQ(read_comparison(" >= 100 ", kFirst), (Comparison{.op = ">=", .value = "100"}));
    EXPECT_EQ(read_comparison("<>'it''s'", kFirst), (Comparison{.op = "<>", .value = "it's"}));
    EXPECT_EQ(read_comparison("= before.tenants", kFirst), (Comparison{.op = "=", .record = "before", .column = "tenants"}));
    EXPECT_EQ(read_comparison("= 'before.tenants'", kFirst), (Comparison{.op = "=", .value = "before.tenants"}));
    EXPECT_EQ(read_comparison("< 1.5", kFirst), (Comparison{.op = "<", .value = "1.5"}));
    EXPECT_EQ(read_comparison("= true", kFirst), (Comparison{.op = "=", .value = "true"}));
    EXPECT_EQ(read_comparison("= ''", kFirst), (Comparison{.op = "="}));
    for (const char* bad : {"100", "", "==1", "=", ">=", "= 'a", "= a'", "= 'a'b'", "!= 1"}) {
        EXPECT_EQ(error_of([&] { read_comparison(bad, kFirst); }).code(), base::ErrorCode::input) << bad;
    }
}

TEST(ExpectedTable, ReadsWhatPsqlShows) {
    const ExpectedTable table =
        read_expected_table("\n status  | n  \n---------+----\n new     | 400\n shipped |   \n(2 rows)\n\n", kFirst);
    EXPECT_THAT(table.columns, ElementsAre("status", "n"));
    EXPECT_THAT(table.rows, ElementsAre(ElementsAre("new", "400"), ElementsAre("shipped", "")));
    EXPECT_TRUE(table.trimmed);
    EXPECT_THAT(read_expected_table(" n \n---\n 1\n(1 row)\n", kFirst).rows, ElementsAre(ElementsAre("1")));
    EXPECT_THAT(read_expected_table(" n \n---\n(0 rows)\n", kFirst).rows, ElementsAre());
}

TEST(ExpectedTable, ReadsCsv) {
    const ExpectedTable table = read_expected_table("a,b\r\n1,\"x, \"\"y\"\"\nz\"\r\n,\n", kFirst);
    EXPECT_THAT(table.columns, ElementsAre("a", "b"));
    EXPECT_THAT(table.rows, ElementsAre(ElementsAre("1", "x, \"y\"\nz"), ElementsAre("", "")));
    EXPECT_FALSE(table.trimmed);
    EXPECT_THAT(read_expected_table("n\n1", kFirst).rows, ElementsAre(ElementsAre("1")));
}

TEST(ExpectedTable, SaysAtWhichLineItDoesNotFit) {
    const base::Error wide = table_error(" a | b\n---+---\n 1 | 2 | 3\n");
    EXPECT_EQ(wide.place(), (base::Place{"d.md", 12, 1}));
    EXPECT_THAT(wide.message(), HasSubstr("3 values under a header of 2"));
    EXPECT_THAT(wide.hint(), HasSubstr("CSV"));
    EXPECT_THAT(table_error(" a | b\n---+---\n 1 | 2\n(2 rows)\n").message(), HasSubstr("it says (2 rows), and there are 1"));
    EXPECT_EQ(table_error("a,b\n1,2\n3\n").place().line, 12);
    EXPECT_THAT(table_error("a\n\"x").message(), HasSubstr("does not end"));
    EXPECT_THAT(table_error("a\n\"x\"y\n").message(), HasSubstr("after the quotes"));
    EXPECT_THAT(table_error("a,\n").message(), HasSubstr("without a name"));
    EXPECT_THAT(table_error("\n \n").message(), HasSubstr("without a table"));
}

// Whatever the bytes, it is a table or an error with a place.
TEST(ExpectedTable, SurvivesAnyBytes) {
    const std::string_view alphabet = "a,\"|\n\r-+(1 row)\\";
    std::uint32_t state = 7;
    for (int i = 0; i < 20'000; ++i) {
        std::string text;
        for (int n = 0; n < 1 + i % 24; ++n) {
            state = state * 1664525U + 1013904223U;
            text += alphabet[(state >> 16U) % alphabet.size()];
        }
        try {
            const ExpectedTable table = read_expected_table(text, kFirst);
            for (const auto& row : table.rows) {
                EXPECT_EQ(row.size(), table.columns.size()) << text;
            }
        } catch (const base::Error& error) {
            EXPECT_EQ(error.code(), base::ErrorCode::input) << text;
            EXPECT_GE(error.place().line, 10) << text;
        }
    }
}

TEST(Expectation, TellsDifferentOnesApartInTheDigest) {
    const auto text = [](std::string_view comparison) {
        return to_string(Expectation{.expect = Expect::compare, .comparison = read_comparison(comparison, kFirst)});
    };
    EXPECT_NE(text("= a.b"), text("= 'a.b'"));
    EXPECT_NE(text("= 1"), text("= 2"));
    Expectation table{.expect = Expect::table, .table = read_expected_table("a,b\n1,2\n", kFirst)};
    Expectation other{.expect = Expect::table, .table = read_expected_table("a,b\n12,\n", kFirst)};
    EXPECT_NE(to_string(table), to_string(other));
    other = table;
    other.table.ordered = true;
    EXPECT_NE(to_string(table), to_string(other));
    EXPECT_EQ(to_string(Expectation{.expect = Expect::count, .count = 3}), "2 3") << "as it was when there was nothing else";
}

}  // namespace
}  // namespace pgbelay::runbook
