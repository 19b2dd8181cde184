// docs/runbook.md is the reference of the format: every example in it is read, and every runbook in it is deployed.
#include "base/file.h"
#include "faults/stage.h"
#include "support/doc_examples.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

namespace pgbelay::test {
namespace {

const std::string& document() {
    static const std::string text = base::read_file(PGBELAY_SOURCE_DIR "/docs/runbook.md");
    return text;
}

// The database that the examples begin with: the document's first SQL.
std::string beginning() {
    for (const DocFence& fence : doc_fences(document())) {
        if (fence.info == "sql") {
            return fence.content;
        }
    }
    return "";
}

// A fence such as ```sql sql/001.sql is a file that the examples after it name.
void write_files(const Stage& stage, int before_line) {
    for (const DocFence& fence : doc_fences(document())) {
        if (fence.line < before_line && fence.info.starts_with("sql ") && fence.info.ends_with(".sql")) {
            const std::string name = fence.info.substr(4);
            std::filesystem::create_directories((stage.folder.path() / name).parent_path());
            stage.folder.write(name, fence.content);
        }
    }
}

TEST(RunbookDocument, EveryRunbookInItDeploys) {
    int deployed = 0;
    for (const DocFence& fence : doc_fences(document())) {
        if (fence.info != "markdown") {
            continue;
        }
        SCOPED_TRACE("docs/runbook.md:" + std::to_string(fence.line));
        Stage stage(beginning());
        write_files(stage, fence.line);
        stage.folder.write("runbook.md", fence.content);
        const Stage::Ended syntax = stage.run({"check", "--syntax", "runbook.md"});
        EXPECT_EQ(syntax.status, 0) << syntax.said;
        std::vector<std::string> arguments{"deploy", "--yes", "runbook.md"};
        if (fence.content.find("```confirm name=backup") != std::string::npos) {
            arguments.insert(arguments.end(), {"--confirm", "backup=the test"});
        }
        const Stage::Ended deploy = stage.run(arguments);
        EXPECT_EQ(deploy.status, 0) << deploy.said;
        ++deployed;
    }
    EXPECT_GE(deployed, 12);
}

// How many fences of YAML there are; each is read as a front matter.
int read_front_matters(const std::string& name, const std::string& text) {
    const Stage stage("");
    int read = 0;
    for (const DocFence& fence : doc_fences(text)) {
        if (fence.info != "yaml") {
            continue;
        }
        SCOPED_TRACE(name + ":" + std::to_string(fence.line));
        const std::string head = fence.content.starts_with("pgbelay:") ? "" : "pgbelay: 1\n";
        stage.folder.write("runbook.md", "---\n" + head + fence.content + "---\n```sql apply\nSELECT 1;\n```\n");
        // What they require is not true of an empty database: they are only read.
        const Stage::Ended syntax = stage.run({"check", "--syntax", "runbook.md"});
        EXPECT_EQ(syntax.status, 0) << syntax.said;
        ++read;
    }
    return read;
}

TEST(RunbookDocument, EveryFrontMatterInItIsRead) {
    EXPECT_GE(read_front_matters("docs/runbook.md", document()), 3);
}

TEST(LimitsDocument, EveryFrontMatterInItIsRead) {
    EXPECT_GE(read_front_matters("docs/limits.md", base::read_file(PGBELAY_SOURCE_DIR "/docs/limits.md")), 1);
}

}  // namespace
}  // namespace pgbelay::test
