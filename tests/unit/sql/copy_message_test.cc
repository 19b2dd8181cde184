#include "sql/copy_message.h"

#include "base/file.h"
#include "sql/script.h"

#include <gtest/gtest.h>
#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>

#include <filesystem>
#include <string>
#include <vector>

namespace pgbelay::sql {
namespace {

namespace fs = std::filesystem;

std::string packed(const PgQuery__ParseResult& tree) {
    std::string bytes(pg_query__parse_result__get_packed_size(&tree), '\0');
    pg_query__parse_result__pack(&tree, reinterpret_cast<std::uint8_t*>(bytes.data()));
    return bytes;
}

// What libpg_query itself says, by the way of bytes.
std::string by_libpg_query(const std::string& sql) {
    const auto result = pg_query_parse_protobuf(sql.c_str());
    EXPECT_EQ(result.error, nullptr) << sql;
    std::string bytes(result.parse_tree.data, result.parse_tree.len);
    pg_query_free_protobuf_parse_result(result);
    return bytes;
}

void expect_the_same(const std::string& sql) {
    const auto parsed = parse(sql);
    const auto* tree = std::get_if<Tree>(&parsed);
    ASSERT_NE(tree, nullptr) << sql;
    EXPECT_EQ(packed(tree->root()), by_libpg_query(sql)) << sql;
}

TEST(CopyMessage, IsWhatPackingAndUnpackingGives) {
    for (const char* sql : {
             "SELECT 1, 0, '', 1.5, true, false, NULL, B'101', $1, ARRAY[1, 2], ROW(1, NULL), (SELECT 2)",
             "CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY, a text DEFAULT '' NOT NULL, CHECK (a <> ''), LIKE o INCLUDING ALL)",
             "ALTER TABLE ONLY s.t ADD COLUMN IF NOT EXISTS c int[], DROP CONSTRAINT x CASCADE, ALTER c TYPE numeric(3, 0) USING "
             "c::numeric",
             "CREATE FUNCTION f(a int, VARIADIC b text[]) RETURNS SETOF record LANGUAGE sql AS $$ SELECT 1; $$",
             "WITH RECURSIVE r AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) INSERT INTO t SELECT * FROM r ON CONFLICT (a) DO UPDATE SET b = "
             "0",
             "SELECT a[1:2], (b).c, d[:], x IS NOT NULL, CASE WHEN a THEN 1 END, count(*) FILTER (WHERE a) OVER (PARTITION BY b ROWS 1 "
             "PRECEDING)",
             "GRANT ALL ON ALL TABLES IN SCHEMA s TO PUBLIC WITH GRANT OPTION",
             "COPY t (a, b) FROM STDIN WITH (FORMAT csv, NULL '', HEADER)",
             "COMMENT ON TABLE t IS NULL",
             "DO $$ BEGIN END $$",
             "SET search_path TO a, b",
         }) {
        expect_the_same(sql);
    }
}

TEST(CopyMessage, IsTheSameForEveryStatementOfTheCorpus) {
    const fs::path corpus = fs::path(PGBELAY_SOURCE_DIR) / "../shared/corpus";
    if (!fs::exists(corpus)) {
        GTEST_SKIP() << "the corpus is not here: " << corpus;
    }
    int seen = 0;
    for (const auto& entry : fs::recursive_directory_iterator(corpus)) {
        if (entry.path().extension() != ".sql") {
            continue;
        }
        for (const auto& statement : read_script(base::read_file(entry.path().string()), entry.path().string(), {}).statements) {
            const bool comments = statement.sql.find("--") != std::string::npos || statement.sql.find("/*") != std::string::npos;
            if (!statement.opaque() && !comments) {
                ++seen;
                EXPECT_EQ(packed(statement.tree->root()), by_libpg_query(statement.sql)) << statement.sql;
            }
        }
    }
    EXPECT_GT(seen, 1000);
}

TEST(CopyMessage, EndsAtTheDeepestLevel) {
    const auto parsed = parse("SELECT ((1 + 2) + 3) + 4");
    const auto& tree = std::get<Tree>(parsed);
    Arena arena;
    EXPECT_EQ(copy_message(tree.root().base, 5, arena), nullptr);
    const auto* whole = copy_message(tree.root().base, 100, arena);
    ASSERT_NE(whole, nullptr);
    EXPECT_EQ(packed(reinterpret_cast<const PgQuery__ParseResult&>(*whole)), packed(tree.root()));
}

}  // namespace
}  // namespace pgbelay::sql
