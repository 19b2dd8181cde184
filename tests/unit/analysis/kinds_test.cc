// Kinds of statement other than ALTER TABLE and those on indexes: locks, runs, inverses, refusals.
#include "catalog_builder.h"

#include <gmock/gmock.h>

namespace pgbelay::analysis {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr const char* kTables =
    "CREATE TABLE users (id int PRIMARY KEY, email text, age int);"
    "CREATE TABLE orders (id int PRIMARY KEY, user_id int REFERENCES users);";

std::vector<std::string> inverse_of(const Analysis& analysis) {
    return analysis.runs.empty() || !analysis.runs[0].inverse.possible ? std::vector<std::string>{"none"} : analysis.runs[0].inverse.sql;
}

TEST(CreateTableStatement, LocksWhatItsForeignKeysPointAt) {
    const auto analysis = Situation(kTables)("CREATE TABLE n (id int, u int REFERENCES users, self int, FOREIGN KEY (self) REFERENCES n)");
    EXPECT_THAT(lines(analysis.facts.locks), ElementsAre("users:ShareRowExclusiveLock"));
    EXPECT_TRUE(analysis.facts.locks[0].lockable);
    EXPECT_EQ(analysis.name, "create table public.n");
    EXPECT_THAT(inverse_of(analysis), ElementsAre("DROP TABLE public.n"));
    EXPECT_TRUE(analysis.runs[0].inverse.loses_data);
    EXPECT_EQ(analysis.runs[0].inverse.loss_in, (QualifiedName{"public", "n"}));
    EXPECT_EQ(analysis.runs[0].condition.describe(), "table public.n is there");
}

TEST(CreateTableStatement, SkipsOrRefusesWhatIsThere) {
    const Situation situation(kTables);
    EXPECT_TRUE(situation("CREATE TABLE IF NOT EXISTS users (id int)").skip.has_value());
    const auto refused = situation("CREATE TABLE users (id int)");
    ASSERT_TRUE(refused.refusal.has_value());
    EXPECT_THAT(refused.refusal->message, HasSubstr("of unknown origin"));
    EXPECT_THAT(refused.refusal->hint, HasSubstr("pgbelay mark"));
}

TEST(CreateTableStatement, TemporaryOnesLiveOnlyInsideAGroup) {
    EXPECT_TRUE(Situation(kTables)("CREATE TEMP TABLE x (a int)").refusal.has_value());
    const auto grouped = Situation(kTables).grouped()("CREATE TEMP TABLE x (a int) ON COMMIT DROP");
    EXPECT_FALSE(grouped.refusal.has_value());
    EXPECT_THAT(inverse_of(grouped), IsEmpty());
    EXPECT_TRUE(Situation(kTables)("CREATE TEMP TABLE x AS SELECT 1").refusal.has_value());
}

TEST(View, ReplacementIsUndoneByTheFormerDefinition) {
    const Situation situation(std::string(kTables) + "CREATE VIEW v WITH (security_invoker=true) AS SELECT id FROM users");
    auto known = situation;
    for (auto* catalog : {&known.base, &known.now}) {
        auto& view = catalog->relations.at({"public", "v"});
        view.options = {"security_invoker=true"};
        view.comment = "old";
    }
    const auto same_columns = known("CREATE OR REPLACE VIEW v AS SELECT id FROM users WHERE id > 0");
    EXPECT_THAT(lines(same_columns.facts.locks), UnorderedElementsAre("v:AccessExclusiveLock", "users:AccessShareLock"));
    EXPECT_THAT(inverse_of(same_columns),
                ElementsAre("CREATE OR REPLACE VIEW public.v WITH (security_invoker=true) AS SELECT id FROM users"));
    const auto more_columns = known("CREATE OR REPLACE VIEW v AS SELECT id, email FROM users");
    EXPECT_THAT(inverse_of(more_columns),
                ElementsAre("DROP VIEW public.v", "CREATE VIEW public.v WITH (security_invoker=true) AS SELECT id FROM users",
                            "ALTER VIEW public.v OWNER TO app", "COMMENT ON VIEW public.v IS 'old'"));
}

TEST(View, DropIsUndoneWithAllThatStoodOnIt) {
    const auto analysis =
        Situation(std::string(kTables) + "CREATE VIEW v AS SELECT id FROM users; CREATE VIEW w AS SELECT id FROM v")("DROP VIEW v CASCADE");
    EXPECT_THAT(lines(analysis.facts.locks), UnorderedElementsAre("v:AccessExclusiveLock", "w:AccessExclusiveLock"));
    EXPECT_THAT(inverse_of(analysis), ElementsAre("CREATE VIEW public.v AS SELECT id FROM users", "ALTER VIEW public.v OWNER TO app",
                                                  "CREATE VIEW public.w AS SELECT id FROM v", "ALTER VIEW public.w OWNER TO app"));
}

TEST(View, SeveralComeBackInTheOrderInWhichTheyStandOnEachOther) {
    const Situation situation(std::string(kTables) + "CREATE VIEW b AS SELECT id FROM users; CREATE VIEW a AS SELECT id FROM b");
    for (const char* sql : {"DROP VIEW a, b", "DROP VIEW b, a", "DROP VIEW b, a CASCADE"}) {
        EXPECT_THAT(inverse_of(situation(sql)),
                    ElementsAre("CREATE VIEW public.b AS SELECT id FROM users", "ALTER VIEW public.b OWNER TO app",
                                "CREATE VIEW public.a AS SELECT id FROM b", "ALTER VIEW public.a OWNER TO app"))
            << sql;
    }
}

TEST(Drop, OfATableHasNoWayBack) {
    const auto analysis = Situation(kTables)("DROP TABLE orders");
    EXPECT_THAT(lines(analysis.facts.locks),
                UnorderedElementsAre("orders:AccessExclusiveLock", "orders_pkey:AccessExclusiveLock", "users:AccessExclusiveLock"));
    EXPECT_THAT(inverse_of(analysis), ElementsAre("none"));
    EXPECT_TRUE(Situation(kTables)("DROP TABLE IF EXISTS nowhere").skip.has_value());
}

TEST(Drop, OfATypeMakesItAgainWithItsLabels) {
    EXPECT_THAT(inverse_of(Situation("CREATE TYPE mood AS ENUM ('a', 'b')")("DROP TYPE mood")),
                ElementsAre("CREATE TYPE public.mood AS ENUM ('a', 'b')", "ALTER TYPE public.mood OWNER TO app"));
    const auto cascade = Situation("CREATE TYPE mood AS ENUM ('a'); CREATE TABLE t (m mood)")("DROP TYPE mood CASCADE");
    EXPECT_THAT(lines(cascade.facts.locks), ElementsAre("t:AccessExclusiveLock"));
    EXPECT_THAT(inverse_of(cascade), ElementsAre("none"));
}

TEST(Rename, IsUndoneByTheOppositeRename) {
    const Situation situation(std::string(kTables) + "CREATE INDEX i ON users (email)");
    EXPECT_THAT(inverse_of(situation("ALTER TABLE users RENAME TO people")), ElementsAre("ALTER TABLE public.people RENAME TO users"));
    EXPECT_THAT(inverse_of(situation("ALTER TABLE users RENAME email TO mail")),
                ElementsAre("ALTER TABLE public.users RENAME COLUMN mail TO email"));
    EXPECT_THAT(inverse_of(situation("ALTER TABLE users RENAME CONSTRAINT users_pkey TO pk")),
                ElementsAre("ALTER TABLE public.users RENAME CONSTRAINT pk TO users_pkey"));
    const auto index = situation("ALTER INDEX i RENAME TO \"New\"");
    EXPECT_THAT(lines(index.facts.locks), ElementsAre("i:ShareUpdateExclusiveLock"));
    EXPECT_THAT(inverse_of(index), ElementsAre("ALTER INDEX public.\"New\" RENAME TO i"));
}

TEST(FunctionStatement, ReplacementKeepsTheFormerBody) {
    const std::string before = "CREATE FUNCTION f(x int) RETURNS int LANGUAGE sql AS 'SELECT 1'";
    EXPECT_THAT(inverse_of(Situation(before)("CREATE OR REPLACE FUNCTION f(x int) RETURNS int LANGUAGE sql AS 'SELECT 2'")),
                ElementsAre("CREATE OR REPLACE FUNCTION f(x int) RETURNS int LANGUAGE sql AS 'SELECT 1'"));
    EXPECT_THAT(inverse_of(Situation(before)("CREATE FUNCTION f(x text, OUT y int) LANGUAGE sql AS 'SELECT 2'")),
                ElementsAre("DROP FUNCTION public.f(text)"));
}

TEST(FunctionStatement, OverloadsAreToldApartByTheirTypes) {
    const std::string both =
        "CREATE FUNCTION vat(amount numeric, rate numeric) RETURNS numeric LANGUAGE sql AS 'SELECT 1';"
        "CREATE FUNCTION vat(amount numeric) RETURNS numeric LANGUAGE sql AS 'SELECT 2';"
        "CREATE TYPE mood AS ENUM ('sad'); CREATE FUNCTION feel(how mood) RETURNS int LANGUAGE sql AS 'SELECT 3'";
    EXPECT_THAT(inverse_of(Situation(both)("DROP FUNCTION vat(numeric)")).at(0), HasSubstr("SELECT 2"));
    EXPECT_THAT(inverse_of(Situation(both)("DROP FUNCTION vat(numeric(10,2), decimal)")).at(0), HasSubstr("SELECT 1"));
    EXPECT_THAT(inverse_of(Situation(both)("DROP FUNCTION feel(mood)")).at(0), HasSubstr("SELECT 3"));
    EXPECT_THAT(inverse_of(Situation(both)("DROP FUNCTION vat")), ElementsAre("none"));
    EXPECT_THAT(inverse_of(Situation(both)("COMMENT ON FUNCTION vat(numeric) IS 'x'")),
                ElementsAre("COMMENT ON FUNCTION public.vat(amount numeric) IS NULL"));
    EXPECT_THAT(inverse_of(Situation(both)("CREATE OR REPLACE FUNCTION vat(net numeric) RETURNS numeric LANGUAGE sql AS 'SELECT 4'")).at(0),
                HasSubstr("SELECT 2"));
    EXPECT_TRUE(Situation(both)("DROP FUNCTION IF EXISTS vat(text, text, text)").skip);
    EXPECT_THAT(inverse_of(Situation(both).after("DROP FUNCTION vat(numeric)")("DROP FUNCTION vat")).at(0), HasSubstr("SELECT 1"));
}

TEST(DoBlock, NamesWhatItHidesAndTheWayOut) {
    const auto analysis = Situation(kTables)(
        "DO $$ BEGIN IF EXISTS (SELECT 1 FROM information_schema.columns) THEN "
        "CREATE INDEX i ON users (email); ALTER TABLE orders ADD COLUMN x int; END IF; END $$");
    EXPECT_THAT(analysis.notes, ElementsAre(HasSubstr("hides create index and alter table"), HasSubstr("pgbelay: when")));
    EXPECT_THAT(lines(analysis.facts.locks), UnorderedElementsAre("users:ShareLock", "orders:AccessExclusiveLock"));
    EXPECT_THAT(lines(analysis), ElementsAre(HasSubstr("inside transaction: DO")));
    EXPECT_FALSE(analysis.facts.opaque);
}

TEST(DoBlock, KnowsAConstantThatItExecutesAndNothingElse) {
    const auto constant = Situation(kTables)("DO $$ BEGIN EXECUTE 'ALTER TABLE users ALTER COLUMN age TYPE bigint'; END $$");
    EXPECT_FALSE(constant.facts.opaque);
    EXPECT_THAT(lines(constant.facts.locks), testing::Contains("users:AccessExclusiveLock"));
    EXPECT_THAT(names(constant.facts.rewrites), testing::Contains("users"));
    EXPECT_TRUE(Situation(kTables)("DO $$ DECLARE t text := lower('USERS'); BEGIN EXECUTE 'DROP TABLE ' || t; END $$").facts.opaque);
}

TEST(DoBlock, ThatCommitsRunsOnceOutsideOfATransaction) {
    const std::string block = "DO $$ BEGIN UPDATE users SET age = 1; COMMIT; END $$";
    const auto analysis = Situation(kTables)(block);
    EXPECT_FALSE(analysis.facts.transactional);
    EXPECT_EQ(analysis.runs.at(0).method, Method::once);
    EXPECT_TRUE(Situation(kTables).grouped()(block).refusal.has_value());
}

TEST(TriggerStatement, IsUndoneByDroppingIt) {
    const auto analysis = Situation(kTables)("CREATE TRIGGER tr BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION f()");
    EXPECT_THAT(lines(analysis.facts.locks), ElementsAre("users:ShareRowExclusiveLock"));
    EXPECT_THAT(inverse_of(analysis), ElementsAre("DROP TRIGGER tr ON public.users"));
}

TEST(TriggerStatement, DroppedOnesComeBackInTheirState) {
    Situation situation(std::string(kTables) +
                        "CREATE TRIGGER tr BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION f();"
                        "ALTER TABLE users DISABLE TRIGGER tr");
    const auto analysis = situation("DROP TRIGGER tr ON users");
    EXPECT_THAT(lines(analysis.facts.locks), ElementsAre("users:AccessExclusiveLock"));
    EXPECT_THAT(inverse_of(analysis), ElementsAre("CREATE TRIGGER tr BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION f()",
                                                  "ALTER TABLE public.users DISABLE TRIGGER tr"));
}

TEST(CommentStatement, PutsTheFormerCommentBack) {
    const Situation situation(std::string(kTables) + "COMMENT ON TABLE users IS 'was'");
    EXPECT_THAT(inverse_of(situation("COMMENT ON TABLE users IS 'is'")), ElementsAre("COMMENT ON TABLE public.users IS 'was'"));
    EXPECT_THAT(inverse_of(situation("COMMENT ON COLUMN users.email IS 'is'")),
                ElementsAre("COMMENT ON COLUMN public.users.email IS NULL"));
}

TEST(CommentStatement, OfASchemaIsKnownToo) {
    EXPECT_THAT(inverse_of(Situation("COMMENT ON SCHEMA public IS 'ours'")("COMMENT ON SCHEMA public IS 'theirs'")),
                ElementsAre("COMMENT ON SCHEMA public IS 'ours'"));
    EXPECT_THAT(inverse_of(Situation("CREATE SCHEMA fresh")("COMMENT ON SCHEMA fresh IS 'new'")),
                ElementsAre("COMMENT ON SCHEMA fresh IS NULL"));
}

TEST(Grant, InASchemaOfThePlanGoesWithTheSchema) {
    const auto made = Situation("").after("CREATE SCHEMA fresh");
    EXPECT_THAT(inverse_of(Situation(made)("GRANT USAGE ON SCHEMA fresh TO bob")), IsEmpty());
    EXPECT_THAT(inverse_of(Situation(made)("GRANT SELECT ON ALL TABLES IN SCHEMA fresh TO bob")), IsEmpty());
    EXPECT_THAT(inverse_of(Situation(made)("GRANT SELECT ON ALL TABLES IN SCHEMA fresh, public TO bob")), ElementsAre("none"));
    EXPECT_THAT(inverse_of(Situation("").after("CREATE SCHEMA IF NOT EXISTS fresh")("GRANT USAGE ON SCHEMA fresh TO bob")),
                ElementsAre("none"));
}

TEST(Grant, TakesBackOnlyWhatWasNotThere) {
    Situation situation(kTables);
    for (auto* catalog : {&situation.base, &situation.now}) {
        catalog->relations.at({"public", "users"}).acl = "{app=arwdDxt/app,bob=ra*/app}";
    }
    EXPECT_THAT(inverse_of(situation("GRANT SELECT, UPDATE ON users TO bob")), ElementsAre("REVOKE UPDATE ON TABLE public.users FROM bob"));
    EXPECT_THAT(inverse_of(situation("REVOKE ALL ON users FROM bob")),
                ElementsAre("GRANT SELECT ON TABLE public.users TO bob", "GRANT INSERT ON TABLE public.users TO bob WITH GRANT OPTION"));
    EXPECT_THAT(inverse_of(situation("GRANT SELECT (email) ON users TO PUBLIC")),
                ElementsAre("REVOKE SELECT (email) ON TABLE public.users FROM PUBLIC"));
    EXPECT_THAT(inverse_of(situation("GRANT USAGE ON SCHEMA public TO bob")), ElementsAre("none"));
}

TEST(Enum, AValueCannotBeTakenAway) {
    const Situation situation("CREATE TYPE mood AS ENUM ('a')");
    EXPECT_THAT(inverse_of(situation("ALTER TYPE mood ADD VALUE 'b'")), ElementsAre("none"));
    EXPECT_TRUE(situation("ALTER TYPE mood ADD VALUE IF NOT EXISTS 'a'").skip.has_value());
    EXPECT_THAT(inverse_of(situation("ALTER TYPE mood RENAME VALUE 'a' TO 'it''s'")),
                ElementsAre("ALTER TYPE public.mood RENAME VALUE 'it''s' TO 'a'"));
}

TEST(Enum, AValueOfATypeThatThePlanMadeGoesWithIt) {
    EXPECT_THAT(inverse_of(Situation("").after("CREATE TYPE mood AS ENUM ('sad')")("ALTER TYPE mood ADD VALUE 'glad'")), IsEmpty());
}

TEST(CompositeType, LosesTheAttributeThatItGot) {
    const auto analysis = Situation("")("ALTER TYPE pair ADD ATTRIBUTE c integer");
    EXPECT_THAT(inverse_of(analysis), ElementsAre("ALTER TYPE public.pair DROP ATTRIBUTE c"));
    EXPECT_TRUE(analysis.runs.at(0).inverse.loses_data);
    EXPECT_TRUE(analysis.runs[0].inverse.loss_in.empty());
}

TEST(Dml, WritesAndReads) {
    const auto analysis = Situation(kTables)("UPDATE orders o SET user_id = u.id FROM users u WHERE u.email = 'x'");
    // The new keys are looked up.
    EXPECT_THAT(lines(analysis.facts.locks), UnorderedElementsAre("orders:RowExclusiveLock", "orders_pkey:RowExclusiveLock",
                                                                  "users:RowShareLock", "users_pkey:RowShareLock"));
    EXPECT_THAT(names(analysis.facts.writes), ElementsAre("orders"));
    EXPECT_THAT(inverse_of(analysis), ElementsAre("none"));
    EXPECT_EQ(analysis.name, "update public.orders");
}

TEST(Dml, CommonTableExpressionsAreNotRelations) {
    const auto analysis = Situation(kTables)("WITH users AS (DELETE FROM orders RETURNING id) SELECT * FROM users");
    EXPECT_THAT(lines(analysis.facts.locks), UnorderedElementsAre("orders:RowExclusiveLock", "orders_pkey:RowExclusiveLock"));
    EXPECT_THAT(inverse_of(analysis), ElementsAre("none"));
}

TEST(Dml, RowsOfATableThatThePlanMadeGoWithIt) {
    EXPECT_THAT(inverse_of(Situation(kTables).after("CREATE TABLE n (a int)")("INSERT INTO n SELECT id FROM users")), IsEmpty());
    EXPECT_THAT(inverse_of(Situation(kTables).after("ALTER TABLE users ADD COLUMN x int")("UPDATE users SET x = 1")), IsEmpty());
    EXPECT_THAT(inverse_of(Situation(kTables).after("ALTER TABLE users ADD COLUMN x int")("UPDATE users SET x = 1, age = 2")),
                ElementsAre("none"));
}

TEST(Dml, SelectForUpdateLocksRowsAndLeavesNothingBehind) {
    const auto analysis = Situation(kTables)("SELECT * FROM users u, orders FOR UPDATE OF u");
    EXPECT_THAT(lines(analysis.facts.locks),
                UnorderedElementsAre("users:RowShareLock", "users_pkey:RowShareLock", "orders:AccessShareLock"));
    EXPECT_THAT(inverse_of(analysis), IsEmpty());
}

TEST(Session, LocksAndObjectsOfASessionAreRefused) {
    const Situation situation(kTables);
    for (const char* sql : {"SELECT pg_advisory_lock(1)", "PREPARE p AS SELECT 1", "DECLARE c CURSOR WITH HOLD FOR SELECT 1", "LISTEN x",
                            "SELECT pg_try_advisory_lock_shared(1)"}) {
        EXPECT_TRUE(situation(sql).refusal.has_value()) << sql;
    }
    EXPECT_FALSE(situation("SELECT pg_advisory_xact_lock(1)").refusal.has_value());
    EXPECT_THAT(situation("SELECT pg_advisory_lock(1)").refusal->hint, HasSubstr("pg_advisory_xact_lock()"));
}

TEST(Maintenance, VacuumMayBeRepeatedAndDatabasesAreMadeOnce) {
    const Situation situation(kTables);
    EXPECT_EQ(situation("VACUUM users").runs.at(0).method, Method::repeatable);
    EXPECT_FALSE(situation("VACUUM users").facts.transactional);
    EXPECT_THAT(lines(situation("VACUUM FULL orders").facts.locks),
                UnorderedElementsAre("orders:AccessExclusiveLock", "orders_pkey:AccessExclusiveLock"));
    EXPECT_EQ(situation("CREATE DATABASE x").runs.at(0).method, Method::once);
    EXPECT_TRUE(Situation(kTables).grouped()("VACUUM users").refusal.has_value());
    EXPECT_FALSE(Situation(kTables).grouped()("ANALYZE users").refusal.has_value());
}

TEST(Matview, IsRefreshedConcurrentlyWhereThatIsPossible) {
    const std::string setup =
        std::string(kTables) + "CREATE MATERIALIZED VIEW m AS SELECT id FROM users; CREATE UNIQUE INDEX mi ON m (id);";
    const auto safe = Situation(setup)("REFRESH MATERIALIZED VIEW m");
    EXPECT_THAT(lines(safe), ElementsAre("inside validate: REFRESH MATERIALIZED VIEW CONCURRENTLY m"));
    EXPECT_TRUE(safe.rewritten);
    EXPECT_THAT(lines(Situation(setup).as_written()("REFRESH MATERIALIZED VIEW m")),
                ElementsAre("inside transaction: REFRESH MATERIALIZED VIEW m"));
}

TEST(Matview, OfThePlanItselfLosesNothingWhenRefreshed) {
    EXPECT_THAT(inverse_of(Situation(kTables).after("CREATE MATERIALIZED VIEW m AS SELECT id FROM users")("REFRESH MATERIALIZED VIEW m")),
                IsEmpty());
    const std::string there = std::string(kTables) + "CREATE MATERIALIZED VIEW m AS SELECT id FROM users;";
    EXPECT_THAT(inverse_of(Situation(there)("REFRESH MATERIALIZED VIEW m")), ElementsAre("none"));
}

TEST(Opaque, FormsOfVersion18LockTheirTable) {
    const auto analysis = Situation(kTables, 18)("ALTER TABLE ONLY \"users\" ADD CONSTRAINT nn NOT NULL email NOT VALID");
    EXPECT_TRUE(analysis.facts.opaque);
    EXPECT_THAT(lines(analysis.facts.locks), ElementsAre("users:AccessExclusiveLock"));
    EXPECT_THAT(inverse_of(analysis), ElementsAre("ALTER TABLE public.users DROP CONSTRAINT nn"));
}

TEST(Analyze, KnowsNothingAndSaysSo) {
    const auto unknown = catalog::Catalog::unknown(15);
    const Context ctx{.base = unknown, .now = unknown};
    const auto analysis = analyze(sql::read_statement("DROP VIEW v"), ctx);
    EXPECT_THAT(lines(analysis.facts.locks), ElementsAre("v:AccessExclusiveLock"));
    EXPECT_FALSE(analysis.runs.at(0).inverse.possible);
    EXPECT_FALSE(analyze(sql::read_statement("CREATE EXTENSION IF NOT EXISTS x"), ctx).runs.at(0).inverse.possible);
}

}  // namespace
}  // namespace pgbelay::analysis
