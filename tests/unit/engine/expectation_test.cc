#include "engine/expectation.h"

#include <gtest/gtest.h>

namespace pgbelay::engine {
namespace {

using runbook::ExpectedTable;
using Rows = std::vector<std::vector<std::string>>;

const std::vector<std::string> kColumns{"status", "n"};

TEST(TableMismatch, ComparesRowsAsABagUnlessTheirOrderMatters) {
    ExpectedTable expected{.columns = kColumns, .rows = {{"new", "1"}, {"paid", "2"}, {"paid", "2"}}};
    const Rows shuffled{{"paid", "2"}, {"new", "1"}, {"paid", "2"}};
    EXPECT_EQ(table_mismatch(expected, kColumns, shuffled).message, "");
    expected.ordered = true;
    EXPECT_NE(table_mismatch(expected, kColumns, shuffled).message, "");
    EXPECT_EQ(table_mismatch(expected, kColumns, expected.rows).message, "");
}

TEST(TableMismatch, CountsEqualRows) {
    const ExpectedTable expected{.columns = kColumns, .rows = {{"paid", "2"}, {"paid", "2"}}};
    const Mismatch wrong = table_mismatch(expected, kColumns, {{"paid", "2"}});
    EXPECT_EQ(wrong.message, "its table differs: 1 expected row is missing, 0 not expected");
    EXPECT_EQ(wrong.detail, "  status | n\n- paid   | 2");
}

TEST(TableMismatch, ShowsWhatIsMissingAndWhatIsNotExpected) {
    const ExpectedTable expected{.columns = kColumns, .rows = {{"new", "400"}, {"paid", "1"}}, .trimmed = true};
    const Mismatch wrong = table_mismatch(expected, kColumns, {{"new ", "400"}, {"shipped", "12"}});
    EXPECT_EQ(wrong.message, "its table differs: 1 expected row is missing, 1 not expected");
    EXPECT_EQ(wrong.detail, "  status  | n\n- paid    | 1\n+ shipped | 12");
}

TEST(TableMismatch, NamesOtherColumns) {
    const ExpectedTable expected{.columns = kColumns};
    EXPECT_EQ(table_mismatch(expected, {"status"}, {}).message, "expected the columns status, n, got status");
}

TEST(TableMismatch, ShowsTwentyRowsAtMostAndCutsLongValues) {
    const ExpectedTable expected{.columns = {"n"}};
    Rows many;
    for (int i = 0; i < 25; ++i) {
        many.push_back({std::string(100, 'x')});
    }
    const Mismatch wrong = table_mismatch(expected, {"n"}, many);
    EXPECT_NE(wrong.detail.find("and 5 more"), std::string::npos) << wrong.detail;
    EXPECT_EQ(wrong.detail.find(std::string(41, 'x')), std::string::npos);
}

}  // namespace
}  // namespace pgbelay::engine
