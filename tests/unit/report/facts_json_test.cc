#include "report/facts_json.h"

#include "report/json.h"
#include "report/plan_json.h"
#include "sql/script.h"

#include <gtest/gtest.h>

namespace pgbelay::report {
namespace {

// As `plan --format json` has them.
std::vector<Json> of_the_plan(const plan::Plan& plan) {
    std::vector<Json> statements;
    const Json document = plan_json(plan, {});
    for (const Json& statement : document.at("statements")) {
        Json kept;
        for (const char* key :
             {"n", "file", "line", "column", "kind", "session", "transactional", "opaque", "locks", "rewrites", "scans", "notes", "skip"}) {
            kept[key] = statement.at(key);
        }
        for (Json& lock : kept["locks"]) {
            lock = {{"relation", lock["relation"]}, {"mode", lock["mode"]}};
        }
        kept["refusals"] = Json::array();
        statements.push_back(kept);
    }
    return statements;
}

TEST(FactsJson, IsWhatThePlanSays) {
    runbook::Runbook book;
    book.files.push_back({.path = "a \"b\"\\ü.sql", .key = "a"});
    runbook::SqlItem item;
    item.statements =
        sql::read_script(
            "CREATE TABLE \"T \"\"x\"\" ü\n\" (id int);\nALTER TABLE big ADD COLUMN a uuid DEFAULT gen_random_uuid();\n"
            "VACUUM big;\nSET lock_timeout TO 5;\nDROP INDEX CONCURRENTLY i;\nSELECT * FROM \"T \"\"x\"\" ü\n\", big FOR UPDATE;\n",
            "a \"b\"\\ü.sql", {})
            .statements;
    book.items.push_back({.name = "a", .file = 0, .what = std::move(item)});
    const plan::Plan plan = plan::make_plan(book, catalog::Catalog::unknown(0), {});
    const auto expected = of_the_plan(plan);
    ASSERT_EQ(expected.size(), 6U);
    for (std::size_t i = 0; i < expected.size(); ++i) {
        std::string line;
        plan::StatementFacts facts = plan::facts_of(plan, plan.statements[i]);
        facts.refusals.clear();  // the plan has them in a list of their own
        append_facts(line, facts);
        EXPECT_EQ(line, dump_line(expected[i]));
    }
}

TEST(FactsJson, HoldsRefusalsWithoutSecretsAndWhatIsNotUtf8) {
    plan::StatementFacts facts{.n = 7, .place = {"f\xFF.sql", 1, 2}};
    facts.refusals.push_back({{"f.sql", 3, 4}, "near \"PASSWORD 'secret'\"", ""});
    facts.skip = "it is\tthere";
    std::string line;
    append_facts(line, facts);
    const Json json = Json::parse(line);
    EXPECT_EQ(json["file"], "f\uFFFD.sql");
    EXPECT_EQ(json["refusals"][0]["message"], "near \"PASSWORD '********'\"");
    EXPECT_EQ(json["refusals"][0]["hint"], nullptr);
    EXPECT_EQ(json["refusals"][0]["line"], 3);
    EXPECT_EQ(json["skip"], "it is\tthere");
    EXPECT_EQ(line.back(), '\n');
}

}  // namespace
}  // namespace pgbelay::report
