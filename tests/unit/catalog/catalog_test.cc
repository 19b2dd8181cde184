// What a catalog finds without looking at everything, while what is in it is renamed, moved and dropped.
#include "catalog/apply.h"
#include "catalog/seldom.h"
#include "sql/quote.h"
#include "sql/script.h"

#include <gmock/gmock.h>

namespace pgbelay::catalog {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Catalog after(std::string_view sql) {
    Catalog catalog = Catalog::unknown(15);
    for (const auto& statement : sql::read_script(sql, "t.sql", {}).statements) {
        EXPECT_FALSE(statement.opaque()) << statement.sql;
        apply(statement, catalog);
    }
    return catalog;
}

QualifiedName table_of(const Catalog& catalog, const QualifiedName& index) {
    const auto* table = catalog.table_of_index(index);
    return table == nullptr ? QualifiedName{} : table->name;
}

TEST(Rare, TakesNoRoomForWhatIsEmptyAndLosesWhatIsErased) {
    Rare<std::vector<int>> values;
    EXPECT_TRUE(values.empty());
    EXPECT_EQ(values, Rare<std::vector<int>>(std::vector<int>{}));
    erase(values, 1);
    EXPECT_TRUE(values.empty());
    values.own() = {1, 2, 3, 2};
    const Rare<std::vector<int>> copied = values;
    erase(values, 2);
    EXPECT_THAT(*values, ElementsAre(1, 3));
    EXPECT_THAT(*copied, ElementsAre(1, 2, 3, 2));
    erase_if(values, [](int value) { return value > 0; });
    EXPECT_TRUE(values.empty());
    EXPECT_EQ(values.begin(), values.end());
}

TEST(Catalog, FindsTheTableOfAnIndexWhateverWasRenamed) {
    const std::string made = "CREATE TABLE t (a int); CREATE INDEX i ON t (a); CREATE TABLE u (a int PRIMARY KEY); ";
    EXPECT_EQ(table_of(after(made), {"public", "i"}), (QualifiedName{"public", "t"}));
    EXPECT_EQ(table_of(after(made), {"", "i"}), (QualifiedName{"public", "t"}));
    EXPECT_EQ(table_of(after(made), {"", "u_pkey"}), (QualifiedName{"public", "u"}));
    EXPECT_EQ(table_of(after(made + "ALTER TABLE t RENAME TO v"), {"public", "i"}), (QualifiedName{"public", "v"}));
    EXPECT_EQ(table_of(after(made + "ALTER INDEX i RENAME TO j"), {"public", "j"}), (QualifiedName{"public", "t"}));
    EXPECT_EQ(table_of(after(made + "ALTER INDEX i RENAME TO j"), {"public", "i"}), (QualifiedName{}));
    EXPECT_EQ(table_of(after(made + "ALTER TABLE t SET SCHEMA s"), {"s", "i"}), (QualifiedName{"s", "t"}));
    EXPECT_EQ(table_of(after(made + "ALTER TABLE t RENAME TO v; ALTER INDEX i RENAME TO j; ALTER TABLE v SET SCHEMA s"), {"s", "j"}),
              (QualifiedName{"s", "v"}));
    EXPECT_EQ(table_of(after(made + "DROP INDEX i"), {"public", "i"}), (QualifiedName{}));
    EXPECT_EQ(table_of(after(made + "DROP TABLE t"), {"public", "i"}), (QualifiedName{}));
    EXPECT_EQ(table_of(after(made), {"public", "t"}), (QualifiedName{}));
}

TEST(Catalog, KnowsOwnedSequencesWhateverWasRenamed) {
    const std::string made = "CREATE TABLE t (a bigserial, b serial); ";
    const QualifiedName a{"public", "t_a_seq"};
    const QualifiedName b{"public", "t_b_seq"};
    EXPECT_THAT(after(made).sequences_of({"public", "t"}), ElementsAre(a, b));
    EXPECT_THAT(after(made + "ALTER TABLE t RENAME TO u").sequences_of({"public", "u"}), ElementsAre(a, b));
    EXPECT_THAT(after(made + "ALTER TABLE t RENAME TO u").sequences_of({"public", "t"}), IsEmpty());
    EXPECT_THAT(after(made + "ALTER TABLE t RENAME COLUMN a TO c").sequences_of({"public", "t"}, "c"), ElementsAre(a));
    EXPECT_THAT(after(made + "ALTER SEQUENCE " + sql::quote_name(a) + " RENAME TO s").sequences_of({"public", "t"}, "a"),
                ElementsAre(QualifiedName{"public", "s"}));
    EXPECT_THAT(after(made + "ALTER TABLE t DROP COLUMN a").sequences_of({"public", "t"}), ElementsAre(b));
    EXPECT_EQ(after(made + "ALTER TABLE t DROP COLUMN a").find(a), nullptr);
    EXPECT_EQ(after(made + "ALTER TABLE t RENAME TO u; DROP TABLE u").find(a), nullptr);
    EXPECT_NE(after(made + "CREATE TABLE tt (a serial); DROP TABLE t").find({"public", "tt_a_seq"}), nullptr);
}

TEST(Catalog, ForgetsATableThatIsGoneWhereverItIsNamed) {
    const Catalog keys = after(
        "CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE u (t_id int REFERENCES t); CREATE TABLE v (t_id int REFERENCES t); DROP TABLE "
        "u");
    ASSERT_EQ(keys.find({"", "t"})->referenced_by.size(), 1U);
    EXPECT_EQ(keys.find({"", "t"})->referenced_by[0].table, (QualifiedName{"public", "v"}));
    const Catalog parts =
        after("CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE c PARTITION OF p FOR VALUES IN (1); DROP TABLE c");
    EXPECT_THAT(parts.find({"", "p"})->children, IsEmpty());
    const Catalog views = after("CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t; DROP VIEW v");
    EXPECT_THAT(views.find({"", "t"})->dependent_views, IsEmpty());
}

TEST(Seldom, IsAnOptionalValue) {
    Seldom<std::string> value;
    EXPECT_FALSE(value);
    EXPECT_EQ(value.value_or("none"), "none");
    value = "text";
    const Seldom<std::string> copy = value;
    value = "other";
    EXPECT_EQ(*copy, "text");
    EXPECT_NE(copy, value);
    EXPECT_EQ(copy, std::string("text"));
    const std::optional<std::string> as_optional = copy;
    EXPECT_EQ(as_optional, "text");
    EXPECT_EQ(Seldom<std::string>(as_optional), copy);
    value = std::nullopt;
    EXPECT_EQ(value, Seldom<std::string>());
    EXPECT_FALSE(static_cast<std::optional<std::string>>(value).has_value());
}

}  // namespace
}  // namespace pgbelay::catalog
