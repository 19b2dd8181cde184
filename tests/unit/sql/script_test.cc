#include "sql/script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pgbelay::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> statements(const std::string& text, const Variables& variables = {}) {
    std::vector<std::string> result;
    for (const auto& statement : read_script(text, "a.sql", variables).statements) {
        result.push_back(statement.sql);
    }
    return result;
}

base::Error error_of(const std::string& text, const Variables& variables = {}) {
    try {
        read_script(text, "a.sql", variables);
    } catch (const base::Error& error) {
        return error;
    }
    ADD_FAILURE() << "no error for: " << text;
    return {base::ErrorCode::internal, "none"};
}

std::string shown_error(const std::string& text) {
    return error_of(text).what();
}

std::vector<std::string> places(const std::string& text) {
    std::vector<std::string> result;
    for (const auto& statement : read_script(text, "a.sql", {}).statements) {
        result.push_back(base::to_string(statement.place));
    }
    return result;
}

TEST(Splitter, EndsStatementsAtSemicolonsAndTheEnd) {
    EXPECT_THAT(statements("SELECT 1; SELECT 2;\nSELECT 3"), ElementsAre("SELECT 1", "SELECT 2", "SELECT 3"));
}

TEST(Splitter, SkipsEmptyStatementsAndCommentsAroundStatements) {
    EXPECT_THAT(statements(";; -- a\n /* b; */ SELECT 1 -- c\n ; /* d */"), ElementsAre("SELECT 1"));
    EXPECT_THAT(statements(""), IsEmpty());
    EXPECT_THAT(statements(" \n-- nothing\n"), IsEmpty());
}

TEST(Splitter, KeepsSemicolonsInsideQuotes) {
    EXPECT_THAT(statements("SELECT 'a;''b;'; SELECT \"x;\"\"y\""), ElementsAre("SELECT 'a;''b;'", "SELECT \"x;\"\"y\""));
    EXPECT_THAT(statements("SELECT E'a\\';b'; SELECT 'a\\'; SELECT U&'\\0041;'"),
                ElementsAre("SELECT E'a\\';b'", "SELECT 'a\\'", "SELECT U&'\\0041;'"));
}

TEST(Splitter, ContinuesAnEscapeStringOnTheNextLineInItsOwnMode) {
    EXPECT_THAT(statements("SELECT E'a' -- c\n '\\';b'; SELECT 2"), ElementsAre("SELECT E'a' -- c\n '\\';b'", "SELECT 2"));
    EXPECT_THAT(statements("SELECT E'a', '\\'; SELECT 2"), ElementsAre("SELECT E'a', '\\'", "SELECT 2"));
}

TEST(Splitter, KeepsSemicolonsInsideDollarQuotes) {
    EXPECT_THAT(statements("DO $$ BEGIN; END; $$; SELECT $a$ ; $$ ; $b$ ;$a$; SELECT $1; SELECT a$$b, c$$d"),
                ElementsAre("DO $$ BEGIN; END; $$", "SELECT $a$ ; $$ ; $b$ ;$a$", "SELECT $1", "SELECT a$$b, c$$d"));
}

TEST(Splitter, KeepsSemicolonsInsideNestedComments) {
    EXPECT_THAT(statements("SELECT 1 /* ; /* ; */ ; */ + 2; SELECT 3 -- ;\n + 4"),
                ElementsAre("SELECT 1 /* ; /* ; */ ; */ + 2", "SELECT 3 -- ;\n + 4"));
    EXPECT_THAT(statements("SELECT 1 -- it's\n; SELECT 2"), ElementsAre("SELECT 1", "SELECT 2"));
}

TEST(Splitter, KeepsSemicolonsInsideParentheses) {
    EXPECT_THAT(statements("CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT ')'; SELECT 3"),
                ElementsAre("CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)", "SELECT ')'", "SELECT 3"));
    EXPECT_THAT(statements("SELECT 1); SELECT 2"), ElementsAre("SELECT 1)", "SELECT 2"));
}

TEST(Splitter, KeepsTheBodyOfAnAtomicFunction) {
    const std::string body =
        "CREATE OR REPLACE FUNCTION f(a int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; "
        "SELECT CASE WHEN a = 1 THEN 2 END; END";
    EXPECT_THAT(statements(body + "; SELECT 1"), ElementsAre(body, "SELECT 1"));
    EXPECT_EQ(read_script(body + ";", "a", {}).statements[0].kind, "CreateFunctionStmt");
    EXPECT_THAT(statements("CREATE PROCEDURE p() BEGIN ATOMIC SELECT 1; END; SELECT 2"),
                ElementsAre("CREATE PROCEDURE p() BEGIN ATOMIC SELECT 1; END", "SELECT 2"));
}

TEST(Splitter, DoesNotTakeBeginForABodyElsewhere) {
    EXPECT_THAT(statements("BEGIN; CREATE TABLE function (a int); END; SELECT 1"),
                ElementsAre("BEGIN", "CREATE TABLE function (a int)", "END", "SELECT 1"));
    EXPECT_THAT(statements("CREATE FUNCTION f(\"begin\" int) RETURNS int LANGUAGE sql AS 'SELECT 1'; SELECT 2").size(), 2U);
}

TEST(Places, CountLinesAndCharactersFromOne) {
    EXPECT_THAT(places("SELECT 1;\n  SELECT 'ä', 'ß'; SELECT 3;\n\n-- c\nSELECT 4"),
                ElementsAre("a.sql:1:1", "a.sql:2:3", "a.sql:2:20", "a.sql:5:1"));
}

TEST(Places, FitFilesWithCrLfAndByteOrderMark) {
    EXPECT_THAT(places("\xEF\xBB\xBFSELECT 1;\r\nSELECT\r\n 2;\r\n SELECT 3;\r\n"), ElementsAre("a.sql:1:1", "a.sql:2:1", "a.sql:4:2"));
    EXPECT_THAT(statements("SELECT\r\n 2;\r\n"), ElementsAre("SELECT\r\n 2"));
}

TEST(Places, BeginAtTheLineThatIsGiven) {
    const auto script = read_script("SELECT 1;\n SELECT 2;", "deploy.md", {}, 14);
    EXPECT_EQ(base::to_string(script.statements[1].place), "deploy.md:15:2");
}

TEST(Places, LeadFromAByteOfAStatementBackToItsFile) {
    const auto script = read_script("\\set t orders\n SELECT\n 1 FROM :t WHERE FORM x", "a.sql", {});
    const auto& statement = script.statements[0];
    ASSERT_TRUE(statement.opaque());
    EXPECT_EQ(statement.sql, "SELECT\n 1 FROM orders WHERE FORM x");
    EXPECT_EQ(base::to_string(statement.place_at(statement.syntax_error->offset)), "a.sql:3:23");
    EXPECT_EQ(base::to_string(statement.place_at(15)), "a.sql:3:9");
    EXPECT_EQ(base::to_string(statement.place_at(1'000)), "a.sql:3:24");
}

TEST(Statements, AreNumberedAndNamedByTheirKind) {
    const auto script = read_script("BEGIN; CREATE INDEX i ON t (a); COMMIT; CREATE FROB x", "a.sql", {});
    ASSERT_EQ(script.statements.size(), 4U);
    EXPECT_EQ(script.statements[0].kind, "TransactionStmt");
    EXPECT_EQ(script.statements[1].kind, "IndexStmt");
    EXPECT_EQ(script.statements[3].n, 4);
    EXPECT_TRUE(script.statements[3].opaque());
    EXPECT_EQ(script.statements[3].syntax_error->message, "syntax error at or near \"FROB\"");
}

TEST(VariableReferences, AreReplacedOutsideOfQuotes) {
    const Variables v{{"t", "orders"}, {"s", "it's"}, {"n", "Na\"me"}, {"b", "a\\b"}};
    EXPECT_THAT(statements("SELECT * FROM :t WHERE a = :'s'", v), ElementsAre("SELECT * FROM orders WHERE a = 'it''s'"));
    EXPECT_THAT(statements("SELECT :\"n\", :\"t\"", v), ElementsAre("SELECT \"Na\"\"me\", orders"));
    EXPECT_THAT(statements("SELECT :'b'", v), ElementsAre("SELECT  E'a\\\\b'"));
    EXPECT_THAT(statements("SELECT ':t', \":t\", $$:t$$, E':t' /* :t */", v), ElementsAre("SELECT ':t', \":t\", $$:t$$, E':t'"));
    EXPECT_THAT(statements("SELECT :{?t}, :{?zz}", v), ElementsAre("SELECT TRUE, FALSE"));
}

TEST(VariableReferences, LeaveCastsSlicesAndUnknownNamesAlone) {
    const Variables v{{"int", "WRONG"}};
    const std::string sql = "SELECT a::int, b[1:2], c[:d], :x, :'y', :\"z\", f(a := 1), a :int2";
    EXPECT_THAT(statements(sql, v), ElementsAre(sql));
}

TEST(VariableReferences, AreReadAsSqlSoThatTheyCanHoldStatements) {
    EXPECT_THAT(statements(":two SELECT 3", {{"two", "SELECT 1; SELECT 2;"}}), ElementsAre("SELECT 1", "SELECT 2", "SELECT 3"));
    EXPECT_THAT(statements("SELECT :a", {{"a", "1 + :b"}, {"b", "2"}}), ElementsAre("SELECT 1 + 2"));
    EXPECT_THAT(statements("SELECT :a", {{"a", "1 + :a"}}), ElementsAre("SELECT 1 + :a"));
}

TEST(VariableReferences, CannotGrowWithoutBound) {
    Variables v{{"v0", std::string(10'000, 'x')}};
    for (int i = 1; i < 40; ++i) {
        v["v" + std::to_string(i)] = ":v" + std::to_string(i - 1) + " :v" + std::to_string(i - 1);
    }
    EXPECT_THAT(error_of("SELECT :v39", v).message(), HasSubstr("more than 16 MiB"));
}

TEST(VariableReferences, MustBeUtf8) {
    EXPECT_THAT(error_of("SELECT 1", {{"a", "\xff"}}).message(), HasSubstr("\"a\""));
}

TEST(Set, JoinsItsArgumentsAndResolvesQuotes) {
    EXPECT_THAT(statements("\\set a 1 2 'it''s' \\\\ SELECT :'a';"), ElementsAre("SELECT '12it''s'"));
    EXPECT_THAT(statements("\\set a 'x\\ty\\x41\\102'\nSELECT :'a'"), ElementsAre("SELECT 'x\tyAB'"));
    EXPECT_THAT(statements("\\set a b\n\\set c :a\nSELECT :'c'"), ElementsAre("SELECT 'b'"));
    EXPECT_THAT(statements("\\set a\r\nSELECT :'a'"), ElementsAre("SELECT ''"));
    EXPECT_THAT(statements("\\set a b\n\\unset a\nSELECT :'a'"), ElementsAre("SELECT :'a'"));
}

TEST(Set, AcceptsPsqlsOwnSettingsWithoutEffect) {
    EXPECT_THAT(statements("\\set ON_ERROR_STOP off\n\\set VERBOSITY verbose\n\\set\nSELECT 1"), ElementsAre("SELECT 1"));
}

TEST(Set, RefusesSettingsThatChangeWhatTheFileMeans) {
    EXPECT_THAT(shown_error("SELECT 1;\n\\set AUTOCOMMIT off\n"), HasSubstr("a.sql:2:1: AUTOCOMMIT off"));
    EXPECT_THAT(shown_error("\\set SINGLELINE on\n"), HasSubstr("a.sql:1:1: SINGLELINE"));
    EXPECT_THAT(statements("\\set AUTOCOMMIT on\nSELECT 1"), ElementsAre("SELECT 1"));
}

TEST(Echo, StandsBeforeItsStatementOrAtTheEnd) {
    const auto script = read_script("\\echo one   'two  three'\nSELECT 1;\n\\qecho four\n\\echo -n five", "a.sql", {});
    EXPECT_THAT(script.statements[0].echoes, ElementsAre("one two  three"));
    EXPECT_THAT(script.trailing_echoes, ElementsAre("four", "five"));
}

TEST(BackslashCommands, AreErrorsAtTheirPlaceWithAWayOut) {
    const auto connect = error_of("SELECT 1;\n  \\connect other\n");
    EXPECT_STREQ(connect.what(), "a.sql:2:3: psql's \\connect is not run in a deployment");
    EXPECT_THAT(connect.hint(), HasSubstr("--db"));
    EXPECT_THAT(error_of("SELECT 'CREATE TABLE x ()' \\gexec").hint(), HasSubstr("DO block"));
    EXPECT_THAT(error_of("\\if :x\n").hint(), HasSubstr("pgbelay: when"));
    EXPECT_THAT(error_of("\\copy t FROM 'x'\n").hint(), HasSubstr("COPY"));
    EXPECT_THAT(error_of("\\! rm -rf /\n").message(), HasSubstr("\\!"));
    EXPECT_THAT(error_of("SELECT 1 \\; SELECT 2;").hint(), HasSubstr("BEGIN"));
    EXPECT_THAT(error_of("\\set a `date`\n").message(), HasSubstr("backquotes"));
    EXPECT_THAT(shown_error("\\set a 'x\nSELECT 1"), HasSubstr("a.sql:1:8: \\set: unterminated"));
}

TEST(BackslashCommands, AreNotSeenInsideQuotes) {
    EXPECT_THAT(statements("SELECT '\\connect', $$ \\i x $$ /* \\q */"), ElementsAre("SELECT '\\connect', $$ \\i x $$"));
}

TEST(CopyFromStdin, TakesTheLinesUpToTheMarker) {
    const auto script = read_script("COPY t (a, b) FROM stdin;\n1\t'x;\n\\N\t$$\n\\.\nSELECT 1;", "a.sql", {});
    ASSERT_EQ(script.statements.size(), 2U);
    EXPECT_EQ(script.statements[0].sql, "COPY t (a, b) FROM stdin");
    EXPECT_EQ(script.statements[0].copy_data, "1\t'x;\n\\N\t$$\n");
    EXPECT_EQ(base::to_string(script.statements[1].place), "a.sql:5:1");
    EXPECT_EQ(script.statements[1].copy_data, std::nullopt);
}

TEST(CopyFromStdin, WorksWithCrLfAndCommentsAndNoRows) {
    EXPECT_EQ(read_script("COPY t FROM STDIN; -- rows\r\n\\.\r\nSELECT 1;", "a", {}).statements[0].copy_data, "");
    EXPECT_EQ(read_script("COPY t FROM STDIN;\r\n1\r\n\\.\r\n", "a", {}).statements[0].copy_data, "1\r\n");
}

TEST(CopyFromStdin, EndsWithItsFileAsInPsql) {
    EXPECT_EQ(read_script("COPY t FROM STDIN;\n1\n2", "a", {}).statements[0].copy_data, "1\n2");
    EXPECT_EQ(read_script("COPY t FROM STDIN", "a", {}).statements[0].copy_data, "");
}

TEST(CopyFromStdin, IsKnownByItsTokensWhenTheGrammarDoesNotKnowTheStatement) {
    const auto script = read_script("COPY t FROM stdin FROB 1;\n'\n\\.\nSELECT 1", "a.sql", {});
    EXPECT_TRUE(script.statements[0].opaque());
    EXPECT_EQ(script.statements[0].copy_data, "'\n");
}

TEST(CopyFromStdin, DoesNotTakeLinesForOtherCopies) {
    EXPECT_THAT(statements("COPY t FROM '/a';\nSELECT 1;\nCOPY t TO stdout;\nSELECT 2"),
                ElementsAre("COPY t FROM '/a'", "SELECT 1", "COPY t TO stdout", "SELECT 2"));
}

TEST(CopyFromStdin, RefusesAnotherStatementOnItsLine) {
    EXPECT_THAT(shown_error("COPY t FROM stdin; SELECT 1;\n\\.\n"), HasSubstr("a.sql:1:20: text after COPY"));
}

TEST(Directives, BelongToTheStatementBelow) {
    const auto script = read_script(
        "-- pgbelay: as-written\nCREATE INDEX i ON t (a);\n"
        "-- why\n--pgbelay:  when SELECT count(*) = 0 FROM t; \r\n-- more\n\nDROP TABLE t;\nSELECT 1;",
        "a.sql", {});
    EXPECT_EQ(script.statements[0].directive("as-written"), "");
    EXPECT_EQ(script.statements[0].directive("when"), std::nullopt);
    EXPECT_EQ(script.statements[1].directive("when"), "SELECT count(*) = 0 FROM t");
    EXPECT_EQ(base::to_string(script.statements[1].directives[0].place), "a.sql:4:1");
    EXPECT_THAT(script.statements[2].directives, IsEmpty());
}

TEST(Directives, AreNeverIgnored) {
    const auto unknown = error_of("SELECT 1;\n-- pgbelay: as-writen\nSELECT 2");
    EXPECT_STREQ(unknown.what(), "a.sql:2:1: there is no directive \"as-writen\"");
    EXPECT_THAT(unknown.hint(), HasSubstr("\"as-written\""));
    EXPECT_THAT(shown_error("SELECT 1;\n-- pgbelay: as-written\n"), HasSubstr("a.sql:2:1: the directive \"as-written\" has no statement"));
    EXPECT_THAT(shown_error("SELECT 1; -- pgbelay: as-written\nSELECT 2"), HasSubstr("a.sql:1:11: the directive"));
    EXPECT_THAT(shown_error("SELECT\n-- pgbelay: as-written\n2"), HasSubstr("a.sql:2:1: the directive"));
    EXPECT_THAT(shown_error("-- pgbelay: as-written\n-- pgbelay: as-written\nSELECT 2"), HasSubstr("given twice"));
    EXPECT_THAT(shown_error("-- pgbelay: when\nSELECT 2"), HasSubstr("`when` needs one query"));
    EXPECT_THAT(shown_error("-- pgbelay: when DROP TABLE t\nSELECT 2"), HasSubstr("`when` needs one query"));
    EXPECT_THAT(shown_error("-- pgbelay: when SELECT FORM x y\nSELECT 2"), HasSubstr("cannot be parsed"));
}

TEST(Directives, AreNotFoundInProse) {
    EXPECT_THAT(statements("-- see pgbelay: the manual\nSELECT 1 /* pgbelay: as-written */"), ElementsAre("SELECT 1"));
}

TEST(BadInput, IsRefusedAtItsPlace) {
    EXPECT_THAT(shown_error("SELECT 1;\nSELECT '\xff'"), HasSubstr("a.sql:2:9: byte 0xff is not valid UTF-8"));
    EXPECT_THAT(shown_error("SELECT 'ä\xc3'"), HasSubstr("a.sql:1:10: byte 0xc3"));
    EXPECT_THAT(shown_error(std::string("SELECT\n \0 1", 11)), HasSubstr("a.sql:2:2: a NUL byte"));
    EXPECT_THAT(shown_error("SELECT 1;\n SELECT 'a\n"), HasSubstr("a.sql:2:9: unterminated quoted string"));
    EXPECT_THAT(shown_error("SELECT $x$ a $$ "), HasSubstr("a.sql:1:8: unterminated dollar-quoted string"));
    EXPECT_THAT(shown_error("SELECT \"a"), HasSubstr("a.sql:1:8: unterminated quoted identifier"));
    EXPECT_THAT(shown_error("SELECT 1;\n/* a /* b */"), HasSubstr("a.sql:2:1: unterminated /* comment"));
    EXPECT_THAT(error_of("SELECT '\xff'").hint(), HasSubstr("iconv"));
}

TEST(BadInput, KeepsTheLimitOnOneStatementAtItsPlace) {
    EXPECT_THAT(shown_error("SELECT 1;\nSELECT '" + std::string(17U << 20, 'a') + "'"), HasSubstr("a.sql:2:1: a statement of 17 MiB"));
}

}  // namespace
}  // namespace pgbelay::sql
