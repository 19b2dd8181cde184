// The verbs of runbooks besides plain apply and check: what is read of them, and what is refused.
#include "runbook/markdown.h"

#include "workspace.h"

#include <gmock/gmock.h>

#include <set>

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

TEST(Verbs, ReadBaselines) {
    const Runbook runbook = read_body(
        "```sql baseline name=rows\nSELECT count(*) AS n FROM t;\n```\n"
        "```sql baseline timeout=5s\n-- fail: after.n < before.n\nSELECT count(*) AS n FROM t;\n```\n"
        "```sql baseline\n-- fail: WITH x AS (SELECT 1) SELECT true FROM x;\nSHOW work_mem;\n```\n");
    const Gauge& plain = what_of<MeasureItem>(runbook, 0).gauge;
    EXPECT_EQ(plain.sql, "SELECT count(*) AS n FROM t");
    EXPECT_EQ(plain.place.line, 5);
    EXPECT_EQ(plain.fail, "");
    EXPECT_EQ(plain.timeout, base::Millis(30'000));
    EXPECT_EQ(what_of<MeasureItem>(runbook, 1).gauge.fail, "after.n < before.n");
    EXPECT_FALSE(what_of<MeasureItem>(runbook, 1).gauge.fail_is_query);
    EXPECT_EQ(what_of<MeasureItem>(runbook, 1).gauge.timeout, base::Millis(5000));
    EXPECT_EQ(what_of<MeasureItem>(runbook, 2).gauge.fail, "WITH x AS (SELECT 1) SELECT true FROM x");
    EXPECT_TRUE(what_of<MeasureItem>(runbook, 2).gauge.fail_is_query);
    EXPECT_EQ(verb_of(runbook.items[0]), "sql baseline");
}

TEST(Verbs, ABaselineThatIsChangedIsAnotherDeployment) {
    const auto digest = [](const std::string& fence) { return read_body(fence + kApply).digest; };
    const std::string plain = digest("```sql baseline\nSELECT 1;\n```\n");
    EXPECT_NE(plain, digest(""));
    EXPECT_NE(plain, digest("```sql baseline\nSELECT 2;\n```\n"));
    EXPECT_NE(plain, digest("```sql baseline\n-- fail: true\nSELECT 1;\n```\n"));
    EXPECT_NE(plain, digest("```sql baseline timeout=1s\nSELECT 1;\n```\n"));
}

TEST(Verbs, ReadExplains) {
    const Runbook runbook = read_body(
        "```sql explain uses=t_a max_ms=2.5 runs=9 timeout=5s\n-- not: seq scan\n-- not: Seq Scan on app.T\n-- with: $1 = 7\n"
        "-- with: $2 = (SELECT '$3')\nSELECT * FROM t WHERE a = $1 AND b = $2 AND c = '$4' -- $5\n```\n"
        "```sql explain\nUPDATE t SET a = 1\n```\n");
    const Gauge& gauge = what_of<MeasureItem>(runbook, 0).gauge;
    EXPECT_EQ(gauge.uses, "t_a");
    EXPECT_EQ(gauge.max_ms, 2.5);
    EXPECT_EQ(gauge.runs, 9);
    EXPECT_EQ(gauge.timeout, base::Millis(5000));
    EXPECT_THAT(gauge.without, ElementsAre(ForbiddenNode{"Seq Scan", ""}, ForbiddenNode{"Seq Scan", "app.T"}));
    EXPECT_THAT(gauge.with, ElementsAre("7", "(SELECT '$3')"));
    EXPECT_FALSE(gauge.writes);
    EXPECT_TRUE(what_of<MeasureItem>(runbook, 1).gauge.writes);
    EXPECT_EQ(what_of<MeasureItem>(runbook, 1).gauge.runs, 5);
    EXPECT_EQ(verb_of(runbook.items[0]), "sql explain");
}

TEST(Verbs, EverythingAboutAnExplainIsPartOfTheDigest) {
    const auto digest = [](const std::string& attributes, const std::string& lines = "") {
        return read_body(kApply + ("```sql explain" + attributes + "\n" + lines + "SELECT 1;\n```\n")).digest;
    };
    const std::set<std::string> digests{digest(""),
                                        digest(" uses=i"),
                                        digest(" uses=j"),
                                        digest(" max_ms=5"),
                                        digest(" runs=6"),
                                        digest(" timeout=1s"),
                                        digest("", "-- not: Sort\n"),
                                        digest("", "-- not: Sort on t\n")};
    EXPECT_EQ(digests.size(), 8U);
}

TEST(Verbs, ReadProbes) {
    const Runbook runbook = read_body(
        "```sql probe every=200ms max_ms=50 max_ratio=2.5 on_breach=abort required=yes timeout=2s\n-- fail: value > 2 * baseline\nSELECT "
        "1;\n```\n"
        "```sql probe\nSELECT 1;\n```\n");
    const Gauge& gauge = what_of<MeasureItem>(runbook, 0).gauge;
    EXPECT_EQ(gauge.every, base::Millis(200));
    EXPECT_EQ(gauge.max_ms, 50);
    EXPECT_EQ(gauge.max_ratio, 2.5);
    EXPECT_EQ(gauge.on_breach, OnBreach::abort);
    EXPECT_TRUE(gauge.required);
    EXPECT_EQ(gauge.timeout, base::Millis(2000));
    EXPECT_EQ(gauge.fail, "value > 2 * baseline");
    const Gauge& plain = what_of<MeasureItem>(runbook, 1).gauge;
    EXPECT_EQ(plain.every, base::Millis(1000));
    EXPECT_EQ(plain.on_breach, std::nullopt);
    EXPECT_FALSE(plain.required);
    EXPECT_EQ(verb_of(runbook.items[0]), "sql probe");
}

TEST(Verbs, EverythingAboutAProbeIsPartOfTheDigest) {
    const auto digest = [](const std::string& attributes) {
        return read_body(kApply + ("```sql probe" + attributes + "\nSELECT 1;\n```\n")).digest;
    };
    const std::set<std::string> digests{digest(""),
                                        digest(" every=2s"),
                                        digest(" max_ms=5"),
                                        digest(" max_ratio=5"),
                                        digest(" on_breach=pause"),
                                        digest(" on_breach=abort"),
                                        digest(" required=yes"),
                                        digest(" timeout=1s")};
    EXPECT_EQ(digests.size(), 8U);
    EXPECT_EQ(digest(" required=no"), digest(""));
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
        Bad{"EveryWithoutUnit", "```sql probe every=100\nSELECT 1;\n```\n", 4, "every is \"100\"", "50ms to 1h"},
        Bad{"EveryTooOften", "```sql probe every=10ms\nSELECT 1;\n```\n", 4, "every is \"10ms\"", ""},
        Bad{"UnknownAction", "```sql probe on_breach=stop\nSELECT 1;\n```\n", 4, "on_breach=stop", "\"abort\""},
        Bad{"RequiredMaybe", "```sql probe required=maybe\nSELECT 1;\n```\n", 4, "required=maybe", "\"yes\""},
        Bad{"ProbeThatWrites", "```sql probe\nUPDATE t SET a = 1;\n```\n", 5, "a query that reads", ""},
        Bad{"UnreadableFailOfProbe", "```sql probe\n-- fail: value >\nSELECT 1;\n```\n", 5, "cannot be read", "2 * baseline"},
        Bad{"EmptyExplain", "```sql explain\n```\n", 4, "an explain without a query", ""},
        Bad{"ExplainOfExplain", "```sql explain\nEXPLAIN SELECT 1;\n```\n", 5, "a statement that has a plan", "without EXPLAIN"},
        Bad{"ExplainOfDdl", "```sql explain\nCREATE TABLE t ();\n```\n", 5, "a statement that has a plan", ""},
        Bad{"NearNode", "```sql explain\n-- not: Seq Scans\nSELECT 1;\n```\n", 5, "names no node", "did you mean `Seq Scan`"},
        Bad{"NodeOnNothing", "```sql explain\n-- not: Sort on  \nSELECT 1;\n```\n", 5, "names no node", ""},
        Bad{"NodeOnTwo", "```sql explain\n-- not: Sort on a b\nSELECT 1;\n```\n", 5, "names no table", "without quotes"},
        Bad{"RunsOfNothing", "```sql explain runs=0\nSELECT 1;\n```\n", 4, "runs=0", "from 1 to 100"},
        Bad{"RunsOfLetters", "```sql explain runs=5x\nSELECT 1;\n```\n", 4, "runs=5x", ""},
        Bad{"MaxOfNothing", "```sql explain max_ms=0\nSELECT 1;\n```\n", 4, "max_ms=0 is not a number", "max_ms=50"},
        Bad{"MaxWithUnit", "```sql explain max_ms=5ms\nSELECT 1;\n```\n", 4, "max_ms=5ms is not a number", ""},
        Bad{"MaxWithoutEnd", "```sql explain max_ms=1e999\nSELECT 1;\n```\n", 4, "is not a number", ""},
        Bad{"MaxOfAnUpdate", "```sql explain max_ms=5\nUPDATE t SET a = 1;\n```\n", 4, "of a statement that writes", "leave max_ms out"},
        Bad{"ParameterWithoutValue", "```sql explain\n-- with: $1 = 1\nSELECT $1, $2;\n```\n", 6, "$2 has no value", "-- with: $1"},
        Bad{"ValueTooMany", "```sql explain\n-- with: $1 = 1\nSELECT 1;\n```\n", 6, "$1 has a value and is not in", ""},
        Bad{"ValuesOutOfOrder", "```sql explain\n-- with: $2 = 1\nSELECT $2;\n```\n", 5, "$2 comes where $1 should", "in their order"},
        Bad{"ValueOfNoParameter", "```sql explain\n-- with: id = 1\nSELECT 1;\n```\n", 5, "gives no parameter a value", "$1 = 7"},
        Bad{"ValueWithMoreBehindIt", "```sql explain\n-- with: $1 = 1); DROP TABLE t; SELECT (2\nSELECT $1;\n```\n", 5, "cannot be read",
            "one expression"},
        Bad{"HugeParameter", "```sql explain\n-- with: $99999999999 = 1\nSELECT 1;\n```\n", 5, "gives no parameter a value", ""},
        Bad{"NearExplain", "```sql explian\nSELECT 1;\n```\n", 4, "\"explian\" is no verb", "\"explain\""},
        Bad{"EmptyBaseline", "```sql baseline\n```\n", 4, "a baseline without a query", "between the fences"},
        Bad{"TwoBaselines", "```sql baseline\nSELECT 1;\nSELECT 2;\n```\n", 6, "a second statement in a baseline", "of its own"},
        Bad{"BaselineThatWrites", "```sql baseline\nDELETE FROM t;\n```\n", 5, "a query that reads", "sql apply"},
        Bad{"UnreadableFail", "```sql baseline\n-- fail: after.n <\nSELECT 1;\n```\n", 5, "`-- fail:` cannot be read",
            "after.n < before.n"},
        Bad{"FailWithMoreBehindIt", "```sql baseline\n-- fail: true); DROP TABLE t; SELECT (true\nSELECT 1;\n```\n", 5, "cannot be read",
            ""},
        Bad{"FailThatWrites", "```sql baseline\n-- fail: DELETE FROM t\nSELECT 1;\n```\n", 5, "cannot be read", "one SELECT"},
        Bad{"TwoFails", "```sql baseline\n-- fail: true\n-- fail: false\nSELECT 1;\n```\n", 6, "a second `-- fail:`", "OR"},
        Bad{"FailOnCheck", "```sql check expect=1\n-- fail: true\nSELECT 1;\n```\n", 5, "`-- fail:` on sql check", "sql baseline"},
        Bad{"WordOfBaseline", "```sql baseline fail=true\nSELECT 1;\n```\n", 4, "unknown attribute \"fail\" of sql baseline", "name"},
        Bad{"WaitForABaseline", "```sql baseline name=a\nSELECT 1;\n```\n```sql apply not_before=1d-after:a\nSELECT 1;\n```\n", 7,
            "waits for \"a\"", ""},
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
