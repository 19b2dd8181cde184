// What was measured: kept as JSON and read back, and compared row by row.
#include "engine/measured.h"

#include "engine/journal/records.h"

#include <gmock/gmock.h>

namespace pgbelay::engine {
namespace {

using testing::ElementsAre;

Taken table(std::vector<MeasuredColumn> columns, std::vector<MeasuredRow> rows) {
    return {.columns = std::move(columns), .rows = std::move(rows)};
}

const MeasuredColumn kName{.name = "name", .type = "text"};
const MeasuredColumn kNumber{.name = "n", .type = "bigint", .number = true};

// "north n 1 -> 3 +2", one line a change.
std::vector<std::string> lines(const Taken& before, const Taken& after) {
    std::vector<std::string> all;
    for (const ValueChange& change : changes(before, after)) {
        if (change.which != ValueChange::Which::both) {
            all.push_back(change.row + (change.which == ValueChange::Which::only_before ? " gone" : " new"));
            continue;
        }
        all.push_back(change.row + "|" + change.column + "|" + change.before.value_or("NULL") + "|" + change.after.value_or("NULL") + "|" +
                      change.difference);
    }
    return all;
}

TEST(Changes, MatchRowsByTheirLeadingTextWhateverTheirOrder) {
    EXPECT_THAT(lines(table({kName, kNumber}, {{"a", "1"}, {"b", "2"}, {"c", "3"}}),
                      table({kName, kNumber}, {{"c", "3"}, {"d", "9"}, {"a", "11"}})),
                ElementsAre("c|n|3|3|0", "d new", "a|n|1|11|+10", "b gone"));
}

TEST(Changes, MatchEqualKeysInTheirOrder) {
    EXPECT_THAT(lines(table({kName, kNumber}, {{"a", "1"}, {"a", "2"}}), table({kName, kNumber}, {{"a", "1"}, {"a", "3"}, {"a", "4"}})),
                ElementsAre("a|n|1|1|0", "a|n|2|3|+1", "a new"));
}

TEST(Changes, OfASingleRowNeedNoKey) {
    EXPECT_THAT(lines(table({kName, kNumber}, {{"old", "1"}}), table({kName, kNumber}, {{"new", std::nullopt}})),
                ElementsAre("|name|old|new|", "|n|1|NULL|"));
}

TEST(Changes, OfNumbersAloneGoByPosition) {
    EXPECT_THAT(lines(table({kNumber}, {{"1"}, {"2"}}), table({kNumber}, {{"2"}})), ElementsAre("|n|1|2|+1", " gone"));
}

TEST(Changes, AreLeftOutWhereAColumnIsNewAndFoundWhereItMoved) {
    EXPECT_THAT(lines(table({kNumber, kName}, {{"1", "a"}}), table({{.name = "x", .type = "text"}, kName, kNumber}, {{"?", "a", "2"}})),
                ElementsAre("|name|a|a|", "|n|1|2|+1"));
}

TEST(Changes, DifferencesAreExact) {
    const auto difference = [](const std::string& before, const std::string& after) {
        const auto all = changes(table({kNumber}, {{before}}), table({kNumber}, {{after}}));
        return all.at(0).difference;
    };
    EXPECT_EQ(difference("10.10", "10.00"), "-0.10");
    EXPECT_EQ(difference("1", "1.25"), "+0.25");
    EXPECT_EQ(difference("9007199254740993", "9007199254740992"), "-1");
    EXPECT_EQ(difference("-5", "5"), "+10");
    EXPECT_EQ(difference("1e+20", "3e+20"), "+2e+20");
    EXPECT_EQ(difference("123456789012345678901234567890", "123456789012345678901234567890"), "+0");
    EXPECT_EQ(difference("NaN", "1"), "");
    EXPECT_EQ(difference("Infinity", "1"), "");
}

TEST(Changes, HaveNoPercentOfZero) {
    EXPECT_EQ(changes(table({kNumber}, {{"0"}}), table({kNumber}, {{"4"}})).at(0).percent, std::nullopt);
    EXPECT_DOUBLE_EQ(changes(table({kNumber}, {{"-4"}}), table({kNumber}, {{"-2"}})).at(0).percent.value(), 50.0);
}

TEST(Taken, IsReadAsItWasWritten) {
    Taken taken = table({kName, kNumber}, {{"a \"b\"\n", std::nullopt}, {"", "-1.5"}});
    taken.failures = {"one", "two"};
    const Taken again = taken_of({.kind = "after", .content = to_json_text(taken), .at = "now"});
    EXPECT_EQ(again.rows, taken.rows);
    EXPECT_EQ(again.columns.at(1).name, "n");
    EXPECT_TRUE(again.columns.at(1).number);
    EXPECT_EQ(again.failures, taken.failures);
    EXPECT_EQ(again.at, "now");
    EXPECT_EQ(taken_of({.content = to_json_text({.missing = "why"})}).missing, "why");
}

}  // namespace
}  // namespace pgbelay::engine
