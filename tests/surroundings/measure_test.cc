// What a runbook measures around a deployment: taken once before the first change and again after the last, whatever happens in between.
#include "base/file.h"
#include "faults/stage.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace pgbelay::test {
namespace {

constexpr const char* kTable = "CREATE TABLE t (id int PRIMARY KEY, note text); INSERT INTO t SELECT n, 'x' FROM generate_series(1, 3) n";

void write_runbook(const Stage& stage, const std::string& body, const std::string& front = "") {
    stage.folder.write("runbook.md", "---\npgbelay: 1\n" + front + "---\n" + body);
}

std::string kept(const Stage& stage, const std::string& kind, const std::string& what = "content") {
    return stage.value("SELECT " + what + " FROM pgbelay.evidence WHERE kind = '" + kind + "'");
}

TEST(Baseline, IsTakenRightBeforeTheFirstChangeAndNotAgainByAResume) {
    const Stage stage(kTable);
    write_runbook(stage,
                  "```sql apply\nINSERT INTO t VALUES (10, 'first');\n```\n"
                  "```sql baseline name=rows\n-- fail: after.n <> before.n + 2\nSELECT count(*) AS n FROM t;\n```\n"
                  "```sql apply\nINSERT INTO t SELECT 11, 'second' FROM wanted;\n```\n");
    stage.session().run("CREATE TABLE wanted ()");
    Session other = stage.session();
    other.run(
        "INSERT INTO wanted DEFAULT VALUES; CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.id = 11 THEN "
        "RAISE 'not yet'; END IF; RETURN NEW; END $$; CREATE TRIGGER refuse BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION refuse()");
    const auto stopped = stage.run({"deploy", "--yes", "runbook.md"});
    EXPECT_EQ(stopped.status, 5) << stopped.said;
    EXPECT_EQ(kept(stage, "before", "content::json->'rows'->0->>0"), "3");
    EXPECT_EQ(kept(stage, "after"), "");
    const std::string at = kept(stage, "before", "at");
    other.run("DROP TRIGGER refuse ON t");
    const auto resumed = stage.run({"resume"});
    EXPECT_EQ(resumed.status, 0) << resumed.said;
    EXPECT_EQ(kept(stage, "before", "at"), at);
    EXPECT_EQ(kept(stage, "after", "content::json->'rows'->0->>0"), "5");
}

TEST(Baseline, ThatFailsIsTakenAnewByAResumeOnceItIsMended) {
    const Stage stage(kTable);
    write_runbook(stage,
                  "```sql baseline name=rows\n-- fail: after.n < before.n\nSELECT count(*) AS n FROM t;\n```\n"
                  "```sql apply\nDELETE FROM t WHERE id = 1;\n```\n");
    EXPECT_EQ(stage.run({"deploy", "--yes", "runbook.md"}).status, 5);
    EXPECT_NE(kept(stage, "after").find("it fails by"), std::string::npos);
    EXPECT_EQ(stage.run_state(), "stopped");
    stage.session().run("INSERT INTO t VALUES (4, 'back')");
    const auto resumed = stage.run({"resume"});
    EXPECT_EQ(resumed.status, 0) << resumed.said;
    EXPECT_EQ(kept(stage, "after").find("it fails by"), std::string::npos);
    EXPECT_EQ(stage.value("SELECT verified FROM pgbelay.run"), "t");
}

TEST(Baseline, ThatFailsRollsBackWhereFailuresDo) {
    const Stage stage(kTable);
    write_runbook(stage,
                  "```sql baseline name=columns\n-- fail: after.n > before.n\nSELECT count(*) AS n FROM information_schema.columns WHERE "
                  "table_name = 't';\n```\n```sql apply\nALTER TABLE t ADD COLUMN a int;\n```\n");
    const auto deploy = stage.run({"deploy", "--yes", "--on-failure", "rollback", "runbook.md"});
    EXPECT_EQ(deploy.status, 4) << deploy.said;
    EXPECT_EQ(stage.value("SELECT count(*) FROM information_schema.columns WHERE table_name = 't'"), "2");
}

TEST(Baseline, IsReadOnlyWhateverItsQueryCalls) {
    const Stage stage(std::string(kTable) +
                      "; CREATE FUNCTION add() RETURNS int LANGUAGE sql AS $$ INSERT INTO t VALUES (99, 'no') RETURNING id $$");
    write_runbook(stage, "```sql baseline\nSELECT add();\n```\n```sql apply\nSELECT 1;\n```\n");
    const auto deploy = stage.run({"deploy", "--yes", "runbook.md"});
    EXPECT_EQ(deploy.status, 0) << deploy.said;
    EXPECT_NE(deploy.said.find("cannot execute INSERT in a read-only transaction"), std::string::npos) << deploy.said;
    EXPECT_EQ(stage.value("SELECT count(*) FROM t"), "3");
}

TEST(Baseline, ThatTakesTooLongIsCancelled) {
    const Stage stage(kTable);
    write_runbook(stage, "```sql baseline timeout=200ms\nSELECT pg_sleep(60);\n```\n```sql apply\nSELECT 1;\n```\n");
    const auto deploy = stage.run({"deploy", "--yes", "runbook.md"});
    EXPECT_EQ(deploy.status, 0) << deploy.said;
    EXPECT_NE(deploy.said.find("statement timeout"), std::string::npos) << deploy.said;
}

TEST(Baseline, ComparesValuesOfEveryTypeAsWhatTheyAre) {
    const Stage stage(std::string(kTable) + "; CREATE TYPE mood AS ENUM ('low', 'high'); CREATE DOMAIN \"Odd name\" AS numeric(8, 2)");
    write_runbook(
        stage,
        "```sql baseline name=types\n"
        "-- fail: (before.m > after.m OR before.a <> after.a OR before.o <> after.o OR before.j <> after.j OR before.c <> after.c "
        "OR before.\"Select\" <> after.\"Select\" OR after.nothing IS NOT NULL OR before.b <> after.b) IS NOT FALSE\n"
        "SELECT CASE count(*) WHEN 3 THEN 'low' ELSE 'high' END::mood AS m, ARRAY['a', NULL, 'b\"c'] AS a, 1.50::\"Odd name\" AS o, "
        "'{\"k\": [1]}'::jsonb AS j, 'abc  '::char(5) AS c, interval '1 day' AS \"Select\", NULL::int AS nothing, '\\x00ff'::bytea AS b "
        "FROM t;\n```\n```sql apply\nINSERT INTO t VALUES (10, 'x');\n```\n");
    const auto deploy = stage.run({"deploy", "--yes", "runbook.md"});
    EXPECT_EQ(deploy.status, 0) << deploy.said;
}

TEST(Baseline, IsInTheDocumentsOfDeployAndReport) {
    const Stage stage(kTable);
    write_runbook(stage,
                  "```sql baseline name=rows\nSELECT count(*) AS n FROM t;\n```\n```sql apply\nINSERT INTO t VALUES (10, 'x');\n```\n");
    EXPECT_EQ(stage.run({"deploy", "--yes", "runbook.md", "--format", "json", "-o", "deploy.json"}).status, 0);
    EXPECT_EQ(stage.run({"report", "--format", "json", "-o", "report.json"}).status, 0);
    for (const char* file : {"deploy.json", "report.json"}) {
        const auto document = nlohmann::json::parse(base::read_file(stage.folder.path() / file));
        const auto& one = document.at("measurements").at(0);
        EXPECT_EQ(one.at("name"), "rows");
        EXPECT_EQ(one.at("kind"), "baseline");
        EXPECT_EQ(one.at("before").at("rows").at(0).at(0), "3");
        EXPECT_EQ(one.at("differences").at(0).at("difference"), "+1");
        EXPECT_NEAR(one.at("differences").at(0).at("percent").get<double>(), 33.33, 0.01);
        EXPECT_TRUE(one.at("failures").empty());
    }
}

// 20,000 rows, of which few have each `a`.
constexpr const char* kMany =
    "CREATE TABLE many (id int PRIMARY KEY, a int, pad text); INSERT INTO many SELECT n, n % 1000, repeat('x', 100) FROM "
    "generate_series(1, 20000) n; ANALYZE many";

nlohmann::json measurement(const Stage& stage, std::size_t i = 0) {
    stage.run({"report", "--format", "json", "-o", "report.json"});
    return nlohmann::json::parse(base::read_file(stage.folder.path() / "report.json")).at("measurements").at(i);
}

TEST(Explain, ShowsThatAnIndexIsUsedAndHowMuchFasterItIs) {
    const Stage stage(kMany);
    write_runbook(
        stage,
        "```sql explain uses=many_a max_ms=10000 runs=3 name=lookup\n-- not: Seq Scan on many\n-- with: $1 = (SELECT max(a) - 992 "
        "FROM many)\nSELECT * FROM many WHERE a = $1;\n```\n```sql apply\nCREATE INDEX many_a ON many (a);\nANALYZE many;\n```\n");
    const auto deploy = stage.run({"deploy", "--yes", "runbook.md"});
    EXPECT_EQ(deploy.status, 0) << deploy.said;
    EXPECT_NE(deploy.said.find("explain, in ms: median / p95"), std::string::npos) << deploy.said;
    EXPECT_NE(deploy.said.find("Seq Scan on many -> Bitmap Heap Scan using many_a on many"), std::string::npos) << deploy.said;
    const auto one = measurement(stage);
    EXPECT_EQ(one.at("before").at("runs"), 3);
    EXPECT_GT(one.at("before").at("median_ms").get<double>(), 0);
    EXPECT_GE(one.at("before").at("p95_ms").get<double>(), one.at("before").at("median_ms").get<double>());
    EXPECT_GT(one.at("speed_up").get<double>(), 1);
    EXPECT_EQ(one.at("after").at("plan_node"), "Bitmap Heap Scan using many_a on many");
}

TEST(Explain, WhatIsNotAsDemandedFailsAtTheEndAndHoldsOnceItIsMended) {
    const Stage stage(kMany);
    write_runbook(
        stage,
        "```sql explain uses=many_a max_ms=0.000001 name=lookup\n-- not: Seq Scan on many\n-- not: Sort\nSELECT * FROM many WHERE a = 7;\n"
        "```\n```sql explain uses=nowhere\n-- not: Seq Scan on nothing\nSELECT 1;\n```\n```sql apply\nALTER TABLE many ADD COLUMN b "
        "int;\n```\n");
    stage.session().run("CREATE INDEX many_a ON many (pad)");
    const auto deploy = stage.run({"deploy", "--yes", "runbook.md"});
    EXPECT_EQ(deploy.status, 5) << deploy.said;
    for (const char* words : {"it does not use many_a, but Seq Scan on many", "its plan has a Seq Scan on many", "ms, more than 1e-06",
                              "there is no index of that name", "there is no table nothing", "runbook.md:7:1: verification failed"}) {
        EXPECT_NE(deploy.said.find(words), std::string::npos) << words << "\n" << deploy.said;
    }
    EXPECT_EQ(measurement(stage).at("failures").size(), 3U);
    EXPECT_EQ(stage.run_state(), "stopped");
}

TEST(Explain, HoldsAfterAResumeOnceTheStatisticsAreThere) {
    const Stage stage(kMany);
    write_runbook(stage, "```sql explain uses=many_lower\nSELECT * FROM many WHERE a = 7;\n```\n```sql apply\nSELECT 1;\n```\n");
    EXPECT_EQ(stage.run({"deploy", "--yes", "runbook.md"}).status, 5);
    stage.session().run("CREATE INDEX many_lower ON many (a); ANALYZE many");
    const auto resumed = stage.run({"resume"});
    EXPECT_EQ(resumed.status, 0) << resumed.said;
    EXPECT_EQ(measurement(stage).at("before").at("plan_node"), "Seq Scan on many");
}

TEST(Explain, AStatementThatCannotRunBeforeHasNothingBefore) {
    const Stage stage(kMany);
    write_runbook(
        stage,
        "```sql explain name=later\nSELECT count(*) FROM many WHERE b = 1;\n```\n```sql apply\nALTER TABLE many ADD COLUMN b int;\n```\n");
    const auto deploy = stage.run({"deploy", "--yes", "runbook.md"});
    EXPECT_EQ(deploy.status, 0) << deploy.said;
    EXPECT_NE(deploy.said.find("not before: column \"b\" does not exist"), std::string::npos) << deploy.said;
    EXPECT_TRUE(measurement(stage).at("speed_up").is_null());
}

TEST(Explain, WhatWouldWriteIsPlannedOnly) {
    const Stage stage(std::string(kMany) + "; CREATE SEQUENCE s");
    write_runbook(stage,
                  "```sql explain uses=many_pkey name=update\nUPDATE many SET a = 0 WHERE id = 7;\n```\n"
                  "```sql explain name=cte\nWITH gone AS (DELETE FROM many RETURNING 1) SELECT count(*) FROM gone;\n```\n"
                  "```sql explain name=volatile\nSELECT nextval('s');\n```\n"
                  "```sql explain name=locking\nSELECT * FROM many WHERE id = 7 FOR UPDATE;\n```\n```sql apply\nSELECT 1;\n```\n");
    const auto deploy = stage.run({"deploy", "--yes", "runbook.md"});
    EXPECT_EQ(deploy.status, 0) << deploy.said;
    for (std::size_t i = 0; i < 4; ++i) {
        const auto one = measurement(stage, i);
        EXPECT_EQ(one.at("after").at("runs"), 0) << one;
        EXPECT_TRUE(one.at("after").at("median_ms").is_null()) << one;
    }
    EXPECT_EQ(stage.value("SELECT count(*) FILTER (WHERE a = 0) || ' ' || count(*) FROM many"), "20 20000");
    EXPECT_EQ(stage.value("SELECT is_called FROM s"), "f");
}

TEST(Explain, AnIndexOfAPartitionedTableIsUsedThroughItsParts) {
    const Stage stage(
        "CREATE TABLE parts (id int, a int) PARTITION BY RANGE (id); CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO "
        "(10000); "
        "CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (10000) TO (30000); INSERT INTO parts SELECT n, n % 1000 FROM "
        "generate_series(1, 20000) n; CREATE INDEX parts_a ON parts (a); ANALYZE parts");
    write_runbook(stage,
                  "```sql explain uses=public.parts_a\n-- not: Seq Scan on parts\nSELECT * FROM parts WHERE a = 7;\n```\n"
                  "```sql apply\nSELECT 1;\n```\n");
    const auto deploy = stage.run({"deploy", "--yes", "runbook.md"});
    EXPECT_EQ(deploy.status, 0) << deploy.said;
}

TEST(Explain, ALongOneIsCancelled) {
    const Stage stage(kMany);
    write_runbook(stage, "```sql explain timeout=200ms max_ms=5\nSELECT pg_sleep(60);\n```\n```sql apply\nSELECT 1;\n```\n");
    const auto deploy = stage.run({"deploy", "--yes", "runbook.md"});
    EXPECT_EQ(deploy.status, 5) << deploy.said;
    EXPECT_NE(deploy.said.find("it took longer than 200 ms"), std::string::npos) << deploy.said;
}

// A table that is held by a step of its own for as long as it takes to be probed.
const std::string kHeld = std::string(kTable) + "; CREATE TABLE flag ()";
// Holds nothing, ends when the table `flag` has a row.
constexpr const char* kUntilFlag =
    "```sql apply\nDO $$ BEGIN WHILE NOT EXISTS (SELECT FROM flag) LOOP PERFORM pg_sleep(0.02); END LOOP; END $$;\n```\n";

// Until so many samples have begun.
void wait_for_samples(const Stage& stage, int samples) {
    const auto sent = [&] {
        return stage.value(
            "SELECT query_start FROM pg_stat_activity WHERE application_name = 'pgbelay sql probe' AND datname = current_database()");
    };
    for (int i = 0; i < samples; ++i) {
        eventually("another sample", [&, before = sent()] { return sent() != before; });
    }
}

TEST(Probe, IsSentFromTheFirstChangeToTheLastAndNeverStaysInATransaction) {
    const Stage stage(kHeld);
    write_runbook(stage, std::string("```sql probe every=50ms name=rows\nSELECT count(*) FROM t;\n```\n") + kUntilFlag);
    const auto client = stage.start({"deploy", "--yes", "runbook.md"});
    eventually("the probe is sent", [&] {
        return stage.value(
                   "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pgbelay sql probe' AND state = 'idle' AND datname = "
                   "current_database()") == "1";
    });
    stage.session().run("INSERT INTO t VALUES (4, 'more'), (5, 'more')");
    wait_for_samples(stage, 10);
    stage.session().run("INSERT INTO flag DEFAULT VALUES");
    EXPECT_EQ(client->wait(), 0) << client->said();
    EXPECT_EQ(
        stage.value("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pgbelay sql probe' AND datname = current_database()"),
        "0");
    const auto one = measurement(stage);
    EXPECT_EQ(one.at("before").at("value"), "3") << one;
    EXPECT_GE(one.at("after").at("runs").get<int>(), 3) << one;
    EXPECT_EQ(one.at("after").at("most"), 5) << one;
    EXPECT_EQ(one.at("after").at("failed"), 0) << one;
    EXPECT_NE(client->said().find("probe, in ms: median / p95"), std::string::npos) << client->said();
}

TEST(Probe, WhoseValueFailsPausesTheRunUntilItIsMended) {
    const Stage stage(kHeld);
    write_runbook(stage, std::string("```sql probe every=50ms name=rows\n-- fail: value > baseline + 1\nSELECT count(*) FROM t;\n```\n") +
                             kUntilFlag + "```sql apply\nALTER TABLE t ADD COLUMN a int;\n```\n");
    const auto client = stage.start({"deploy", "--yes", "runbook.md"});
    eventually("the probe is sent", [&] { return !stage.backends("sql probe").empty(); });
    Session other = stage.session();
    other.run("INSERT INTO t VALUES (4, 'more')");
    other.run("INSERT INTO t VALUES (5, 'more')");
    wait_for_samples(stage, 20);  // each is several statements
    other.run("INSERT INTO flag DEFAULT VALUES");
    eventually("the run is paused", [&] { return stage.run_state() == "paused"; });
    EXPECT_EQ(stage.value("SELECT count(*) FROM information_schema.columns WHERE table_name = 't'"), "2");
    other.run("DELETE FROM t WHERE id > 3");
    EXPECT_EQ(client->wait(), 0) << client->said();
    EXPECT_EQ(stage.value("SELECT count(*) FROM information_schema.columns WHERE table_name = 't'"), "3");
}

TEST(Probe, ThatIsSlowAbortsWhereItsAuthorSaysSo) {
    const Stage stage(kHeld);
    write_runbook(
        stage, std::string("```sql probe every=50ms max_ms=200 timeout=300ms on_breach=abort name=read\nSELECT count(*) FROM t;\n```\n") +
                   kUntilFlag + "```sql apply\nCREATE TABLE never ();\n```\n");
    const auto client = stage.start({"deploy", "--yes", "runbook.md"});
    eventually("the probe is sent", [&] { return !stage.backends("sql probe").empty(); });
    Session holder = stage.session();
    holder.run("BEGIN; LOCK TABLE t");
    eventually("the run is aborted", [&] { return stage.run_state() == "aborted"; });
    holder.run("COMMIT");
    EXPECT_EQ(client->wait(), 3) << client->said();
    EXPECT_NE(client->said().find("ms > 200 ms"), std::string::npos) << client->said();
    EXPECT_EQ(stage.value("SELECT to_regclass('never')"), "");
}

TEST(Probe, ThatCannotBeAskedIsSaidAndStopsNothing) {
    const Stage stage(kTable);
    write_runbook(stage,
                  "```sql probe every=50ms name=later\nSELECT count(b) FROM t;\n```\n```sql apply\nALTER TABLE t ADD COLUMN a int;\n```\n");
    const auto deploy = stage.run({"deploy", "--yes", "runbook.md"});
    EXPECT_EQ(deploy.status, 0) << deploy.said;
    EXPECT_NE(deploy.said.find("column \"b\" does not exist"), std::string::npos) << deploy.said;
}

TEST(Probe, ThatIsRequiredAndCannotBeAskedStopsBeforeTheFirstChange) {
    const Stage stage(kTable);
    write_runbook(
        stage, "```sql probe required=yes name=later\nSELECT count(b) FROM t;\n```\n```sql apply\nALTER TABLE t ADD COLUMN a int;\n```\n");
    const auto deploy = stage.run({"deploy", "--yes", "runbook.md"});
    EXPECT_EQ(deploy.status, 1) << deploy.said;
    EXPECT_NE(deploy.said.find("probe later cannot be taken: column \"b\" does not exist"), std::string::npos) << deploy.said;
    EXPECT_EQ(stage.value("SELECT count(*) FROM information_schema.columns WHERE table_name = 't'"), "2");
}

TEST(Probe, WhoseConnectionIsCutGoesOn) {
    const Stage stage(kHeld);
    write_runbook(stage, std::string("```sql probe every=50ms name=rows\nSELECT count(*) FROM t;\n```\n") + kUntilFlag);
    const auto client = stage.start({"deploy", "--yes", "runbook.md"});
    eventually("the probe is sent", [&] { return stage.backends("sql probe").size() == 1; });
    const std::string pid = stage.backends("sql probe").front();
    stage.session().run("SELECT pg_terminate_backend(" + pid + ")");
    eventually("another one", [&] {
        const auto now = stage.backends("sql probe");
        return now.size() == 1 && now.front() != pid;
    });
    stage.session().run("INSERT INTO flag DEFAULT VALUES");
    EXPECT_EQ(client->wait(), 0) << client->said();
}

}  // namespace
}  // namespace pgbelay::test
