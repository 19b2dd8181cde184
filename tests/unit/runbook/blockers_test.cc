#include "runbook/blockers.h"

#include "workspace.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace pgbelay::runbook {
namespace {

using base::Millis;
using Action = Blockers::Action;

base::Error error_of(std::string_view text) {
    try {
        read_blockers(text, {"--blockers", 0, 0});
    } catch (const base::Error& error) {
        return error;
    }
    return {base::ErrorCode::internal, "nothing was thrown"};
}

TEST(Blockers, AreWaitedForUnlessSaidOtherwise) {
    EXPECT_EQ(read_blockers("wait", {}), Blockers{});
    EXPECT_EQ(Blockers{}.action, Action::wait);
}

TEST(Blockers, TakeAnAgeAndKinds) {
    EXPECT_EQ(read_blockers("cancel", {}), (Blockers{.action = Action::cancel}));
    EXPECT_EQ(read_blockers("cancel:45s", {}), (Blockers{.action = Action::cancel, .older_than = Millis(45'000)}));
    EXPECT_EQ(read_blockers(" terminate : 2min , vacuums,dumps ", {}),
              (Blockers{.action = Action::terminate, .older_than = Millis(120'000), .dumps = true, .vacuums = true}));
    EXPECT_EQ(read_blockers("terminate,migrators", {}), (Blockers{.action = Action::terminate, .migrators = true}));
}

TEST(Blockers, ReadBackAsTheyAreWritten) {
    for (const std::string_view text : {"wait", "cancel:1s", "terminate:90s", "terminate:1500ms,dumps,migrators,vacuums"}) {
        const Blockers policy = read_blockers(text, {});
        EXPECT_EQ(read_blockers(to_string(policy), {}), policy) << text;
    }
}

TEST(Blockers, SayWhatIsWrongWithThem) {
    struct Bad {
        std::string_view text;
        std::string_view message;
        std::string_view hint;
    };
    for (const Bad& bad :
         {Bad{"kill", "\"kill\" is no policy", "wait, cancel, terminate"}, Bad{"", "\"\" is no policy", "wait"},
          Bad{"canncel:5s", "\"canncel\" is no policy", "did you mean \"cancel\""}, Bad{"wait:5s", "`wait` takes no age", "cancel:30s"},
          Bad{"cancel:5", "\"5\" is no age", "cancel:30s"}, Bad{"cancel:", "\"\" is no age", "unit"},
          Bad{"cancel:-1s", "is no age", "unit"}, Bad{"terminate:100ms", "the least age is 1.0 s", "cancel:30s"},
          Bad{"cancel:30s,dumps", "only `terminate` covers dumps", "terminate:30s,dumps"},
          Bad{"terminate,walsenders", "\"walsenders\" is nothing that can be covered", "dumps, migrators, vacuums"}}) {
        const base::Error error = error_of(bad.text);
        EXPECT_EQ(error.code(), base::ErrorCode::input) << bad.text;
        EXPECT_NE(error.message().find(bad.message), std::string::npos) << error.message();
        EXPECT_NE(error.hint().find(bad.hint), std::string::npos) << error.hint();
    }
}

TEST(Blockers, AreToldInWords) {
    EXPECT_EQ(describe(read_blockers("wait", {})), "");
    EXPECT_EQ(describe(read_blockers("cancel:30s", {})), "whoever is in the way with a transaction older than 30.0 s is cancelled");
    EXPECT_EQ(describe(read_blockers("terminate:1min,dumps", {})),
              "whoever is in the way with a transaction older than 1 min is terminated, dumps too");
}

constexpr const char* kRunbook = "---\npgbelay: 1\n{}---\n```sql apply\nSELECT 1;\n```\n";

Runbook read_text(const std::string& front_matter, const std::string& option) {
    const Workspace w;
    std::string text(kRunbook);
    text.replace(text.find("{}"), 2, front_matter);
    return read({w.write("d.md", text)}, {.blockers = option});
}

TEST(Blockers, StandInTheFrontMatterAndTheCommandLineWins) {
    EXPECT_EQ(read_text("blockers: cancel:45s\n", "").blockers.action, Action::cancel);
    EXPECT_EQ(read_text("blockers: terminate:45s,dumps\n", "").blockers.dumps, true);
    EXPECT_EQ(read_text("blockers: cancel:45s\n", "wait").blockers.action, Action::wait);
}

TEST(Blockers, OfTheAuthorAreInTheDigestAndThoseOfTheMomentAreNot) {
    const std::string plain = read_text("", "").digest;
    EXPECT_EQ(read_text("", "terminate:1min").digest, plain);
    EXPECT_EQ(read_text("blockers: wait\n", "").digest, plain);
    EXPECT_NE(read_text("blockers: cancel:45s\n", "").digest, plain);
}

TEST(Blockers, OfTheFrontMatterAreRefusedAtTheirPlace) {
    try {
        read_text("name: x\nblockers: cancel:5\n", "");
        FAIL() << "nothing was thrown";
    } catch (const base::Error& error) {
        EXPECT_EQ(error.place().line, 4);
    }
}

}  // namespace
}  // namespace pgbelay::runbook
