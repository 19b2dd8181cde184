// Why the server does what the facts say: that every reason says something of its own, and stands where it can be true.
#include "catalog_builder.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace pgbelay::analysis {
namespace {

using testing::AnyOf;
using testing::Not;
using testing::StartsWith;

std::string contents(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::stringstream bytes;
    bytes << file.rdbuf();
    return bytes.str();
}

TEST(Reasons, SayEachSomethingOfTheirOwn) {
    std::set<std::string_view> sentences;
    for (const Explanation& explanation : explanations()) {
        EXPECT_FALSE(explanation.sentence.empty());
        EXPECT_FALSE(explanation.sentence.ends_with('.')) << explanation.sentence;
        EXPECT_TRUE(sentences.insert(explanation.sentence).second) << "twice: " << explanation.sentence;
    }
}

TEST(Reasons, NameAPlaceWhereTheyCanBeLookedUp) {
    for (const Explanation& explanation : explanations()) {
        EXPECT_THAT(std::string(explanation.source), AnyOf(StartsWith("manual, "), StartsWith("manual of version "), StartsWith("src/")));
        if (explanation.source.starts_with("src/")) {
            EXPECT_NE(explanation.source.find(".c, "), std::string_view::npos) << explanation.source << " names no function";
        }
    }
}

TEST(Reasons, OfTwoLocksOnARelationTheStrongerOnesIsKept) {
    const RelationLock weak{{"public", "t"}, LockMode::share_row_exclusive};
    const RelationLock strong{{"public", "t"}, LockMode::access_exclusive};
    LockFacts rising;
    rising.add(weak, Reason::adds_foreign_key);
    rising.add(strong, Reason::drops_column);
    EXPECT_EQ(rising.size(), 1U);
    EXPECT_EQ(rising.reason(0), Reason::drops_column);
    LockFacts falling;
    falling.add(strong, Reason::drops_column);
    falling.add(weak, Reason::adds_foreign_key);
    falling.add(strong, Reason::adds_column);
    EXPECT_EQ(falling.size(), 1U);
    EXPECT_EQ(falling.reason(0), Reason::drops_column);
}

TEST(Reasons, AreThoseOfTheSubcommandThatNeedsTheMost) {
    const Situation situation("CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE orders (id int, user_id int)");
    const auto facts =
        situation("ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users, ADD COLUMN score float DEFAULT random()").facts;
    ASSERT_THAT(lines(facts.locks), testing::ElementsAre("orders:AccessExclusiveLock", "users:ShareRowExclusiveLock"));
    EXPECT_EQ(facts.locks.reason(0), Reason::adds_column);
    EXPECT_EQ(facts.locks.reason(1), Reason::referenced_by_new_key);
    ASSERT_THAT(names(facts.rewrites), testing::ElementsAre("orders"));
    EXPECT_EQ(facts.rewrites.reason(0), Reason::fills_volatile_default);
}

// Effects that take a moment however large the relation was.
bool is_a_new_file_only(Reason reason) {
    return reason == Reason::gets_empty_file || reason == Reason::index_of_truncated_table || reason == Reason::writes_sequence_anew;
}

void expect_plausible(const Facts& facts, const catalog::Catalog& catalog, const std::string& statement) {
    for (std::size_t i = 0; i < facts.rewrites.size(); ++i) {
        const auto* relation = catalog.find(facts.rewrites[i]);
        const bool index = relation != nullptr && relation->kind == 'i';
        const Work work = explain(facts.rewrites.reason(i)).work;
        if (!is_a_new_file_only(facts.rewrites.reason(i))) {
            EXPECT_TRUE(index ? work == Work::rebuild_index : work == Work::rewrite) << statement;
        }
    }
    for (std::size_t i = 0; i < facts.scans.size(); ++i) {
        EXPECT_THAT(explain(facts.scans.reason(i)).work, Not(AnyOf(Work::none, Work::rebuild_index))) << statement;
    }
}

TEST(Reasons, OfEveryStatementOfTheCasesFitWhatTheyStandAt) {
    std::size_t facts_seen = 0;
    const auto cases = std::filesystem::path(PGBELAY_SOURCE_DIR) / "tests/cases";
    const auto fixture = contents(cases / "shop.sql");
    for (const auto& entry : std::filesystem::recursive_directory_iterator(cases)) {
        if (entry.path().extension() != ".sql" || entry.path().string().find("/deploy/") == std::string::npos) {
            continue;
        }
        const auto root = entry.path().string().substr(0, entry.path().string().find("/deploy/"));
        catalog::Catalog catalog = catalog_of(fixture + contents(std::filesystem::path(root) / "before.sql"));
        sql::Script script;
        try {
            script = sql::read_script(contents(entry.path()), entry.path().string(), {});
        } catch (const base::Error&) {
            continue;  // a case of what is refused when it is read
        }
        for (const sql::Statement& statement : script.statements) {
            const auto facts = analyze(statement, {.base = catalog, .now = catalog, .rewrite = false}).facts;
            expect_plausible(facts, catalog, entry.path().string() + ": " + statement.sql);
            facts_seen += facts.locks.size() + facts.rewrites.size() + facts.scans.size();
            catalog::apply(statement, catalog);
        }
    }
    EXPECT_GT(facts_seen, 500U);
}

}  // namespace
}  // namespace pgbelay::analysis
