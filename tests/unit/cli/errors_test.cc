#include "cli/error_text.h"
#include "cli/question.h"
#include "cli/secrets.h"
#include "cli/target_choice.h"
#include "cli/terminal.h"
#include "cli/utc.h"

#include <gtest/gtest.h>

namespace pgbelay::cli {
namespace {

using base::Error;
using base::ErrorCode;

TEST(ErrorText, SaysWhatWhereWhyAndWhatNext) {
    Error error(ErrorCode::server, "relation \"orders\" does not exist");
    error.at({"db/001.sql", 3, 13})
        .detail("the statement:\nALTER TABLE orders ADD COLUMN note text")
        .sqlstate("42P01")
        .hint("is search_path set?");
    error.cause(std::runtime_error("connection 2"));
    EXPECT_EQ(error_text(error, report::Style{}),
              "pgbelay: error: db/001.sql:3:13: relation \"orders\" does not exist\n"
              "  the statement:\n"
              "  ALTER TABLE orders ADD COLUMN note text\n"
              "  cause: connection 2\n"
              "  SQLSTATE 42P01\n"
              "  hint: is search_path set?\n");
}

TEST(ErrorText, IsOneLineWhenNothingElseIsKnown) {
    EXPECT_EQ(error_text(Error(ErrorCode::usage, "no such command"), report::Style{}), "pgbelay: error: no such command\n");
}

TEST(ErrorText, NeverShowsAPassword) {
    EXPECT_EQ(error_text(Error(ErrorCode::usage, "not expected: postgres://app:geheim@db1/x"), report::Style{}),
              "pgbelay: error: not expected: postgres://app:********@db1/x\n");
}

// A process's arguments, writable as the kernel hands them over.
struct Argv {
    explicit Argv(std::vector<std::string> words) : texts(std::move(words)) {
        for (std::string& text : texts) {
            pointers.push_back(text.data());
        }
    }
    std::vector<std::string> texts;
    std::vector<char*> pointers;
};

std::vector<std::string> title_after(std::vector<std::string> words) {
    Argv argv(words);
    const std::vector<std::string> taken = take_words(static_cast<int>(argv.pointers.size()), argv.pointers.data());
    EXPECT_EQ(taken, std::vector<std::string>(words.begin() + 1, words.end()));
    return argv.texts;
}

TEST(Secrets, LeaveTheProcessTitleInEverySpelling) {
    using Words = std::vector<std::string>;
    EXPECT_EQ(title_after({"pgbelay", "deploy", "a.sql", "--db", "pw"}), (Words{"pgbelay", "deploy", "a.sql", "--db", "**"}));
    EXPECT_EQ(title_after({"pgbelay", "deploy", "--db=pw", "a.sql"}), (Words{"pgbelay", "deploy", "--db=**", "a.sql"}));
    EXPECT_EQ(title_after({"pgbelay", "deploy", "-d", "pw"}), (Words{"pgbelay", "deploy", "-d", "**"}));
    EXPECT_EQ(title_after({"pgbelay", "deploy", "--replica", "pw", "--replica=pw"}),
              (Words{"pgbelay", "deploy", "--replica", "**", "--replica=**"}));
    EXPECT_EQ(title_after({"pgbelay", "deploy", "-dpw"}), (Words{"pgbelay", "deploy", "-d**"}));
    EXPECT_EQ(title_after({"pgbelay", "deploy", "-yqdpw"}), (Words{"pgbelay", "deploy", "-yqd**"}));
    EXPECT_EQ(title_after({"pgbelay", "deploy", "--set", "a=b"}), (Words{"pgbelay", "deploy", "--set", "***"}));
}

TEST(Secrets, LeavePathsAndOtherOptionsAlone) {
    using Words = std::vector<std::string>;
    const Words words{"pgbelay", "deploy", "d.sql", "-", "-odir", "--dry-run", "--", "-d", "x"};
    EXPECT_EQ(title_after(words), words);
}

TEST(TargetChoice, PrefersWhatTheCommandLineNames) {
    const std::vector<runbook::Target> targets{{"staging", "postgres://staging", {"deploy.md", 5, 3}}};
    Common common;
    EXPECT_EQ(choose_target(common, "postgres://env", targets).source, "$DATABASE_URL");
    EXPECT_EQ(choose_target(common, "postgres://env", targets).url, "postgres://env");
    common.env = "staging";
    EXPECT_EQ(choose_target(common, "postgres://env", targets).url, "postgres://staging");
    EXPECT_EQ(choose_target(common, "", targets).source, "target staging of deploy.md:5:3");
    common.db = "postgres://db";
    EXPECT_EQ(choose_target(common, "postgres://env", targets).source, "--db");
}

TEST(TargetChoice, TakesTheRunbooksStandbysOnlyForTheRunbooksTargets) {
    const std::vector<runbook::Target> replicas{
        {"", "postgres://all", {}}, {"staging", "postgres://s", {}}, {"production", "postgres://p", {}}};
    Common common;
    common.db = "postgres://db";
    EXPECT_TRUE(choose_replicas(common, replicas).empty());
    common.db.reset();
    common.env = "staging";
    const auto chosen = choose_replicas(common, replicas);
    ASSERT_EQ(chosen.size(), 2U);
    EXPECT_EQ(chosen[1].url, "postgres://s");
    common.replicas = {"postgres://named"};
    ASSERT_EQ(choose_replicas(common, replicas).size(), 1U);
    EXPECT_EQ(choose_replicas(common, replicas)[0].source, "--replica");
    common.replicas.clear();
    EXPECT_THROW(choose_replicas(common, {{"staging", "", {"deploy.md", 5, 3}, "GONE"}}), Error);
}

TEST(TargetChoice, LeavesTheRestToLibpq) {
    const TargetChoice choice = choose_target({}, "", {});
    EXPECT_EQ(choice.url, "");
    EXPECT_FALSE(choice.named);
}

TEST(TargetChoice, NamesTheTargetsThatThereAre) {
    Common common;
    common.env = "prod";
    try {
        choose_target(common, "", {{"staging", "x", {}}, {"production", "y", {}}});
        FAIL() << "an unknown target was taken";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::usage);
        EXPECT_EQ(error.message(), "no target is called prod");
        EXPECT_EQ(error.hint(), "there are: staging, production");
    }
}

TEST(Question, NamesTheTargetAndWhereItsUrlCameFrom) {
    EXPECT_EQ(deploy_question(7, "app@db1:5432/orders", "$DATABASE_URL"), "Deploy 7 steps to app@db1:5432/orders (from $DATABASE_URL)?");
    EXPECT_EQ(rollback_question(7, 1, "app@db1:5432/orders", "--db"), "Roll back run 7 on app@db1:5432/orders (from --db): 1 step?");
}

TEST(Question, IsRefusedWhereNobodyCanAnswer) {
    const Console console(Terminal{}, Format::text);
    const base::StopSignal stop;
    try {
        ask(console, "Deploy?", stop);
        FAIL() << "somebody answered";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::refused);
        EXPECT_NE(error.hint().find("--yes"), std::string::npos);
    }
}

TEST(Terminal, WritesUtf8WhereTheLocaleDoes) {
    EXPECT_TRUE(writes_utf8("", "", "de_DE.UTF-8"));
    EXPECT_TRUE(writes_utf8("", "C.utf8", "C"));
    EXPECT_FALSE(writes_utf8("C", "C.UTF-8", "C.UTF-8"));
    EXPECT_FALSE(writes_utf8("", "", ""));
}

TEST(Terminal, IsColouredOnlyWhereColourIsWanted) {
    Terminal terminal;
    EXPECT_TRUE(style_for(terminal, true, Color::automatic, false).color);
    EXPECT_FALSE(style_for(terminal, false, Color::automatic, false).color);
    terminal.no_color = true;
    EXPECT_FALSE(style_for(terminal, true, Color::automatic, false).color);
    EXPECT_TRUE(style_for(terminal, false, Color::always, false).color);
    EXPECT_FALSE(style_for(terminal, true, Color::never, false).color);
}

TEST(Utc, IsIso8601WithMilliseconds) {
    EXPECT_EQ(utc(std::chrono::system_clock::time_point(std::chrono::milliseconds(1'763'681'045'017))), "2025-11-20T23:24:05.017Z");
}

}  // namespace
}  // namespace pgbelay::cli
