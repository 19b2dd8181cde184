#include "report/event_json.h"
#include "report/live_display.h"
#include "report/plain_display.h"

#include "unit/report/fixtures.h"

#include <gtest/gtest.h>

namespace pgbelay::report {
namespace {

using base::Millis;

// A clock that stands still until it is told, and everything that was written.
struct Stage {
    base::Deadline time{};
    std::string written;
    Write write() {
        return [this](std::string_view bytes) { written += bytes; };
    }
    Now now() {
        return [this] { return time; };
    }
    std::string take() { return std::exchange(written, {}); }
};

const std::string kBlocker = "pid 4711 (app@10.0.0.5, \"reports\"): idle in transaction for 3 min 2 s";

engine::StepProgress building(const plan::Step& step, double fraction) {
    engine::StepProgress progress;
    progress.step = &step;
    progress.phase = "scanning the table";
    progress.fraction = fraction;
    progress.eta = Millis(130'000);
    progress.elapsed = Millis(60'000);
    return progress;
}

engine::StepFinished finished(const plan::Step& step) {
    engine::StepFinished done;
    done.step = &step;
    done.times.tries = 2;
    done.times.waited = Millis(3000);
    done.times.queued = Millis(48);
    done.times.lock_held = Millis(12);
    done.times.ran = Millis(15);
    return done;
}

TEST(PlainDisplay, WritesTheStartTheWaitAndTheEndOfAStep) {
    Stage stage;
    PlainDisplay display(Style{}, false, stage.write(), stage.now());
    const plan::Plan plan = fixtures::plan();
    display.show(engine::RunStarted{7, "app@db1:5432/orders", 2, false, false});
    display.show(engine::StepStarted{&plan.steps[1], 2});
    stage.time += Millis(200);
    display.show(engine::StepWaiting{&plan.steps[1], {kBlocker}, Millis(200)});
    stage.time += Millis(200);
    display.show(engine::StepWaiting{&plan.steps[1], {kBlocker}, Millis(400)});
    display.show(finished(plan.steps[1]));
    display.show(engine::Verified{true, {}});
    EXPECT_EQ(stage.take(),
              "run 7: deploying 2 steps on app@db1:5432/orders\n"
              "[2/2] drop column orders.note: start\n"
              "[2/2] drop column orders.note: has waited 200 ms for " +
                  kBlocker +
                  "\n"
                  "[2/2] drop column orders.note: done (2 tries, waited 3.0 s, queued 48 ms, held 12 ms, ran 15 ms)\n"
                  "verified: every condition holds\n");
}

TEST(PlainDisplay, SaysAlsoQuietlyWhoWasToldToEnd) {
    Stage stage;
    PlainDisplay display(Style{}, true, stage.write(), stage.now());
    const plan::Plan plan = fixtures::plan();
    display.show(engine::RunStarted{7, "app@db1:5432/orders", 2, false, false});
    display.show(engine::SessionSignalled{&plan.steps[1], "cancel", "pid 7 (app): active for 1 min", Millis(60'000), ""});
    display.show(engine::SessionSignalled{&plan.steps[1], "terminate", "pid 8 (root)", Millis(60'000), "must be a superuser"});
    EXPECT_EQ(stage.take(),
              "[2/2] drop column orders.note: cancelled pid 7 (app): active for 1 min\n"
              "[2/2] drop column orders.note: could not be terminated: must be a superuser: pid 8 (root)\n");
}

TEST(PlainDisplay, WritesProgressAtMostEveryFiveSeconds) {
    Stage stage;
    PlainDisplay display(Style{}, false, stage.write(), stage.now());
    const plan::Plan plan = fixtures::plan();
    display.show(engine::StepStarted{&plan.steps[0], 2});
    stage.take();
    for (int i = 0; i < 99; ++i) {
        stage.time += Millis(100);
        display.show(building(plan.steps[0], 0.48));
    }
    EXPECT_EQ(stage.take(), "[1/2] create index orders_user_idx: scanning the table, 48 %, about 2 min 10 s left\n");
}

TEST(PlainDisplay, KeepsWarningsAndEchoesWhenQuiet) {
    Stage stage;
    PlainDisplay display(Style{}, true, stage.write(), stage.now());
    const plan::Plan plan = fixtures::plan();
    display.show(engine::StepStarted{&plan.steps[0], 2});
    display.show(engine::Notice{"connected again", false});
    display.show(engine::Notice{"no standby can be reached", true});
    display.show(engine::Echo{"hello"});
    EXPECT_EQ(stage.take(), "warning: no standby can be reached\nhello\n");
}

engine::GuardBreach breach(bool cleared) {
    return {.limit = "lock_waiters", .what = "lock_waiters 14 > 10", .action = runbook::OnBreach::pause, .cleared = cleared};
}

engine::HealthSeen seen(bool far) {
    return {
        {.section = "Apply",
         .figures = {{.name = "active_sessions", .now = 12, .before = 9}, {.name = "lock_waiters", .now = 6, .before = 0, .far = far}}}};
}

TEST(PlainDisplay, SaysWhatABreachDoesAndHowItIsAfterASection) {
    Stage stage;
    PlainDisplay display(Style{}, false, stage.write(), stage.now());
    display.show(breach(false));
    display.show(engine::Paused{"by the guard: lock_waiters 14 > 10"});
    display.show(breach(true));
    display.show(engine::Resumed{Millis(12'000)});
    display.show(seen(false));
    display.show(seen(true));
    EXPECT_EQ(stage.take(),
              "warning: guard: lock_waiters 14 > 10: the run pauses until it holds again\n"
              "paused by the guard: lock_waiters 14 > 10\n"
              "guard: lock_waiters holds again\n"
              "resumed after 12.0 s\n"
              "health after \"Apply\": active 12 (before 9), waiting 6 (before 0)\n"
              "warning: health after \"Apply\": active 12 (before 9), waiting 6 (before 0); too much: waiting\n");
    PlainDisplay quiet(Style{}, true, stage.write(), stage.now());
    quiet.show(seen(false));
    EXPECT_EQ(stage.take(), "");
    quiet.show(seen(true));
    EXPECT_NE(stage.take(), "");
}

TEST(LiveDisplay, KeepsEachBreachInSightUntilItIsOver) {
    Stage stage;
    LiveDisplay display(Style{}, stage.write(), stage.now());
    engine::GuardBreach other = breach(false);
    other.limit = "active_sessions";
    other.what = "active_sessions 40 > 30";
    display.show(breach(false));
    display.show(other);
    display.show(breach(true));
    stage.take();
    display.show(engine::Paused{"by the guard: active_sessions 40 > 30"});
    const std::string drawn = stage.take();
    EXPECT_NE(drawn.find("guard: active_sessions 40 > 30"), std::string::npos) << drawn;
    EXPECT_EQ(drawn.find("lock_waiters"), std::string::npos) << drawn;
}

TEST(LiveDisplay, RedrawsTheStepInHandWithItsBarAndWhoBlocksIt) {
    Stage stage;
    const plan::Plan plan = fixtures::plan();
    {
        LiveDisplay display(Style{}, stage.write(), stage.now());
        display.show(engine::StepStarted{&plan.steps[0], 2});
        EXPECT_EQ(stage.take(), "\x1b[?25l ▸ 1/2  create index orders_user_idx                                       0 ms\n");
        stage.time += Millis(60'000);
        engine::StepProgress progress = building(plan.steps[0], 0.5);
        progress.blockers = {kBlocker};
        progress.waiting_on_us = 3;
        display.show(progress);
        EXPECT_EQ(stage.take(),
                  "\r\x1b[1A\x1b[J"
                  " ▸ 1/2  create index orders_user_idx               1 min, about 2 min 10 s left\n"
                  "     [████████████░░░░░░░░░░░░]  50 %  scanning the table\n"
                  "     waits for pid 4711 (app@10.0.0.5, \"reports\"): idle in transaction for 3\n"
                  "     min 2 s\n"
                  "     3 sessions wait on us\n");
    }
    EXPECT_EQ(stage.take(), "\r\x1b[5A\x1b[J\x1b[?25h");
}

TEST(LiveDisplay, LeavesOneLineForAFinishedStep) {
    Stage stage;
    LiveDisplay display(Style{}, stage.write(), stage.now());
    const plan::Plan plan = fixtures::plan();
    display.show(engine::StepStarted{&plan.steps[0], 2});
    stage.take();
    engine::StepFinished done;
    done.step = &plan.steps[0];
    done.times.ran = Millis(2400);
    display.show(done);
    EXPECT_EQ(stage.take(), "\r\x1b[1A\x1b[J ✓ 1/2  create index orders_user_idx                                      2.4 s\n");
}

TEST(LiveDisplay, MovesLongTimesUnderTheStep) {
    Stage stage;
    LiveDisplay display(Style{80, false}, stage.write(), stage.now());
    const plan::Plan plan = fixtures::plan();
    display.show(engine::StepStarted{&plan.steps[1], 2});
    stage.take();
    display.show(finished(plan.steps[1]));
    EXPECT_EQ(stage.take(),
              "\r\x1b[1A\x1b[J + 2/2  drop column orders.note\n"
              "     2 tries, waited 3.0 s, queued 48 ms, held 12 ms, ran 15 ms\n");
}

TEST(LiveDisplay, DrawsAtMostTenTimesASecond) {
    Stage stage;
    LiveDisplay display(Style{}, stage.write(), stage.now());
    const plan::Plan plan = fixtures::plan();
    display.show(engine::StepStarted{&plan.steps[0], 2});
    stage.take();
    int drawings = 0;
    for (int i = 0; i < 1000; ++i) {
        stage.time += Millis(1);
        display.show(building(plan.steps[0], 0.5));
        drawings += stage.take().empty() ? 0 : 1;
    }
    EXPECT_EQ(drawings, 10);
}

TEST(LiveDisplay, ShowsTheCursorWhenTheRunIsOver) {
    Stage stage;
    LiveDisplay display(Style{}, stage.write(), stage.now());
    display.show(engine::RunStarted{7, "app@db1/o", 1, false, false});
    display.show(engine::RunFinished{7, "deployed", Millis(1), Millis(0), Millis(0), std::nullopt});
    EXPECT_TRUE(stage.take().ends_with("\x1b[?25h"));
}

TEST(Bar, FallsBackToAscii) {
    EXPECT_EQ(bar(0.25, 8, Style{80, false}), "[##......]  25 %");
    EXPECT_EQ(bar(1.5, 4, Style{}), "[████] 100 %");
    EXPECT_EQ(bar(-1, 8, Style{}), "");
}

TEST(EventJson, IsOneObjectALine) {
    const plan::Plan plan = fixtures::plan();
    const std::string at = "2026-11-20T23:24:05.017Z";
    EXPECT_EQ(dump_line(event_json(engine::StepWaiting{&plan.steps[1], {"pid 4711"}, Millis(200)}, 7, at)),
              R"({"event":"step_waiting","run":7,"at":"2026-11-20T23:24:05.017Z","step":2,"name":"drop column orders.note",)"
              R"("blockers":["pid 4711"],"since_ms":200})"
              "\n");
    EXPECT_EQ(dump_line(event_json(engine::SessionSignalled{&plan.steps[1], "cancel", "pid 4711", Millis(60'000), ""}, 7, at)),
              R"({"event":"session_signalled","run":7,"at":"2026-11-20T23:24:05.017Z","step":2,"name":"drop column orders.note",)"
              R"("action":"cancel","session":"pid 4711","age_ms":60000,"error":null})"
              "\n");
    EXPECT_EQ(dump_line(event_json(building(plan.steps[0], -1), 7, at)),
              R"({"event":"step_progress","run":7,"at":"2026-11-20T23:24:05.017Z","step":1,"name":"create index orders_user_idx",)"
              R"("phase":"scanning the table","fraction":null,"eta_ms":130000,"elapsed_ms":60000,"blockers":[],"waiting_on_us":0})"
              "\n");
}

TEST(EventJson, CarriesABreachWithItsActionAndTheFiguresAfterASection) {
    const Json broken = event_json(breach(false), 7, "now");
    EXPECT_EQ(broken["event"], "guard_breach");
    EXPECT_EQ(broken["limit"], "lock_waiters");
    EXPECT_EQ(broken["action"], "pause");
    EXPECT_EQ(broken["cleared"], false);
    EXPECT_EQ(event_json(engine::Resumed{Millis(12'000)}, 7, "now")["after_ms"], 12'000);
    const Json health = event_json(seen(true), 7, "now");
    EXPECT_EQ(health["event"], "health");
    EXPECT_EQ(health["section"], "Apply");
    EXPECT_EQ(health["far"], true);
    EXPECT_EQ(health["figures"][0]["before"], 9);
    EXPECT_EQ(health["figures"][1]["far"], true);
}

TEST(EventJson, CarriesTheErrorOfAFinishedRun) {
    engine::RunFinished event;
    event.run = 7;
    event.result = "stopped";
    event.error = base::Error(base::ErrorCode::server, "boom").sqlstate("42P01");
    const Json json = event_json(event, 7, "now");
    EXPECT_EQ(json["event"], "run_finished");
    EXPECT_EQ(json["error"]["sqlstate"], "42P01");
}

}  // namespace
}  // namespace pgbelay::report
