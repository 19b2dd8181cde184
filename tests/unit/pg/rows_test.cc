#include "pg/rows.h"

#include "server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgbelay::pg {
namespace {

using namespace testing;
using ::testing::ElementsAre;

catalog::Oid oid_of(Connection& c, const std::string& table) {
    return catalog::Oid{static_cast<std::uint32_t>(std::stoul(value(c, "SELECT '" + table + "'::regclass::oid")))};
}

// "a 3", or "a: why not".
std::vector<std::string> shown(const std::vector<CountedTable>& tables) {
    std::vector<std::string> words;
    for (const auto& table : tables) {
        words.push_back(table.name.name + (table.rows ? " " + std::to_string(*table.rows) : ": " + table.why));
    }
    return words;
}

TEST(CountRows, CountsEachAndWaitsForNobody) {
    const Database db;
    Connection c = db.open();
    run_all(c, {"CREATE TABLE public.a AS SELECT generate_series(1, 3)", "CREATE TABLE public.b AS SELECT 1",
                "CREATE TABLE public.child () INHERITS (public.a)", "INSERT INTO public.child VALUES (7)"});
    const std::vector<catalog::Oid> tables{oid_of(c, "public.a"), oid_of(c, "public.b"), catalog::Oid{4}};
    EXPECT_THAT(shown(count_rows(c, tables)), ElementsAre("a 3", "b 1"));

    Connection other = db.open();
    run_all(other, {"BEGIN", "LOCK TABLE public.b"});
    EXPECT_THAT(shown(count_rows(c, tables)), ElementsAre("a 3", "b: it was locked"));
    EXPECT_FALSE(c.in_transaction());
}

TEST(RowReach, FollowsForeignKeysPartitionsAndViews) {
    const Database db;
    Connection c = db.open();
    run_all(c, {"CREATE TABLE public.orders (id int PRIMARY KEY) PARTITION BY RANGE (id)",
                "CREATE TABLE public.orders_1 PARTITION OF public.orders FOR VALUES FROM (0) TO (10)",
                "CREATE TABLE public.items (id int PRIMARY KEY, o int REFERENCES public.orders ON DELETE CASCADE)",
                "CREATE TABLE public.parts (i int REFERENCES public.items ON DELETE SET NULL)",
                "CREATE TABLE public.labels (i int REFERENCES public.items)", "CREATE VIEW public.open AS SELECT * FROM public.orders"});
    const auto names = [&](const std::vector<ReachedTable>& from, const std::set<std::string>& named) {
        std::set<std::string> found;
        for (const auto& table : row_reach(c, from, named)) {
            found.insert(table.name.name);
        }
        return found;
    };
    EXPECT_THAT(names({{oid_of(c, "public.orders"), {}, 2}}, {}), ElementsAre("items", "orders_1", "parts"));
    EXPECT_THAT(names({{oid_of(c, "public.orders_1"), {}, 2}}, {}), ElementsAre("items", "orders_1", "parts"));
    EXPECT_THAT(names({{oid_of(c, "public.orders"), {}, 1}}, {}), ElementsAre("orders_1"));
    EXPECT_THAT(names({{oid_of(c, "public.orders"), {}, 3}}, {}), ElementsAre("items", "labels", "orders_1", "parts"));
    EXPECT_THAT(names({}, {"open", "nothing"}), ElementsAre("items", "orders_1", "parts"));
}

}  // namespace
}  // namespace pgbelay::pg
