// Predicted sizes against what the server really builds.
#include "pg/storage.h"

#include "server.h"

#include <gmock/gmock.h>

#include <fmt/core.h>

namespace pgbelay::pg {
namespace {

using namespace testing;
using ::testing::AnyOf;
using ::testing::HasSubstr;

catalog::Oid oid_of(Connection& c, const std::string& relation) {
    return catalog::Oid{static_cast<std::uint32_t>(std::stoul(value(c, "SELECT '" + relation + "'::regclass::oid")))};
}

struct Built {
    const char* columns;  // as CREATE INDEX has them
    std::vector<std::string> names;
    const char* method;
    double within;  // the factor
};

TEST(Storage, PredictsIndexesWithinTheFactorThatItPromises) {
    const Database db;
    Connection c = db.open();
    run_all(c, {"CREATE TABLE public.t (id bigint, small integer, word text, amount numeric, uuid text, tags text[], gap text)",
                "INSERT INTO public.t SELECT n, n % 50, 'word' || n % 5000, n * 1.25, md5(n::text), ARRAY['a' || n % 9, 'b' || n % 70], "
                "CASE WHEN n % 10 = 0 THEN 'x' || n END FROM generate_series(1, 120000) AS n",
                "ANALYZE public.t"});
    const std::vector<Built> indexes = {{"id", {"id"}, "btree", 1.3},     {"small", {"small"}, "btree", 2},
                                        {"word", {"word"}, "btree", 2},   {"amount", {"amount"}, "btree", 1.5},
                                        {"uuid", {"uuid"}, "btree", 1.5}, {"small, uuid", {"small", "uuid"}, "btree", 1.5},
                                        {"gap", {"gap"}, "btree", 2},     {"lower(uuid)", {""}, "btree", 2},
                                        {"id", {"id"}, "hash", 3},        {"tags", {"tags"}, "gin", 20}};
    for (const Built& index : indexes) {
        must_run(c, fmt::format("CREATE INDEX built ON public.t USING {} ({})", index.method, index.columns));
        const double real = std::stod(value(c, "SELECT pg_relation_size('public.built')"));
        const auto predicted = static_cast<double>(predicted_index_size(c, oid_of(c, "public.t"), index.names, index.method));
        EXPECT_LT(predicted / real, index.within) << index.method << " " << index.columns << ": " << predicted << " of " << real;
        EXPECT_GT(predicted / real, 1 / index.within) << index.method << " " << index.columns << ": " << predicted << " of " << real;
        must_run(c, "DROP INDEX public.built");
    }
}

TEST(Storage, PredictsWithoutStatisticsAndForPartitions) {
    const Database db;
    Connection c = db.open();
    run_all(c, {"CREATE TABLE public.p (id bigint, day date) PARTITION BY RANGE (day)",
                "CREATE TABLE public.p1 PARTITION OF public.p FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')",
                "CREATE TABLE public.p2 PARTITION OF public.p FOR VALUES FROM ('2026-02-01') TO ('2026-03-01')",
                "INSERT INTO public.p SELECT n, date '2026-01-01' + (n % 59)::int FROM generate_series(1, 60000) AS n"});
    const auto predicted = static_cast<double>(predicted_index_size(c, oid_of(c, "public.p"), {"id"}, "btree"));
    must_run(c, "CREATE INDEX p_id ON public.p (id)");
    const double real = std::stod(value(c,
                                        "SELECT sum(pg_relation_size(i.indexrelid)) FROM pg_index AS i JOIN pg_inherits AS h ON "
                                        "h.inhrelid = i.indexrelid WHERE h.inhparent = 'public.p_id'::regclass"));
    EXPECT_LT(predicted / real, 2);
    EXPECT_GT(predicted / real, 0.5);
}

TEST(Storage, PredictsACopyFromTheTableAndItsIndexes) {
    const Database db;
    Connection c = db.open();
    run_all(c, {"CREATE TABLE public.t (id integer PRIMARY KEY, word text)",
                "INSERT INTO public.t SELECT n, md5(n::text) FROM generate_series(1, 50000) AS n", "ANALYZE public.t"});
    const auto predicted = static_cast<double>(rewritten_size(c, oid_of(c, "public.t")));
    must_run(c, "ALTER TABLE public.t ALTER COLUMN id TYPE bigint");
    const double real = std::stod(value(c, "SELECT pg_total_relation_size('public.t')"));
    EXPECT_LT(predicted / real, 1.5);
    EXPECT_GT(predicted / real, 0.67);
}

TEST(Storage, AsksDfOfASuperuserOnly) {
    const Database db;
    Connection c = db.open();
    const Place place = storage_place(c, "");
    EXPECT_EQ(place.tablespace, "pg_default");
    EXPECT_EQ(place.directory, value(c, "SHOW data_directory"));
    const FreeSpace free = free_space_by_df(c, place.directory);
    ASSERT_TRUE(free.bytes) << free.why;
    EXPECT_GT(*free.bytes, 0);
    EXPECT_FALSE(free_space_by_df(c, "/no such 'place'").bytes);
    EXPECT_FALSE(c.in_transaction());
    EXPECT_EQ(value(c, "SELECT count(*) FROM pg_class WHERE relname = 'pgbelay_df'"), "0");

    run_all(c, {"CREATE ROLE storage_test", "SET ROLE storage_test"});
    const FreeSpace refused = free_space_by_df(c, place.directory);
    EXPECT_FALSE(refused.bytes);
    EXPECT_THAT(refused.why, AnyOf(HasSubstr("pg_execute_server_program"), HasSubstr("permission denied")));
    EXPECT_EQ(storage_place(c, "").directory, "");
    run_all(c, {"RESET ROLE", "DROP ROLE storage_test"});
}

}  // namespace
}  // namespace pgbelay::pg
