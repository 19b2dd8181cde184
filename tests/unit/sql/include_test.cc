#include "sql/script.h"

#include "base/file.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace pgbelay::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Include : public ::testing::Test {
protected:
    Include() {
        std::string pattern = (std::filesystem::temp_directory_path() / "pgbelay-include-XXXXXX").string();
        directory_ = mkdtemp(pattern.data());
    }
    ~Include() override { std::filesystem::remove_all(directory_); }

    std::string write(const std::string& name, const std::string& text) {
        const auto path = directory_ / name;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary) << text;
        return path.string();
    }
    Script read(const std::string& name) const {
        const auto path = (directory_ / name).string();
        return read_script(base::read_file(path), path, {});
    }
    std::string error(const std::string& name) const {
        try {
            read(name);
        } catch (const base::Error& error) {
            return error.what();
        }
        return "no error";
    }
    std::string path(const std::string& name) const { return (directory_ / name).string(); }

    std::filesystem::path directory_;
};

TEST_F(Include, CountsStatementsPerFileAndKeepsTheirPlaces) {
    write("main.sql", "SELECT 1;\n\\ir sub/a.sql\nSELECT 2;\n");
    write("sub/a.sql", "SELECT 3;\n SELECT 4");
    const auto script = read("main.sql");
    std::vector<std::string> seen;
    for (const auto& statement : script.statements) {
        seen.push_back(fmt::format("{} {} {}:{}", statement.n, statement.sql,
                                   std::filesystem::path(statement.place.file).filename().string(), statement.place.line));
    }
    EXPECT_THAT(seen, ElementsAre("1 SELECT 1 main.sql:1", "1 SELECT 3 a.sql:1", "2 SELECT 4 a.sql:2", "2 SELECT 2 main.sql:3"));
    EXPECT_THAT(script.includes, ElementsAre(path("sub/a.sql")));
}

TEST_F(Include, FindsFilesBesideTheIncludingFile) {
    write("main.sql", "\\i sub/a.sql;\n");
    write("sub/a.sql", "\\include_relative b.sql\n\\i c.sql\n");
    write("sub/b.sql", "SELECT 1");
    write("sub/c.sql", "SELECT 2");
    EXPECT_EQ(read("main.sql").statements.size(), 2U);
}

TEST_F(Include, SharesVariablesAndEchoes) {
    write("main.sql", "\\set t orders\n\\echo before\n\\ir a.sql\nSELECT :'x';");
    write("a.sql", "TABLE :t;\n\\set x 1\n");
    const auto script = read("main.sql");
    EXPECT_EQ(script.statements[0].sql, "TABLE orders");
    EXPECT_THAT(script.statements[0].echoes, ElementsAre("before"));
    EXPECT_EQ(script.statements[1].sql, "SELECT '1'");
}

TEST_F(Include, ReadsTheRowsOfACopyInItsOwnFile) {
    write("main.sql", "\\ir a.sql\nSELECT 1;\n");
    write("a.sql", "COPY t FROM stdin;\n1\n");
    const auto script = read("main.sql");
    ASSERT_EQ(script.statements.size(), 2U);
    EXPECT_EQ(script.statements[0].copy_data, "1\n");
}

TEST_F(Include, NamesTheChainOfACircle) {
    write("main.sql", "\\ir a.sql\n");
    write("a.sql", "SELECT 1;\n\\ir b.sql\n");
    write("b.sql", "\n\\ir ./a.sql\n");
    EXPECT_EQ(error("main.sql"),
              fmt::format("{}:2:1: circular include: {} → {} → {}", path("b.sql"), path("a.sql"), path("b.sql"), path("a.sql")));
    write("self.sql", "\\ir self.sql");
    EXPECT_THAT(error("self.sql"), HasSubstr("circular include"));
}

TEST_F(Include, StopsAtAHundredLevels) {
    for (int i = 0; i < 120; ++i) {
        write(fmt::format("f{}.sql", i), fmt::format("\\ir f{}.sql\n", i + 1));
    }
    write("f120.sql", "SELECT 1;");
    EXPECT_THAT(error("f0.sql"), HasSubstr("f100.sql:1:1: includes nested more than 100 levels deep"));
    EXPECT_EQ(error("f20.sql"), "no error");
}

TEST_F(Include, ReportsWhatCannotBeReadAtTheInclude) {
    write("main.sql", "SELECT 1;\n\\ir missing.sql\n");
    EXPECT_EQ(error("main.sql"),
              fmt::format("{}:2:1: cannot read \"{}\": No such file or directory", path("main.sql"), path("missing.sql")));
    write("main.sql", "\\ir .\n");
    EXPECT_THAT(error("main.sql"), HasSubstr(":1:1: cannot read"));
    EXPECT_THAT(error("main.sql"), HasSubstr("Is a directory"));
    write("main.sql", "SELECT 1;\n\\i /dev/zero\n");
    EXPECT_THAT(error("main.sql"), HasSubstr(":2:1: cannot include \"/dev/zero\": it is not a regular file"));
    write("main.sql", "\\i\n");
    EXPECT_THAT(error("main.sql"), HasSubstr("\\i without a file"));
    write("main.sql", "\\i -\n");
    EXPECT_THAT(error("main.sql"), HasSubstr("needs the name of a file"));
}

TEST_F(Include, ReportsBadBytesAndOpenQuotesInTheIncludedFile) {
    write("main.sql", "\\ir a.sql\n");
    write("a.sql", "SELECT 1;\n '\xff'");
    EXPECT_THAT(error("main.sql"), HasSubstr("a.sql:2:3: byte 0xff"));
    write("a.sql", "SELECT 'a");
    EXPECT_THAT(error("main.sql"), HasSubstr("a.sql:1:8: unterminated"));
}

TEST_F(Include, IsRefusedInTheMiddleOfAStatementAndUnderADirective) {
    write("a.sql", "SELECT 1;");
    write("main.sql", "SELECT\n\\ir a.sql\n");
    EXPECT_THAT(error("main.sql"), HasSubstr(":2:1: an include in the middle of a statement"));
    write("main.sql", "-- pgbelay: as-written\n\\ir a.sql\n");
    EXPECT_THAT(error("main.sql"), HasSubstr(":1:1: the directive \"as-written\" stands above an include"));
}

}  // namespace
}  // namespace pgbelay::sql
