// Facts without a plan are those of the plan.
#include "plan/statement_facts.h"

#include "base/file.h"
#include "planning.h"
#include "runbook/stream.h"
#include "sql/quote.h"

#include <gmock/gmock.h>

#include <unistd.h>

#include <filesystem>

namespace pgbelay::plan {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// What is compared, as text.
std::string line(const StatementFacts& facts) {
    const auto names = [](const std::vector<sql::QualifiedName>& all) {
        std::string text;
        for (const auto& name : all) {
            text += " " + sql::display(name);
        }
        return text;
    };
    std::string text = fmt::format("{} {} {}{}{}{}", facts.n, base::to_string(facts.place), facts.kind, facts.session ? " session" : "",
                                   facts.facts.opaque ? " opaque" : "", facts.facts.transactional ? "" : " alone");
    for (const auto& lock : facts.facts.locks) {
        text += fmt::format(" {}={}", sql::display(lock.relation), catalog::pg_name(lock.mode));
    }
    text += " rewrites" + names(facts.facts.rewrites) + " scans" + names(facts.facts.scans);
    for (const auto& note : facts.notes) {
        text += " note: " + note;
    }
    text += facts.skip ? " skip: " + *facts.skip : "";
    for (const auto& refusal : facts.refusals) {
        text += " refused: " + refusal.message;
    }
    return text;
}

std::vector<std::string> one_by_one(const std::string& path) {
    std::vector<std::string> lines;
    FactsReader reader(catalog::Catalog::unknown(0), {}, [&](const StatementFacts& facts) { lines.push_back(line(facts)); });
    runbook::read_statements({path}, {}, reader);
    return lines;
}

std::vector<std::string> of_the_plan(const std::string& path) {
    const Plan plan = make_plan(runbook::read({path}, {}), catalog::Catalog::unknown(0), {});
    std::vector<std::string> lines;
    for (const StatementPlan& statement : plan.statements) {
        lines.push_back(line(facts_of(plan, statement)));
    }
    return lines;
}

// The number of statements.
std::size_t expect_the_same(const std::string& path) {
    std::vector<std::string> expected;
    try {
        expected = of_the_plan(path);
    } catch (const base::Error&) {
        EXPECT_THROW(one_by_one(path), base::Error) << path;
        return 0;
    }
    const auto found = one_by_one(path);
    EXPECT_EQ(found, expected) << path;
    return expected.size();
}

struct Written {
    fs::path path = fs::temp_directory_path() / fmt::format("pgbelay-facts-{}.sql", getpid());
    explicit Written(const std::string& sql) { base::write_file(path, sql); }
    ~Written() { fs::remove(path); }
    Written(const Written&) = delete;
    Written& operator=(const Written&) = delete;
};

TEST(StatementFacts, AreThoseOfThePlanForEveryCaseAndExample) {
    std::size_t seen = 0;
    for (const char* folder : {"tests/cases", "examples"}) {
        for (const auto& entry : fs::recursive_directory_iterator(fs::path(PGBELAY_SOURCE_DIR) / folder)) {
            const auto extension = entry.path().extension();
            if (entry.is_regular_file() && (extension == ".sql" || entry.path().filename() == "RUNBOOK.md")) {
                seen += expect_the_same(entry.path().string());
            }
        }
    }
    EXPECT_GT(seen, 500U);
}

TEST(StatementFacts, AreThoseOfThePlanForTheCorpus) {
    const fs::path corpus = fs::path(PGBELAY_SOURCE_DIR) / "../shared/corpus";
    if (!fs::exists(corpus)) {
        GTEST_SKIP() << "the corpus is not here: " << corpus;
    }
    std::size_t seen = 0;
    for (const auto& entry : fs::recursive_directory_iterator(corpus)) {
        if (entry.path().extension() == ".sql") {
            seen += expect_the_same(entry.path().string());
        }
    }
    EXPECT_GT(seen, 1000U);
}

TEST(StatementFacts, KnowTransactionsAndSettings) {
    const Written file(
        "CREATE TABLE app.t (a int);\nBEGIN;\nSET LOCAL search_path TO app;\nALTER TABLE t ADD COLUMN b int;\nCOMMIT;\n"
        "SET search_path TO app;\nCREATE INDEX ON t (a);\nBEGIN;\nCREATE INDEX CONCURRENTLY i ON t (b);\nSELECT 1;\nCOMMIT;\nSET LOCAL a.b "
        "TO c;\n"
        "BEGIN;\nVACUUM t;\nCOMMIT;\nINSERT INTO t SELECT FROM;;;\nSELEC 1;\n");
    expect_the_same(file.path.string());
}

TEST(StatementFacts, OfATemporaryTableAreNotThoseOfTheOneThatItHides) {
    const Written file(
        "CREATE TABLE users (id int); BEGIN; CREATE TEMP TABLE users AS SELECT 1 AS id; ALTER TABLE users ADD COLUMN a int; "
        "INSERT INTO users VALUES (2); ALTER TABLE public.users ADD COLUMN b int; DROP TABLE users; ALTER TABLE users ADD COLUMN c int; "
        "CREATE TEMP TABLE users (d int); COMMIT; DROP TABLE users;");
    std::vector<std::string> locked;
    for (const std::string& text : one_by_one(file.path.string())) {
        if (text.find("=AccessExclusiveLock") != std::string::npos || text.find("=RowExclusiveLock") != std::string::npos) {
            locked.push_back(text.substr(0, text.find(' ')));
        }
    }
    EXPECT_THAT(locked, testing::ElementsAre("6", "8", "11"));
    expect_the_same(file.path.string());
}

TEST(StatementFacts, OfATransactionThatIsNotCommittedAreNone) {
    const Written file("BEGIN;\nCREATE TABLE t ();\n");
    const auto lines = one_by_one(file.path.string());
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_THAT(lines[0], HasSubstr("never committed"));
}

TEST(StatementFacts, OfWhatIsNestedTooDeeplyAreARefusal) {
    std::string deep;
    for (int i = 0; i < 200'000; ++i) {
        deep += "(";
    }
    const Written file("SELECT " + deep + "1" + std::string(deep.size(), ')') + ";\nSELECT 2;\n");
    const auto lines = one_by_one(file.path.string());
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_THAT(lines[0], HasSubstr("refused: nested too deeply to be analysed"));
    EXPECT_THAT(lines[1], HasSubstr("SelectStmt"));
}

TEST(StatementFacts, OfAStatementOf50MegabytesAreAnError) {
    std::string sql = "INSERT INTO t VALUES (1)";
    for (int i = 0; i < 2'200'000; ++i) {
        sql += ", (1, 'text of a row')";
    }
    const Written file("SELECT 1;\n" + sql);
    std::vector<std::string> lines;
    FactsReader reader(catalog::Catalog::unknown(0), {}, [&](const StatementFacts& facts) { lines.push_back(line(facts)); });
    try {
        runbook::read_statements({file.path.string()}, {}, reader);
        FAIL() << "it was read";
    } catch (const base::Error& error) {
        EXPECT_EQ(error.code(), base::ErrorCode::input);
        EXPECT_THAT(error.message(), HasSubstr("16 MiB are the limit"));
        EXPECT_EQ(error.place().line, 2);
    }
    EXPECT_EQ(lines.size(), 1U);
}

TEST(StatementFacts, AreReadForMoreStatementsThanAPlanHolds) {
    std::string sql;
    for (int i = 0; i < 100'001; ++i) {
        sql += "SELECT 1;\n";
    }
    const Written file(sql);
    EXPECT_EQ(one_by_one(file.path.string()).size(), 100'001U);
    EXPECT_THROW(of_the_plan(file.path.string()), base::Error);
}

}  // namespace
}  // namespace pgbelay::plan
