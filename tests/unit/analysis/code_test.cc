// What statements lock through the bodies of functions, triggers and DO blocks.
#include "catalog_builder.h"

#include "analysis/body.h"
#include "analysis/code.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace pgbelay::analysis {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

const std::string kTables =
    "CREATE TABLE orders (id int PRIMARY KEY, note text); CREATE TABLE log (at timestamptz); CREATE TABLE gone (id int);";

TEST(Code, OfADoBlockCountsWithAllItsBranches) {
    const auto analysis = Situation(kTables)(
        "DO $$ BEGIN IF now() > '2020-01-01' THEN ALTER TABLE orders ADD COLUMN a int; ELSE EXECUTE 'DELETE FROM log'; END IF; END $$");
    EXPECT_THAT(lines(analysis.facts.locks), UnorderedElementsAre("orders:AccessExclusiveLock", "log:RowExclusiveLock"));
    EXPECT_FALSE(analysis.facts.opaque);
}

TEST(Code, FollowsWhatEarlierStatementsOfTheBodyDid) {
    const Situation situation(kTables);
    const auto analysis = situation(
        "DO $$ BEGIN ALTER TABLE orders RENAME TO sales; CREATE INDEX ON sales (note); CREATE TABLE made (a int); DROP TABLE made; END $$");
    EXPECT_THAT(lines(analysis.facts.locks), Contains("orders:AccessExclusiveLock"));
    EXPECT_NE(situation.now.find({"", "orders"}), nullptr) << "the body's changes stay in the body";
    EXPECT_EQ(situation.now.find({"", "sales"}), nullptr);
}

TEST(Code, ThatIsPutTogetherWhileItRunsIsSaidToBeUnknown) {
    const auto analysis = Situation(kTables)("DO $$ BEGIN EXECUTE format('DROP TABLE %I', lower('GONE')); END $$");
    EXPECT_TRUE(analysis.facts.opaque);
    EXPECT_THAT(lines(analysis.facts.locks), Not(Contains("gone:AccessExclusiveLock")));
}

TEST(Code, ThatIsPutTogetherFromConstantsIsKnown) {
    const Situation situation(kTables + "CREATE TABLE \"Odd\" (id int);");
    for (const auto* execute : {"format('DROP TABLE %I', 'Odd')", "'DROP ' || 'TABLE ' || quote_ident('Odd')",
                                "format('COMMENT ON TABLE %I IS %L', 'Odd', 'it''s %') || format('; DROP %s \"Odd\" -- 100%%', 'TABLE')"}) {
        const auto analysis = situation(std::string("DO $$ BEGIN EXECUTE ") + execute + "; END $$");
        EXPECT_FALSE(analysis.facts.opaque) << execute;
        EXPECT_THAT(lines(analysis.facts.locks), Contains("Odd:AccessExclusiveLock")) << execute;
    }
    EXPECT_THAT(lines(situation("DO $$ BEGIN EXECUTE format('DROP %2$s %1$I', 'Odd', 'TABLE'); END $$").facts.locks),
                Contains("Odd:AccessExclusiveLock"));
    for (const auto* execute : {"format('DROP TABLE %I')", "format('DROP TABLE %5s', 'gone')", "format('DROP TABLE %', 'gone')",
                                "format('DROP TABLE %2$I', 'gone')", "'DROP TABLE ' || lower('GONE')",
                                "'DROP TABLE ' || my.quote_ident('gone')", "quote_ident('a', 'b')"}) {
        EXPECT_TRUE(situation(std::string("DO $$ BEGIN EXECUTE ") + execute + "; END $$").facts.opaque) << execute;
    }
}

TEST(Code, OfVariablesCountsForAllThatTheyAreGiven) {
    const Situation situation(kTables);
    const auto run = [&](const std::string& code) { return situation("DO $$ " + code + " $$"); };
    const auto both = UnorderedElementsAre("orders:AccessExclusiveLock", "gone:AccessExclusiveLock");
    const auto locked = [&](const std::string& code) {
        const auto facts = run(code).facts;
        EXPECT_FALSE(facts.opaque) << code;
        std::vector<std::string> tables;
        for (const auto& line : lines(facts.locks)) {
            if (line.find("_pkey") == std::string::npos) {
                tables.push_back(line);
            }
        }
        return tables;
    };
    EXPECT_THAT(locked("DECLARE t text; BEGIN FOREACH t IN ARRAY ARRAY['orders', 'gone'] LOOP "
                       "EXECUTE format('ALTER TABLE %I ADD COLUMN x int', t); END LOOP; END"),
                both);
    EXPECT_THAT(locked("DECLARE t text; tables text[] := '{orders,gone}'; BEGIN FOREACH t IN ARRAY tables LOOP "
                       "EXECUTE 'ALTER TABLE ' || quote_ident(t) || ' ADD COLUMN x int'; END LOOP; END"),
                both);
    EXPECT_THAT(locked("DECLARE t text := 'orders'; sql text; BEGIN IF now() > '2020-01-01' THEN t := 'gone'; END IF; "
                       "sql := format('ALTER TABLE %I ADD COLUMN x int', t); EXECUTE sql; END"),
                both);
    for (const auto* code :
         {"DECLARE t text := 'gone'; BEGIN SELECT current_user INTO t; EXECUTE 'DROP TABLE ' || t; END",
          "DECLARE t text := 'gone'; BEGIN t := t || 'x'; EXECUTE 'DROP TABLE ' || t; END",
          "DECLARE t text := 'gone'; BEGIN FOR t IN SELECT relname FROM pg_class LOOP EXECUTE 'DROP TABLE ' || t; END LOOP; END",
          "DECLARE t text := 'gone'; BEGIN GET DIAGNOSTICS t = PG_CONTEXT; EXECUTE 'DROP TABLE ' || t; END",
          "DECLARE t text := 'gone'; BEGIN DECLARE t text := lower('A'); BEGIN EXECUTE 'DROP TABLE ' || t; END; END",
          "DECLARE t text; BEGIN EXECUTE 'DROP TABLE ' || t; END",
          "DECLARE t text[] := ARRAY['a']; BEGIN t[1] := 'gone'; FOREACH t SLICE 1 IN ARRAY t LOOP EXECUTE t; END LOOP; END",
          "BEGIN EXECUTE 'DROP TABLE ' || found; END"}) {
        EXPECT_TRUE(run(code).facts.opaque) << code;
    }
    const auto argument = Situation(kTables +
                                    "CREATE FUNCTION drops(t text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN "
                                    "t := 'gone'; EXECUTE 'DROP TABLE ' || t; END $$;")("SELECT drops('orders')");
    EXPECT_TRUE(argument.facts.hidden);
}

TEST(Code, GetsTheConstantsThatItIsCalledWith) {
    const Situation situation(kTables +
                              "CREATE FUNCTION drops(kind text, t text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN "
                              "EXECUTE 'DROP ' || $1 || ' ' || quote_ident(t); END $$;"
                              "CREATE PROCEDURE locks(t text) LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'LOCK ' || t; END $$;"
                              "CREATE FUNCTION changes(t text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN "
                              "t := t || '_2'; EXECUTE 'LOCK ' || t; END $$;");
    EXPECT_THAT(lines(situation("SELECT drops('table', 'gone')").facts.locks), Contains("gone:AccessExclusiveLock"));
    EXPECT_THAT(lines(situation("CALL locks('gone')").facts.locks), Contains("gone:AccessExclusiveLock"));
    EXPECT_TRUE(situation("SELECT changes('gone')").facts.hidden);
    EXPECT_TRUE(situation("SELECT drops('table', current_user)").facts.hidden);
}

// The rest of the statement is not known, but which table it locks is.
TEST(Code, WithAGapThatIsNoTableIsFollowedAndSaidToBeUnknown) {
    const auto run = [](const std::string& execute) { return Situation(kTables)("DO $$ BEGIN EXECUTE " + execute + "; END $$"); };
    const auto owner = run("'ALTER TABLE gone OWNER TO ' || current_user");
    EXPECT_TRUE(owner.facts.opaque);
    EXPECT_THAT(lines(owner.facts.locks), Contains("gone:AccessExclusiveLock"));
    EXPECT_THAT(lines(run("format('ALTER TABLE %I DROP COLUMN x', current_user)").facts.locks), IsEmpty());
    EXPECT_THAT(lines(run("current_setting('x') || ' gone'").facts.locks), IsEmpty());
}

TEST(Code, IsLeftOutWhereAnAnswerSaysThatItIsNotReached) {
    const std::string block =
        "DO $$ DECLARE there boolean; n int; BEGIN CREATE TABLE made (a int); "
        "SELECT count(*) > 0 INTO there FROM pg_class WHERE relname = 'x'; "
        "IF there THEN DROP TABLE orders; ELSIF to_regclass('y') IS NULL THEN LOCK TABLE log; ELSE LOCK TABLE gone; END IF; "
        "IF to_regclass('z') IS NULL THEN RETURN; END IF; EXECUTE 'DROP TABLE ' || lower('GONE'); END $$";
    const auto [questions, changes] = questions_of(sql::read_statement(block));
    EXPECT_FALSE(changes.back().known);
    std::vector<std::string> asked;
    for (const auto& question : questions) {
        asked.push_back(question.sql);
        EXPECT_GE(question.before, 1U) << "the table is made before";
    }
    const std::string first =
        "SELECT (there) FROM (SELECT) AS pgbelay_once LEFT JOIN LATERAL (SELECT * FROM (SELECT (c0)::boolean FROM (SELECT count(*) > 0"
        "            FROM pg_class WHERE relname = 'x'\n) AS pgbelay_columns (c0)) AS pgbelay_row LIMIT 1) AS pgbelay_0 (there) ON true";
    EXPECT_THAT(
        asked,
        ElementsAre(first, "SELECT (to_regclass('y') IS NULL)", "SELECT (to_regclass('z') IS NULL)", "SELECT (to_regclass('z') IS NULL)",
                    "SELECT (('DROP TABLE ' || lower('GONE')\n)::text) FROM (SELECT) AS pgbelay_once LEFT JOIN LATERAL (SELECT * FROM "
                    "(SELECT (to_regclass('z') IS NULL\n)) AS pgbelay_row LIMIT 1) AS pgbelay_0 (pgbelay_condition_2) ON true "
                    "WHERE pgbelay_condition_2 IS NOT TRUE"));
    const auto locks_with = [&](const std::vector<std::pair<std::size_t, bool>>& answers) {
        Situation situation(kTables);
        for (const auto& [question, answer] : answers) {
            situation.now.answers.conditions.insert_or_assign(questions.at(question).key, answer);
        }
        return lines(situation(block).facts.locks);
    };
    const std::string orders = "orders:AccessExclusiveLock";
    const std::string log = "log:AccessExclusiveLock";
    const std::string gone = "gone:AccessExclusiveLock";
    EXPECT_THAT(locks_with({}), testing::IsSupersetOf({orders, log, gone}));
    EXPECT_THAT(locks_with({{0, true}}), testing::AllOf(Contains(orders), Not(Contains(log)), Not(Contains(gone))));
    EXPECT_THAT(locks_with({{0, false}}), testing::AllOf(Not(Contains(orders)), Contains(log), Contains(gone)));
    EXPECT_THAT(locks_with({{0, false}, {1, true}}), testing::AllOf(Contains(log), Not(Contains(gone))));
    EXPECT_THAT(locks_with({{0, false}, {1, false}}), testing::AllOf(Not(Contains(log)), Contains(gone)));
    Situation returned(kTables);
    EXPECT_TRUE(returned(block).facts.opaque);
    returned.now.answers.conditions.insert_or_assign(questions.at(2).key, true);
    EXPECT_FALSE(returned(block).facts.opaque);
    EXPECT_THAT(returned(block).notes, Contains(HasSubstr("are left out")));
}

// What EXECUTE gets, once for each pass of the loops around it, as one query.
TEST(Code, AsksWhatExecuteGets) {
    const auto asked = [](const std::string& declared, const std::string& body) {
        std::vector<std::string> questions;
        for (const auto& question :
             questions_of(sql::read_statement("DO $$ DECLARE " + declared + " BEGIN " + body + " END $$")).questions) {
            if (question.executed) {
                questions.push_back(question.sql);
            }
        }
        return questions;
    };
    const std::string once = " FROM (SELECT) AS pgbelay_once";
    EXPECT_THAT(asked("r record;", "FOR r IN SELECT relname FROM pg_class LOOP EXECUTE 'LOCK ' || r.relname; END LOOP;"),
                ElementsAre("SELECT (('LOCK ' || r.relname\n)::text)" + once + " CROSS JOIN LATERAL (SELECT relname FROM pg_class) AS r"));
    EXPECT_THAT(asked("", "FOR i IN 1..2 LOOP CONTINUE WHEN i = 2; EXECUTE 'LOCK t' || i; END LOOP;"),
                ElementsAre("SELECT (('LOCK t' || i\n)::text)" + once +
                            " CROSS JOIN LATERAL (SELECT * FROM generate_series((1\n)::integer, (2\n)::integer, (1\n)::integer)) AS "
                            "pgbelay_0 (i) LEFT JOIN LATERAL (SELECT * FROM (SELECT (i = 2\n)) AS pgbelay_row LIMIT 1) AS pgbelay_1 "
                            "(pgbelay_condition_0) ON true WHERE pgbelay_condition_0 IS NOT TRUE"));
    EXPECT_THAT(
        asked("T text := 'a'; u text;", "u := t || \"t\"; EXECUTE 'LOCK ' || U || current_user;"),
        ElementsAre("SELECT (('LOCK ' || U || current_user\n)::text)" + once +
                    " LEFT JOIN LATERAL (SELECT * FROM (SELECT ('a'\n)::text ) AS pgbelay_row LIMIT 1) AS pgbelay_0 (t) ON true"
                    " LEFT JOIN LATERAL (SELECT * FROM (SELECT ( t || \"t\"\n)::text) AS pgbelay_row LIMIT 1) AS pgbelay_1 (u) ON true"));
    // What is not known, or known only at another place, is not asked for.
    const std::string loop = "FOR r IN SELECT relname FROM pg_class LOOP ";
    for (const auto& body : {
             "IF random() > 0 THEN v := 'a'; END IF; EXECUTE v || current_user;",
             "WHILE w < 3 LOOP EXECUTE 'LOCK t' || w; w := w + 1; END LOOP;",
             "EXECUTE 'SELECT 1' INTO v; EXECUTE v;",
             "v := v || current_user; EXECUTE v;",
             "GET DIAGNOSTICS w = ROW_COUNT; EXECUTE 'LOCK t' || w;",
             "BEGIN v := current_user; EXCEPTION WHEN OTHERS THEN NULL; END; EXECUTE v;",
             "IF random() > 0 THEN NULL; ELSE v := 'a'; END IF; EXECUTE v || current_user;",
             "CASE w WHEN 1 THEN EXECUTE 'LOCK ' || current_user; END CASE;",
             "FOR x IN EXECUTE current_user LOOP EXECUTE current_user || 'a'; END LOOP;",
         }) {
        const auto questions = asked("r record; v text; w int := 1;", body);
        EXPECT_TRUE(questions.empty() || questions == std::vector<std::string>{"SELECT ((current_user\n)::text)"}) << body;
    }
    for (const auto& rest : {"EXIT WHEN r.relname = 'a'; EXECUTE 'LOCK ' || r.relname;", "EXECUTE r.relname || v; v := v || 'a';",
                             "IF r.relname = 'a' THEN RETURN; END IF; EXECUTE r.relname;",
                             "IF r.relname > 'a' THEN IF r.relname > 'b' THEN CONTINUE; END IF; END IF; EXECUTE r.relname;"}) {
        EXPECT_THAT(asked("r record; v text := 'a';", loop + rest + " END LOOP;"), IsEmpty()) << rest;
    }
    EXPECT_THAT(asked("r record;", loop + "NULL; END LOOP; EXECUTE r.relname;"), IsEmpty());
    EXPECT_THAT(asked("v text := 'a';", "DECLARE v text := 'b'; BEGIN NULL; END; EXECUTE v || current_user;"), IsEmpty());
}

TEST(Code, DoesWhatTheAnswersSayThatExecuteGets) {
    const std::string block =
        "DO $$ DECLARE r record; BEGIN FOR r IN SELECT relname FROM pg_class LOOP EXECUTE 'LOCK ' || r.relname; END LOOP; END $$";
    const auto questions = questions_of(sql::read_statement(block)).questions;
    ASSERT_EQ(questions.size(), 1U);
    Situation situation(kTables);
    EXPECT_TRUE(situation(block).facts.opaque);
    situation.now.answers.executed.insert_or_assign(questions[0].key, std::vector<std::string>{"LOCK log", "LOCK gone; LOCK orders"});
    const auto analysis = situation(block);
    EXPECT_FALSE(analysis.facts.opaque);
    EXPECT_THAT(lines(analysis.facts.locks), testing::IsSupersetOf({"log:AccessExclusiveLock", "gone:AccessExclusiveLock"}));
    EXPECT_THAT(analysis.notes, Contains(HasSubstr("as they are now")));
    situation.now.answers.executed.insert_or_assign(questions[0].key, std::vector<std::string>{});
    EXPECT_THAT(lines(situation(block).facts.locks), IsEmpty());
}

// Each branch stands behind all conditions before it, of which only so many are kept.
TEST(Code, OfThousandsOfBranchesIsReadInTimeThatGrowsWithTheirNumber) {
    std::string block = "DO $$ BEGIN IF to_regclass('0') IS NULL THEN LOCK TABLE log; ";
    for (int i = 1; i < 3000; ++i) {
        block += fmt::format("ELSIF to_regclass('{}') IS NULL THEN LOCK TABLE orders; ", i);
    }
    const auto read = sql::read_statement(block + "END IF; END $$");
    const auto [questions, changes] = questions_of(read);
    EXPECT_EQ(changes.size(), 6000U) << "conditions may change something, too";
    EXPECT_EQ(questions.size(), 3000U);
    EXPECT_THAT(lines(Situation(kTables)(read.sql).facts.locks),
                testing::IsSupersetOf({"orders:AccessExclusiveLock", "log:AccessExclusiveLock"}));
}

TEST(Code, BehindAConditionAddsToTheCatalogAndTakesNothingFromIt) {
    Situation situation(kTables);
    const auto block = sql::read_statement(
        "DO $$ BEGIN ALTER TABLE log RENAME TO logs; IF now() < '2020-01-01' THEN ALTER TABLE orders RENAME TO sales; "
        "ALTER TABLE gone ADD COLUMN b int; ALTER TABLE gone DROP COLUMN id; CREATE TABLE made (a int); END IF; END $$");
    apply_code(block, {}, situation.now);
    EXPECT_NE(situation.now.find({"", "logs"}), nullptr);
    EXPECT_NE(situation.now.find({"", "orders"}), nullptr);
    EXPECT_NE(situation.now.find({"", "made"}), nullptr);
    EXPECT_NE(situation.now.find({"", "gone"})->column("id"), nullptr);
    EXPECT_NE(situation.now.find({"", "gone"})->column("b"), nullptr);
}

TEST(Code, OfATriggerCountsForItsEventAlone) {
    const std::string trigger =
        kTables +
        "CREATE FUNCTION logged() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP = 'INSERT' THEN INSERT INTO "
        "log VALUES (now()); ELSIF TG_OP = 'DELETE' THEN EXECUTE 'DELETE FROM ' || TG_TABLE_NAME; END IF; RETURN NEW; END $$;"
        "CREATE TRIGGER t AFTER INSERT OR UPDATE OR DELETE ON orders FOR EACH ROW EXECUTE FUNCTION logged();";
    const Situation situation(trigger);
    const auto insert = situation("INSERT INTO orders VALUES (1)");
    EXPECT_THAT(lines(insert.facts.locks), Contains("log:RowExclusiveLock"));
    EXPECT_FALSE(insert.facts.hidden);
    EXPECT_THAT(insert.notes, IsEmpty());
    const auto update = situation("UPDATE orders SET note = '' WHERE id = 1");
    EXPECT_THAT(lines(update.facts.locks), Not(Contains("log:RowExclusiveLock")));
    EXPECT_FALSE(update.facts.hidden);
    const auto deletion = situation("DELETE FROM orders WHERE id = 1");
    EXPECT_TRUE(deletion.facts.hidden);
    EXPECT_THAT(deletion.notes, Contains(HasSubstr("cannot be told from their text")));
}

TEST(Code, OfAStandardBodyIsPartOfTheTree) {
    const Situation situation(
        kTables +
        "CREATE FUNCTION touch(i int) RETURNS int LANGUAGE sql BEGIN ATOMIC INSERT INTO orders (id) VALUES (i) RETURNING id; END;");
    const auto analysis = situation("SELECT touch(1)");
    EXPECT_THAT(lines(analysis.facts.locks), Contains("orders:RowExclusiveLock"));
    EXPECT_TRUE(analysis.facts.runs_code);
}

// Without an end, or with as many calls as there are ways through eight levels, each of eight functions.
TEST(Code, ThatIsCalledOverAndOverIsFollowedOnce) {
    std::string functions = kTables;
    for (int level = 0; level < 8; ++level) {
        std::string calls;
        for (int call = 0; call < 8; ++call) {
            calls += fmt::format("PERFORM f{}();", (level + call) % 8);
        }
        functions += fmt::format(
            "CREATE FUNCTION f{}() RETURNS void LANGUAGE plpgsql AS $$ BEGIN {} ALTER TABLE log ADD COLUMN c{} int; "
            "END $$;",
            level, calls, level);
    }
    Situation situation(functions);
    const auto select = sql::read_statement("SELECT f0()");
    const auto analysis = situation("SELECT f0()");
    EXPECT_THAT(lines(analysis.facts.locks), Contains("log:AccessExclusiveLock"));
    apply_code(select, analysis.facts, situation.now);
    EXPECT_NE(situation.now.find({"", "log"})->column("c7"), nullptr);
}

// Each function calls the other, and so on without end: what it does again is what it does.
TEST(Code, ThatCallsItselfIsFollowedOnce) {
    const Situation situation(kTables +
                              "CREATE FUNCTION b(i int) RETURNS int LANGUAGE sql AS 'SELECT i';"
                              "CREATE FUNCTION a(i int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT b(i); END;"
                              "CREATE OR REPLACE FUNCTION b(i int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT a(i) FROM log; END;"
                              "CREATE FUNCTION c(i int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN c(i - 1); END $$;");
    const auto standard = situation("SELECT a(1)");
    EXPECT_THAT(lines(standard.facts.locks), Contains("log:AccessShareLock"));
    EXPECT_FALSE(standard.facts.hidden);
    EXPECT_FALSE(situation("SELECT c(1)").facts.hidden);
}

// libpg_query stumbles over a comment after NOT, in what stands around the body as well as in it.
TEST(Code, MayHaveCommentsAroundIt) {
    const auto read = sql::read_statement(
        "CREATE FUNCTION f() RETURNS int NOT /* yet */ LEAKPROOF LANGUAGE plpgsql -- body:\n AS $$ BEGIN /* all */ DELETE FROM log; RETURN "
        "1; END $$");
    ASSERT_EQ(read.kind, "CreateFunctionStmt");
    const auto inside = statements_inside(read);
    ASSERT_EQ(inside.size(), 2U);
    EXPECT_EQ(inside[0].kind, "DeleteStmt");
}

}  // namespace
}  // namespace pgbelay::analysis
