#include "catalog_builder.h"

#include <gmock/gmock.h>

namespace pgbelay::analysis {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kTables =
    "CREATE TABLE t (id bigint PRIMARY KEY, a integer, b text); CREATE INDEX ia ON t (a); CREATE INDEX ib ON t (b);";

TEST(DropIndex, DropsOneConcurrentlyEach) {
    const Analysis analysis = Situation(kTables)("DROP INDEX ia, ib");
    EXPECT_THAT(lines(analysis), ElementsAre("after drop_concurrently: DROP INDEX CONCURRENTLY public.ia",
                                             "after drop_concurrently: DROP INDEX CONCURRENTLY public.ib"));
    EXPECT_THAT(lines(analysis.facts.locks), ElementsAre("t:AccessExclusiveLock", "ia:AccessExclusiveLock", "ib:AccessExclusiveLock"));
    EXPECT_THAT(analysis.runs[0].inverse.sql, ElementsAre("CREATE INDEX ia ON public.t USING btree (a)"));
}

TEST(DropIndex, LeavesOutWhatIfExistsDoesNotFind) {
    const Analysis analysis = Situation(kTables)("DROP INDEX IF EXISTS nothing, ib");
    EXPECT_THAT(lines(analysis), ElementsAre("after drop_concurrently: DROP INDEX CONCURRENTLY IF EXISTS public.ib"));
    EXPECT_THAT(analysis.notes, ElementsAre(HasSubstr("nothing")));
    EXPECT_TRUE(Situation(kTables)("DROP INDEX IF EXISTS nothing").skip);
}

TEST(DropIndex, StaysInTheTransactionOfItsGroup) {
    EXPECT_THAT(lines(Situation(kTables).grouped()("DROP INDEX ia")), ElementsAre("inside transaction: DROP INDEX ia"));
    EXPECT_TRUE(Situation(kTables).grouped()("DROP INDEX CONCURRENTLY ia").refusal);
}

TEST(DropIndex, SaysWhyItRunsAsWritten) {
    const Analysis cascade = Situation(kTables)("DROP INDEX ia CASCADE");
    EXPECT_THAT(lines(cascade), ElementsAre("inside transaction: DROP INDEX ia CASCADE"));
    EXPECT_THAT(cascade.why, HasSubstr("CASCADE"));
    const Analysis constraint = Situation(kTables)("DROP INDEX t_pkey");
    EXPECT_THAT(lines(constraint), ElementsAre("inside transaction: DROP INDEX t_pkey"));
    EXPECT_THAT(constraint.why, HasSubstr("constraint t_pkey"));
}

TEST(DropIndex, CascadeBringsTheForeignKeysBack) {
    const std::string setup =
        "CREATE TABLE countries (id int PRIMARY KEY, name text); CREATE UNIQUE INDEX by_name ON countries (name);"
        "CREATE TABLE offices (country text CONSTRAINT at REFERENCES countries (name), n int REFERENCES countries);";
    const Analysis analysis = Situation(setup)("DROP INDEX by_name CASCADE");
    EXPECT_THAT(analysis.notes, ElementsAre("CASCADE drops foreign key at of public.offices too"));
    EXPECT_THAT(
        analysis.runs.at(0).inverse.sql,
        ElementsAre("CREATE UNIQUE INDEX by_name ON public.countries USING btree (name)",
                    HasSubstr("ALTER TABLE public.offices ADD CONSTRAINT at FOREIGN KEY (country) REFERENCES public.countries(name)")));
    EXPECT_THAT(lines(analysis.facts.locks),
                ElementsAre("countries:AccessExclusiveLock", "by_name:AccessExclusiveLock", "offices:AccessExclusiveLock"));
    Situation after(setup);
    after.after("DROP INDEX by_name CASCADE");
    EXPECT_EQ(after.now.find({"", "offices"})->constraint("at"), nullptr);

    Situation unknown(setup);
    unknown.now.relations.erase({"public", "offices"});
    EXPECT_FALSE(unknown("DROP INDEX by_name CASCADE").runs.at(0).inverse.possible);
    EXPECT_TRUE(unknown("DROP INDEX by_name").runs.at(0).inverse.possible);
}

TEST(DropIndex, GivesBackAllThatHangsOnTheIndex) {
    Situation situation(kTables);
    catalog::Index index = *situation.now.find_index({"public", "ia"});
    index.definition = "CREATE INDEX ia ON public.t USING btree (a) WHERE (a > 0)";
    index.tablespace = "fast";
    index.comment = "it's ours";
    index.statistics = {{1, 500}};
    index.clustered = true;
    index.replica_identity = true;
    situation.now.remove_index({"public", "ia"});
    situation.now.add_index({"public", "t"}, index);
    EXPECT_THAT(situation("DROP INDEX ia").runs.at(0).inverse.sql,
                ElementsAre("CREATE INDEX ia ON public.t USING btree (a) TABLESPACE fast WHERE (a > 0)",
                            "ALTER INDEX public.ia ALTER COLUMN 1 SET STATISTICS 500", "COMMENT ON INDEX public.ia IS 'it''s ours'",
                            "ALTER TABLE public.t CLUSTER ON ia", "ALTER TABLE public.t REPLICA IDENTITY USING INDEX ia"));
}

TEST(Reindex, RunsConcurrently) {
    const Analysis index = Situation(kTables)("REINDEX INDEX ia");
    EXPECT_THAT(lines(index), ElementsAre("after build: REINDEX INDEX CONCURRENTLY ia"));
    EXPECT_THAT(lines(index.facts.locks), ElementsAre("t:ShareLock", "ia:AccessExclusiveLock"));
    EXPECT_THAT(names(index.facts.rewrites), ElementsAre("ia"));
    EXPECT_THAT(lines(Situation(kTables)("REINDEX (VERBOSE) TABLE t")), ElementsAre("after build: REINDEX (VERBOSE) TABLE CONCURRENTLY t"));
    EXPECT_THAT(lines(Situation(kTables)("REINDEX SCHEMA public")), ElementsAre("after build: REINDEX SCHEMA CONCURRENTLY public"));
}

TEST(Reindex, SaysWhyItRunsAsWritten) {
    const Analysis analysis = Situation(kTables)("REINDEX TABLE pg_catalog.pg_class");
    EXPECT_THAT(lines(analysis), ElementsAre("inside transaction: REINDEX TABLE pg_catalog.pg_class"));
    EXPECT_THAT(analysis.why, HasSubstr("system catalogs"));
    EXPECT_TRUE(Situation(kTables).grouped()("REINDEX TABLE CONCURRENTLY t").refusal);
}

}  // namespace
}  // namespace pgbelay::analysis
