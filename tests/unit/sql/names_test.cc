#include "sql/opaque_names.h"
#include "sql/statement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pgbelay::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Names = std::vector<std::string>;

Names shown(const std::vector<QualifiedName>& names) {
    Names result;
    for (const auto& name : names) {
        result.push_back(display(name));
    }
    return result;
}

Names relations(const std::string& sql) {
    return shown(relations_named(read_statement(sql)));
}
Names functions(const std::string& sql) {
    return shown(functions_named(read_statement(sql)));
}
Names types(const std::string& sql) {
    return shown(types_named(read_statement(sql)));
}

TEST(RelationsNamed, FindsRelationsAnywhereInOrderOfAppearanceAndOnce) {
    EXPECT_THAT(relations("SELECT * FROM b JOIN s.a USING (x) WHERE EXISTS (SELECT 1 FROM c, b)"), ElementsAre("b", "s.a", "c"));
    EXPECT_THAT(relations("INSERT INTO \"Orders\" SELECT * FROM old.orders"), ElementsAre("Orders", "old.orders"));
}

TEST(RelationsNamed, KnowsTheTableAndTheIndexOfCreateIndex) {
    EXPECT_THAT(relations("CREATE INDEX i ON app.t (a)"), ElementsAre("app.i", "app.t"));
    EXPECT_THAT(relations("CREATE INDEX ON app.t (a)"), ElementsAre("app.t"));
}

TEST(RelationsNamed, FindsBothEndsOfAForeignKey) {
    EXPECT_THAT(relations("ALTER TABLE a ADD FOREIGN KEY (x) REFERENCES s.b (y)"), ElementsAre("a", "s.b"));
    EXPECT_THAT(relations("CREATE TABLE c (x int REFERENCES d, LIKE e) INHERITS (f)"), ElementsAre("c", "d", "e", "f"));
}

TEST(RelationsNamed, LeavesOutCommonTableExpressionsWhereTheyAreSeen) {
    EXPECT_THAT(relations("WITH x AS (SELECT * FROM t) SELECT * FROM x, public.x"), ElementsAre("t", "public.x"));
    EXPECT_THAT(relations("WITH x AS (SELECT * FROM x) SELECT * FROM x"), ElementsAre("x"));
    EXPECT_THAT(relations("WITH RECURSIVE x AS (SELECT 1 UNION SELECT * FROM x) SELECT * FROM x"), IsEmpty());
    EXPECT_THAT(relations("SELECT * FROM (WITH x AS (SELECT 1) SELECT * FROM x) s, x"), ElementsAre("x"));
    EXPECT_THAT(relations("WITH a AS (SELECT 1), b AS (SELECT * FROM a) DELETE FROM t USING b"), ElementsAre("t"));
}

TEST(RelationsNamed, CountsTheTargetOfAChangeEvenWhenACteHasItsName) {
    EXPECT_THAT(relations("WITH t AS (SELECT 1 AS a) INSERT INTO t SELECT a FROM t"), ElementsAre("t"));
    EXPECT_THAT(relations("WITH t AS (SELECT 1 AS a) UPDATE t SET a = 2"), ElementsAre("t"));
}

TEST(RelationsNamed, DoesNotTakeAliasesForRelations) {
    EXPECT_THAT(relations("SELECT * FROM orders o FOR UPDATE OF o"), ElementsAre("orders"));
}

TEST(RelationsNamed, ReadsTheObjectsOfDropCommentAndGrant) {
    EXPECT_THAT(relations("DROP TABLE a, s.b CASCADE"), ElementsAre("a", "s.b"));
    EXPECT_THAT(relations("DROP INDEX CONCURRENTLY i"), ElementsAre("i"));
    EXPECT_THAT(relations("DROP TRIGGER tr ON s.t"), ElementsAre("s.t"));
    EXPECT_THAT(relations("DROP POLICY p ON t"), ElementsAre("t"));
    EXPECT_THAT(relations("DROP RULE r ON t"), ElementsAre("t"));
    EXPECT_THAT(relations("COMMENT ON TABLE s.t IS 'x'"), ElementsAre("s.t"));
    EXPECT_THAT(relations("COMMENT ON COLUMN s.t.c IS 'x'"), ElementsAre("s.t"));
    EXPECT_THAT(relations("COMMENT ON CONSTRAINT k ON t IS 'x'"), ElementsAre("t"));
    EXPECT_THAT(relations("COMMENT ON DATABASE d IS 'x'"), IsEmpty());
    EXPECT_THAT(relations("GRANT SELECT ON a, s.b TO r"), ElementsAre("a", "s.b"));
    EXPECT_THAT(relations("GRANT USAGE ON SCHEMA s TO r"), IsEmpty());
}

TEST(RelationsNamed, ReadsTheStatementsThatNameOneRelation) {
    EXPECT_THAT(relations("ALTER TABLE t RENAME COLUMN a TO b"), ElementsAre("t"));
    EXPECT_THAT(relations("ALTER INDEX s.i RENAME TO j"), ElementsAre("s.i"));
    EXPECT_THAT(relations("ALTER TABLE t SET SCHEMA s"), ElementsAre("t"));
    EXPECT_THAT(relations("ALTER TABLE t OWNER TO r"), ElementsAre("t"));
    EXPECT_THAT(relations("REINDEX TABLE CONCURRENTLY t"), ElementsAre("t"));
    EXPECT_THAT(relations("REINDEX SCHEMA s"), IsEmpty());
    EXPECT_THAT(relations("CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()"), ElementsAre("t"));
    EXPECT_THAT(relations("CREATE POLICY p ON t USING (EXISTS (SELECT 1 FROM u))"), ElementsAre("t", "u"));
    EXPECT_THAT(relations("VACUUM ANALYZE a, b (x)"), ElementsAre("a", "b"));
    EXPECT_THAT(relations("TRUNCATE a, ONLY b"), ElementsAre("a", "b"));
    EXPECT_THAT(relations("LOCK TABLE a IN SHARE MODE"), ElementsAre("a"));
    EXPECT_THAT(relations("ALTER TABLE p ATTACH PARTITION c FOR VALUES IN (1)"), ElementsAre("p", "c"));
    EXPECT_THAT(relations("ALTER SEQUENCE q OWNED BY s.t.c"), ElementsAre("s.t", "q"));
    EXPECT_THAT(relations("CREATE MATERIALIZED VIEW m AS SELECT * FROM t"), ElementsAre("m", "t"));
    EXPECT_THAT(relations("COPY t (a) FROM stdin"), ElementsAre("t"));
}

TEST(RelationsNamed, KeepsTypesOut) {
    EXPECT_THAT(relations("CREATE TYPE s.c AS (a int, b s.d)"), IsEmpty());
    EXPECT_THAT(relations("ALTER TYPE c ADD ATTRIBUTE x int"), IsEmpty());
    EXPECT_THAT(relations("ALTER TYPE c RENAME ATTRIBUTE x TO y"), IsEmpty());
    EXPECT_THAT(relations("DROP TYPE a"), IsEmpty());
}

TEST(RelationsNamed, ReadsTheTokensOfAnOpaqueStatement) {
    EXPECT_THAT(relations("ALTER TABLE ONLY s.\"T\"\"x\" FROBNICATE REFERENCES Other (a) ON DELETE CASCADE"),
                ElementsAre("s.T\"x", "other"));
    EXPECT_THAT(relations("CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON /* c */ t WIBBLE"), ElementsAre("i", "t"));
    EXPECT_THAT(relations("SELECT 'a' FROM"), IsEmpty());
    EXPECT_THAT(relations("SELECT * FROM t WHERE 'unterminated"), IsEmpty());
}

TEST(FunctionsNamed, FindsCallsDefinitionsAndObjects) {
    EXPECT_THAT(functions("ALTER TABLE t ADD c uuid DEFAULT gen_random_uuid(), ADD d int DEFAULT s.f(1)"),
                ElementsAre("gen_random_uuid", "s.f"));
    EXPECT_THAT(functions("CREATE OR REPLACE FUNCTION s.g(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'"), ElementsAre("s.g"));
    EXPECT_THAT(functions("DROP FUNCTION f(int), s.g"), ElementsAre("f", "s.g"));
    EXPECT_THAT(functions("ALTER FUNCTION f(int) OWNER TO r"), ElementsAre("f"));
    EXPECT_THAT(functions("GRANT EXECUTE ON FUNCTION f(int) TO r"), ElementsAre("f"));
    EXPECT_THAT(functions("COMMENT ON PROCEDURE p(int) IS 'x'"), ElementsAre("p"));
    EXPECT_THAT(functions("CALL s.p(f(1))"), ElementsAre("s.p", "f"));
    EXPECT_THAT(functions("CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION s.f()"), ElementsAre("s.f"));
    EXPECT_THAT(functions("DROP OPERATOR <-> (int, int)"), IsEmpty());
}

TEST(TypesNamed, FindsColumnTypesAndTypeStatements) {
    EXPECT_THAT(types("CREATE TABLE t (a int, b \"Role\", c s.mood[])"), ElementsAre("Role", "s.mood"));
    EXPECT_THAT(types("ALTER TYPE mood ADD VALUE 'x'"), ElementsAre("mood"));
    EXPECT_THAT(types("ALTER TYPE s.mood RENAME TO feeling"), ElementsAre("s.mood"));
    EXPECT_THAT(types("ALTER TYPE mood OWNER TO r"), ElementsAre("mood"));
    EXPECT_THAT(types("ALTER TYPE mood SET SCHEMA s"), ElementsAre("mood"));
    EXPECT_THAT(types("CREATE TYPE s.mood AS ENUM ('a')"), ElementsAre("s.mood"));
    EXPECT_THAT(types("DROP TYPE s.mood, b"), ElementsAre("s.mood", "b"));
    EXPECT_THAT(types("DROP DOMAIN d"), ElementsAre("d"));
    EXPECT_THAT(types("CREATE DOMAIN d AS s.e CHECK (value > 0)"), ElementsAre("d", "s.e"));
    EXPECT_THAT(types("COMMENT ON TYPE mood IS 'x'"), ElementsAre("mood"));
    EXPECT_THAT(types("GRANT USAGE ON TYPE mood TO r"), ElementsAre("mood"));
    EXPECT_THAT(types("SELECT 'a'::mood"), ElementsAre("mood"));
}

TEST(NamesOfATypedColumn, AreTheRelationItsTypeIsTakenFrom) {
    const std::string sql = "CREATE FUNCTION f(a s.t.c%TYPE) RETURNS int LANGUAGE sql AS 'SELECT 1'";
    EXPECT_THAT(relations(sql), ElementsAre("s.t"));
    EXPECT_THAT(types(sql), IsEmpty());
}

TEST(Names, SurviveATreeAsDeepAsTreesGet) {
    std::string sql = "SELECT 1";
    for (int i = 0; i < 1'240; ++i) {  // close to the limits of sql/parse.cc
        sql += " + f(1)";
    }
    EXPECT_THAT(functions(sql), ElementsAre("f"));
}

TEST(IdentifiersIn, AreFoundInStringsAtEveryDepthButNotInComments) {
    const auto names = identifiers_in("DO $$ BEGIN /* a */ EXECUTE 'DELETE FROM \"B\" WHERE x = ''c''' || f(D); END $$ -- e");
    for (const char* there : {"B", "x", "f", "d"}) {
        EXPECT_TRUE(names.contains(there)) << there;
    }
    EXPECT_FALSE(names.contains("a"));
    EXPECT_FALSE(names.contains("e"));
}

}  // namespace
}  // namespace pgbelay::sql
