// Real migrations against libpg_query's own splitter, and against what a server saw of them.
#include "sql/script.h"

#include "base/file.h"
#include "sql/tree.h"

#include <gtest/gtest.h>
#include <pg_query.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace pgbelay::sql {
namespace {

namespace fs = std::filesystem;

fs::path corpus() {
    return fs::path(PGBELAY_SOURCE_DIR).parent_path() / "shared" / "corpus";
}

std::vector<fs::path> sql_files() {
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(corpus())) {
        if (entry.path().extension() == ".sql") {
            files.push_back(entry.path());
        }
    }
    std::sort(files.begin(), files.end());
    return files;
}

std::vector<std::string> split_by_the_grammar(const std::string& text) {
    const PgQuerySplitResult split = pg_query_split_with_parser(text.c_str());
    std::vector<std::string> statements;
    for (int i = 0; split.error == nullptr && i < split.n_stmts; ++i) {
        const auto& statement = *split.stmts[i];
        const auto length = statement.stmt_len == 0 ? std::string::npos : static_cast<std::size_t>(statement.stmt_len);
        statements.push_back(text.substr(static_cast<std::size_t>(statement.stmt_location), length));
    }
    if (split.error != nullptr) {
        ADD_FAILURE() << split.error->message;
    }
    pg_query_free_split_result(split);
    return statements;
}

std::string without_bom(std::string text) {
    return text.starts_with("\xEF\xBB\xBF") ? text.substr(3) : text;
}

TEST(Corpus, IsSplitAsTheGrammarSplitsIt) {
    if (!fs::exists(corpus())) {
        GTEST_SKIP() << "SKIPPED: no migrations in " << corpus();
    }
    const auto files = sql_files();
    ASSERT_FALSE(files.empty());
    for (const auto& file : files) {
        SCOPED_TRACE(file.string());
        const auto text = without_bom(base::read_file(file));
        const auto expected = split_by_the_grammar(text);
        const auto script = read_script(text, file.string(), {});
        ASSERT_EQ(script.statements.size(), expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i) {
            EXPECT_TRUE(same_tree(script.statements[i].sql, expected[i])) << script.statements[i].sql;
        }
    }
}

std::string without_space(std::string text) {
    std::erase_if(text, [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); });
    return text;
}

TEST(Corpus, HasTheNumbersAndKindsThatWereRecorded) {
    if (!fs::exists(corpus())) {
        GTEST_SKIP() << "SKIPPED: no migrations in " << corpus();
    }
    std::size_t compared = 0;
    for (const auto& chain : fs::directory_iterator(corpus())) {
        std::map<std::string, Script> scripts;
        std::ifstream lines(chain.path() / "locks.jsonl");
        for (std::string line; std::getline(lines, line);) {
            const auto recorded = nlohmann::json::parse(line);
            const auto file = (chain.path() / recorded.at("file").get<std::string>()).string();
            SCOPED_TRACE(file + " " + recorded.at("n").dump());
            if (!scripts.contains(file)) {
                scripts.emplace(file, read_script(base::read_file(file), file, {}));
            }
            const auto& statements = scripts.at(file).statements;
            const auto n = recorded.at("n").get<std::size_t>();
            ASSERT_LE(n, statements.size());
            const auto& statement = statements[n - 1];
            EXPECT_EQ(statement.n, static_cast<int>(n));
            EXPECT_EQ(statement.kind, recorded.at("kind").get<std::string>());
            // The record folds white space, leaves out comments wherever they stand, and is cut short.
            if (statement.sql.find("--") == std::string::npos && statement.sql.find("/*") == std::string::npos) {
                const auto sql = without_space(recorded.at("sql").get<std::string>());
                EXPECT_EQ(without_space(statement.sql).substr(0, sql.size()), sql);
            }
            ++compared;
        }
    }
    EXPECT_GT(compared, 1'000U);
}

}  // namespace
}  // namespace pgbelay::sql
