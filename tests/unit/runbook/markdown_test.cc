#include "runbook/markdown.h"

#include "workspace.h"

#include <gmock/gmock.h>

namespace pgbelay::runbook {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kHead = "---\npgbelay: 1\n---\n";  // three lines

// A runbook with this body after a head of three lines.
std::string with_body(const std::string& body) {
    return kHead + body;
}

// A runbook with these lines in its front matter, from line 3, and one step.
std::string with_front_matter(const std::string& yaml) {
    return "---\npgbelay: 1\n" + yaml + "---\n```sql apply\nSELECT 1;\n```\n";
}

Runbook read_text(const std::string& text, const ReadOptions& options = {}) {
    const Workspace w;
    return read({w.write("deploy.md", text)}, options);
}

base::Error error_of_text(const std::string& text) {
    const Workspace w;
    return error_of({w.write("deploy.md", text)});
}

const CheckItem& check_of(const Runbook& runbook, std::size_t i) {
    return std::get<CheckItem>(runbook.items.at(i).what);
}

// ---- steps -------------------------------------------------------------------------------------------------------------

TEST(Markdown, ReadsTheStepsOfARunbookInOrder) {
    const Workspace w;
    const std::string path = w.write("ops/deploy.md",
                                     "---\n"                                            // 1
                                     "pgbelay: 1\n"                                     // 2
                                     "name: Franchise indexes\n"                        // 3
                                     "---\n"                                            // 4
                                     "# Franchise indexes\n"                            // 5
                                     "\n"                                               // 6
                                     "## Before\n"                                      // 7
                                     "```sql check expect=empty\n"                      // 8
                                     "SELECT 1 WHERE false;\n"                          // 9
                                     "```\n"                                            // 10
                                     "## Apply `it`\n"                                  // 11
                                     "```sql apply\n"                                   // 12
                                     "CREATE INDEX i ON t (a);\n"                       // 13
                                     "  SELECT 2;\n"                                    // 14
                                     "```\n"                                            // 15
                                     "```bash\n"                                        // 16
                                     "psql\n"                                           // 17
                                     "```\n"                                            // 18
                                     "```sql check expect=true\nSELECT true;\n```\n"    // 19
                                     "```sql check expect=6 name=six\nTABLE t;\n```\n"  // 22
                                     "```sql rollback\nDROP INDEX i;\n```\n");          // 25
    const Runbook runbook = read({path}, {});
    EXPECT_EQ(runbook.name, "Franchise indexes");
    EXPECT_THAT(names_of(runbook), ElementsAre("before-1", "apply-it-1", "apply-it-2", "six"));
    EXPECT_EQ(runbook.items[1].place, (base::Place{path, 12, 1}));
    EXPECT_EQ(check_of(runbook, 0).expects.expect, Expect::empty);
    EXPECT_EQ(check_of(runbook, 2).expects.expect, Expect::is_true);
    EXPECT_EQ(check_of(runbook, 3).expects.expect, Expect::count);
    EXPECT_EQ(check_of(runbook, 3).expects.count, 6);
    const SqlItem& apply = sql_of(runbook, 1);
    EXPECT_THAT(statements_of(apply.statements), ElementsAre("CREATE INDEX i ON t (a)", "SELECT 2"));
    EXPECT_EQ(apply.statements[1].place, (base::Place{path, 14, 3}));
    EXPECT_EQ(apply.rule, TransactionRule::each_statement);
    EXPECT_THAT(statements_of(apply.rollback), ElementsAre("DROP INDEX i"));
    EXPECT_EQ(apply.rollback[0].place, (base::Place{path, 26, 1}));
    EXPECT_EQ(apply.rollback_from, path + ":25");
    EXPECT_EQ(runbook.fences, 6);
    EXPECT_THAT(runbook.documentation, ElementsAre(path + ":16"));
    ASSERT_EQ(runbook.files.size(), 1U);
    EXPECT_EQ(runbook.files[0].key, "deploy.md");
    EXPECT_EQ(runbook.files[0].text, "SELECT 1 WHERE false;\nCREATE INDEX i ON t (a);\nSELECT 2;\nSELECT true;\nTABLE t");
}

TEST(Markdown, ReadsBomAndWindowsLineEnds) {
    const Workspace w;
    const std::string path = w.write("d.md", "\xEF\xBB\xBF---\r\npgbelay: 1\r\n---\r\n\r\n```sql apply\r\nSELECT 1;\r\n```\r\n");
    const Runbook runbook = read({path}, {});
    EXPECT_EQ(sql_of(runbook, 0).statements.at(0).place, (base::Place{path, 6, 1}));
    EXPECT_EQ(runbook.name, "d");
}

TEST(Markdown, TakesAppliedFilesRelativeToItself) {
    const Workspace w;
    const std::string sql = w.write("ops/sql/001.sql", "SELECT 1;\nSELECT 2;\n");
    w.write("ops/sql/001_rollback.sql", "SELECT -1;");
    const std::string path =
        w.write("ops/d.md", with_body("```sql apply file=sql/001.sql\n-- said here\n```\n```sql apply\nSELECT 3;\n```\n"));
    const Runbook runbook = read({path}, {});
    const SqlItem& item = sql_of(runbook, 0);
    EXPECT_EQ(item.statements.at(1).place, (base::Place{sql, 2, 1}));
    EXPECT_THAT(item.rollback, IsEmpty()) << "it would undo the first step only";
    EXPECT_EQ(sql_of(runbook, 1).statements.at(0).n, 3) << "one file in the ledger, one numbering";
    EXPECT_EQ(runbook.files.size(), 1U);
}

TEST(Markdown, LetsARollbackFenceReplaceRollbackFiles) {
    const Workspace w;
    w.write("1.sql", "SELECT 1;");
    w.write("1_rollback.sql", "SELECT -1;");
    const std::string path = w.write("d.md", with_body("```sql apply file=1.sql\n```\n```sql apply\nSELECT 2;\n```\n"
                                                       "```sql rollback\nSELECT -2;\n```\n```sql rollback\nSELECT -3;\n```\n"));
    const Runbook runbook = read({path}, {});
    EXPECT_THAT(sql_of(runbook, 0).rollback, IsEmpty());
    EXPECT_THAT(statements_of(sql_of(runbook, 1).rollback), ElementsAre("SELECT -2", "SELECT -3"));
    EXPECT_EQ(sql_of(runbook, 1).rollback_from, path + ":9");
}

TEST(Markdown, JoinsRollbackFilesLastFirstWhenEveryStepHasOne) {
    const Workspace w;
    for (const char* n : {"1", "2"}) {
        w.write(std::string(n) + ".sql", std::string("SELECT ") + n);
        w.write(std::string(n) + "_rollback.sql", std::string("SELECT -") + n);
    }
    const Runbook runbook = read({w.write("d.md", with_body("```sql apply file=1.sql\n```\n```sql apply file=2.sql\n```\n"))}, {});
    EXPECT_THAT(sql_of(runbook, 0).rollback, IsEmpty());
    EXPECT_THAT(statements_of(sql_of(runbook, 1).rollback), ElementsAre("SELECT -2", "SELECT -1"));
    EXPECT_EQ(sql_of(runbook, 1).rollback_from, w.path("2_rollback.sql") + ", " + w.path("1_rollback.sql"));
}

TEST(Markdown, KeepsARollbackFenceAtTheStepBeforeIt) {
    const Runbook runbook =
        read_text(with_body("```sql apply\nSELECT 1;\n```\n```sql rollback\nSELECT -1;\n```\n"
                            "```sql apply\nSELECT 2;\n```\n```sql rollback\nSELECT -2;\n```\n"));
    EXPECT_THAT(statements_of(sql_of(runbook, 0).rollback), ElementsAre("SELECT -1"));
    EXPECT_THAT(statements_of(sql_of(runbook, 1).rollback), ElementsAre("SELECT -2"));
}

TEST(Markdown, PutsAConditionOnEveryStatementOfItsFence) {
    const Workspace w;
    const std::string path = w.write(
        "d.md", with_body("```sql apply\n-- why\n-- when: SELECT NOT EXISTS (SELECT 1)\nBEGIN;\nSELECT 1;\nSELECT 2;\nCOMMIT;\n```\n"));
    const Runbook runbook = read({path}, {});
    const auto& statements = sql_of(runbook, 0).statements;
    ASSERT_EQ(statements.size(), 4U);
    EXPECT_EQ(statements[0].directive("when"), std::nullopt);
    EXPECT_EQ(statements[1].directive("when"), "SELECT NOT EXISTS (SELECT 1)");
    EXPECT_EQ(statements[2].directive("when"), "SELECT NOT EXISTS (SELECT 1)");
    EXPECT_EQ(statements[2].directives.at(0).place, (base::Place{path, 6, 1}));
}

TEST(Markdown, ExpandsVariables) {
    const Runbook runbook = read_text(with_body("```sql apply\nSELECT :n;\n```\n"), {.variables = {{"n", "7"}}});
    EXPECT_THAT(statements_of(sql_of(runbook, 0).statements), ElementsAre("SELECT 7"));
}

TEST(Markdown, LeavesDocumentationAlone) {
    const Runbook runbook =
        read_text(with_body("```sql\nDROP TABLE t;\n```\n"
                            "```sql {.line-numbers}\nx\n```\n"
                            "```sql title=\"a b\"\nx\n```\n"
                            "```python apply\nx\n```\n"
                            "> ```sql\n> x\n> ```\n"
                            "- a\n  ```bash\n  x\n  ```\n"
                            "\ntext\n\n    ```sql apply\n    indented code is no fence\n    ```\n\n"
                            "<!--\n```sql apply\nnor is a comment\n```\n-->\n\n"
                            "````markdown\n```sql apply\nx\n```\n````\n"
                            "  ~~~ sql apply\n  SELECT 1;\n  ~~~\n"));
    EXPECT_EQ(runbook.items.size(), 1U);
    EXPECT_EQ(runbook.fences, 8);
    EXPECT_EQ(runbook.documentation.size(), 7U);
    EXPECT_THAT(statements_of(sql_of(runbook, 0).statements), ElementsAre("SELECT 1"));
}

TEST(Markdown, NamesStepsByHeadingAndNumberAndNeverTwice) {
    const std::string step = "```sql apply\nSELECT 1;\n```\n";
    const Runbook runbook =
        read_text(with_body(step + "## \xF0\x9F\x9A\xA8 Apply: the \xE2\x80\x93 Changes!\n" + step + step +
                            "```sql apply name=apply-the-changes-3\nSELECT 1;\n```\n" + step + "# \xD0\x9C\xD0\xB8\xD1\x80\n" + step));
    EXPECT_THAT(names_of(runbook), ElementsAre("step-1", "apply-the-changes-1", "apply-the-changes-2", "apply-the-changes-3",
                                               "apply-the-changes-4", "\xD0\x9C\xD0\xB8\xD1\x80-1"));
}

TEST(Markdown, KeepsNamesWhenProseChanges) {
    const std::string step = "```sql apply\nSELECT 1;\n```\n";
    const Runbook before = read_text(with_body("## Apply\n" + step + "## After\n" + step));
    const Runbook after =
        read_text(with_body("Some words.\n\n```sh\nls\n```\n## Apply\nMore words.\n\n" + step + "> quoted\n\n## After\n" + step));
    EXPECT_EQ(names_of(before), names_of(after));
    EXPECT_EQ(before.digest, after.digest);
}

struct BadRunbook {
    std::string name;
    std::string text;
    int line;
    std::string message;
    std::string hint;
};

void PrintTo(const BadRunbook& bad, std::ostream* out) {
    *out << bad.text;
}

class MarkdownErrors : public testing::TestWithParam<BadRunbook> {};

TEST_P(MarkdownErrors, AreAtTheLineAndSayWhatToDo) {
    const base::Error error = error_of_text(GetParam().text);
    EXPECT_EQ(error.code(), base::ErrorCode::input);
    EXPECT_EQ(error.place().line, GetParam().line) << error.what();
    EXPECT_THAT(error.message(), HasSubstr(GetParam().message));
    EXPECT_THAT(error.hint(), HasSubstr(GetParam().hint));
}

const std::string kStep = "```sql apply\nSELECT 1;\n```\n";

INSTANTIATE_TEST_SUITE_P(
    Fences, MarkdownErrors,
    testing::Values(
        BadRunbook{"NoFrontMatter", "# Deploy\n" + kStep, 1, "no front matter", "pgbelay: 1"},
        BadRunbook{"Empty", "", 1, "no front matter", "pgbelay: 1"},
        BadRunbook{"FrontMatterWithoutEnd", "---\npgbelay: 1\n", 1, "does not end", "---"},
        BadRunbook{"NoStep", with_body("```sql\nSELECT 1;\n```\n"), 0, "no step", "```sql apply"},
        BadRunbook{"OnlyRollback", with_body("```sql rollback\nSELECT 1;\n```\n"), 4, "before any step", "after"},
        BadRunbook{"Misspelt", with_body("text\n\n```sql aply\nSELECT 1;\n```\n"), 6, "\"aply\" is no verb of sql fences", "\"apply\""},
        BadRunbook{"MisspeltShell", with_body("```sh rn\nls\n```\n"), 4, "\"rn\" is no verb of sh fences", "\"run\""},
        BadRunbook{"Http", with_body("```http check\nGET /\n```\n"), 4, "\"http check\" is not supported by this version", ""},
        BadRunbook{"Log", with_body("```log check\n/x/\n```\n"), 4, "\"log check\" is not supported by this version", ""},
        BadRunbook{"Shell", with_body("```sh run\nls\n```\n"), 4, "\"sh run\" is not supported by this version", ""},
        BadRunbook{"Watch", with_body("```SQL watch\nSELECT 1;\n```\n"), 4, "\"sql watch\" is not supported by this version", ""},
        BadRunbook{"Unclosed", with_body(kStep + "```bash\nls\n"), 7, "this fence does not end", "```"},
        BadRunbook{"UnclosedInList", with_body(kStep + "- a\n  ```sql\n  x\n\ntext\n"), 8, "this fence does not end", ""},
        BadRunbook{"UnclosedInQuote", with_body(kStep + "> ```sql\n> x\n\ntext\n"), 7, "this fence does not end", ""},
        BadRunbook{"InQuote", with_body("> ```sql apply\n> SELECT 1;\n> ```\n"), 4, "inside a quote", "take it out"},
        BadRunbook{"InList", with_body("1. a\n\n   ```sql apply\n   SELECT 1;\n   ```\n"), 6, "inside a list item", "start of its line"},
        BadRunbook{"UnknownAttribute", with_body("```sql apply fil=x.sql\n```\n"), 4, "unknown attribute \"fil\" of sql apply", "\"file\""},
        BadRunbook{"TwiceAttribute", with_body("```sql check expect=1 expect=2\nSELECT 1;\n```\n"), 4, "expect is given twice", ""},
        BadRunbook{"QuotedAttribute", with_body("```sql apply name=\"x\"\nSELECT 1;\n```\n"), 4, "must be a bare word", "without quotes"},
        BadRunbook{"BareWord", with_body("```sql apply now\nSELECT 1;\n```\n"), 4, "\"now\" is not an attribute", "key=value"},
        BadRunbook{"NameTwice", with_body("```sql apply name=a\nSELECT 1;\n```\n```sql apply name=a\nSELECT 1;\n```\n"), 7,
                   "two steps are called \"a\"", ""},
        BadRunbook{"NameOfSigns", with_body("```sql apply name=a/b\nSELECT 1;\n```\n"), 4, "cannot be a step's name", "letters"},
        BadRunbook{"LongName", with_body("```sql apply name=" + std::string(201, 'a') + "\nSELECT 1;\n```\n"), 4, "a name of 201 bytes",
                   ""},
        BadRunbook{"NoStatement", with_body("```sql apply\n-- later\n```\n"), 4, "a step without a statement", "file="},
        BadRunbook{"FileAndSql", with_body("```sql apply file=x.sql\nSELECT 1;\n```\n"), 4, "SQL in a fence that names a file", "keep one"},
        BadRunbook{"NoFile", with_body("```sql apply file=gone.sql\n```\n"), 4, "gone.sql does not exist", "relative to the Markdown file"},
        BadRunbook{"DirectoryForFile", with_body("```sql apply file=.\n```\n"), 4, "is a directory", "name a file"},
        BadRunbook{"NoExpectation", with_body("```sql check\nSELECT 1;\n```\n"), 4, "without an expectation", "expect=empty"},
        BadRunbook{"BadExpectation", with_body("```sql check expect=some\nSELECT 1;\n```\n"), 4, "expect=some", "expect=N"},
        BadRunbook{"HugeExpectation", with_body("```sql check expect=99999999999999999999\nSELECT 1;\n```\n"), 4, "expect=9999",
                   "expect=N"},
        BadRunbook{"NegativeExpectation", with_body("```sql check expect=-1\nSELECT 1;\n```\n"), 4, "expect=-1", "expect=N"},
        BadRunbook{"EmptyCheck", with_body("```sql check expect=1\n```\n"), 4, "a check without a query", ""},
        BadRunbook{"TwoQueries", with_body("```sql check expect=1\nSELECT 1;\nSELECT 2;\n```\n"), 6, "a second statement in a check", ""},
        BadRunbook{"CheckThatWrites", with_body("```sql check expect=1\nDELETE FROM t;\n```\n"), 5, "a check is a query that reads",
                   "sql apply"},
        BadRunbook{"WhenOnCheck", with_body("```sql check expect=1\n-- when: SELECT true\nSELECT 1;\n```\n"), 5, "`-- when:` on sql check",
                   "sql apply"},
        BadRunbook{"EmptyWhen", with_body("```sql apply\n-- when:\nSELECT 1;\n```\n"), 5, "`-- when:` without a value", ""},
        BadRunbook{"TwoWhens", with_body("```sql apply\n-- when: a\n-- when: b\nSELECT 1;\n```\n"), 6, "a second `-- when:`", "AND"},
        BadRunbook{"SyntaxPlace", with_body("\n```sql apply\nSELECT 1;\n\\watch\n```\n"), 7, "", ""},
        BadRunbook{"RollbackForAPart", with_body(kStep + "```sql rollback\nSELECT 2;\n```\n" + kStep), 10, "after the last sql rollback",
                   "move the rollback"},
        BadRunbook{"EmptyRollback", with_body(kStep + "```sql rollback\n```\n"), 7, "a rollback without a statement", ""},
        BadRunbook{"NotUtf8", with_body("text\n\xFF\n"), 5, "not UTF-8", "UTF-8"},
        BadRunbook{"OldMac", with_body("text\rtext\n"), 4, "carriage return", "line ends"}),
    [](const auto& param) { return param.param.name; });

INSTANTIATE_TEST_SUITE_P(
    FrontMatter, MarkdownErrors,
    testing::Values(
        BadRunbook{"NoFormat", "---\nname: x\n---\n" + kStep, 2, "no \"pgbelay: 1\"", "pgbelay: 1"},
        BadRunbook{"Nothing", "---\n---\n" + kStep, 2, "no \"pgbelay: 1\"", "pgbelay: 1"},
        BadRunbook{"OtherFormat", "---\npgbelay: 2\n---\n" + kStep, 2, "format \"2\"", "newer pgbelay"},
        BadRunbook{"UnknownKey", with_front_matter("limit: {}\n"), 3, "unknown key \"limit\" in the front matter", "\"limits\""},
        BadRunbook{"EmptyReplica", with_front_matter("replicas: [\"\"]\n"), 3, "a replica needs a URL", ""},
        BadRunbook{"KeyTwice", with_front_matter("name: a\nname: b\n"), 4, "\"name\" occurs twice; the first is at line 3", "keep one"},
        BadRunbook{"Anchor", with_front_matter("name: &a x\n"), 3, "anchors are not read", "write the value"},
        BadRunbook{"Alias", with_front_matter("limits: &l {hold: 1s}\n"), 3, "anchors are not read", "write the value"},
        BadRunbook{"Tag", with_front_matter("name: !!str x\n"), 3, "tags are not read", ""},
        BadRunbook{"Octal", with_front_matter("limits:\n  blocked_sessions: 010\n"), 4, "octal", "leading zero"},
        BadRunbook{"Syntax", with_front_matter("limits: {hold: 1s\n"), 4, "end of map", "YAML"},
        BadRunbook{"List", "---\n- a\n---\n" + kStep, 2, "not made of keys and values", "pgbelay: 1"},
        BadRunbook{"UnknownLimit", with_front_matter("limits: {lock_timout: 1s}\n"), 3, "unknown key \"lock_timout\" in limits",
                   "\"lock_timeout\""},
        BadRunbook{"LimitsValue", with_front_matter("limits: 5\n"), 3, "limits needs keys", ""},
        BadRunbook{"NoUnit", with_front_matter("limits: {hold: 5}\n"), 3, "hold is \"5\", which is not a time", "unit"},
        BadRunbook{"ZeroTime", with_front_matter("limits: {lock_timeout: 0ms}\n"), 3, "lock_timeout must be more than 0", ""},
        BadRunbook{"BadSize", with_front_matter("limits: {tiny: 8MiB}\n"), 3, "tiny is \"8MiB\"", "8MB"},
        BadRunbook{"HugeSize", with_front_matter("limits: {tiny: 99999999TB}\n"), 3, "tiny is", "8MB"},
        BadRunbook{"BadCount", with_front_matter("limits: {blocked_sessions: many}\n"), 3, "not a whole number", ""},
        BadRunbook{"NegativeRate", with_front_matter("limits: {rollbacks_per_second: -1}\n"), 3, "rollbacks_per_second is \"-1\"", ""},
        BadRunbook{"OnBreach", with_front_matter("on_breach: stop\n"), 3, "on_breach is \"stop\"", "pause, abort, rollback"},
        BadRunbook{"Targets", with_front_matter("targets: x\n"), 3, "targets needs keys", ""},
        BadRunbook{"EmptyTarget", with_front_matter("targets:\n  a:\n"), 4, "the target a needs a URL", ""},
        BadRunbook{"OpenVariable", with_front_matter("targets:\n  a: x${B\n"), 4, "is no variable", "${NAME}"}),
    [](const auto& param) { return param.param.name; });

TEST(MarkdownErrorsByColumn, CountCharactersNotBytes) {
    const base::Error fence = error_of_text(with_body("```sql apply name=\xC3\xA4 x\nSELECT 1;\n```\n"));
    EXPECT_EQ(fence.place().column, 21) << fence.what();
    const base::Error yaml = error_of_text(with_front_matter("limits: {tiny: 8MB, \"\xC3\xA4\": 1}\n"));
    EXPECT_EQ(yaml.place().line, 3);
    EXPECT_EQ(yaml.place().column, 21) << yaml.what();
}

// ---- front matter ------------------------------------------------------------------------------------------------------

TEST(FrontMatter, ReadsLimitsAndPolicies) {
    const Runbook runbook = read_text(with_front_matter(
        "on_breach: abort\nlimits: { lock_timeout: 50ms, hold: 2s, deadline: 1h, statement_timeout: 0, tiny: 16 MB, blocked_sessions: 0,\n"
        "  active_sessions: 30, replication_lag: 10s, oldest_transaction: 5min, rollbacks_per_second: 0.5, deadlocks_per_second: 1 }\n"));
    EXPECT_EQ(runbook.on_breach, OnBreach::abort);
    EXPECT_EQ(runbook.limits.lock_timeout, base::Millis(50));
    EXPECT_EQ(runbook.limits.hold, base::Millis(2000));
    EXPECT_EQ(runbook.limits.deadline, base::Millis(3'600'000));
    EXPECT_EQ(runbook.limits.statement_timeout, base::Millis(0));
    EXPECT_EQ(runbook.limits.tiny, 16 * 1024 * 1024);
    EXPECT_EQ(runbook.limits.guard, (std::vector<GuardLimit>{{.name = "blocked_sessions", .most = 0},
                                                             {.name = "active_sessions", .most = 30},
                                                             {.name = "replication_lag", .most = 10'000},
                                                             {.name = "oldest_transaction", .most = 300'000},
                                                             {.name = "rollbacks_per_second", .most = 0.5},
                                                             {.name = "deadlocks_per_second", .most = 1}}));
}

TEST(FrontMatter, ExpandsTargetsAndKeepsMissingVariablesForLater) {
    const Environment environment = [](const std::string& name) -> std::optional<std::string> {
        if (name == "URL") {
            return "postgres://u:secret@h/d";
        }
        return name == "EMPTY" ? std::optional<std::string>("") : std::nullopt;
    };
    const Runbook runbook = read_text(
        with_front_matter("targets:\n  a: ${URL}\n  b: \"postgres://${HOST:-localhost}/${EMPTY:-db}\"\n  c: x${GONE}y\n  d: $HOME\n"),
        {.environment = environment});
    ASSERT_EQ(runbook.targets.size(), 4U);
    EXPECT_EQ(runbook.targets[0].name, "a");
    EXPECT_EQ(runbook.targets[0].url, "postgres://u:secret@h/d");
    EXPECT_EQ(runbook.targets[0].place.line, 4);
    EXPECT_EQ(runbook.targets[1].url, "postgres://localhost/db");
    EXPECT_EQ(runbook.targets[2].url, "");
    EXPECT_EQ(runbook.targets[2].missing, "GONE");
    EXPECT_EQ(runbook.targets[3].url, "$HOME");
}

TEST(FrontMatter, NamesTheStandbysOfAllTargetsOrOfEach) {
    const Environment environment = [](const std::string& name) -> std::optional<std::string> {
        return name == "URL" ? std::optional<std::string>("postgres://u:secret@h/d") : std::nullopt;
    };
    const auto all = read_text(with_front_matter("replicas: [\"${URL}\", \"x${GONE}\"]\n"), {.environment = environment}).replicas;
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].name, "");
    EXPECT_EQ(all[0].url, "postgres://u:secret@h/d");
    EXPECT_EQ(all[1].missing, "GONE");
    const auto each = read_text(with_front_matter("replicas:\n  a: ${URL}\n  b:\n    - postgres://b1\n    - postgres://b2\n"),
                                {.environment = environment})
                          .replicas;
    ASSERT_EQ(each.size(), 3U);
    EXPECT_EQ(each[0].name, "a");
    EXPECT_EQ(each[2].name, "b");
    EXPECT_EQ(each[2].url, "postgres://b2");
}

TEST(FrontMatter, ReadsTheProcessEnvironmentByDefault) {
    ASSERT_EQ(setenv("PGBELAY_RUNBOOK_TEST", "postgres://here", 1), 0);
    EXPECT_EQ(read_text(with_front_matter("targets: { a: \"${PGBELAY_RUNBOOK_TEST}\" }\n")).targets.at(0).url, "postgres://here");
    unsetenv("PGBELAY_RUNBOOK_TEST");
}

TEST(FrontMatter, NeverShowsTheEnvironmentInAnError) {
    const Environment environment = [](const std::string&) -> std::optional<std::string> { return "hunter2"; };
    const Workspace w;
    const base::Error error = error_of({w.write("d.md", with_front_matter("targets:\n  a: ${URL}${\n"))}, {.environment = environment});
    EXPECT_THAT(std::string(error.what()) + error.hint() + error.detail(), testing::Not(HasSubstr("hunter2")));
}

TEST(Slug, KeepsLettersAndDigits) {
    EXPECT_EQ(slug("  Phase 2: Apply -- now! "), "phase-2-apply-now");
    EXPECT_EQ(slug("\xE2\x9C\x85"), "");
    EXPECT_EQ(slug("\xC3\x9C"
                   "ber"),
              "\xC3\x9C"
              "ber");
}

}  // namespace
}  // namespace pgbelay::runbook
