// What is read of EXPLAIN's JSON, and of times.
#include "engine/explain.h"

#include <gmock/gmock.h>

namespace pgbelay::engine {
namespace {

TEST(Explained, TheMainNodeIsTheScanThatCostsMost) {
    const Explained explained = read_explained(
        R"([{"Plan": {"Node Type": "Nested Loop", "Total Cost": 99, "Actual Total Time": 9, "Actual Loops": 1, "Plans": [
              {"Node Type": "Index Scan", "Relation Name": "a", "Index Name": "a_i", "Actual Total Time": 0.5, "Actual Loops": 1},
              {"Node Type": "Seq Scan", "Relation Name": "b", "Actual Total Time": 0.1, "Actual Loops": 80}]}, "Execution Time": 9.5}])");
    EXPECT_EQ(explained.main, "Seq Scan on b");
    EXPECT_DOUBLE_EQ(explained.execution_ms, 9.5);
    ASSERT_EQ(explained.nodes.size(), 3U);
    EXPECT_EQ(explained.nodes[1].index, "a_i");
}

TEST(Explained, WithoutAnalyzeCostsDecideAndABitmapNamesItsIndex) {
    const Explained explained = read_explained(
        R"([{"Plan": {"Node Type": "Bitmap Heap Scan", "Relation Name": "t", "Total Cost": 5, "Plans": [
              {"Node Type": "BitmapOr", "Total Cost": 1, "Plans": [{"Node Type": "Bitmap Index Scan", "Index Name": "t_i", "Total Cost": 1}]}]}}])");
    EXPECT_EQ(explained.main, "Bitmap Heap Scan using t_i on t");
    EXPECT_EQ(explained.execution_ms, 0);
}

TEST(Explained, APlanWithoutATableIsItsFirstNode) {
    EXPECT_EQ(read_explained(R"([{"Plan": {"Node Type": "Result", "Total Cost": 0.01}}])").main, "Result");
}

TEST(Explained, WhatIsNoPlanIsRefused) {
    for (const char* text : {"", "[]", "{}", "[{}]", R"([{"Plan": {}}])", R"([{"Plan": {"Node Type": 7}}])"}) {
        EXPECT_THROW(read_explained(text), base::Error) << text;
    }
}

TEST(Percentile, IsTheLeastThatSoManyDoNotExceed) {
    EXPECT_DOUBLE_EQ(percentile({3, 1, 2}, 50), 2);
    EXPECT_DOUBLE_EQ(percentile({5, 4, 3, 2, 1}, 95), 5);
    EXPECT_DOUBLE_EQ(percentile({7}, 50), 7);
    std::vector<double> hundred;
    for (int i = 1; i <= 100; ++i) {
        hundred.push_back(i);
    }
    EXPECT_DOUBLE_EQ(percentile(hundred, 95), 95);
    EXPECT_DOUBLE_EQ(percentile(hundred, 50), 50);
}

}  // namespace
}  // namespace pgbelay::engine
