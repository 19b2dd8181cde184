#include "cli/sinks.h"

#include "base/file.h"
#include "cli/interrupts.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

namespace pgbelay::cli {
namespace {

// A path that is free, and free again afterwards.
struct OutputPath {
    OutputPath() : path(std::filesystem::temp_directory_path() / ("pgbelay_sinks_" + std::to_string(getpid()))) {}
    ~OutputPath() { std::filesystem::remove(path); }
    std::filesystem::path path;
};

Console console_to(const OutputPath& output, Format format) {
    Console console(Terminal{}, format);
    Common common;
    common.format = format;
    common.output = output.path.string();
    common.quiet = true;
    console.adopt(common);
    return console;
}

TEST(Sinks, StreamEveryEventIntoAFileThatOnlyItsOwnerReads) {
    const OutputPath output;
    const Console console = console_to(output, Format::jsonl);
    Sinks sinks(console);
    plan::Step step;
    step.n = 1;
    step.name = "add column a.b";
    sinks.show(engine::RunStarted{7, "app@db1/o", 1, false, false});
    EXPECT_FALSE(sinks.step_begun());
    sinks.show(engine::StepStarted{&step, 1});
    EXPECT_EQ(sinks.run(), 7);
    EXPECT_TRUE(sinks.step_begun());
    const std::string written = base::read_file(output.path);
    EXPECT_TRUE(written.starts_with(R"({"event":"run_started","run":7,"at":")")) << written;
    EXPECT_NE(written.find("\n{\"event\":\"step_started\",\"run\":7,"), std::string::npos) << written;
    struct stat facts{};
    ASSERT_EQ(stat(output.path.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777U, 0600U);
}

TEST(Sinks, WriteTheDocumentIntoTheFileAtTheEnd) {
    const OutputPath output;
    const Console console = console_to(output, Format::json);
    Sinks sinks(console);
    report::Json document;
    document["result"] = "deployed";
    sinks.finish(document, "text");
    EXPECT_EQ(base::read_file(output.path), "{\n  \"result\": \"deployed\"\n}\n");
}

TEST(Sinks, RefuseAPathThatCannotBeWrittenBeforeTheRun) {
    Console console(Terminal{}, Format::json);
    Common common;
    common.output = "/nowhere/at/all";
    console.adopt(common);
    EXPECT_THROW(Sinks sinks(console), base::Error);
}

TEST(Interrupts, AskEverythingToStopAndRememberWhichSignalItWas) {
    Interrupts interrupts;
    EXPECT_FALSE(interrupts.stop().requested());
    EXPECT_EQ(interrupts.signal(), 0);
    std::raise(SIGTERM);
    EXPECT_TRUE(interrupts.stop().requested());
    EXPECT_EQ(interrupts.signal(), SIGTERM);
}

TEST(Interrupts, EndTheProcessAtTheSecondSignal) {
    EXPECT_EXIT(
        {
            Interrupts interrupts;
            std::raise(SIGINT);
            std::raise(SIGINT);
        },
        testing::ExitedWithCode(130), "");
}

}  // namespace
}  // namespace pgbelay::cli
