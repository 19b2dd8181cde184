#include "cli/completion.h"

#include "base/subprocess.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <variant>

namespace pgbelay::cli {
namespace {

using ::testing::HasSubstr;

std::string help_of(const std::string& command) {
    return std::get<Answer>(read_arguments({command, "--help"})).text;
}

bool is_there(const std::string& program) {
    return base::run_command({.argv = {"sh", "-c", "command -v " + program}}, base::in(std::chrono::seconds(10)), nullptr).status == 0;
}

// Whether the shell can read the script.
void expect_readable(const std::string& shell, const std::string& script) {
    if (!is_there(shell)) {
        GTEST_SKIP() << shell << " is not here";
    }
    const std::string file = (std::filesystem::temp_directory_path() / ("pgbelay-completion-" + std::to_string(getpid()))).string();
    std::ofstream(file) << script;
    const auto result = base::run_command({.argv = {shell, "-n", file}}, base::in(std::chrono::seconds(10)), nullptr);
    std::filesystem::remove(file);
    EXPECT_EQ(result.status, 0) << result.err;
}

TEST(Completion, KnowsEveryCommandAndEveryOptionOfItsHelp) {
    const auto commands = describe_commands();
    EXPECT_GE(commands.size(), 15U);
    const std::string bash = bash_completion(commands);
    const std::string zsh = zsh_completion(commands);
    const std::string fish = fish_completion(commands);
    const std::string manual = manual_page(commands);
    for (const auto& command : commands) {
        const std::string help = help_of(command.name);
        EXPECT_THAT(help, HasSubstr(command.about));
        EXPECT_THAT(zsh, HasSubstr("    " + command.name + ")\n"));
        EXPECT_THAT(fish, HasSubstr(" -a " + command.name + " "));
        EXPECT_THAT(manual, HasSubstr(".SS " + command.name + "\n"));
        for (const auto& option : command.options) {
            for (const auto& name : option.names) {
                EXPECT_THAT(help, HasSubstr(name)) << command.name;
                EXPECT_THAT(bash, HasSubstr(name)) << command.name;
                EXPECT_THAT(zsh, HasSubstr(name)) << command.name;
            }
        }
    }
}

TEST(Completion, TellsFlagsFromOptionsAndKnowsTheirChoices) {
    const auto commands = describe_commands();
    const auto deploy = std::ranges::find(commands, "deploy", &CommandDescription::name);
    ASSERT_NE(deploy, commands.end());
    EXPECT_TRUE(deploy->takes_files);
    const auto option = [&](const std::string& name) {
        return *std::ranges::find_if(deploy->options, [&](const auto& o) { return std::ranges::find(o.names, name) != o.names.end(); });
    };
    EXPECT_EQ(option("--yes").value, "");
    EXPECT_EQ(option("--db").value, "URL");
    EXPECT_EQ(option("--db").names, (std::vector<std::string>{"-d", "--db"}));
    EXPECT_EQ(option("--format").choices, (std::vector<std::string>{"text", "json", "jsonl"}));
    EXPECT_EQ(option("--on-failure").choices, (std::vector<std::string>{"stop", "rollback"}));
    EXPECT_TRUE(option("--replica").repeatable);
    EXPECT_FALSE(option("--db").repeatable);
}

TEST(Completion, OfBashIsReadable) {
    expect_readable("bash", bash_completion(describe_commands()));
}
TEST(Completion, OfZshIsReadable) {
    expect_readable("zsh", zsh_completion(describe_commands()));
}
TEST(Completion, OfFishIsReadable) {
    expect_readable("fish", fish_completion(describe_commands()));
}

TEST(Completion, OfBashOffersCommandsThenOptionsThenChoices) {
    const auto offered = [&](const std::string& line) {
        const std::string script = bash_completion(describe_commands()) + "\nCOMP_WORDS=(" + line +
                                   "); COMP_CWORD=$((${#COMP_WORDS[@]}-1)); _pgbelay; echo ${COMPREPLY[@]}";
        return base::run_command({.argv = {"bash", "-c", script}}, base::in(std::chrono::seconds(10)), nullptr).out;
    };
    EXPECT_EQ(offered("pgbelay re"), "render report resume\n") << "in the order of --help";
    EXPECT_EQ(offered("pgbelay deploy --rep"), "--replica\n");
    EXPECT_EQ(offered("pgbelay deploy --format j"), "json jsonl\n");
    EXPECT_EQ(offered("pgbelay deploy --db x"), "\n");
}

}  // namespace
}  // namespace pgbelay::cli
