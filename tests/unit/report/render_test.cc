// What a shell or Markdown could take for its own stays the statement's.
#include "report/render.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgbelay::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string rendered(const plan::Step& step) {
    plan::Plan plan;
    plan.steps = {step};
    return plain_runbook(plan, {});
}

plan::Step step_of(const std::string& sql) {
    plan::Step step{.n = 1, .name = "a step"};
    step.sends.push_back({.sql = sql});
    return step;
}

TEST(Render, EndsTheTextAtALineThatTheStatementDoesNotHave) {
    EXPECT_THAT(rendered(step_of("SELECT 'one\nSQL\nSQL_\ntwo'")), HasSubstr("transaction <<'SQL__'\nBEGIN;\n"));
}

TEST(Render, FencesWithMoreBackticksThanTheStatementHas) {
    EXPECT_THAT(rendered(step_of("COMMENT ON TABLE a IS '```` four'")), HasSubstr("`````sh\ntransaction"));
}

TEST(Render, DoesNotLetACommentTakeTheSemicolonAlong) {
    EXPECT_THAT(rendered(step_of("SELECT 1 -- the end")), HasSubstr("SELECT 1 -- the end\n;\nCOMMIT;\n"));
}

TEST(Render, QuotesWhatTheAuthorEchoes) {
    plan::Step step = step_of("SELECT 1");
    step.echoes = {"it's $HOME `date`"};
    EXPECT_THAT(rendered(step), HasSubstr(R"(printf '%s\n' 'it'\''s $HOME `date`')"));
}

TEST(Render, FeedsCopyItsData) {
    plan::Step step = step_of("COPY a FROM STDIN");
    step.sends.front().copy_data = "1\t2\n";
    EXPECT_THAT(rendered(step), HasSubstr("COPY a FROM STDIN;\n1\t2\n\\.\nCOMMIT;\n"));
}

TEST(Render, BoundsTheLockOnlyWhereOneIsTaken) {
    plan::Step step = step_of("ALTER TABLE a ADD COLUMN b integer");
    EXPECT_THAT(rendered(step), HasSubstr("lock_timeout = '0ms'"));
    step.locks.push_back({.relation = {"public", "a"}, .mode = catalog::LockMode::access_exclusive});
    step.sends.front().takes_strong_lock = true;
    EXPECT_THAT(rendered(step), HasSubstr("SET LOCAL lock_timeout = '100ms';\nSET LOCAL statement_timeout = '1000ms';\nALTER"));
}

TEST(Render, SaysWhyAStepIsNotNeededAndDoesNotDoIt) {
    plan::Step step = step_of("CREATE TABLE a ()");
    step.skip = "it is there";
    EXPECT_THAT(rendered(step), HasSubstr("Not needed: it is there."));
    EXPECT_THAT(rendered(step), Not(HasSubstr("CREATE TABLE")));
}

TEST(Render, NamesWhatSomebodyHasToWatchSincePsqlDoesNot) {
    plan::Plan plan;
    plan.steps = {step_of("SELECT 1")};
    EXPECT_THAT(plain_runbook(plan, {}), Not(HasSubstr("in a second session")));
    plan.limits.guard = {{.name = "rollbacks_per_second", .most = 3, .of_baseline = true, .action = runbook::OnBreach::rollback},
                         {.name = "lock_waiters", .most = 10},
                         {.name = "run_time", .most = 1'800'000, .action = runbook::OnBreach::abort}};
    EXPECT_THAT(
        plain_runbook(plan, {}),
        HasSubstr("- `rollbacks_per_second` above 3 times what it was before for some seconds: cancel what runs, and undo what is done.\n"
                  "- `lock_waiters` above 10 for some seconds: begin no other block until it is not.\n"
                  "- `run_time` above 30 min: cancel what runs, and stop.\n"));
    plan.limits.guard.clear();
    plan.sections = {{.title = "Apply", .last = 1}};
    EXPECT_THAT(plain_runbook(plan, {}), HasSubstr("somebody has to, after each section"));
}

TEST(Render, IsRefusedForAPlanThatIs) {
    plan::Plan plan;
    plan.refusals.push_back({.place = {"a.sql", 3, 1}, .message = "unsafe", .hint = "mend it"});
    EXPECT_THROW(plain_runbook(plan, {}), base::Error);
}

}  // namespace
}  // namespace pgbelay::report
