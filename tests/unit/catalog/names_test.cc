#include "catalog/names.h"

#include "sql/statement.h"

#include <gtest/gtest.h>
#include <pg_query/pg_query.pb-c.h>

namespace pgbelay::catalog {
namespace {

const QualifiedName kOrders{"public", "orders"};

std::vector<std::string> columns_of(const std::string& create_index) {
    const auto statement = sql::read_statement(create_index);
    return index_column_names(*statement.node().index_stmt);
}

TEST(Names, AreMadeOfTableColumnsAndLabel) {
    const auto catalog = Catalog::unknown(15);
    EXPECT_EQ(choose_index_name(catalog, kOrders, {"a", "b"}, IndexNameKind::plain), "orders_a_b_idx");
    EXPECT_EQ(choose_index_name(catalog, kOrders, {"a"}, IndexNameKind::unique_constraint), "orders_a_key");
    EXPECT_EQ(choose_index_name(catalog, kOrders, {"a"}, IndexNameKind::primary_key), "orders_pkey");
    EXPECT_EQ(choose_constraint_name(catalog, kOrders, "user_id", "fkey"), "orders_user_id_fkey");
}

TEST(Names, GetANumberWhenTheyAreTaken) {
    auto catalog = Catalog::unknown(15);
    catalog.taken_relation_names = {{"public", "orders_a_idx"}, {"public", "orders_a_idx1"}, {"other", "orders_a_idx2"}};
    EXPECT_EQ(choose_index_name(catalog, kOrders, {"a"}, IndexNameKind::plain), "orders_a_idx2");
    catalog.taken_constraint_names = {{"public", "orders_a_check"}};
    EXPECT_EQ(choose_constraint_name(catalog, kOrders, "a", "check", {"orders_a_check1"}), "orders_a_check2");
}

TEST(Names, AKeyKeepsClearOfConstraintsToo) {
    auto catalog = Catalog::unknown(15);
    catalog.taken_constraint_names = {{"public", "orders_a_key"}};
    EXPECT_EQ(choose_index_name(catalog, kOrders, {"a"}, IndexNameKind::unique_constraint), "orders_a_key1");
    EXPECT_EQ(choose_index_name(catalog, kOrders, {"a"}, IndexNameKind::plain), "orders_a_idx");
}

TEST(Names, AreCutTo63BytesFromTheLongerPart) {
    const std::string table(60, 't');
    const std::string column(10, 'c');
    const auto name = make_object_name(table, column, "idx");
    EXPECT_EQ(name, std::string(48, 't') + "_" + column + "_idx");
    EXPECT_EQ(name.size(), 63U);
}

TEST(Names, NeverCutACharacterInTwo) {
    std::string table;
    for (int i = 0; i < 40; ++i) {
        table += "ü";
    }
    const auto name = make_object_name(table, "", "pkey");
    EXPECT_LE(name.size(), 63U);
    EXPECT_EQ((name.size() - 5) % 2, 0U);
}

TEST(Names, ExpressionsAreCalledByTheirFunction) {
    EXPECT_EQ(columns_of("CREATE INDEX ON t (lower(a), (b + 1), (c || d), coalesce(e, f), (g::text))"),
              (std::vector<std::string>{"lower", "expr", "expr1", "coalesce", "g"}));
    EXPECT_EQ(columns_of("CREATE INDEX ON t (a) INCLUDE (b)"), (std::vector<std::string>{"a", "b"}));
}

}  // namespace
}  // namespace pgbelay::catalog
