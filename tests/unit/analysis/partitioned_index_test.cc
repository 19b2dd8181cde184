#include "analysis/partitioned_index.h"

#include "catalog_builder.h"

#include <gmock/gmock.h>

namespace pgbelay::analysis {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kParted =
    "CREATE TABLE p (id int, d date, k text) PARTITION BY RANGE (d);"
    "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2025-01-01') TO ('2025-02-01') PARTITION BY LIST (k);"
    "CREATE TABLE p1a PARTITION OF p1 FOR VALUES IN ('a'); CREATE TABLE p1b PARTITION OF p1 DEFAULT;"
    "CREATE TABLE p2 PARTITION OF p DEFAULT;";

std::vector<std::string> to_do(const Completion& completion) {
    std::vector<std::string> all;
    for (const PartToDo& part : completion.parts) {
        all.push_back(fmt::format("{}{}{}", part.make, part.make.empty() ? "" : " | ", fmt::join(part.attach, " | ")));
    }
    return all;
}

TEST(PartitionedIndex, IsMadeOnOnlyEveryLevelThenOnEachLeafThenAttachedBottomUp) {
    const Analysis analysis = Situation(kParted)("CREATE UNIQUE INDEX IF NOT EXISTS i ON public.p USING btree (id, d, k) WHERE id > 0");
    EXPECT_THAT(
        lines(analysis),
        ElementsAre("before transaction: CREATE UNIQUE INDEX i ON ONLY public.p USING btree (id, d, k) WHERE id > 0",
                    "before transaction: CREATE UNIQUE INDEX p1_id_d_k_idx ON ONLY public.p1 USING btree (id, d, k) WHERE id > 0",
                    "before build: CREATE UNIQUE INDEX CONCURRENTLY p1a_id_d_k_idx ON public.p1a USING btree (id, d, k) WHERE id > 0",
                    "before build: CREATE UNIQUE INDEX CONCURRENTLY p1b_id_d_k_idx ON public.p1b USING btree (id, d, k) WHERE id > 0",
                    "before build: CREATE UNIQUE INDEX CONCURRENTLY p2_id_d_k_idx ON public.p2 USING btree (id, d, k) WHERE id > 0",
                    "before attach: ALTER INDEX public.p1_id_d_k_idx ATTACH PARTITION public.p1a_id_d_k_idx;\n"
                    "ALTER INDEX public.p1_id_d_k_idx ATTACH PARTITION public.p1b_id_d_k_idx;\n"
                    "ALTER INDEX public.i ATTACH PARTITION public.p1_id_d_k_idx;\n"
                    "ALTER INDEX public.i ATTACH PARTITION public.p2_id_d_k_idx"));
    EXPECT_THAT(lines(analysis.runs[0].locks), ElementsAre("p:ShareLock"));
    EXPECT_THAT(
        analysis.runs[0].inverse.sql,
        ElementsAre("DROP INDEX public.i",
                    "DROP INDEX IF EXISTS public.p1_id_d_k_idx, public.p1a_id_d_k_idx, public.p1b_id_d_k_idx, public.p2_id_d_k_idx"));
    EXPECT_EQ(analysis.runs[2].condition.facts.front(),
              (catalog::Fact{catalog::IndexIs{{"public", "p1a_id_d_k_idx"}, {"public", "p1a"}, {}, {"public", "p"}}}));
}

TEST(PartitionedIndex, TakesInWhatAPartitionHasAndBringsItBack) {
    const Analysis analysis = Situation(std::string(kParted) + "CREATE INDEX own ON p2 (id);")("CREATE INDEX i ON p (id)");
    EXPECT_THAT(lines(analysis), testing::Not(testing::Contains(HasSubstr("ON public.p2"))));
    EXPECT_THAT(lines(analysis).back(), HasSubstr("ALTER INDEX public.i ATTACH PARTITION public.own"));
    EXPECT_THAT(analysis.runs[0].inverse.sql.back(), HasSubstr("CREATE INDEX own ON public.p2"));
    EXPECT_TRUE(analysis.runs[0].inverse.in_parts);
}

TEST(PartitionedIndex, TakesNoIndexThatIsInvalidOrBelongsToAnother) {
    Situation situation(std::string(kParted) + "CREATE INDEX other ON p (id); CREATE INDEX broken ON p2 (id);");
    situation.now.relations.at({"public", "p2"}).indexes.back().valid = false;
    const Analysis analysis = situation("CREATE INDEX i ON p (id)");
    EXPECT_THAT(lines(analysis), testing::Contains("before build: CREATE INDEX CONCURRENTLY p2_id_idx1 ON public.p2 (id)"));
}

TEST(PartitionedIndex, CompletesOneThatWaits) {
    const Situation situation(std::string(kParted) + "CREATE INDEX i ON ONLY p (id);");
    const Analysis analysis = situation("CREATE INDEX IF NOT EXISTS i ON p (id)");
    EXPECT_FALSE(analysis.skip);
    EXPECT_THAT(lines(analysis).front(), "before transaction: CREATE INDEX p1_id_idx ON ONLY public.p1 (id)");
    EXPECT_FALSE(analysis.runs.back().inverse.possible);
    EXPECT_THAT(analysis.notes, ElementsAre(HasSubstr("waits for indexes of its partitions")));
}

TEST(PartitionedIndex, CountsManySmallPartitionsAsOneTable) {
    Situation situation(kParted);
    for (const char* leaf : {"p1a", "p1b", "p2"}) {
        situation.now.relations.at({"public", leaf}).bytes = 3 * 1024 * 1024;
    }
    EXPECT_THAT(lines(situation("CREATE INDEX i ON p (id)")), SizeIs(6));
}

TEST(PartitionedIndex, RefusesForeignTablesAmongThePartitions) {
    Situation situation(kParted);
    situation.now.relations.at({"public", "p1b"}).kind = 'f';
    const Analysis analysis = situation("CREATE INDEX i ON p (id)");
    ASSERT_TRUE(analysis.refusal);
    EXPECT_THAT(analysis.refusal->message, HasSubstr("public.p1b"));
}

TEST(PartitionedIndex, NamesWhatItLacksDeepestFirst) {
    catalog::Catalog catalog = catalog_of(std::string(kParted) + "CREATE INDEX i ON ONLY p (id); CREATE INDEX own ON p1b (id);");
    const Completion missing = completion(catalog, *catalog.find_index({"public", "i"}));
    EXPECT_THAT(
        to_do(missing),
        ElementsAre("CREATE INDEX CONCURRENTLY p1a_id_idx ON public.p1a USING btree (id) | "
                    "ALTER INDEX public.p1_id_idx ATTACH PARTITION public.p1a_id_idx",
                    "ALTER INDEX public.p1_id_idx ATTACH PARTITION public.own",
                    "CREATE INDEX p1_id_idx ON ONLY public.p1 USING btree (id) | ALTER INDEX public.i ATTACH PARTITION public.p1_id_idx",
                    "CREATE INDEX CONCURRENTLY p2_id_idx ON public.p2 USING btree (id) | "
                    "ALTER INDEX public.i ATTACH PARTITION public.p2_id_idx"));
    EXPECT_EQ(missing.obstacle, "");
}

TEST(PartitionedIndex, LacksNothingOnceAllIsAttached) {
    const catalog::Catalog catalog = catalog_of(std::string(kParted) + "CREATE INDEX i ON p (id);");
    EXPECT_THAT(completion(catalog, *catalog.find_index({"public", "i"})).parts, IsEmpty());
}

TEST(PartitionedIndex, ComesBackWithThePartitionsOwnNames) {
    const Analysis dropped = Situation(std::string(kParted) + "CREATE INDEX own ON p2 (id); CREATE INDEX i ON p (id);")("DROP INDEX i");
    EXPECT_THAT(dropped.runs.front().inverse.sql, testing::Contains("CREATE INDEX own ON public.p2 USING btree (id)"));
    EXPECT_THAT(dropped.runs.front().inverse.sql.back(), HasSubstr("CREATE INDEX i ON public.p "));
}

TEST(PartitionedTable, IsReindexedLeafByLeafOnEveryVersion) {
    for (const int major : {13, 18}) {
        const Situation situation(std::string(kParted) + "CREATE INDEX i ON p (id);", major);
        EXPECT_THAT(lines(situation("REINDEX INDEX i")), ElementsAre("after build: REINDEX INDEX CONCURRENTLY public.p1a_id_idx",
                                                                     "after build: REINDEX INDEX CONCURRENTLY public.p1b_id_idx",
                                                                     "after build: REINDEX INDEX CONCURRENTLY public.p2_id_idx"));
        EXPECT_THAT(lines(situation("REINDEX (VERBOSE) TABLE CONCURRENTLY p")),
                    testing::Contains("after build: REINDEX (VERBOSE) TABLE CONCURRENTLY public.p2"));
    }
}

constexpr const char* kVisits =
    "CREATE TABLE v (id int, d date) PARTITION BY RANGE (d); CREATE TABLE v1 PARTITION OF v FOR VALUES FROM ('2025-01-01') TO "
    "('2025-02-01');"
    "CREATE TABLE c (id int, d date);";
constexpr const char* kAttach = "ALTER TABLE v ATTACH PARTITION c FOR VALUES FROM ('2025-02-01') TO ('2025-03-01')";
constexpr const char* kBound = "((d IS NOT NULL) AND (d >= '2025-02-01'::date) AND (d < '2025-03-01'::date))";

TEST(AttachPartition, IsProvedByACheckAheadOfIt) {
    Situation situation(kVisits);
    situation.now.canonical_forms[kAttach] = kBound;
    const Analysis analysis = situation(kAttach);
    EXPECT_THAT(
        lines(analysis),
        ElementsAre(fmt::format("before transaction: ALTER TABLE public.c ADD CONSTRAINT pgbelay_c_bound CHECK ({}) NOT VALID", kBound),
                    "before validate: ALTER TABLE public.c VALIDATE CONSTRAINT pgbelay_c_bound",
                    std::string("inside transaction: ") + kAttach,
                    "inside transaction: ALTER TABLE public.c DROP CONSTRAINT pgbelay_c_bound"));
    EXPECT_THAT(analysis.runs[2].scans, IsEmpty());
}

TEST(AttachPartition, ProvesTheDefaultPartitionFreeOfItsRows) {
    Situation situation(std::string(kVisits) + "CREATE TABLE rest PARTITION OF v DEFAULT;");
    situation.now.relations.at({"public", "rest"}).partition_bound = "DEFAULT";
    situation.tiny("c").now.canonical_forms[kAttach] = kBound;
    EXPECT_THAT(lines(situation(kAttach)).front(),
                HasSubstr(fmt::format("ALTER TABLE public.rest ADD CONSTRAINT pgbelay_rest_bound CHECK ((NOT {})) NOT VALID", kBound)));
}

TEST(AttachPartition, NeedsNoProofWhereTheTableHasIt) {
    Situation situation(kVisits);
    situation.now.canonical_forms[kAttach] = kBound;
    situation.now.relations.at({"public", "c"}).constraints.push_back({.name = "in_february", .type = 'c', .expression = kBound});
    EXPECT_THAT(lines(situation(kAttach)), ElementsAre(std::string("inside transaction: ") + kAttach));
    // As the manual shows it, with NOT NULL said by the column.
    situation.now.relations.at({"public", "c"}).constraints.back().expression = "((d >= '2025-02-01'::date) AND (d < '2025-03-01'::date))";
    EXPECT_THAT(lines(situation(kAttach)), SizeIs(4));
    situation.now.relations.at({"public", "c"}).columns.at(1).not_null = true;
    EXPECT_THAT(lines(situation(kAttach)), SizeIs(1));
    situation.now.relations.at({"public", "c"}).constraints.back().validated = false;
    EXPECT_THAT(lines(situation(kAttach)), SizeIs(4));
}

TEST(AttachPartition, OfALargeTableIsRefusedWhereNothingCanBeProved) {
    Situation situation(kVisits);
    situation.now.canonical_forms[kAttach] = "satisfies_hash_partition('16384'::oid, 2, 0, id)";
    EXPECT_TRUE(situation(kAttach).refusal);
    EXPECT_FALSE(situation.tiny("c")(kAttach).refusal);
    EXPECT_TRUE(Situation(kVisits)("ALTER TABLE v ATTACH PARTITION c DEFAULT").refusal);
}

TEST(AttachPartition, GetsWhatTheParentHasAhead) {
    Situation situation(std::string(kVisits) + "CREATE INDEX i ON v (id);");
    situation.now.canonical_forms[kAttach] = kBound;
    EXPECT_THAT(lines(situation(kAttach)),
                testing::Contains("before build: CREATE INDEX CONCURRENTLY c_id_idx ON public.c USING btree (id)"));
    EXPECT_THAT(situation.tiny("c")(kAttach).runs.front().inverse.sql,
                ElementsAre("ALTER TABLE public.v DETACH PARTITION public.c", "DROP INDEX IF EXISTS public.c_id_idx"));
}

TEST(DetachPartition, IsConcurrentWhereTheServerHasThat) {
    const std::string detach = "ALTER TABLE v DETACH PARTITION v1";
    Situation situation(kVisits);
    situation.now.relations.at({"public", "v"}).partition_key = "RANGE (d)";
    EXPECT_THAT(lines(situation(detach)), ElementsAre("after drop_concurrently: ALTER TABLE v DETACH PARTITION v1 CONCURRENTLY",
                                                      "after transaction: ALTER TABLE public.v1 DROP CONSTRAINT IF EXISTS v1_d_check"));
    EXPECT_EQ(situation(detach).runs.front().finish_with, detach + " FINALIZE");
    EXPECT_THAT(lines(Situation(kVisits, 13)(detach)), ElementsAre("inside transaction: " + detach));
    EXPECT_THAT(lines(Situation(kVisits).grouped()(detach)), ElementsAre("inside transaction: " + detach));
    Situation with_default(std::string(kVisits) + "CREATE TABLE rest PARTITION OF v DEFAULT;");
    with_default.now.relations.at({"public", "rest"}).partition_bound = "DEFAULT";
    EXPECT_THAT(with_default(detach).why, HasSubstr("default partition"));
    EXPECT_THAT(lines(with_default(detach)), SizeIs(1));
}

}  // namespace
}  // namespace pgbelay::analysis
