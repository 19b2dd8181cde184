// The verbs of runbooks besides plain apply and check: what is read of them, and what is refused.
#include "runbook/markdown.h"

#include "workspace.h"

#include <gmock/gmock.h>

namespace pgbelay::runbook {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kHead = "---\npgbelay: 1\n---\n";  // three lines
constexpr const char* kApply = "```sql apply name=first\nSELECT 1;\n```\n";

Runbook read_body(const std::string& body) {
    const Workspace w;
    return read({w.write("d.md", kHead + body)}, {});
}

template <typename What>
const What& what_of(const Runbook& runbook, std::size_t i) {
    return std::get<What>(runbook.items.at(i).what);
}

TEST(Verbs, ReadAComparisonAndARecord) {
    const Runbook runbook = read_body(
        "```sql check record=before\nSELECT count(*) AS n FROM t;\n```\n"
        "```sql check\n-- a word\n-- note: expect little\n-- expect: >= before.n\nSELECT 1;\n```\n");
    EXPECT_EQ(what_of<CheckItem>(runbook, 0).record, "before");
    EXPECT_EQ(what_of<CheckItem>(runbook, 0).expects.expect, Expect::anything);
    const Expectation& expects = what_of<CheckItem>(runbook, 1).expects;
    EXPECT_EQ(expects.expect, Expect::compare);
    EXPECT_EQ(expects.comparison, (Comparison{.op = ">=", .record = "before", .column = "n"}));
}

TEST(Verbs, ReadTheTableOfTheFenceThatFollows) {
    const Runbook runbook = read_body(
        "```sql check\nSELECT 1 AS n;\n```\nIt shows:\n```expect\n n\n---\n 1\n```\n"
        "```sql try\nDELETE FROM t RETURNING id;\n```\n```expect order=yes\nid\n2\n1\n```\n");
    ASSERT_EQ(runbook.items.size(), 2U);
    EXPECT_THAT(what_of<CheckItem>(runbook, 0).expects.table.rows, ElementsAre(ElementsAre("1")));
    EXPECT_FALSE(what_of<CheckItem>(runbook, 0).expects.table.ordered);
    EXPECT_TRUE(what_of<TryItem>(runbook, 1).expects.table.ordered);
    EXPECT_EQ(runbook.fences, 4);
    EXPECT_THAT(runbook.documentation, ElementsAre());
}

TEST(Verbs, ReadTries) {
    const Runbook runbook = read_body(
        "```sql try timeout=5s\nDELETE FROM t;\nSELECT 1;\n```\n```sql try expect_error=23505 name=twice\nINSERT INTO t VALUES "
        "(1);\n```\n");
    EXPECT_EQ(what_of<TryItem>(runbook, 0).statements.size(), 2U);
    EXPECT_EQ(what_of<TryItem>(runbook, 0).timeout, base::Millis(5000));
    EXPECT_EQ(what_of<TryItem>(runbook, 0).expects.expect, Expect::anything);
    EXPECT_EQ(what_of<TryItem>(runbook, 1).expects.sqlstate, "23505");
    EXPECT_EQ(verb_of(runbook.items[1]), "sql try");
}

TEST(Verbs, ReadConfirmations) {
    const Runbook runbook =
        read_body("```confirm name=backup\n  The backup is there.\n\nIt was restored once.\n```\n```confirm {.x}\na\n```\n");
    ASSERT_EQ(runbook.items.size(), 1U);
    EXPECT_EQ(runbook.items[0].name, "backup");
    EXPECT_THAT(what_of<ConfirmItem>(runbook, 0).lines, ElementsAre("The backup is there.", "It was restored once."));
    EXPECT_EQ(runbook.documentation.size(), 1U);
}

TEST(Verbs, ReadHowAndWhenAStepRuns) {
    const Runbook runbook =
        read_body(std::string(kApply) + "```sql apply transaction=one timeout=30s not_before=7d-after:first\nSELECT 1;\nSELECT 2;\n```\n" +
                  "```sql apply transaction=none\n-- not_before: 2026-01-31 02:00 +0100\nSELECT 1;\n```\n" +
                  "```sql apply not_before=2028-02-29T23:59:58Z\nSELECT 1;\n```\n" +
                  "```sql apply\n-- not_before: 90 min after first\nSELECT 1;\n```\n");
    EXPECT_EQ(sql_of(runbook, 0).timeout, base::Millis(0));
    EXPECT_EQ(sql_of(runbook, 1).rule, TransactionRule::whole_file);
    EXPECT_EQ(sql_of(runbook, 1).timeout, base::Millis(30'000));
    EXPECT_EQ(sql_of(runbook, 1).not_before.after, "first");
    EXPECT_EQ(sql_of(runbook, 1).not_before.delay, base::Millis(7LL * 24 * 3600 * 1000));
    EXPECT_EQ(sql_of(runbook, 2).rule, TransactionRule::each_statement);
    EXPECT_EQ(sql_of(runbook, 3).not_before.at, "2028-02-29 23:59:58+00:00");
}

TEST(Verbs, EveryAttributeIsPartOfTheDigest) {
    const auto digest = [](const std::string& body) { return read_body(kApply + body).digest; };
    const std::string apply = "SELECT 1;\n```\n";
    EXPECT_NE(digest("```sql apply\n" + apply), digest("```sql apply timeout=5s\n" + apply));
    EXPECT_NE(digest("```sql apply\n" + apply), digest("```sql apply transaction=one\n" + apply));
    EXPECT_NE(digest("```sql apply not_before=1d-after:first\n" + apply), digest("```sql apply not_before=2d-after:first\n" + apply));
    EXPECT_NE(digest("```sql check record=a\n" + apply), digest("```sql check record=b\n" + apply));
    EXPECT_NE(digest("```sql try\n" + apply), digest("```sql try expect=empty\n" + apply));
    EXPECT_NE(digest("```confirm\na\n```\n"), digest("```confirm\nb\n```\n"));
    EXPECT_EQ(digest("```sql apply transaction=auto\n" + apply), digest("```sql apply\n" + apply));
}

struct Bad {
    std::string name;
    std::string body;
    int line;
    std::string message;
    std::string hint;
};

void PrintTo(const Bad& bad, std::ostream* out) {
    *out << bad.name;
}

class BadVerbs : public testing::TestWithParam<Bad> {};

TEST_P(BadVerbs, SayWhereAndWhatToDo) {
    const Workspace w;
    const base::Error error = error_of({w.write("d.md", kHead + GetParam().body)});
    EXPECT_EQ(error.code(), base::ErrorCode::input);
    EXPECT_EQ(error.place().line, GetParam().line) << error.what();
    EXPECT_THAT(error.message(), HasSubstr(GetParam().message));
    EXPECT_THAT(error.hint(), HasSubstr(GetParam().hint));
}

INSTANTIATE_TEST_SUITE_P(
    All, BadVerbs,
    testing::Values(
        Bad{"TwoExpectations", "```sql check expect=1\n-- expect: = 1\nSELECT 1;\n```\n", 5, "a second expectation", "keep one"},
        Bad{"TableAndWord", "```sql check expect=1\nSELECT 1;\n```\n```expect\nn\n1\n```\n", 7,
            "a second expectation; the first is at line 4", ""},
        Bad{"TableAlone", "text\n```expect\nn\n1\n```\n", 5, "follows no check", "right after"},
        Bad{"TableAfterApply", std::string(kApply) + "```expect\nn\n1\n```\n", 7, "follows no check", ""},
        Bad{"TableTwice", "```sql check\nSELECT 1;\n```\n```expect\nn\n1\n```\n```expect\nn\n1\n```\n", 11, "follows no check", ""},
        Bad{"BadOrder", "```sql check\nSELECT 1;\n```\n```expect order=maybe\nn\n1\n```\n", 7, "order=maybe", "order=yes"},
        Bad{"UnknownOfExpect", "```sql check\nSELECT 1;\n```\n```expect odrer=yes\nn\n1\n```\n", 7, "unknown attribute \"odrer\" of expect",
            "\"order\""},
        Bad{"UnknownRecord", "```sql check\n-- expect: = befor.n\nSELECT 1;\n```\n", 4, "records \"befor\"", "record=befor"},
        Bad{"NearRecord", "```sql check record=before\nSELECT 1;\n```\n```sql check\n-- expect: = befor.n\nSELECT 1;\n```\n", 7,
            "records \"befor\"", "\"before\""},
        Bad{"RecordTwice", "```sql check record=a\nSELECT 1;\n```\n```sql check record=a\nSELECT 1;\n```\n", 7, "two checks record \"a\"",
            ""},
        Bad{"RecordOfSigns", "```sql check record=a.b\nSELECT 1;\n```\n", 4, "cannot be the name", "letter"},
        Bad{"BeginInTry", "```sql try\nBEGIN;\n```\n", 5, "\"BEGIN\" in a try", "leave it out"},
        Bad{"SavepointInTry", "```sql try\nSAVEPOINT a;\n```\n", 5, "\"SAVEPOINT a\" in a try", ""},
        Bad{"EmptyTry", "```sql try\n```\n", 4, "a try without a statement", ""},
        Bad{"BadSqlstate", "```sql try expect_error=unique\nSELECT 1;\n```\n", 4, "expect_error=unique is no SQLSTATE", "23505"},
        Bad{"ErrorAndRows", "```sql try expect_error=23505 expect=1\nSELECT 1;\n```\n", 4, "a second expectation", ""},
        Bad{"NothingToConfirm", "```confirm\n\n```\n", 4, "nothing to confirm", "one line each"},
        Bad{"WordAfterConfirm", "```confirm backup\na\n```\n", 4, "\"backup\" is not an attribute", "key=value"},
        Bad{"ConfirmInQuote", "> ```confirm\n> a\n> ```\n", 4, "inside a quote", ""},
        Bad{"BadTransaction", "```sql apply transaction=non\nSELECT 1;\n```\n", 4, "transaction=non", "\"none\""},
        Bad{"BeginInOne", "```sql apply transaction=one\nBEGIN;\nSELECT 1;\nCOMMIT;\n```\n", 5, "\"BEGIN\" in a step", "leave it out"},
        Bad{"BeginInNone", "```sql apply transaction=none\nSTART TRANSACTION;\nCOMMIT;\n```\n", 5, "in a step with transaction=none", ""},
        Bad{"BareTimeout", "```sql apply timeout=30\nSELECT 1;\n```\n", 4, "timeout is \"30\"", "unit"},
        Bad{"ZeroTimeout", "```sql apply timeout=0s\nSELECT 1;\n```\n", 4, "timeout is \"0s\"", ""},
        Bad{"NoZone", "```sql apply not_before=2026-01-31T02:00\nSELECT 1;\n```\n", 4, "no time to wait for", "with its zone"},
        Bad{"NoSuchDay", "```sql apply not_before=2027-02-29T02:00Z\nSELECT 1;\n```\n", 4, "no time to wait for", ""},
        Bad{"TimeAndMore", "```sql apply not_before=2027-02-28T02:00Zx\nSELECT 1;\n```\n", 4, "no time to wait for", ""},
        Bad{"NoDelay", "```sql apply not_before=-after:first\nSELECT 1;\n```\n", 4, "no time to wait for", ""},
        Bad{"NotBeforeTwice",
            std::string(kApply) + "```sql apply not_before=1d-after:first\n-- not_before: 1d after first\nSELECT 1;\n```\n", 8,
            "given twice", ""},
        Bad{"WaitsForNobody", std::string(kApply) + "```sql apply not_before=1d-after:frst\nSELECT 1;\n```\n", 7, "waits for \"frst\"",
            "\"first\""},
        Bad{"WaitsForItself", "```sql apply name=a not_before=1d-after:a\nSELECT 1;\n```\n", 4, "waits for \"a\"", "name="},
        Bad{"NotBeforeOnCheck", "```sql check expect=1\n-- not_before: 1d after a\nSELECT 1;\n```\n", 5, "`-- not_before:` on sql check",
            "sql apply"},
        Bad{"SlipOfAKey", "```sql check expect=1\n-- expects: = 1\nSELECT 1;\n```\n", 5, "`-- expects:` means nothing", "`-- expect:`"},
        Bad{"OtherSlip", std::string(kApply) + "```sql apply\n-- not-before: 1d after first\nSELECT 1;\n```\n", 8, "means nothing",
            "not_before"},
        Bad{"ExpectOnApply", "```sql apply\n-- expect: = 1\nSELECT 1;\n```\n", 5, "`-- expect:` on sql apply", "sql check"},
        Bad{"ExpectOnRollback", std::string(kApply) + "```sql rollback\n-- when: SELECT true\nSELECT 1;\n```\n", 8,
            "`-- when:` on sql rollback", "sql apply"}),
    [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace pgbelay::runbook
