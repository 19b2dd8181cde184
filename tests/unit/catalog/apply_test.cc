#include "catalog/apply.h"

#include "sql/script.h"

#include <gmock/gmock.h>

namespace pgbelay::catalog {
namespace {

using testing::ElementsAre;

Catalog after(const std::string& sql, int major = 15) {
    auto catalog = Catalog::unknown(major);
    catalog.loaded = true;
    catalog.role = "app";
    for (const auto& statement : sql::read_script(sql, "test.sql", {}).statements) {
        apply(statement, catalog);
    }
    return catalog;
}

const Relation& table(const Catalog& catalog, const std::string& name) {
    return catalog.relations.at({"public", name});
}

std::vector<std::string> constraint_names(const Relation& relation) {
    std::vector<std::string> names;
    for (const auto& constraint : relation.constraints) {
        names.push_back(constraint.name);
    }
    return names;
}

std::vector<std::string> index_names(const Relation& relation) {
    std::vector<std::string> names;
    for (const auto& index : relation.indexes) {
        names.push_back(index.name.name);
    }
    return names;
}

TEST(Search, GoesAlongThePathAndStopsAtTheFirst) {
    auto catalog = after("CREATE TABLE public.t (a int); CREATE SCHEMA app; CREATE TABLE app.t (b int)");
    EXPECT_EQ(catalog.resolve({"", "t"}).schema, "public");
    catalog.search_path = {"app", "public"};
    EXPECT_EQ(catalog.resolve({"", "t"}).schema, "app");
    EXPECT_EQ(catalog.resolve({"", "elsewhere"}).schema, "app");
    EXPECT_EQ(catalog.find({"nowhere", "t"}), nullptr);
}

TEST(CreateTable, NamesWhatTheAuthorDidNot) {
    const auto catalog = after(
        "CREATE TABLE users (id serial PRIMARY KEY, email varchar(50) UNIQUE, age int CHECK (age > 0));"
        "CREATE TABLE orders (id int, user_id int REFERENCES users, CHECK (id > user_id), UNIQUE (id, user_id))");
    EXPECT_THAT(constraint_names(table(catalog, "users")), ElementsAre("users_age_check", "users_pkey", "users_email_key"));
    EXPECT_THAT(index_names(table(catalog, "users")), ElementsAre("users_pkey", "users_email_key"));
    EXPECT_THAT(constraint_names(table(catalog, "orders")), ElementsAre("orders_check", "orders_id_user_id_key", "orders_user_id_fkey"));
    EXPECT_EQ(table(catalog, "users").column("email")->type, "character varying(50)");
    EXPECT_EQ(table(catalog, "users").column("id")->default_expression, "nextval('public.users_id_seq'::regclass)");
    EXPECT_EQ(table(catalog, "users_id_seq").kind, 'S');
    EXPECT_EQ(table(catalog, "users").referenced_by.size(), 1U);
    EXPECT_EQ(table(catalog, "orders").constraint("orders_user_id_fkey")->referenced_columns, std::vector<std::string>{"id"});
}

TEST(CreateTable, KeepsTheTextOfDefaults) {
    const auto catalog =
        after("CREATE TABLE t (a text DEFAULT upper('a, b') NOT NULL, b int DEFAULT 1 + (2) CHECK (b > 0), c int DEFAULT NULL)");
    EXPECT_EQ(table(catalog, "t").column("a")->default_expression, "upper('a, b')");
    EXPECT_EQ(table(catalog, "t").column("b")->default_expression, "1 + (2)");
    EXPECT_EQ(table(catalog, "t").column("c")->default_expression, "NULL");
    EXPECT_TRUE(table(catalog, "t").column("a")->not_null);
}

TEST(CreateTable, OfAPartitionTakesColumnsAndIndexesFromItsParent) {
    const auto catalog = after(
        "CREATE TABLE p (id int, d date, PRIMARY KEY (id, d)) PARTITION BY RANGE (d); CREATE INDEX ON p (d);"
        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2025-01-01') TO ('2025-02-01')");
    EXPECT_THAT(index_names(table(catalog, "p1")), ElementsAre("p1_pkey", "p1_d_idx"));
    EXPECT_THAT(table(catalog, "p").children, ElementsAre(QualifiedName{"public", "p1"}));
    EXPECT_EQ(table(catalog, "p1").columns.size(), 2U);
}

TEST(CreateIndex, OnAPartitionedTableReachesEveryLevelAndGoesFromThereAgain) {
    const std::string parted =
        "CREATE TABLE p (id int, d date) PARTITION BY RANGE (d);"
        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2025-01-01') TO ('2025-02-01') PARTITION BY RANGE (id);"
        "CREATE TABLE p1a PARTITION OF p1 DEFAULT; CREATE TABLE p2 PARTITION OF p DEFAULT; CREATE INDEX own ON p2 (id);"
        "CREATE INDEX i ON p (id);";
    const auto catalog = after(parted);
    EXPECT_THAT(index_names(table(catalog, "p1a")), ElementsAre("p1a_id_idx"));
    EXPECT_EQ(table(catalog, "p1a").indexes[0].parent, (QualifiedName{"public", "p1_id_idx"}));
    EXPECT_THAT(index_names(table(catalog, "p2")), ElementsAre("own"));
    EXPECT_EQ(table(catalog, "p2").indexes[0].parent, (QualifiedName{"public", "i"}));
    const auto gone = after(parted + "DROP INDEX i");
    for (const char* name : {"p", "p1", "p1a", "p2"}) {
        EXPECT_TRUE(table(gone, name).indexes.empty()) << name;
    }
    EXPECT_FALSE(
        table(
            after("CREATE TABLE p (id int) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF p DEFAULT; CREATE INDEX i ON ONLY p (id)"),
            "p")
            .indexes[0]
            .valid);
}

TEST(CreateTable, LikeTakesWhatIsIncluded) {
    const auto catalog = after(
        "CREATE TABLE a (id int PRIMARY KEY, n int DEFAULT 3 CHECK (n > 0));"
        "CREATE TABLE b (LIKE a); CREATE TABLE c (LIKE a INCLUDING ALL)");
    EXPECT_TRUE(table(catalog, "b").indexes.empty());
    EXPECT_FALSE(table(catalog, "b").column("n")->default_expression.has_value());
    EXPECT_TRUE(table(catalog, "b").column("id")->not_null);
    EXPECT_THAT(index_names(table(catalog, "c")), ElementsAre("c_pkey"));
    EXPECT_EQ(table(catalog, "c").column("n")->default_expression, "3");
    EXPECT_NE(table(catalog, "c").constraint("a_n_check"), nullptr);
}

TEST(CreateTable, GivesNotNullAConstraintFrom18On) {
    EXPECT_TRUE(table(after("CREATE TABLE t (a int NOT NULL)", 17), "t").constraints.empty());
    EXPECT_THAT(constraint_names(table(after("CREATE TABLE t (a int NOT NULL)", 18), "t")), ElementsAre("t_a_not_null"));
}

TEST(AlterTable, DropOfAColumnTakesItsIndexesConstraintsAndSequence) {
    const auto catalog = after(
        "CREATE TABLE t (id serial PRIMARY KEY, a int UNIQUE, b int CHECK (a > b)); CREATE INDEX i ON t (b, a);"
        "ALTER TABLE t DROP COLUMN a, DROP COLUMN id");
    EXPECT_EQ(table(catalog, "t").columns.size(), 1U);
    EXPECT_TRUE(table(catalog, "t").indexes.empty());
    EXPECT_TRUE(table(catalog, "t").constraints.empty());
    EXPECT_EQ(catalog.find({"", "t_id_seq"}), nullptr);
}

TEST(AlterTable, ChangesColumns) {
    const auto catalog = after(
        "CREATE TABLE t (a int, b int DEFAULT 1);"
        "ALTER TABLE t ADD COLUMN c text, ALTER a TYPE bigint, ALTER a SET NOT NULL, ALTER b SET DEFAULT (4 + 5), ALTER c SET DEFAULT 'x'");
    EXPECT_EQ(table(catalog, "t").column("a")->type, "bigint");
    EXPECT_TRUE(table(catalog, "t").column("a")->not_null);
    EXPECT_EQ(table(catalog, "t").column("b")->default_expression, "(4 + 5)");
    EXPECT_EQ(table(catalog, "t").column("c")->default_expression, "'x'");
    EXPECT_TRUE(table(catalog, "t").column("c")->created_by_plan);
}

TEST(AlterTable, UsingIndexRenamesTheIndex) {
    const auto catalog =
        after("CREATE TABLE t (a int); CREATE UNIQUE INDEX tmp ON t (a); ALTER TABLE t ADD CONSTRAINT t_key UNIQUE USING INDEX tmp");
    EXPECT_THAT(index_names(table(catalog, "t")), ElementsAre("t_key"));
    EXPECT_EQ(catalog.find({"", "tmp"}), nullptr);
    EXPECT_EQ(table(catalog, "t").constraint("t_key")->columns, std::vector<std::string>{"a"});
}

TEST(AlterTable, NotValidBecomesValid) {
    auto catalog = after("CREATE TABLE t (a int); ALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID");
    EXPECT_FALSE(table(catalog, "t").constraint("c")->validated);
    EXPECT_EQ(table(catalog, "t").constraint("c")->expression, "(a IS NOT NULL)");
    apply(sql::read_statement("ALTER TABLE t VALIDATE CONSTRAINT c"), catalog);
    EXPECT_TRUE(table(catalog, "t").constraint("c")->validated);
}

TEST(Rename, IsFollowedByEverythingThatNamesIt) {
    const auto catalog = after(
        "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (a_id int REFERENCES a); CREATE VIEW v AS SELECT * FROM a;"
        "ALTER TABLE a RENAME TO c; ALTER TABLE c RENAME COLUMN id TO key; ALTER INDEX a_pkey RENAME TO c_pkey;"
        "CREATE TABLE d (c_id int CONSTRAINT old REFERENCES c); ALTER TABLE d RENAME CONSTRAINT old TO new");
    EXPECT_EQ(table(catalog, "c").referenced_by.back().constraint, "new");
    EXPECT_EQ(catalog.find({"", "a"}), nullptr);
    EXPECT_EQ(table(catalog, "b").constraint("b_a_id_fkey")->references, (QualifiedName{"public", "c"}));
    EXPECT_EQ(table(catalog, "b").constraint("b_a_id_fkey")->referenced_columns, std::vector<std::string>{"key"});
    EXPECT_THAT(table(catalog, "c").dependent_views, ElementsAre(QualifiedName{"public", "v"}));
    EXPECT_EQ(table(catalog, "c").constraint("c_pkey")->index, "c_pkey");
    EXPECT_EQ(table(catalog, "c").indexes[0].table, (QualifiedName{"public", "c"}));
}

TEST(Drop, FreesNamesAndForeignKeys) {
    const auto catalog = after("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (a_id int REFERENCES a); DROP TABLE a CASCADE");
    EXPECT_TRUE(table(catalog, "b").constraints.empty());
    EXPECT_FALSE(catalog.taken_relation_names.contains({"public", "a_pkey"}));
    EXPECT_FALSE(catalog.taken_constraint_names.contains({"public", "b_a_id_fkey"}));
}

TEST(Objects, AreKept) {
    const auto catalog = after(
        "CREATE TYPE mood AS ENUM ('a', 'c'); ALTER TYPE mood ADD VALUE 'b' BEFORE 'c'; CREATE SCHEMA s CREATE TABLE t (m mood);"
        "CREATE FUNCTION f(x int) RETURNS int LANGUAGE sql AS 'SELECT x'; CREATE EXTENSION hstore");
    EXPECT_THAT(catalog.find_type({"", "mood"})->labels, ElementsAre("a", "b", "c"));
    EXPECT_TRUE(catalog.schemas.contains("s"));
    EXPECT_NE(catalog.find({"s", "t"}), nullptr);
    EXPECT_EQ(catalog.find_functions({"", "f"})->front().identity_arguments, "x integer");
    EXPECT_TRUE(catalog.extensions.contains("hstore"));
}

TEST(View, KeepsItsQuery) {
    const auto catalog = after(
        "CREATE TABLE t (a int); CREATE VIEW v (x) WITH (security_invoker = true) AS WITH q AS (SELECT a FROM t) SELECT a FROM q "
        "WITH CHECK OPTION");
    EXPECT_EQ(table(catalog, "v").view_definition, "WITH q AS (SELECT a FROM t) SELECT a FROM q");
    EXPECT_THAT(table(catalog, "t").dependent_views, ElementsAre(QualifiedName{"public", "v"}));
}

TEST(Apply, LeavesTheCatalogAloneForWhatTheServerWouldRefuse) {
    const auto catalog = after(
        "ALTER TABLE nowhere ADD COLUMN a int; DROP TABLE nowhere; CREATE INDEX ON nowhere (a); ALTER TABLE nowhere RENAME TO x;"
        "CREATE TABLE t (a int); ALTER TABLE t DROP COLUMN b, DROP CONSTRAINT c, ADD CONSTRAINT k UNIQUE USING INDEX none;"
        "CREATE TABLE t (b int); CREATE TABLE q PARTITION OF none DEFAULT; CREATE TABLE l (LIKE none INCLUDING ALL)");
    EXPECT_EQ(table(catalog, "t").columns.size(), 1U);
    EXPECT_EQ(table(catalog, "t").columns[0].name, "a");
}

}  // namespace
}  // namespace pgbelay::catalog
