#include "catalog_builder.h"

#include <gmock/gmock.h>

namespace pgbelay::analysis {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kTables = "CREATE TABLE t (id bigint PRIMARY KEY, a integer, b text); CREATE INDEX t_b_idx ON t (b);";

TEST(CreateIndex, BuildsConcurrentlyOnALargeTable) {
    const Analysis analysis = Situation(kTables)("CREATE INDEX i ON t (a)");
    EXPECT_THAT(lines(analysis), ElementsAre("before build: CREATE INDEX CONCURRENTLY i ON t (a)"));
    EXPECT_TRUE(analysis.rewritten);
    EXPECT_THAT(lines(analysis.facts.locks), ElementsAre("t:ShareLock"));
    EXPECT_THAT(names(analysis.facts.scans), ElementsAre("t"));
    EXPECT_THAT(lines(analysis.runs[0].locks), ElementsAre("t:ShareUpdateExclusiveLock"));
    EXPECT_THAT(analysis.runs[0].inverse.sql, ElementsAre("DROP INDEX public.i"));
    EXPECT_EQ(analysis.runs[0].index, (QualifiedName{"public", "i"}));
    EXPECT_EQ(analysis.runs[0].condition.facts.front(), (catalog::Fact{catalog::IndexIs{{"public", "i"}, {"public", "t"}, {}}}));
}

TEST(CreateIndex, KeepsTheAuthorsBytesAroundWhatItAdds) {
    const Analysis analysis = Situation(kTables)("create  unique /* c */ index\n  i ON public.t USING btree (lower(b)) WHERE a > 0");
    EXPECT_THAT(lines(analysis),
                ElementsAre("before build: create  unique /* c */ index CONCURRENTLY\n  i ON public.t USING btree (lower(b)) WHERE a > 0"));
}

TEST(CreateIndex, FixesTheNameThatTheServerWouldChoose) {
    EXPECT_THAT(lines(Situation(kTables)("CREATE INDEX ON t (a, lower(b))")),
                ElementsAre("before build: CREATE INDEX CONCURRENTLY t_a_lower_idx ON t (a, lower(b))"));
    EXPECT_THAT(lines(Situation(kTables)("CREATE INDEX CONCURRENTLY ON t (a)")),
                ElementsAre("before build: CREATE INDEX CONCURRENTLY t_a_idx ON t (a)"));
    EXPECT_THAT(lines(Situation(kTables)("CREATE INDEX ON t (b DESC)")),
                ElementsAre("before build: CREATE INDEX CONCURRENTLY t_b_idx1 ON t (b DESC)"));
}

TEST(CreateIndex, RunsAsWrittenOnTablesThatAreTinyOrNew) {
    EXPECT_THAT(lines(Situation(kTables).tiny("t")("CREATE INDEX i ON t (a)")), ElementsAre("inside transaction: CREATE INDEX i ON t (a)"));
    EXPECT_THAT(lines(Situation("").after("CREATE TABLE n (a int)")("CREATE INDEX i ON n (a)")),
                ElementsAre("inside transaction: CREATE INDEX i ON n (a)"));
    EXPECT_THAT(lines(Situation(kTables).as_written()("CREATE INDEX i ON t (a)")),
                ElementsAre("inside transaction: CREATE INDEX i ON t (a)"));
}

TEST(CreateIndex, CountsAnUnknownTableAsLarge) {
    const catalog::Catalog unknown = catalog::Catalog::unknown(0);
    const Context context{.base = unknown, .now = unknown};
    EXPECT_THAT(lines(analyze(sql::read_statement("CREATE INDEX i ON t (a)"), context)),
                ElementsAre("before build: CREATE INDEX CONCURRENTLY i ON t (a)"));
}

TEST(CreateIndex, SkipsWhatIsThereAndRefusesAnotherOfTheSameName) {
    const Analysis same = Situation(kTables)("CREATE INDEX t_b_idx ON t (b)");
    EXPECT_THAT(same.skip.value_or(""), HasSubstr("already there"));
    EXPECT_THAT(same.runs, IsEmpty());
    const Analysis other = Situation(kTables)("CREATE INDEX t_b_idx ON t (a)");
    ASSERT_TRUE(other.refusal);
    EXPECT_THAT(other.refusal->message, HasSubstr("another definition"));
    const Analysis tolerant = Situation(kTables)("CREATE INDEX IF NOT EXISTS t_b_idx ON t (a)");
    EXPECT_FALSE(tolerant.refusal);
    EXPECT_TRUE(tolerant.skip);
    EXPECT_THAT(tolerant.notes, ElementsAre(HasSubstr("warning")));
}

TEST(CreateIndex, ComparesInTheServersOwnForm) {
    Situation situation(kTables);
    const std::string sql = "CREATE INDEX p ON t (a) WHERE b IN ('x', 'y')";
    catalog::Index index{.name = {"public", "p"}, .table = {"public", "t"}, .method = "btree", .keys = {"a"}};
    index.predicate = "(b = ANY (ARRAY['x'::text, 'y'::text]))";
    index.canonical = " USING btree (a) WHERE (b = ANY (ARRAY['x'::text, 'y'::text]))";
    situation.now.add_index({"public", "t"}, index);
    situation.now.canonical_forms[sql] = index.canonical;
    EXPECT_TRUE(situation(sql).skip);
    situation.now.canonical_forms[sql] = " USING btree (a)";
    EXPECT_TRUE(situation(sql).refusal);
}

TEST(CreateIndex, BuildsAgainOverAnInvalidLeftover) {
    Situation situation(kTables);
    situation.now.add_index(
        {"public", "t"},
        catalog::Index{.name = {"public", "i"}, .table = {"public", "t"}, .valid = false, .method = "btree", .keys = {"a"}});
    const Analysis large = situation("CREATE INDEX i ON t (a)");
    EXPECT_THAT(lines(large), ElementsAre("before build: CREATE INDEX CONCURRENTLY i ON t (a)"));
    EXPECT_THAT(large.notes, ElementsAre("an INVALID index public.i is there: it is dropped and built anew"));
    EXPECT_EQ(large.runs[0].name, "build index i");
    situation.base = situation.now;
    EXPECT_THAT(lines(situation.tiny("t").grouped()("CREATE INDEX IF NOT EXISTS i ON t (a)")),
                ElementsAre("before build: CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)"));
}

TEST(CreateIndex, SaysThatTheAuthorAskedForIt) {
    EXPECT_EQ(Situation(kTables).as_written()("CREATE INDEX i ON t (a)").why, "as the author asked");
}

TEST(CreateIndex, RefusesConcurrentlyInsideAGroup) {
    const Analysis analysis = Situation(kTables).grouped()("CREATE INDEX CONCURRENTLY i ON t (a)");
    ASSERT_TRUE(analysis.refusal);
    EXPECT_THAT(analysis.refusal->message, HasSubstr("CONCURRENTLY"));
}

TEST(CreateIndex, SwapsAReplacedIndexInTheGroupsTransaction) {
    const Analysis analysis = Situation(kTables).after("DROP INDEX t_b_idx")("CREATE INDEX t_b_idx ON t (b, a)");
    EXPECT_THAT(lines(analysis), ElementsAre("before build: CREATE INDEX CONCURRENTLY pgbelay_t_b_idx ON t (b, a)",
                                             "inside transaction: ALTER INDEX public.pgbelay_t_b_idx RENAME TO t_b_idx"));
    EXPECT_THAT(analysis.runs[1].inverse.sql, ElementsAre("ALTER INDEX public.t_b_idx RENAME TO pgbelay_t_b_idx"));
}

TEST(CreateIndex, ComesAfterAGroupThatMakesItsColumn) {
    const Situation situation = Situation(kTables).after("ALTER TABLE t ADD COLUMN c int");
    EXPECT_THAT(lines(situation("CREATE INDEX i ON t (c)")), ElementsAre("after build: CREATE INDEX CONCURRENTLY i ON t (c)"));
    const Analysis unique = situation("CREATE UNIQUE INDEX i ON t (c)");
    EXPECT_THAT(lines(unique), ElementsAre("after build: CREATE UNIQUE INDEX CONCURRENTLY i ON t (c)"));
    EXPECT_THAT(unique.notes, ElementsAre(HasSubstr("after the group commits")));
}

TEST(CreateIndex, RefusesAUniqueIndexThatMustHoldAtTheGroupsCommit) {
    const Analysis filled = Situation(kTables).after("ALTER TABLE t ADD COLUMN c int DEFAULT 1")("CREATE UNIQUE INDEX i ON t (c)");
    ASSERT_TRUE(filled.refusal);
    const Analysis written = Situation(kTables).wrote("t")("CREATE UNIQUE INDEX i ON t (a)");
    ASSERT_TRUE(written.refusal);
    EXPECT_THAT(written.refusal->hint, HasSubstr("as-written"));
    EXPECT_FALSE(Situation(kTables).wrote("t").tiny("t")("CREATE UNIQUE INDEX i ON t (a)").refusal);
    EXPECT_FALSE(Situation(kTables).wrote("t")("CREATE INDEX i ON t (a)").refusal);
}

constexpr const char* kParted =
    "CREATE TABLE p (id int, d date) PARTITION BY RANGE (d); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2025-01-01') TO "
    "('2025-02-01');";

TEST(CreateIndex, GoesInPartsOnPartitionedTables) {
    const Analysis analysis = Situation(kParted)("CREATE INDEX i ON p (id)");
    ASSERT_FALSE(analysis.refusal);
    EXPECT_THAT(lines(analysis.facts.locks), ElementsAre("p:ShareLock", "p1:ShareLock"));
    EXPECT_THAT(lines(analysis), ElementsAre("before transaction: CREATE INDEX i ON ONLY public.p (id)",
                                             "before build: CREATE INDEX CONCURRENTLY p1_id_idx ON public.p1 (id)",
                                             "before attach: ALTER INDEX public.i ATTACH PARTITION public.p1_id_idx"));
    EXPECT_THAT(lines(Situation(kParted)("CREATE INDEX CONCURRENTLY i ON p (id)")), testing::SizeIs(3));
    EXPECT_FALSE(Situation(kParted).tiny("p1")("CREATE INDEX i ON p (id)").refusal);
    EXPECT_FALSE(Situation(kParted)("CREATE INDEX i ON ONLY p (id)").refusal);
}

}  // namespace
}  // namespace pgbelay::analysis
