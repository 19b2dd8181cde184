#include "pg/canonical.h"

#include "server.h"

#include <gtest/gtest.h>

namespace pgbelay::pg {
namespace {

using namespace testing;

TEST(Canonical, AnIndexComesOutInTheServersForm) {
    const Database db;
    Connection c = db.open();
    run_all(c, {"CREATE SCHEMA app", "CREATE TABLE app.t (a int, b text)",
                "CREATE FUNCTION app.f(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1'",
                "CREATE UNIQUE INDEX same ON app.t (app.f(b)) WHERE b IN ('x', 'y')"});
    const auto form =
        canonical_index(c, {"app", "t"}, "copy", "CREATE UNIQUE INDEX same ON copy (f(b)) WHERE b IN ('x','y')", "app, public");
    EXPECT_EQ(form, "UNIQUE USING btree (app.f(b)) WHERE (b = ANY (ARRAY['x'::text, 'y'::text]))");
    EXPECT_EQ(value(c, "SELECT count(*) FROM pg_class WHERE relname = 'copy'"), "0");
    EXPECT_FALSE(c.in_transaction());
    EXPECT_EQ(value(c, "SHOW search_path"), "public");
}

TEST(Canonical, NothingIsKnownOfAStatementThatFails) {
    const Database db;
    Connection c = db.open();
    must_run(c, "CREATE TABLE t (a int)");
    EXPECT_EQ(canonical_index(c, {"public", "t"}, "copy", "CREATE INDEX ON copy (nothing)", ""), std::nullopt);
    EXPECT_EQ(canonical_index(c, {"public", "missing"}, "copy", "CREATE INDEX ON copy (a)", ""), std::nullopt);
    EXPECT_FALSE(c.in_transaction());
}

TEST(Canonical, ACheckComesOutInTheServersForm) {
    const Database db;
    Connection c = db.open();
    must_run(c, "CREATE TABLE t (a int, b text)");
    EXPECT_EQ(canonical_check(c, {"public", "t"}, "CHECK (b in ('x') AND a<5)", ""), "CHECK (((b = 'x'::text) AND (a < 5)))");
    EXPECT_EQ(canonical_check(c, {"public", "t"}, "CHECK (a > 0) NOT VALID", "public"), "CHECK ((a > 0))");
    EXPECT_EQ(canonical_check(c, {"public", "t"}, "CHECK (nothing > 0)", "public"), std::nullopt);
}

TEST(Canonical, APartitionsConstraintComesOutInTheServersForm) {
    const Database db;
    Connection c = db.open();
    run_all(c, {"CREATE TABLE p (a int, b text) PARTITION BY RANGE (a, lower(b))",
                "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1, MINVALUE) TO (5, MAXVALUE) PARTITION BY LIST (b)"});
    EXPECT_EQ(canonical_partition(c, {"public", "p"}, "RANGE (a, lower(b))", "FOR VALUES FROM (5, 'x') TO (5, 'y')", ""),
              "((a IS NOT NULL) AND (lower(b) IS NOT NULL) AND (a = 5) AND (lower(b) >= 'x'::text) AND (lower(b) < 'y'::text))");
    EXPECT_EQ(canonical_partition(c, {"public", "p1"}, "LIST (b)", "FOR VALUES IN ('x', NULL)", ""), "((b IS NULL) OR (b = 'x'::text))");
    EXPECT_EQ(canonical_partition(c, {"public", "p"}, "RANGE (a, lower(b))", "FOR VALUES FROM (nothing) TO (1)", ""), std::nullopt);
    EXPECT_EQ(partition_constraint(c, {"public", "p1"}), "((a IS NOT NULL) AND (lower(b) IS NOT NULL) AND (a >= 1) AND (a <= 5))");
    EXPECT_EQ(partition_constraint(c, {"public", "p"}), std::nullopt);
    EXPECT_EQ(value(c, "SELECT count(*) FROM pg_class WHERE relname ~ '^pgbelay_'"), "0");
}

TEST(Canonical, ABrokenConnectionIsAnError) {
    const Database db;
    Connection c = db.open();
    Connection killer = db.open();
    must_run(killer, "SELECT pg_terminate_backend(" + std::to_string(c.backend_pid()) + ")");
    EXPECT_THROW(canonical_check(c, {"public", "t"}, "CHECK (true)", ""), base::Error);
}

}  // namespace
}  // namespace pgbelay::pg
