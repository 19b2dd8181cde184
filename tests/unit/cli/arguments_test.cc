#include "cli/arguments.h"

#include "base/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace pgbelay::cli {
namespace {

Arguments parsed(const std::vector<std::string>& words) {
    return std::get<Arguments>(read_arguments(words));
}

std::string usage_error(const std::vector<std::string>& words) {
    try {
        read_arguments(words);
    } catch (const base::Error& error) {
        EXPECT_EQ(error.code(), base::ErrorCode::usage);
        return error.message();
    }
    return "";
}

std::string answer(const std::vector<std::string>& words) {
    return std::get<Answer>(read_arguments(words)).text;
}

TEST(Arguments, ReadDeployWithAllItsOptions) {
    const Arguments read =
        parsed({"deploy", "a.sql", "-",        "--db",  "postgres://x", "-y",  "--on-failure", "rollback", "--as-written", "--set", "a=1",
                "--set",  "b=x=y", "--format", "jsonl", "-o",           "out", "--color",      "never",    "-q",           "-v"});
    const auto& deploy = std::get<Deploy>(read.command);
    EXPECT_EQ(deploy.paths, (std::vector<std::string>{"a.sql", "-"}));
    EXPECT_EQ(deploy.on_failure, engine::OnFailure::rollback);
    EXPECT_TRUE(deploy.as_written);
    EXPECT_FALSE(deploy.dry_run);
    EXPECT_EQ(read.common.db, "postgres://x");
    EXPECT_TRUE(read.common.yes);
    EXPECT_EQ(read.common.format, Format::jsonl);
    EXPECT_EQ(read.common.output, "out");
    EXPECT_EQ(read.common.color, Color::never);
    EXPECT_TRUE(read.common.quiet);
    EXPECT_TRUE(read.common.verbose);
    EXPECT_EQ(read.common.variables, (std::map<std::string, std::string>{{"a", "1"}, {"b", "x=y"}}));
}

TEST(Arguments, DoNotTakePathsForVariables) {
    const Arguments read = parsed({"plan", "--set", "a=1", "one.sql", "two.sql"});
    EXPECT_EQ(std::get<Plan>(read.command).paths, (std::vector<std::string>{"one.sql", "two.sql"}));
}

TEST(Arguments, DefaultToAskingToTextAndToTheUnfinishedRun) {
    const Arguments deploy = parsed({"deploy", "a.sql"});
    EXPECT_FALSE(deploy.common.db.has_value());
    EXPECT_FALSE(deploy.common.yes);
    EXPECT_EQ(deploy.common.format, Format::text);
    EXPECT_EQ(std::get<Deploy>(deploy.command).on_failure, engine::OnFailure::stop);
    EXPECT_FALSE(std::get<Status>(parsed({"status"}).command).run.has_value());
}

TEST(Arguments, TellAnEmptyDbFromNone) {
    EXPECT_EQ(parsed({"status", "--db", ""}).common.db, "");
    EXPECT_EQ(parsed({"status", "--db="}).common.db.value_or("none"), "");
}

TEST(Arguments, ReadEveryCommand) {
    EXPECT_TRUE(std::get<Deploy>(parsed({"deploy", "a", "--dry-run"}).command).dry_run);
    EXPECT_TRUE(std::get<Check>(parsed({"check"}).command).paths.empty());
    EXPECT_EQ(std::get<Check>(parsed({"check", "a"}).command).paths.size(), 1U);
    EXPECT_TRUE(std::get<Check>(parsed({"check", "--syntax", "a"}).command).syntax);
    EXPECT_EQ(usage_error({"check", "--syntax"}), "--syntax reads files, and none is given");
    EXPECT_EQ(std::get<History>(parsed({"history", "--limit", "5"}).command).limit, 5);
    EXPECT_EQ(std::get<Report>(parsed({"report", "7"}).command).run, 7);
    EXPECT_TRUE(std::get<Pause>(parsed({"pause", "--now"}).command).now);
    EXPECT_EQ(std::get<Pause>(parsed({"pause", "7"}).command).run, 7);
    EXPECT_EQ(std::get<Resume>(parsed({"resume", "7", "--on-failure", "rollback"}).command).on_failure, engine::OnFailure::rollback);
    EXPECT_EQ(std::get<Abort>(parsed({"abort", "7"}).command).run, 7);
    EXPECT_EQ(std::get<Rollback>(parsed({"rollback", "7", "-y"}).command).run, 7);
    EXPECT_EQ(std::get<Verify>(parsed({"verify", "a"}).command).paths.size(), 1U);
    EXPECT_EQ(std::get<Mark>(parsed({"mark", "a"}).command).paths.size(), 1U);
    const auto approve = std::get<Approve>(parsed({"approve", "deploy.md", "--as", "reviewed", "--key", "k"}).command);
    EXPECT_EQ(approve.path, "deploy.md");
    EXPECT_EQ(approve.role, "reviewed");
    EXPECT_EQ(approve.key, "k");
    EXPECT_TRUE(std::get<Demo>(parsed({"demo", "--quick"}).command).quick);
    const auto init_db = std::get<InitDb>(parsed({"init-db", "--owner", "o", "--grant", "a", "--grant", "b", "--print"}).command);
    EXPECT_EQ(init_db.owner, "o");
    EXPECT_EQ(init_db.grant_to, (std::vector<std::string>{"a", "b"}));
    EXPECT_TRUE(init_db.print);
}

TEST(Arguments, SayHowLongTheRowsMayBeLookedAt) {
    EXPECT_EQ(parsed({"check", "a"}).common.data_checks, base::Millis(5'000));
    EXPECT_EQ(parsed({"plan", "a", "--data-checks", "2min"}).common.data_checks, base::Millis(120'000));
    EXPECT_EQ(parsed({"deploy", "a", "--data-checks", "0"}).common.data_checks, base::Millis(0));
}

TEST(Arguments, RefuseWhatIsNotThere) {
    EXPECT_NE(usage_error({}), "");
    EXPECT_NE(usage_error({"lint", "a.sql"}), "");
    EXPECT_NE(usage_error({"deploy"}), "");
    EXPECT_NE(usage_error({"plan", "a.sql", "--format", "lines"}), "");
    EXPECT_NE(usage_error({"status", "--yes"}), "");
    EXPECT_NE(usage_error({"report", "seven"}), "");
    EXPECT_NE(usage_error({"report", "0"}), "");
    EXPECT_NE(usage_error({"approve", "deploy.md"}), "");
    EXPECT_NE(usage_error({"approve", "deploy.md", "--as", "seen"}), "");
    EXPECT_EQ(usage_error({"plan", "a.sql", "--data-checks", "5"}), "--data-checks: \"5\" is not a time");
}

TEST(Arguments, RefuseTwoDatabasesAndVariablesWithoutAName) {
    EXPECT_EQ(usage_error({"plan", "a.sql", "--db", "x", "--env", "staging"}), "--db and --env both name the database");
    EXPECT_EQ(usage_error({"plan", "a.sql", "--set", "novalue"}), "--set wants NAME=VALUE");
}

TEST(Arguments, AnswerHelpWithAnExampleForEveryCommand) {
    for (const char* command : {"demo", "check", "plan", "deploy", "status", "history", "report", "pause", "resume", "abort", "rollback",
                                "verify", "mark", "approve", "init-db"}) {
        const std::string help = answer({command, "--help"});
        EXPECT_THAT(help, testing::HasSubstr(std::string("Example:\n  pgbelay ") + command)) << help;
        EXPECT_THAT(answer({"--help"}), testing::HasSubstr(std::string("  ") + command + " "));
    }
}

TEST(Arguments, KeepHelpWithinEightyColumns) {
    for (const auto& words : std::vector<std::vector<std::string>>{{"--help"}, {"deploy", "--help"}, {"init-db", "--help"}}) {
        std::istringstream lines(answer(words));
        for (std::string line; std::getline(lines, line);) {
            EXPECT_LE(line.size(), 80U) << line;
        }
    }
}

TEST(Arguments, AnswerTheVersion) {
    EXPECT_THAT(answer({"--version"}), testing::MatchesRegex("pgbelay [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST(Arguments, FindTheFormatEvenWhereTheRestIsWrong) {
    EXPECT_EQ(format_asked_for({"deploy", "--nonsense", "--format", "json"}), Format::json);
    EXPECT_EQ(format_asked_for({"deploy", "--format=jsonl"}), Format::jsonl);
    EXPECT_EQ(format_asked_for({"deploy", "--", "--format=json"}), Format::text);
    EXPECT_EQ(format_asked_for({"deploy"}), Format::text);
}

}  // namespace
}  // namespace pgbelay::cli
