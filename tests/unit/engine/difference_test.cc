#include "engine/ledger.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace pgbelay::engine {
namespace {

TEST(Difference, ShowsWhatWasTakenOutAndPutIn) {
    EXPECT_EQ(difference("a\nb\nc\n", "a\nx\ny\nc\n"), "- b\n+ x\n+ y");
}

TEST(Difference, ShowsLinesAddedAtTheEnd) {
    EXPECT_EQ(difference("a\n", "a\nb\n"), "+ b");
}

TEST(Difference, CountsARepeatedLineOnce) {
    EXPECT_EQ(difference("a\na\n", "a\n"), "- a");
}

TEST(Difference, IsEmptyForTheSameText) {
    EXPECT_EQ(difference("a\nb", "a\nb"), "");
}

TEST(Difference, ShowsNoMoreThanTwentyLines) {
    std::string many;
    for (int i = 0; i < 100; ++i) {
        many += std::to_string(i) + "\n";
    }
    const std::string shown = difference("", many);
    EXPECT_EQ(std::count(shown.begin(), shown.end(), '\n'), 19);
}

}  // namespace
}  // namespace pgbelay::engine
