#include "engine/standby_wait.h"

#include "pg/relations.h"
#include "pg/server.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>

namespace pgbelay::engine {

using base::Clock;
using base::Error;
using base::ErrorCode;
using base::Millis;

namespace {

constexpr Millis kLookEvery{100};
constexpr std::chrono::seconds kSayEvery{1};

Millis since(Clock::time_point began) {
    return std::chrono::duration_cast<Millis>(Clock::now() - began);
}

// DROP INDEX CONCURRENTLY and REINDEX CONCURRENTLY lock the index that goes away at their end (index_drop() in index.c).
bool drops_an_index(const plan::Step& step) {
    return step.kind == plan::StepKind::concurrent && !step.index.empty() &&
           (step.rebuilds ||
            std::ranges::any_of(step.condition.facts, [](const auto& f) { return std::holds_alternative<catalog::Absent>(f); }));
}

}  // namespace

StandbyWait::StandbyWait(RunContext& run, const plan::Step& step) : run_(run), step_(step) {
    for (const auto& lock : step.locks) {
        if (lock.mode == catalog::LockMode::access_exclusive) {
            exclusive_.push_back(lock.relation);
        }
    }
    if (drops_an_index(step)) {
        exclusive_.push_back(step.index);
    }
}

std::vector<catalog::Oid> StandbyWait::relations() const {
    std::vector<catalog::Oid> oids;
    for (const auto& now : pg::relations_now(run_.target.control(), exclusive_)) {
        if (now.oid != catalog::Oid{}) {
            oids.push_back(now.oid);
        }
    }
    return oids;
}

void StandbyWait::pass_warnings_on() const {
    for (auto& warning : run_.replicas.take_warnings()) {
        run_.sink(Notice{.text = std::move(warning), .warning = true});
    }
}

void StandbyWait::say(const std::vector<std::string>& words, Clock::time_point began, Clock::time_point& say_at) const {
    pass_warnings_on();
    if (Clock::now() >= say_at) {
        run_.sink(StepWaiting{.step = &step_, .blockers = words, .since = since(began)});
        say_at = base::in(kSayEvery);
    }
}

bool StandbyWait::wait_until_clear(StepOutcome& outcome) const {
    if (run_.replicas.none() || !drops_an_index(step_)) {
        return true;
    }
    const StepDeadline deadline(run_.control, run_.plan.limits.deadline);
    const auto began = Clock::now();
    auto say_at = began;
    for (;;) {
        const auto readers = run_.replicas.in_the_way(relations());
        if (readers.empty()) {
            outcome.times.waited += since(began);
            pass_warnings_on();
            return true;
        }
        say(readers, began, say_at);
        if (deadline.passed()) {
            outcome.result = StepResult::failed;
            outcome.error = Error(ErrorCode::server, fmt::format("{} was read on a standby for {}", sql::display(step_.index),
                                                                 base::format_duration(run_.plan.limits.deadline)))
                                .at(step_.place)
                                .detail(fmt::format("{}", fmt::join(readers, "\n")))
                                .hint("end what is in the way there, then `pgbelay resume`");
            return false;
        }
        base::pause_for(kLookEvery, run_.target.stop());
        if (const Order order = run_.control.pass(); order != Order::go_on) {
            outcome.interrupted = order;
            return false;
        }
    }
}

void StandbyWait::wait_until_replayed(StepOutcome& outcome) const {
    if (run_.replicas.none() || exclusive_.empty() || outcome.result == StepResult::skipped) {
        return;
    }
    const std::string position = pg::written_up_to(run_.target.control());
    const StepDeadline deadline(run_.control, run_.plan.limits.deadline);
    const auto began = Clock::now();
    auto say_at = began + kSayEvery;
    for (;;) {
        auto waited_for = run_.replicas.behind(position);
        if (waited_for.empty()) {
            pass_warnings_on();
            return;
        }
        for (auto& reader : run_.replicas.in_the_way(relations())) {
            waited_for.push_back(std::move(reader));
        }
        say(waited_for, began, say_at);
        if (deadline.passed()) {
            outcome.error = Error(ErrorCode::server, fmt::format("the step is done, but a standby has not replayed it within {}",
                                                                 base::format_duration(run_.plan.limits.deadline)))
                                .at(step_.place)
                                .detail(fmt::format("{}", fmt::join(waited_for, "\n")))
                                .hint("see to the standby, then `pgbelay resume`; without its --replica it is not waited for");
            return;
        }
        // An order is obeyed before the next step.
        if (!base::pause_for(kLookEvery, run_.target.stop()) || run_.control.look() != Order::go_on) {
            return;
        }
    }
}

}  // namespace pgbelay::engine
