#include "catalog_builder.h"

#include <gmock/gmock.h>

#include <ostream>

namespace pgbelay::analysis {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kTables =
    "CREATE TABLE users (id bigint PRIMARY KEY, email varchar(50), age integer);"
    "CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, amount numeric(10,2), note text DEFAULT 'x', ref text);";

TEST(AddConstraint, ValidatesAForeignKeyOnItsOwn) {
    const Analysis analysis = Situation(kTables)("ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES users (id)");
    EXPECT_THAT(lines(analysis),
                ElementsAre("inside transaction: ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID",
                            "after validate: ALTER TABLE public.orders VALIDATE CONSTRAINT f"));
    EXPECT_THAT(lines(analysis.facts.locks), ElementsAre("orders:ShareRowExclusiveLock", "users:ShareRowExclusiveLock"));
    EXPECT_THAT(lines(analysis.runs[1].locks), ElementsAre("orders:ShareUpdateExclusiveLock", "users:RowShareLock"));
    EXPECT_THAT(analysis.runs[0].inverse.sql, ElementsAre("ALTER TABLE public.orders DROP CONSTRAINT f"));
}

TEST(AddConstraint, FixesTheNameThatTheServerWouldChoose) {
    EXPECT_THAT(lines(Situation(kTables)("ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users"))[0],
                HasSubstr("ADD CONSTRAINT orders_user_id_fkey FOREIGN KEY (user_id) REFERENCES users NOT VALID"));
    EXPECT_THAT(lines(Situation(kTables)("ALTER TABLE orders ADD CHECK (amount > 0)"))[0],
                HasSubstr("ADD CONSTRAINT orders_amount_check CHECK (amount > 0) NOT VALID"));
    EXPECT_THAT(lines(Situation(kTables)("ALTER TABLE orders ADD CHECK (amount > 0), ADD CHECK (amount < 9)"))[1],
                HasSubstr("ADD CONSTRAINT orders_amount_check1 CHECK (amount < 9) NOT VALID"));
    EXPECT_THAT(lines(Situation(kTables)("ALTER TABLE orders ADD CHECK (amount > user_id)"))[0],
                HasSubstr("CONSTRAINT orders_check CHECK"));
}

TEST(AddConstraint, RunsAsWrittenWhereItIsShort) {
    const std::string sql = "ALTER TABLE orders ADD CONSTRAINT c CHECK (amount > 0) NOT VALID";
    EXPECT_THAT(lines(Situation(kTables)(sql)), ElementsAre("inside transaction: " + sql));
    const std::string key = "ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users";
    const Analysis tiny = Situation(kTables).tiny("orders")(key);
    EXPECT_THAT(lines(tiny), ElementsAre("inside transaction: " + key));
    EXPECT_THAT(tiny.runs[0].inverse.sql, ElementsAre("ALTER TABLE public.orders DROP CONSTRAINT orders_user_id_fkey"));
    EXPECT_THAT(lines(Situation(kTables).as_written()(key)), ElementsAre("inside transaction: " + key));
}

TEST(AddConstraint, LooksAtWhatIsThereAlready) {
    const std::string setup = std::string(kTables) +
                              "ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES users (id);"
                              "ALTER TABLE orders ADD CONSTRAINT n FOREIGN KEY (id) REFERENCES users (id) NOT VALID;";
    EXPECT_TRUE(Situation(setup)("ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES users (id)").skip);
    EXPECT_TRUE(Situation(setup)("ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES users (id)").refusal);
    EXPECT_TRUE(
        Situation(setup)("ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE").refusal);
    EXPECT_THAT(lines(Situation(setup)("ALTER TABLE orders ADD CONSTRAINT n FOREIGN KEY (id) REFERENCES users (id)")),
                ElementsAre("after validate: ALTER TABLE public.orders VALIDATE CONSTRAINT n"));
    EXPECT_TRUE(Situation(setup)("ALTER TABLE orders VALIDATE CONSTRAINT f").skip);
    EXPECT_THAT(lines(Situation(setup)("ALTER TABLE orders VALIDATE CONSTRAINT n")),
                ElementsAre("after validate: ALTER TABLE orders VALIDATE CONSTRAINT n"));
}

TEST(AddConstraint, ComparesChecksInTheServersForm) {
    Situation situation(kTables);
    const std::string check = "CHECK (ref IN ('a','b'))";
    const std::string form = "CHECK ((ref = ANY (ARRAY['a'::text, 'b'::text])))";
    situation.now.relations.at({"public", "orders"})
        .constraints.push_back({.name = "c", .type = 'c', .definition = form, .columns = {"ref"}});
    situation.now.canonical_forms[check] = form;
    EXPECT_TRUE(situation("ALTER TABLE orders ADD CONSTRAINT c " + check).skip);
    EXPECT_TRUE(situation("ALTER TABLE orders ADD CONSTRAINT c CHECK (ref <> 'z')").refusal);
}

TEST(AddConstraint, SwapsAReplacedOneInOneTransaction) {
    Situation situation(std::string(kTables) + "ALTER TABLE orders ADD CONSTRAINT c CHECK (amount > 0);");
    for (catalog::Catalog* catalog : {&situation.base, &situation.now}) {
        for (catalog::Constraint& constraint : catalog->relations.at({"public", "orders"}).constraints) {
            if (constraint.name == "c") {
                constraint.definition = "CHECK ((amount > (0)::numeric))";
            }
        }
    }
    EXPECT_THAT(lines(situation("ALTER TABLE orders DROP CONSTRAINT c, ADD CONSTRAINT c CHECK (amount > 5)")),
                ElementsAre("before transaction: ALTER TABLE orders ADD CONSTRAINT pgbelay_c CHECK (amount > 5) NOT VALID",
                            "before validate: ALTER TABLE public.orders VALIDATE CONSTRAINT pgbelay_c",
                            "inside transaction: ALTER TABLE orders DROP CONSTRAINT c",
                            "inside transaction: ALTER TABLE public.orders RENAME CONSTRAINT pgbelay_c TO c"));
    const Analysis grouped =
        situation.after("ALTER TABLE orders DROP CONSTRAINT c")("ALTER TABLE orders ADD CONSTRAINT c CHECK (amount > 5)");
    EXPECT_EQ(grouped.runs.size(), 3U);
    EXPECT_EQ(grouped.runs.back().sql, "ALTER TABLE public.orders RENAME CONSTRAINT pgbelay_c TO c");
}

TEST(AddConstraint, RefusesExclude) {
    const std::string sql = "ALTER TABLE orders ADD CONSTRAINT x EXCLUDE USING gist (amount WITH =)";
    EXPECT_TRUE(Situation(kTables)(sql).refusal);
    EXPECT_FALSE(Situation(kTables).tiny("orders")(sql).refusal);
    EXPECT_FALSE(Situation(kTables).as_written()(sql).refusal);
}

TEST(AddKey, BuildsTheIndexFirst) {
    const Analysis analysis = Situation(kTables)(
        "ALTER TABLE orders ADD CONSTRAINT u UNIQUE (user_id, ref) INCLUDE (note) WITH (fillfactor = 70) DEFERRABLE INITIALLY DEFERRED");
    EXPECT_THAT(
        lines(analysis),
        ElementsAre(
            "before build: CREATE UNIQUE INDEX CONCURRENTLY u ON public.orders (user_id, ref) INCLUDE (note) WITH (fillfactor = 70)",
            "inside transaction: ALTER TABLE public.orders ADD CONSTRAINT u UNIQUE USING INDEX u DEFERRABLE INITIALLY DEFERRED"));
    EXPECT_THAT(lines(analysis.facts.locks), ElementsAre("orders:AccessExclusiveLock"));
    EXPECT_THAT(lines(Situation(kTables)("ALTER TABLE orders ADD UNIQUE (ref)"))[1],
                HasSubstr("ADD CONSTRAINT orders_ref_key UNIQUE USING INDEX orders_ref_key"));
}

TEST(AddKey, ProvesAPrimaryKeysColumnsFirst) {
    const Analysis analysis = Situation("CREATE TABLE n (a int, b int NOT NULL);")("ALTER TABLE n ADD PRIMARY KEY (a, b)");
    EXPECT_THAT(lines(analysis),
                ElementsAre("before transaction: ALTER TABLE public.n ADD CONSTRAINT pgbelay_n_a_not_null CHECK (a IS NOT NULL) NOT VALID",
                            "before validate: ALTER TABLE public.n VALIDATE CONSTRAINT pgbelay_n_a_not_null",
                            "before transaction: ALTER TABLE public.n ALTER COLUMN a SET NOT NULL",
                            "before transaction: ALTER TABLE public.n DROP CONSTRAINT pgbelay_n_a_not_null",
                            "before build: CREATE UNIQUE INDEX CONCURRENTLY n_pkey ON public.n (a, b)",
                            "inside transaction: ALTER TABLE public.n ADD CONSTRAINT n_pkey PRIMARY KEY USING INDEX n_pkey"));
}

TEST(AddKey, ReplacesAKeyThroughATemporaryIndex) {
    const std::string setup = std::string(kTables) + "ALTER TABLE orders ADD CONSTRAINT u UNIQUE (ref);";
    const std::vector<std::string> expected = {
        "before build: CREATE UNIQUE INDEX CONCURRENTLY pgbelay_u ON public.orders (ref, user_id)",
        "inside transaction: ALTER TABLE orders DROP CONSTRAINT u",
        "inside transaction: ALTER TABLE public.orders ADD CONSTRAINT u UNIQUE USING INDEX pgbelay_u"};
    EXPECT_EQ(lines(Situation(setup)("ALTER TABLE orders DROP CONSTRAINT u, ADD CONSTRAINT u UNIQUE (ref, user_id)")), expected);
    const Analysis grouped =
        Situation(setup).after("ALTER TABLE orders DROP CONSTRAINT u")("ALTER TABLE orders ADD CONSTRAINT u UNIQUE (ref, user_id)");
    EXPECT_THAT(lines(grouped), ElementsAre(expected[0], expected[2]));
}

TEST(AddKey, RefusesWhatMustHoldAtTheCommitOfItsGroup) {
    EXPECT_TRUE(Situation(kTables).wrote("orders")("ALTER TABLE orders ADD UNIQUE (ref)").refusal);
    EXPECT_TRUE(Situation(kTables)("ALTER TABLE orders ADD COLUMN c int DEFAULT 1, ADD UNIQUE (c)").refusal);
    EXPECT_TRUE(Situation(kTables)("ALTER TABLE orders ADD PRIMARY KEY (ref)").refusal);
}

TEST(SetNotNull, ProvesItWithACheck) {
    const Analysis analysis = Situation(kTables)("ALTER TABLE orders ALTER COLUMN ref SET NOT NULL");
    EXPECT_THAT(
        lines(analysis),
        ElementsAre(
            "inside transaction: ALTER TABLE public.orders ADD CONSTRAINT pgbelay_orders_ref_not_null CHECK (ref IS NOT NULL) NOT VALID",
            "after validate: ALTER TABLE public.orders VALIDATE CONSTRAINT pgbelay_orders_ref_not_null",
            "after transaction: ALTER TABLE public.orders ALTER COLUMN ref SET NOT NULL",
            "after transaction: ALTER TABLE public.orders DROP CONSTRAINT pgbelay_orders_ref_not_null"));
    EXPECT_THAT(names(analysis.facts.scans), ElementsAre("orders"));
}

TEST(SetNotNull, UsesItsOwnConstraintFrom18On) {
    EXPECT_THAT(lines(Situation(kTables, 18)("ALTER TABLE orders ALTER COLUMN ref SET NOT NULL")),
                ElementsAre("inside transaction: ALTER TABLE public.orders ADD CONSTRAINT orders_ref_not_null NOT NULL ref NOT VALID",
                            "after validate: ALTER TABLE public.orders VALIDATE CONSTRAINT orders_ref_not_null"));
}

TEST(SetNotNull, RunsAsWrittenOverAProof) {
    const std::string setup = std::string(kTables) + "ALTER TABLE orders ADD CONSTRAINT c CHECK (ref IS NOT NULL);";
    EXPECT_THAT(lines(Situation(setup)("ALTER TABLE orders ALTER ref SET NOT NULL")),
                ElementsAre("inside transaction: ALTER TABLE orders ALTER ref SET NOT NULL"));
    EXPECT_THAT(lines(Situation(setup)("ALTER TABLE orders ALTER ref SET NOT NULL, DROP CONSTRAINT c")),
                ElementsAre("inside transaction: ALTER TABLE public.orders ALTER COLUMN ref SET NOT NULL",
                            "inside transaction: ALTER TABLE orders DROP CONSTRAINT c"));
    EXPECT_TRUE(Situation(setup)("ALTER TABLE orders ALTER id SET NOT NULL").skip);
}

TEST(AddColumn, ComesBeforeWhatIsWrittenBesideIt) {
    EXPECT_THAT(
        lines(Situation(kTables)("ALTER TABLE orders ADD COLUMN u bigint DEFAULT 1 CONSTRAINT f REFERENCES users (id) ON DELETE CASCADE")),
        ElementsAre(
            "inside transaction: ALTER TABLE orders ADD COLUMN u bigint DEFAULT 1",
            "inside transaction: ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (u) REFERENCES users (id) ON DELETE CASCADE NOT VALID",
            "after validate: ALTER TABLE public.orders VALIDATE CONSTRAINT f"));
    EXPECT_THAT(lines(Situation(kTables)("ALTER TABLE orders ADD c int CHECK (c > 0) NULL UNIQUE")),
                ElementsAre("inside transaction: ALTER TABLE orders ADD c int NULL",
                            "inside transaction: ALTER TABLE orders ADD CONSTRAINT orders_c_check CHECK (c > 0) NOT VALID",
                            "after validate: ALTER TABLE public.orders VALIDATE CONSTRAINT orders_c_check",
                            "after build: CREATE UNIQUE INDEX CONCURRENTLY orders_c_key ON public.orders (c)",
                            "after transaction: ALTER TABLE public.orders ADD CONSTRAINT orders_c_key UNIQUE USING INDEX orders_c_key"));
}

TEST(AddColumn, DoesNothingWhereIfNotExistsFindsIt) {
    const Analysis analysis = Situation(kTables)("ALTER TABLE orders ADD COLUMN IF NOT EXISTS user_id bigint REFERENCES users (id)");
    EXPECT_TRUE(analysis.skip);
    EXPECT_THAT(analysis.runs, IsEmpty());
    EXPECT_TRUE(Situation(kTables)("ALTER TABLE orders ADD COLUMN user_id text").refusal);
    EXPECT_TRUE(Situation(kTables)("ALTER TABLE orders ADD COLUMN user_id bigint").skip);
}

TEST(AddColumn, TellsWhatItDoesToPreparedStatements) {
    const Analysis analysis = Situation(kTables)("ALTER TABLE orders ADD COLUMN c int");
    EXPECT_THAT(analysis.notes, ElementsAre(HasSubstr("cached plan must not change result type")));
    ASSERT_EQ(analysis.runs.size(), 1U);
    const Inverse& inverse = analysis.runs[0].inverse;
    EXPECT_THAT(inverse.sql, ElementsAre("ALTER TABLE public.orders DROP COLUMN c"));
    EXPECT_TRUE(inverse.loses_data);
    EXPECT_EQ(inverse.loss_column, "c");
    EXPECT_EQ(analysis.runs[0].condition.facts.front(), (catalog::Fact{catalog::ColumnIs{{"public", "orders"}, "c", "integer", false}}));
}

struct Default {
    const char* column;
    bool rewrites;
};

// The names of the tests; without them they are the bytes of the structure.
void PrintTo(const Default& tried, std::ostream* out) {
    *out << tried.column;
}

class AddColumnDefault : public testing::TestWithParam<Default> {};

TEST_P(AddColumnDefault, RewritesOnlyWhenEveryRowGetsItsOwnValue) {
    const Analysis analysis = Situation(kTables)(fmt::format("ALTER TABLE orders ADD COLUMN c {}", GetParam().column));
    EXPECT_EQ(!analysis.facts.rewrites.empty(), GetParam().rewrites);
    EXPECT_EQ(analysis.refusal.has_value(), GetParam().rewrites);
    EXPECT_FALSE(Situation(kTables).tiny("orders")(fmt::format("ALTER TABLE orders ADD COLUMN c {}", GetParam().column)).refusal);
}

INSTANTIATE_TEST_SUITE_P(Defaults, AddColumnDefault,
                         testing::Values(Default{"int DEFAULT 0", false}, Default{"int NOT NULL DEFAULT 0", false},
                                         Default{"timestamptz DEFAULT now()", false},
                                         Default{"timestamptz DEFAULT CURRENT_TIMESTAMP", false},
                                         Default{"uuid DEFAULT gen_random_uuid()", true}, Default{"float8 DEFAULT random()", true},
                                         Default{"timestamptz DEFAULT clock_timestamp()", true}, Default{"bigserial", true},
                                         Default{"bigint GENERATED ALWAYS AS IDENTITY", true},
                                         Default{"numeric GENERATED ALWAYS AS (amount * 2) STORED", true}));

struct TypeChange {
    const char* column;
    const char* to;
    bool rewrites;
};

void PrintTo(const TypeChange& tried, std::ostream* out) {
    *out << tried.column << " to " << tried.to;
}

class AlterType : public testing::TestWithParam<TypeChange> {};

TEST_P(AlterType, IsRefusedOnlyWhenItWritesTheTableAnew) {
    const Analysis analysis =
        Situation("CREATE TABLE v (i int, v50 varchar(50), t text, n numeric(10,2), ts3 timestamp(3), c cidr, a varchar(5)[]);")(
            fmt::format("ALTER TABLE v ALTER COLUMN {} TYPE {}", GetParam().column, GetParam().to));
    EXPECT_EQ(!analysis.facts.rewrites.empty(), GetParam().rewrites);
    EXPECT_EQ(analysis.refusal.has_value(), GetParam().rewrites);
}

INSTANTIATE_TEST_SUITE_P(Types, AlterType,
                         testing::Values(TypeChange{"i", "bigint", true}, TypeChange{"v50", "varchar(100)", false},
                                         TypeChange{"v50", "varchar(20)", true}, TypeChange{"v50", "text", false},
                                         TypeChange{"v50", "text USING v50::text", false}, TypeChange{"v50", "text USING lower(v50)", true},
                                         TypeChange{"t", "varchar", false}, TypeChange{"t", "varchar(9)", true},
                                         TypeChange{"n", "numeric(14,2)", false}, TypeChange{"n", "numeric(14,4)", true},
                                         TypeChange{"n", "numeric", false}, TypeChange{"ts3", "timestamp(6)", false},
                                         TypeChange{"ts3", "timestamp(1)", true}, TypeChange{"c", "inet", false},
                                         TypeChange{"a", "text[]", true}));

TEST(AlterTable, TakesTheUnsafePartsOutAndLeavesTheRestAsOneStatement) {
    const Analysis analysis = Situation(kTables)(
        "ALTER TABLE orders ADD COLUMN c int, ALTER note DROP DEFAULT, ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES users (id),\n"
        "  ADD CONSTRAINT u UNIQUE (ref)");
    EXPECT_THAT(lines(analysis),
                ElementsAre("before build: CREATE UNIQUE INDEX CONCURRENTLY u ON public.orders (ref)",
                            "inside transaction: ALTER TABLE orders ADD COLUMN c int, ALTER note DROP DEFAULT",
                            "inside transaction: ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID",
                            "inside transaction: ALTER TABLE public.orders ADD CONSTRAINT u UNIQUE USING INDEX u",
                            "after validate: ALTER TABLE public.orders VALIDATE CONSTRAINT f"));
    EXPECT_TRUE(analysis.rewritten);
}

TEST(AlterTable, SkipsATableThatIfExistsDoesNotFind) {
    EXPECT_TRUE(Situation(kTables)("ALTER TABLE IF EXISTS nothing ADD COLUMN c int").skip);
    EXPECT_TRUE(Situation(kTables)("ALTER TABLE orders DROP COLUMN IF EXISTS nothing").skip);
}

TEST(AlterTable, GivesPartitionedTablesTheirKeysInParts) {
    const std::string parted = std::string(kTables) +
                               "CREATE TABLE p (id int, d date) PARTITION BY RANGE (d); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM "
                               "('2025-01-01') TO ('2025-02-01');";
    EXPECT_THAT(
        lines(Situation(parted)("ALTER TABLE p ADD FOREIGN KEY (id) REFERENCES users (id)")),
        ElementsAre("before transaction: ALTER TABLE public.p1 ADD CONSTRAINT p_id_fkey FOREIGN KEY (id) REFERENCES users (id) NOT VALID",
                    "before validate: ALTER TABLE public.p1 VALIDATE CONSTRAINT p_id_fkey",
                    "inside transaction: ALTER TABLE p ADD CONSTRAINT p_id_fkey FOREIGN KEY (id) REFERENCES users (id)"));
    EXPECT_THAT(lines(Situation(parted, 18)("ALTER TABLE p ADD FOREIGN KEY (id) REFERENCES users (id)")),
                ElementsAre("inside transaction: ALTER TABLE p ADD CONSTRAINT p_id_fkey FOREIGN KEY (id) REFERENCES users (id) NOT VALID",
                            "after validate: ALTER TABLE public.p VALIDATE CONSTRAINT p_id_fkey"));
    EXPECT_THAT(lines(Situation(parted)("ALTER TABLE p ADD UNIQUE (id, d)")),
                ElementsAre("before transaction: ALTER TABLE ONLY public.p ADD CONSTRAINT p_id_d_key UNIQUE (id, d)",
                            "before build: CREATE UNIQUE INDEX CONCURRENTLY p1_id_d_key ON public.p1 (id, d)",
                            "before attach: ALTER TABLE public.p1 ADD CONSTRAINT p1_id_d_key UNIQUE USING INDEX p1_id_d_key;\n"
                            "ALTER INDEX public.p_id_d_key ATTACH PARTITION public.p1_id_d_key"));
    EXPECT_THAT(lines(Situation(parted).tiny("p1")("ALTER TABLE p ADD UNIQUE (id, d)")), testing::SizeIs(1));
    EXPECT_TRUE(Situation(parted).wrote("p")("ALTER TABLE p ADD UNIQUE (id, d)").refusal);
    EXPECT_TRUE(Situation(parted)("ALTER TABLE p ADD UNIQUE USING INDEX some_index").refusal);
}

struct Undone {
    const char* subcommand;
    const char* inverse;
};

void PrintTo(const Undone& tried, std::ostream* out) {
    *out << tried.subcommand;
}

TEST(AlterTable, AColumnThatComesBackInOneStatementIsANewOne) {
    Situation situation("CREATE TABLE t (id int PRIMARY KEY, a text, b text); CREATE INDEX t_b ON t (b); INSERT INTO t VALUES (1)");
    const Analysis same = situation("ALTER TABLE t DROP COLUMN a, ADD COLUMN a text");
    EXPECT_EQ(lines(same), std::vector<std::string>{"inside transaction: ALTER TABLE t DROP COLUMN a, ADD COLUMN a text"});
    EXPECT_FALSE(same.skip.has_value());
    const Analysis swapped = situation("ALTER TABLE t ADD COLUMN a text, DROP COLUMN a");
    EXPECT_EQ(lines(swapped), std::vector<std::string>{"inside transaction: ALTER TABLE t ADD COLUMN a text, DROP COLUMN a"});
    EXPECT_THAT(same.facts.rewrites, testing::IsEmpty());
    const Analysis key = situation.as_written()(
        "ALTER TABLE t DROP CONSTRAINT t_pkey, DROP COLUMN id, ADD COLUMN id serial, ADD CONSTRAINT t_pkey PRIMARY KEY (id)");
    EXPECT_THAT(names({key.facts.rewrites.begin(), key.facts.rewrites.end()}), testing::UnorderedElementsAre("t", "t_b"));
    EXPECT_FALSE(key.facts.fails.has_value());
    const Analysis along =
        situation.as_written()("ALTER TABLE t DROP COLUMN id, ADD COLUMN id uuid, ADD CONSTRAINT t_pkey PRIMARY KEY (id)");
    EXPECT_FALSE(along.facts.fails.has_value()) << along.facts.fails->message;
}

TEST(AlterTable, OfATableWithLargeValuesIsNotOfATinyOne) {
    Situation situation(kTables);
    for (auto* catalog : {&situation.base, &situation.now}) {
        catalog->relations.at({"public", "orders"}).bytes = 4 << 20;
    }
    EXPECT_EQ(lines(situation("ALTER TABLE orders ALTER note SET NOT NULL")).size(), 1U);
    for (auto* catalog : {&situation.base, &situation.now}) {
        catalog->relations.at({"public", "orders"}).toast_bytes = 150 << 20;
    }
    const Analysis analysis = situation("ALTER TABLE orders ALTER note SET NOT NULL");
    EXPECT_GT(lines(analysis).size(), 1U);
    EXPECT_THAT(analysis.why, HasSubstr("public.orders is 154 MB"));
}

class AlterTableInverse : public testing::TestWithParam<Undone> {};

TEST_P(AlterTableInverse, RestoresWhatTheCatalogHeld) {
    Situation situation(kTables);
    catalog::Relation& orders = situation.now.relations.at({"public", "orders"});
    orders.options = {"fillfactor=70"};
    orders.triggers = {{.name = "t", .enabled = 'A'}};
    orders.force_row_security = true;
    orders.columns[3].default_expression = "'x'::text";
    orders.columns[3].statistics_target = 200;
    orders.columns[3].storage = 'x';
    const Analysis analysis = situation.as_written()(fmt::format("ALTER TABLE orders {}", GetParam().subcommand));
    ASSERT_EQ(analysis.runs.size(), 1U);
    EXPECT_THAT(analysis.runs[0].inverse.sql, ElementsAre(fmt::format("ALTER TABLE public.orders {}", GetParam().inverse)));
    EXPECT_FALSE(analysis.runs[0].inverse.loses_data);
}

INSTANTIATE_TEST_SUITE_P(Subcommands, AlterTableInverse,
                         testing::Values(Undone{"ALTER note DROP DEFAULT", "ALTER COLUMN note SET DEFAULT 'x'::text"},
                                         Undone{"ALTER ref SET DEFAULT 'y'", "ALTER COLUMN ref DROP DEFAULT"},
                                         Undone{"ALTER id DROP NOT NULL", "ALTER COLUMN id SET NOT NULL"},
                                         Undone{"ALTER note SET STATISTICS 5", "ALTER COLUMN note SET STATISTICS 200"},
                                         Undone{"ALTER note SET STORAGE EXTERNAL", "ALTER COLUMN note SET STORAGE EXTENDED"},
                                         Undone{"SET (fillfactor = 50)", "SET (fillfactor = '70')"},
                                         Undone{"SET (autovacuum_enabled = off)", "RESET (autovacuum_enabled)"},
                                         Undone{"RESET (fillfactor)", "SET (fillfactor = '70')"},
                                         Undone{"DISABLE TRIGGER t", "ENABLE ALWAYS TRIGGER t"},
                                         Undone{"ENABLE ROW LEVEL SECURITY", "DISABLE ROW LEVEL SECURITY"},
                                         Undone{"NO FORCE ROW LEVEL SECURITY", "FORCE ROW LEVEL SECURITY"},
                                         Undone{"REPLICA IDENTITY FULL", "REPLICA IDENTITY DEFAULT"},
                                         Undone{"OWNER TO other", "OWNER TO app"}, Undone{"CLUSTER ON orders_pkey", "SET WITHOUT CLUSTER"},
                                         Undone{"SET UNLOGGED", "SET LOGGED"},
                                         Undone{"ALTER amount TYPE numeric(14,2)", "ALTER COLUMN amount TYPE numeric(10,2)"}));

TEST(AlterTableInverseOf, DroppedColumnsIsAPointOfNoReturn) {
    const Analysis analysis = Situation(kTables)("ALTER TABLE orders DROP COLUMN note");
    EXPECT_FALSE(analysis.runs.at(0).inverse.possible);
    EXPECT_THAT(analysis.runs[0].inverse.why, HasSubstr("loses its data"));
}

TEST(DropColumn, TakesItsIndexesAndConstraintsAlong) {
    const Analysis analysis =
        Situation(std::string(kTables) +
                  "CREATE INDEX by_note ON orders (id, note); CREATE INDEX by_ref ON orders (ref);"
                  "ALTER TABLE orders ADD CONSTRAINT short CHECK (length(note) < 9);")("ALTER TABLE orders DROP COLUMN note");
    EXPECT_EQ(analysis.runs.at(0).condition.facts.size(), 3U) << analysis.runs[0].condition.describe();
    EXPECT_THAT(analysis.runs[0].condition.describe(),
                testing::AllOf(HasSubstr("by_note"), HasSubstr("short"), testing::Not(HasSubstr("by_ref"))));
}

TEST(AlterTableInverseOf, AColumnOfNullsComesBackWithAllThatWasSetOnIt) {
    Situation situation(std::string(kTables) + "CREATE INDEX by_note ON orders (ref, note);");
    catalog::Column& note = situation.now.relations.at({"public", "orders"}).columns[3];
    ASSERT_EQ(note.name, "note");
    note.all_null = true;
    note.default_expression = "'x'::text";
    note.statistics_target = 200;
    note.comment = "free text";
    note.acl = "{app_user=w/app}";
    const Analysis analysis = situation("ALTER TABLE orders DROP COLUMN note");
    EXPECT_THAT(
        analysis.runs.at(0).inverse.sql,
        ElementsAre("ALTER TABLE public.orders ADD COLUMN note text", "ALTER TABLE public.orders ALTER COLUMN note SET DEFAULT 'x'::text",
                    "ALTER TABLE public.orders ALTER COLUMN note SET STATISTICS 200", "COMMENT ON COLUMN public.orders.note IS 'free text'",
                    "GRANT UPDATE (note) ON TABLE public.orders TO app_user",
                    "CREATE INDEX by_note ON public.orders USING btree (ref, note)"));
    EXPECT_FALSE(analysis.runs[0].inverse.loses_data);
    EXPECT_THAT(analysis.notes, testing::Contains(HasSubstr("behind the other columns")));
    EXPECT_FALSE(situation("ALTER TABLE orders DROP COLUMN note CASCADE").runs.at(0).inverse.possible);
    EXPECT_FALSE(situation.wrote("orders")("ALTER TABLE orders DROP COLUMN note").runs.at(0).inverse.possible);
}

TEST(AlterTableInverseOf, ATypeThatIsWrittenAnewSaysSo) {
    const Analysis wider = Situation(kTables)("ALTER TABLE users ALTER COLUMN email TYPE text");
    ASSERT_EQ(wider.runs.size(), 1U);
    EXPECT_TRUE(wider.runs[0].inverse.as_written);
    EXPECT_THAT(wider.notes, testing::Contains(HasSubstr("undoing it writes public.users anew")));
    EXPECT_FALSE(Situation(kTables).tiny("users")("ALTER TABLE users ALTER COLUMN email TYPE text").runs.at(0).inverse.as_written);
}

TEST(AlterTableInverseOf, DroppedConstraintsBringsTheIndexBackFirst) {
    const Analysis analysis =
        Situation(std::string(kTables) + "ALTER TABLE orders ADD CONSTRAINT u UNIQUE (ref);")("ALTER TABLE orders DROP CONSTRAINT u");
    EXPECT_THAT(analysis.runs.at(0).inverse.sql, ElementsAre("CREATE UNIQUE INDEX u ON public.orders USING btree (ref)",
                                                             "ALTER TABLE public.orders ADD CONSTRAINT u UNIQUE USING INDEX u"));
    EXPECT_THAT(lines(analysis.facts.locks), ElementsAre("orders:AccessExclusiveLock", "u:AccessExclusiveLock"));
}

}  // namespace
}  // namespace pgbelay::analysis
