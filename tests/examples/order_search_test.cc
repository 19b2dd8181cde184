// examples/order-search: gates, a conditional index both ways, a search vector with its trigger, and the rollback of both migrations.
#include "examples/example.h"
#include "support/canonical.h"

#include <gtest/gtest.h>

namespace pgbelay::test {
namespace {

using std::chrono::milliseconds;

std::vector<std::string> catalog_of(const Example& example) {
    return canonical_dump(example.database().url());
}

const std::vector<std::string> kPages = {
    "SELECT id, total, status FROM orders WHERE restaurant_id = 117 ORDER BY created_at DESC LIMIT 20",
    "INSERT INTO orders (restaurant_id, status, total, created_at) VALUES (7, 'open', 12.50, now())",
    "UPDATE products SET price = price + 1 WHERE id = 17",
};

TEST(OrderSearch, WaitsForTheExtensionThatMeasuresIt) {
    const Example example("order-search");
    const auto before = catalog_of(example);
    const auto refused = example.run({"deploy", "-y", "RUNBOOK.md"});
    EXPECT_EQ(refused.status, 3) << refused.said;
    EXPECT_NE(refused.said.find("pg_stat_statements any: it is not installed"), std::string::npos) << refused.said;
    EXPECT_EQ(catalog_of(example), before);
}

// With or without the add-on that brings a column of its own.
void deploys_and_rolls_back(const std::vector<std::string>& variables, const std::string& barcode_indexes) {
    const Example example("order-search", variables);
    example.database().open().run("CREATE EXTENSION pg_stat_statements");
    const auto before = catalog_of(example);

    Application application(example.database().url(), kPages);
    const auto deployed = example.run({"deploy", "-y", "RUNBOOK.md"});
    application.stop();
    ASSERT_EQ(deployed.status, 0) << deployed.said;
    EXPECT_EQ(application.error(), "");
    EXPECT_GT(application.sent(), 0);
    EXPECT_LT(application.longest(), milliseconds(2000)) << "lock_timeout and hold together are 1.1 s";
    EXPECT_EQ(example.value("SELECT count(*) FROM pg_class WHERE relname = 'products_barcode_idx'"), barcode_indexes);
    EXPECT_EQ(example.value("SELECT count(*) > 0 FROM products WHERE search @@ to_tsquery('simple', 'smoked & trout')"), "t");
    EXPECT_EQ(example.run({"verify", "RUNBOOK.md"}).status, 0);

    const auto rolled_back = example.run({"rollback", "-y"});
    ASSERT_EQ(rolled_back.status, 0) << rolled_back.said;
    const std::size_t search = rolled_back.said.find("drop index products_search_idx: done");
    const std::size_t lists = rolled_back.said.find("drop index orders_restaurant_created_idx: done");
    EXPECT_LT(search, lists) << "the later migration first";
    EXPECT_NE(lists, std::string::npos) << rolled_back.said;
    EXPECT_EQ(catalog_of(example), before);
}

TEST(OrderSearch, DeploysWithoutTheColumnThatOnlySomeHave) {
    deploys_and_rolls_back({}, "0");
}

TEST(OrderSearch, DeploysWithTheColumnThatOnlySomeHave) {
    deploys_and_rolls_back({"barcode=1"}, "1");
}

// "If many products are written at once": somebody holds what the backfill wants to write.
TEST(OrderSearch, WaitsForWhoeverWritesProductsInBulk) {
    const Example example("order-search");
    example.database().open().run("CREATE EXTENSION pg_stat_statements");
    const auto before = catalog_of(example);
    Session bulk = example.database().open();
    bulk.run("BEGIN; UPDATE products SET price = price + 1 WHERE id % 4 = 3");
    const auto client = example.start({"deploy", "-y", "RUNBOOK.md"});
    eventually("it says for whom it waits", [&] { return client->has_said("has waited"); });
    EXPECT_EQ(example.value("SELECT count(*) FROM pg_attribute WHERE attrelid = 'products'::regclass AND attname = 'search'"), "0");
    Application application(example.database().url(), {"SELECT name FROM products WHERE id = 17"});
    bulk.run("COMMIT");
    EXPECT_EQ(client->wait(), 0) << client->said();
    application.stop();
    EXPECT_LT(application.longest(), milliseconds(2000));
    EXPECT_EQ(example.value("SELECT count(*) FROM products WHERE search IS NULL"), "0");
    ASSERT_EQ(example.run({"rollback", "-y"}).status, 0);
    EXPECT_EQ(catalog_of(example), before);
}

}  // namespace
}  // namespace pgbelay::test
