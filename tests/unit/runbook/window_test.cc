#include "runbook/window.h"

#include <date/tz.h>
#include <gmock/gmock.h>

#include <sstream>

namespace pgbelay::runbook {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::HasSubstr;

// "2026-03-08 06:30" in UTC.
Instant utc(const std::string& text) {
    std::istringstream in(text);
    Instant at;
    in >> date::parse("%F %H:%M", at);
    EXPECT_FALSE(in.fail()) << text;
    return at;
}

std::string text(Instant at) {
    return date::format("%F %H:%M", at);
}

std::string text(const std::optional<Instant>& at) {
    return at ? text(*at) : "never";
}

TEST(Window, OpensAndClosesByTheClocksOfItsZone) {
    const Windows windows({"02:00-04:00 America/New_York"});
    EXPECT_FALSE(windows.open(utc("2026-01-15 06:59")));
    EXPECT_TRUE(windows.open(utc("2026-01-15 07:00")));
    EXPECT_TRUE(windows.open(utc("2026-01-15 08:59")));
    EXPECT_FALSE(windows.open(utc("2026-01-15 09:00"))) << "its end is outside";
    EXPECT_TRUE(windows.open(utc("2026-07-15 06:00"))) << "summer time";
    EXPECT_EQ(text(windows.closes(utc("2026-01-15 07:30"))), "2026-01-15 09:00");
    EXPECT_EQ(text(windows.opens(utc("2026-01-15 09:00"))), "2026-01-16 07:00");
    EXPECT_EQ(windows.words(utc("2026-01-16 07:00")), "Fri 2026-01-16 02:00 America/New_York");
}

TEST(Window, IsShorterInTheNightInWhichTheClocksGoForward) {
    // On 8 March 2026 at 02:00 (07:00 UTC) New York's clocks went to 03:00.
    const Windows windows({"02:00-04:00 America/New_York"});
    EXPECT_EQ(text(windows.opens(utc("2026-03-08 00:00"))), "2026-03-08 07:00");
    EXPECT_EQ(text(windows.closes(utc("2026-03-08 07:00"))), "2026-03-08 08:00");
    const Windows skipped({"02:15-02:45 America/New_York"});
    EXPECT_EQ(text(skipped.opens(utc("2026-03-08 00:00"))), "2026-03-09 06:15") << "there is no such time on the 8th";
}

TEST(Window, ComesTwiceInTheNightInWhichTheClocksGoBack) {
    // On 1 November 2026 at 02:00 summer time (06:00 UTC) they went to 01:00.
    const Windows windows({"01:00-01:30 America/New_York"});
    EXPECT_EQ(text(windows.opens(utc("2026-11-01 00:00"))), "2026-11-01 05:00");
    EXPECT_EQ(text(windows.closes(utc("2026-11-01 05:00"))), "2026-11-01 05:30");
    EXPECT_EQ(text(windows.opens(utc("2026-11-01 05:30"))), "2026-11-01 06:00");
    EXPECT_EQ(text(windows.closes(utc("2026-11-01 06:00"))), "2026-11-01 06:30");
    const Windows around({"00:00-03:00 America/New_York"});
    EXPECT_EQ(text(around.closes(utc("2026-11-01 04:00"))), "2026-11-01 08:00") << "four hours";
}

TEST(Window, OfAnEveningReachesIntoTheNextDay) {
    const Windows windows({"Fri 22:00-02:00 UTC"});
    EXPECT_TRUE(windows.open(utc("2026-01-02 23:00")));
    EXPECT_TRUE(windows.open(utc("2026-01-03 01:59"))) << "Saturday";
    EXPECT_FALSE(windows.open(utc("2026-01-03 22:30")));
    EXPECT_FALSE(windows.open(utc("2026-01-02 01:00"))) << "Thursday's night";
    EXPECT_EQ(text(windows.opens(utc("2026-01-03 02:00"))), "2026-01-09 22:00");
    EXPECT_EQ(text(windows.closes(utc("2026-01-02 22:00"))), "2026-01-03 02:00");
}

TEST(Window, OpensOnItsDaysOnly) {
    const Windows windows({"Sat-Mon,wednesday 10:00-11:00 UTC"});
    for (const auto& [day, open] : std::vector<std::pair<std::string, bool>>{{"2026-01-03", true},  // Saturday
                                                                             {"2026-01-04", true},
                                                                             {"2026-01-05", true},
                                                                             {"2026-01-06", false},
                                                                             {"2026-01-07", true},
                                                                             {"2026-01-08", false},
                                                                             {"2026-01-09", false}}) {
        EXPECT_EQ(windows.open(utc(day + " 10:30")), open) << day;
    }
}

TEST(Window, SeveralAreOneWhereTheyMeet) {
    const Windows windows({"02:00-04:00 UTC", "04:00-05:00 UTC", "Sun 12:00-24:00 UTC"});
    EXPECT_EQ(text(windows.closes(utc("2026-01-15 03:00"))), "2026-01-15 05:00");
    EXPECT_EQ(text(windows.opens(utc("2026-01-17 05:00"))), "2026-01-18 02:00");
    EXPECT_EQ(text(windows.opens(utc("2026-01-18 05:00"))), "2026-01-18 12:00");
    EXPECT_EQ(text(windows.closes(utc("2026-01-18 23:00"))), "2026-01-19 00:00");
    EXPECT_TRUE(Windows({}).open(utc("2026-01-15 03:00")));
    EXPECT_TRUE(Windows({"03:00:00-03:00:01 UTC"}).open(utc("2026-01-15 03:00")));
    EXPECT_FALSE(Windows({"03:00:01-03:00:02 UTC"}).open(utc("2026-01-15 03:00")));
    EXPECT_EQ(text(Windows({"00:00-24:00 UTC"}).closes(utc("2026-01-15 03:00"))), "never");
}

// Minute by minute through a year with both changes of the clocks: what closes() and opens() say is what open() says.
TEST(Window, NextChangesAgreeWithTheClock) {
    const Windows windows({"Mon-Fri 01:30-02:30 Europe/Berlin", "Sun 23:30-02:45 Europe/Berlin"});
    Instant next = windows.opens(utc("2026-01-01 12:00"));
    bool open = false;
    int changes = 0;
    for (Instant at = utc("2026-01-01 12:00"); at < utc("2026-12-31 00:00"); at += minutes(1)) {
        if (at == next) {
            open = !open;
            ++changes;
            next = open ? windows.closes(at).value() : windows.opens(at);
        }
        ASSERT_EQ(windows.open(at), open) << text(at);
    }
    EXPECT_GT(changes, 500);
}

struct BadWindow {
    const char* text;
    const char* message;
    const char* hint;
};

TEST(Window, SaysWhatIsWrongWithIt) {
    for (const BadWindow& bad : std::vector<BadWindow>{{"", "is no window", "02:00-04:00 America/New_York"},
                                                       {"02:00-04:00", "has no time zone", "America/New_York"},
                                                       {"Mon 02:00-04:00", "has no time zone", "UTC"},
                                                       {"a b c d", "is no window", ""},
                                                       {"02:00 UTC", "no span of time", ""},
                                                       {"02:00-02:00 UTC", "no span of time", ""},
                                                       {"24:00-02:00 UTC", "no span of time", ""},
                                                       {"2-4 UTC", "no time of day", ""},
                                                       {"02:60-04:00 UTC", "no time of day", ""},
                                                       {"25:00-26:00 UTC", "no time of day", ""},
                                                       {"1:2:3:4-5:00 UTC", "no time of day", ""},
                                                       {"-04:00 UTC", "no time of day", ""},
                                                       {":-: UTC", "no time of day", ""},
                                                       {"Mondy 02:00-04:00 UTC", "no day of the week", "\"mon\""},
                                                       {"Mon- 02:00-04:00 UTC", "no day of the week", ""},
                                                       {"02:00-04:00 America/NewYork", "no time zone", "`America/New_York`"},
                                                       {"02:00-04:00 ../../etc/passwd", "no time zone", ""},
                                                       {"02:00-04:00 /etc/passwd", "no time zone", ""}}) {
        try {
            read_window(bad.text, {"deploy.md", 3, 9});
            ADD_FAILURE() << bad.text;
        } catch (const base::Error& error) {
            EXPECT_THAT(error.message(), HasSubstr(bad.message)) << bad.text;
            EXPECT_THAT(error.hint(), HasSubstr(bad.hint)) << bad.text;
            EXPECT_EQ(error.place().line, 3);
        }
    }
}

}  // namespace
}  // namespace pgbelay::runbook
