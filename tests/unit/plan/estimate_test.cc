// How long statements as written would hold their locks, by what they work on.
#include "unit/plan/planning.h"

#include <gmock/gmock.h>

namespace pgbelay::plan {
namespace {

using analysis::Situation;
using analysis::Work;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t kGiga = analysis::kLarge;

Estimate estimate_of(const Situation& situation, const std::string& sql) {
    return estimate(situation.now, situation(sql).facts, sql::read_statement(sql).kind);
}

Situation shop() {
    Situation situation(
        "CREATE TABLE users (id int PRIMARY KEY, name text);"
        "CREATE TABLE orders (id int, user_id int, note text);"
        "CREATE INDEX orders_user ON orders (user_id)");
    for (catalog::Catalog* catalog : {&situation.base, &situation.now}) {
        change_each(catalog->relations, [](catalog::Relation& relation) {
            for (catalog::Index& index : relation.indexes) {
                index.bytes = 100'000'000;
            }
        });
    }
    return situation;
}

std::vector<Estimate::Part> parts(std::vector<Estimate::Part> all) {
    return all;
}

TEST(Estimate, OfAChangeOfTheCatalogIsAMoment) {
    for (const char* sql : {"ALTER TABLE orders DROP COLUMN note", "ALTER TABLE orders ADD COLUMN x int DEFAULT 7", "TRUNCATE orders",
                            "COMMENT ON TABLE orders IS 'x'", "DROP TABLE orders"}) {
        const Estimate said = estimate_of(shop(), sql);
        EXPECT_TRUE(said.known()) << sql;
        EXPECT_EQ(said.seconds(), 0) << sql;
    }
}

TEST(Estimate, OfANewFileCountsTheTableWhatItStoresOutOfLineAndItsIndexes) {
    Situation situation = shop();
    situation.now.relations.at({"public", "orders"}).toast_bytes = kGiga;
    const Estimate said = estimate_of(situation, "ALTER TABLE orders ADD COLUMN x float DEFAULT random(), ADD CHECK (id > 0)");
    EXPECT_EQ(said.parts, parts({{Work::rewrite, 2 * kGiga}, {Work::rebuild_index, 100'000'000}}));
    EXPECT_DOUBLE_EQ(said.seconds(), 2.0 * kGiga / bytes_per_second(Work::rewrite) + 1e8 / bytes_per_second(Work::rebuild_index));
    EXPECT_EQ(said.bytes(), 2 * kGiga + 100'000'000);
}

TEST(Estimate, OfACheckThatIsOnlyReadLeavesOutWhatIsStoredOutOfLine) {
    Situation situation = shop();
    situation.now.relations.at({"public", "orders"}).toast_bytes = kGiga;
    EXPECT_EQ(estimate_of(situation, "ALTER TABLE orders ALTER id SET NOT NULL").parts, parts({{Work::read, kGiga}}));
}

TEST(Estimate, OfAnotherTypeCountsTheIndexesOverTheColumnToo) {
    EXPECT_EQ(estimate_of(shop(), "ALTER TABLE orders ALTER user_id TYPE bigint").parts,
              parts({{Work::rewrite, kGiga}, {Work::rebuild_index, 100'000'000}}));
}

TEST(Estimate, OfAForeignKeyCountsBothTables) {
    EXPECT_EQ(estimate_of(shop(), "ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users").parts,
              parts({{Work::look_up, 2 * kGiga}}));
}

TEST(Estimate, OfAPartitionedTableSumsItsPartitions) {
    const Situation situation(
        "CREATE TABLE p (id int, at date) PARTITION BY RANGE (at);"
        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');"
        "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')");
    EXPECT_EQ(estimate_of(situation, "CREATE INDEX ON p (id)").parts, parts({{Work::build_index, 2 * kGiga}}));
}

TEST(Estimate, OfWhatRunsConcurrentlySaysThatItWaits) {
    const Estimate build = estimate_of(shop(), "CREATE INDEX CONCURRENTLY i ON orders (id)");
    EXPECT_TRUE(build.waits);
    EXPECT_EQ(build.parts, parts({{Work::build_index_twice, kGiga}}));
    const Estimate drop = estimate_of(shop(), "DROP INDEX CONCURRENTLY orders_user");
    EXPECT_TRUE(drop.waits);
    EXPECT_THAT(drop.parts, IsEmpty());
}

TEST(Estimate, OfVacuumCountsWhatTheFactsDoNotCallRead) {
    EXPECT_EQ(estimate_of(shop(), "VACUUM orders").parts, parts({{Work::read, kGiga}}));
    EXPECT_EQ(estimate_of(shop(), "VACUUM FULL orders").parts, parts({{Work::rewrite, kGiga}, {Work::rebuild_index, 100'000'000}}));
    EXPECT_EQ(estimate_of(shop(), "ANALYZE orders").parts, parts({{Work::sample, 30'000 * std::int64_t{8192}}}));
}

TEST(Estimate, WithoutASizeSaysOfWhatItDepends) {
    Situation situation("");
    situation.base.loaded = false;
    situation.now.loaded = false;
    const Estimate said = estimate_of(situation, "ALTER TABLE orders ALTER id SET NOT NULL");
    EXPECT_FALSE(said.known());
    EXPECT_THAT(analysis::names(said.unknown), ElementsAre("orders"));
    EXPECT_TRUE(estimate_of(situation, "ALTER TABLE orders ADD COLUMN x int").known());
    EXPECT_FALSE(estimate_of(situation, "REINDEX TABLE orders").known());
    EXPECT_FALSE(estimate_of(situation, "REINDEX INDEX orders_user").known());
}

TEST(Estimate, OfRowsThatNobodyHasLookedAtIsNotKnown) {
    EXPECT_TRUE(estimate_of(shop(), "UPDATE orders SET note = '' WHERE id < 10").by_rows);
    EXPECT_TRUE(estimate_of(shop(), "SELECT count(*) FROM orders").by_rows);
    EXPECT_TRUE(estimate_of(shop(), "DO $$ BEGIN EXECUTE 'x'; END $$").by_rows);
    EXPECT_EQ(estimate_of(shop(), "UPDATE orders SET note = ''").parts, parts({{Work::update, kGiga}}));
}

TEST(Estimate, OfAStatementInAGroupLastsUntilTheCommit) {
    Book book("CREATE TABLE orders (id int)");
    const Plan plan = book.file("m.sql", "BEGIN; ALTER TABLE orders ADD COLUMN x int; ALTER TABLE orders ADD COLUMN y int; COMMIT;").plan();
    EXPECT_TRUE(plan.statements.at(1).estimate.until_commit);
    EXPECT_FALSE(Book("CREATE TABLE orders (id int)")
                     .file("m.sql", "ALTER TABLE orders ADD COLUMN x int")
                     .plan()
                     .statements.at(0)
                     .estimate.until_commit);
}

}  // namespace
}  // namespace pgbelay::plan
