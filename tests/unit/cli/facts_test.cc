// `plan --format jsonl` without a database: one input, or each path for itself.
#include "cli/facts.h"

#include "base/file.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <sstream>

namespace pgbelay::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::ElementsAre;

class FactsOfFiles : public ::testing::Test {
protected:
    FactsOfFiles() { fs::create_directories(folder_); }
    ~FactsOfFiles() override { fs::remove_all(folder_); }

    std::string write(const std::string& name, const std::string& sql) const {
        base::write_file(folder_ / name, sql);
        return (folder_ / name).string();
    }

    // The exit status; the lines are in `lines_`, also those before an error.
    int print(const std::vector<std::string>& paths, bool separately) {
        Common common;
        common.output = (folder_ / "out").string();
        common.format = Format::jsonl;
        Console console({}, common.format);
        console.adopt(common);
        const auto read = [&] {
            std::istringstream in(base::read_file(common.output));
            lines_.clear();
            for (std::string line; std::getline(in, line);) {
                lines_.push_back(json::parse(line));
            }
        };
        try {
            const int status = print_facts({.paths = paths, .facts = true, .separately = separately}, {common, console, interrupts_});
            read();
            return status;
        } catch (const base::Error&) {
            read();
            throw;
        }
    }

    std::vector<std::string> relations(std::size_t line) const {
        std::vector<std::string> names;
        for (const auto& lock : lines_.at(line)["locks"]) {
            names.push_back(lock["relation"]);
        }
        return names;
    }

    fs::path folder_ = fs::temp_directory_path() / fmt::format("pgbelay-facts-of-files-{}", getpid());
    Interrupts interrupts_;
    std::vector<json> lines_;
};

TEST_F(FactsOfFiles, BuildOnEachOtherUnlessTheyAreSeparate) {
    const auto a = write("a.sql", "CREATE TABLE t (a int);\nCREATE INDEX i ON t (a);\n");
    const auto b = write("b.sql", "UPDATE t SET a = 1;\n");
    EXPECT_EQ(print({a, b}, false), 0);
    ASSERT_EQ(lines_.size(), 3U);
    EXPECT_THAT(relations(2), ElementsAre("public.t", "public.i"));
    EXPECT_EQ(print({a, b}, true), 0);
    ASSERT_EQ(lines_.size(), 3U);
    EXPECT_EQ(lines_[2]["file"], b);
    EXPECT_EQ(relations(2).size(), 1U);
}

TEST_F(FactsOfFiles, ComeInTheOrderOfThePathsHoweverManyWork) {
    std::vector<std::string> paths;
    std::vector<std::string> expected;
    for (int i = 0; i < 100; ++i) {
        std::string sql;
        for (int n = 0; n < 1 + i % 7 * 200; ++n) {
            sql += "ALTER TABLE t ADD COLUMN a int;\n";
            expected.push_back(fmt::format("{}:{}", i, n + 1));
        }
        paths.push_back(write(fmt::format("{}.sql", i), sql));
    }
    EXPECT_EQ(print(paths, true), 0);
    std::vector<std::string> found;
    for (const auto& line : lines_) {
        found.push_back(fmt::format("{}:{}", fs::path(line["file"].get<std::string>()).stem().string(), line["n"].get<int>()));
    }
    EXPECT_EQ(found, expected);
}

TEST_F(FactsOfFiles, OfAFileThatCannotBeReadAreAnErrorAfterTheOthers) {
    const auto good = write("good.sql", "SELECT 1;\n");
    const auto bad = write("bad.sql", "SELECT 1;\nSELECT 'never closed;\n");
    EXPECT_THROW(print({good, bad, good}, true), base::Error);
    EXPECT_EQ(lines_.size(), 3U);
}

TEST_F(FactsOfFiles, ThatWouldBeRefusedEndWithTheStatusOfARefusal) {
    EXPECT_EQ(print({write("a.sql", "SELEC 1;\n")}, false), 3);
    ASSERT_EQ(lines_.size(), 1U);
    EXPECT_EQ(lines_[0]["refusals"].size(), 1U);
}

}  // namespace
}  // namespace pgbelay::cli
