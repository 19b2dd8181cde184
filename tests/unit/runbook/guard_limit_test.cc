#include "runbook/guard_limit.h"
#include "runbook/front_matter.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace pgbelay::runbook {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

FrontMatter read(const std::string& yaml) {
    return read_front_matter({.yaml = yaml}, "deploy.md", [](const std::string&) { return std::nullopt; });
}

std::vector<GuardLimit> limits_of(const std::string& limits) {
    return read("pgbelay: 1\nlimits: { " + limits + " }\n").limits.guard;
}

base::Error error_of(const std::function<void()>& act) {
    try {
        act();
    } catch (const base::Error& error) {
        return error;
    }
    ADD_FAILURE() << "no error";
    return {base::ErrorCode::internal, ""};
}

TEST(GuardLimit, TakesAValueAnActionAndSamples) {
    EXPECT_THAT(limits_of("lock_waiters: 10:pause, active_sessions: 30, step_time: { max: 5min, action: rollback }"),
                ElementsAre(GuardLimit{.name = "active_sessions", .most = 30},
                            GuardLimit{.name = "lock_waiters", .most = 10, .action = OnBreach::pause},
                            GuardLimit{.name = "step_time", .most = 300'000, .action = OnBreach::rollback}));
    EXPECT_THAT(limits_of("blocked_by_us: { samples: 5, max: 3 }, replication_lag_bytes: 64 MB:abort"),
                ElementsAre(GuardLimit{.name = "blocked_by_us", .most = 3, .samples = 5},
                            GuardLimit{.name = "replication_lag_bytes", .most = 64.0 * 1024 * 1024, .action = OnBreach::abort}));
    EXPECT_THAT(limits_of("rollbacks_per_second: 3x:abort, active_sessions: { max: 1.5x }"),
                ElementsAre(GuardLimit{.name = "active_sessions", .most = 1.5, .of_baseline = true},
                            GuardLimit{.name = "rollbacks_per_second", .most = 3, .of_baseline = true, .action = OnBreach::abort}));
}

struct Bad {
    std::string limits;
    int column;  // of the place
    std::string message;
    std::string hint;
};

TEST(GuardLimit, SaysWhatItDoesNotUnderstandAndWhere) {
    for (const Bad& bad : std::vector<Bad>{
             {"lock_waitres: 10", 11, "unknown key \"lock_waitres\" in limits", "did you mean \"lock_waiters\"?"},
             {"lock_waiters: 10:stop", 25, "lock_waiters has no action \"stop\"", "pause, abort, rollback"},
             {"lock_waiters: \"10:\"", 25, "lock_waiters has no action \"\"", "pause, abort, rollback"},
             {"lock_waiters: \":abort\"", 25, "lock_waiters is \"\", which is not a whole number", ""},
             {"lock_waiters: 10:abort:3", 25, "lock_waiters has no action \"abort:3\"", "abort"},
             {"lock_waiters: x", 25, "lock_waiters is \"x\", which is no multiple of a baseline", "3x"},
             {"lock_waiters: 0x", 25, "no multiple", "3x"},
             {"lock_waiters: nanx", 25, "no multiple", "3x"},
             {"lock_waiters: [10]", 25, "lock_waiters needs a single value", ""},
             {"lock_waiters: {}", 25, "lock_waiters has no max", "{ max: 10, action: abort }"},
             {"lock_waiters: { mx: 10 }", 27, "unknown key \"mx\" in lock_waiters", "\"max\""},
             {"lock_waiters: { max: 10, samples: 0 }", 45, "samples is 0, which is not between 1 and 600", "every second"},
             {"lock_waiters: { max: 10, samples: 99999999999 }", 45, "samples is \"99999999999\"", ""},
             {"lock_waiters: { max: 10, action: aborted }", 44, "lock_waiters has no action \"aborted\"", "did you mean \"abort\"?"},
             {"rollbacks_per_second: 1e999", 33, "not a number of events in a second", "3x"},
             {"rollbacks_per_second: many", 33, "not a number of events in a second", "3x"},
             {"blocked_by_us: 3x", 26, "blocked_by_us is \"3x\", and there is no baseline for it", "number of its own"},
             {"run_time: 2x", 21, "there is no baseline for it", ""},
             {"run_time: 0s", 21, "run_time must be more than 0", ""},
             {"run_time: 5", 21, "run_time is \"5\", which is not a time", "unit"},
             {"run_time: 30min:pause", 21, "run_time cannot pause", "abort or rollback"},
             {"step_time: { max: 1h, action: pause }", 41, "step_time cannot pause", "abort or rollback"},
             {"step_time: { max: 1h, samples: 2 }", 42, "step_time has no samples", ""},
             {"replication_lag_bytes: 5 elephants", 34, "replication_lag_bytes is \"5 elephants\", which is not a size", "8MB"},
         }) {
        const base::Error error = error_of([&] { limits_of(bad.limits); });
        EXPECT_THAT(error.message(), HasSubstr(bad.message)) << bad.limits;
        EXPECT_THAT(error.hint(), HasSubstr(bad.hint)) << bad.limits;
        EXPECT_EQ(error.place().file, "deploy.md") << bad.limits;
        EXPECT_EQ(error.place().line, 3) << bad.limits;
        EXPECT_EQ(error.place().column, bad.column) << bad.limits;
    }
}

TEST(GuardLimit, TimeOfOursThatWouldOnlyPauseIsRefused) {
    const FrontMatter matter = read("pgbelay: 1\nlimits: { run_time: 90s }\n");
    const base::Error error = error_of([&] { refuse_pause_on_time(matter.limits.guard, matter.on_breach); });
    EXPECT_THAT(error.message(), HasSubstr("run_time needs an action: on_breach is pause"));
    EXPECT_THAT(error.hint(), HasSubstr("run_time: 90s:abort"));
    EXPECT_EQ(error.place().line, 3);
    EXPECT_NO_THROW(refuse_pause_on_time(matter.limits.guard, OnBreach::abort));
    EXPECT_NO_THROW(refuse_pause_on_time(limits_of("run_time: 90s:rollback"), OnBreach::pause));
}

TEST(GuardLimit, TheCommandLineWinsAndKeepsTheActionThatItDoesNotName) {
    Limits limits;
    limits.guard = limits_of("lock_waiters: { max: 10, action: rollback, samples: 7 }");
    override_limits(limits, {{"lock_waiters", "20"}, {"active_sessions", "3x:abort"}});
    EXPECT_THAT(limits.guard, ElementsAre(GuardLimit{.name = "active_sessions", .most = 3, .of_baseline = true, .action = OnBreach::abort},
                                          GuardLimit{.name = "lock_waiters", .most = 20, .action = OnBreach::rollback, .samples = 7}));
    override_limits(limits, {{"lock_waiters", "5:abort"}});
    EXPECT_EQ(limits.guard.back().action, OnBreach::abort);
    EXPECT_THAT(error_of([&] { override_limits(limits, {{"lock_waiters", "5:stop"}}); }).place().file, "--limit");
}

TEST(GuardLimit, EveryMeasureCanBeWrittenAsItIsShown) {
    for (const Measure& measure : measures()) {
        const std::string value = measure.unit == Unit::milliseconds ? "90s" : "90";
        const GuardLimit limit = limits_of(fmt::format("{}: {}", measure.name, value)).front();
        EXPECT_EQ(limits_of(fmt::format("{}: {}", measure.name, value_text(measure, limit))).front(), limit) << measure.name;
        EXPECT_FALSE(figure_text(measure, limit.most).empty());
    }
}

}  // namespace
}  // namespace pgbelay::runbook
