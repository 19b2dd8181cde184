#include "engine/builds.h"

#include <algorithm>
#include <deque>
#include <list>
#include <memory>

namespace pgbelay::engine {

using base::Error;
using base::ErrorCode;
using base::Millis;

namespace {

constexpr Millis kTick{100};
// Each has a connection; a server has a hundred of them for everybody.
constexpr std::size_t kMostAtOnce = 16;

class Builds {
public:
    Builds(const RunContext& run, const std::vector<const plan::Step*>& steps, const BuildsCallbacks& callbacks, bool cut_short)
        : run_(run), callbacks_(callbacks), cut_short_(cut_short), pending_(steps.begin(), steps.end()) {
        for (const auto* step : steps) {
            open_.insert(step->n);
        }
    }

    void run() {
        for (;;) {
            woken_.reset();
            obey(nothing_runs() && !ending_ ? run_.control.pass() : run_.control.look());
            if (!ending_ && !paused_) {
                begin_what_may();
            }
            advance();
            if (active_.empty() && (ending_ || pending_.empty())) {
                return;
            }
            if (!active_.empty()) {
                base::wait(woken_.fd(), base::Direction::read, base::in(kTick), ending_ ? nullptr : run_.target.stop());
            }
        }
    }

private:
    bool nothing_runs() const {
        return std::ranges::none_of(active_, [](const auto& s) { return s->state() == ConcurrentStep::State::running; });
    }

    void obey(Order order) {
        paused_ = order == Order::pause || order == Order::pause_now;
        if (order == Order::go_on || order == Order::pause || ending_) {
            return;
        }
        for (auto& step : active_) {
            step->cancel(order);
        }
        if (order != Order::pause_now) {
            ending_ = true;
            // What has not begun is interrupted as well: the run has to hear of the order.
            if (active_.empty() && !pending_.empty()) {
                callbacks_.settle(*pending_.front(), {.interrupted = order});
            }
        }
    }

    bool may_begin(const plan::Step& step) const {
        return std::ranges::none_of(step.after, [this](int n) { return open_.contains(n); });
    }

    void begin_what_may() {
        for (auto next = pending_.begin(); next != pending_.end() && !ending_;) {
            const auto working = std::ranges::count_if(active_, [](const auto& s) { return s->works(); });
            if (working >= run_.plan.limits.jobs || active_.size() >= kMostAtOnce) {
                return;
            }
            const plan::Step& step = **next;
            if (!may_begin(step)) {
                ++next;
                continue;
            }
            next = pending_.erase(next);
            if (const auto begun = callbacks_.begin(step); begun != Begun::runs) {
                open_.erase(step.n);
                if (begun == Begun::failed) {
                    give_up();
                }
                ending_ = ending_ || begun == Begun::later;
                continue;
            }
            active_.push_back(std::make_unique<ConcurrentStep>(
                run_, step, callbacks_.intent(step), [this, &step] { return callbacks_.also(step); }, callbacks_.recorded, woken_));
            advance();
        }
    }

    // Each is settled before the next one moves: what becomes whole with the last step of several has to be seen by one of them.
    void advance() {
        for (auto step = active_.begin(); step != active_.end();) {
            if ((*step)->state() == ConcurrentStep::State::running || !paused_) {
                advance(**step);
            }
            if ((*step)->state() != ConcurrentStep::State::ended) {
                ++step;
                continue;
            }
            const std::unique_ptr<ConcurrentStep> ended = std::move(*step);
            step = active_.erase(step);
            open_.erase(ended->step().n);
            if (!callbacks_.settle(ended->step(), std::move(ended->outcome())) && !ending_) {
                give_up();
            }
        }
    }

    // What happens to one step is no reason to forget the others; what happens to the connection is.
    static void advance(ConcurrentStep& step) {
        try {
            step.advance();
        } catch (const Error& error) {
            if (error.code() == ErrorCode::connection || error.code() == ErrorCode::conflict) {
                throw;
            }
            if (error.code() == ErrorCode::interrupted) {
                step.cancel(Order::stop);
            } else {
                step.fail(error);
            }
        }
    }

    void give_up() {
        ending_ = true;
        for (auto& other : active_) {
            if (cut_short_ || other->state() == ConcurrentStep::State::waiting) {
                other->cancel(Order::abort);
            }
        }
    }

    const RunContext& run_;
    const BuildsCallbacks& callbacks_;
    bool cut_short_;
    std::deque<const plan::Step*> pending_;
    std::set<int> open_;      // n of those that have not ended
    base::StopSignal woken_;  // outlives the steps, whose threads request it
    std::list<std::unique_ptr<ConcurrentStep>> active_;
    bool paused_ = false;
    bool ending_ = false;  // nothing begins any more
};

}  // namespace

void run_builds(const RunContext& run, const std::vector<const plan::Step*>& steps, const BuildsCallbacks& callbacks, bool cut_short) {
    Builds(run, steps, callbacks, cut_short).run();
}

StepOutcome run_part(const RunContext& run, const plan::Step& part) {
    StepOutcome result;
    const BuildsCallbacks callbacks{
        .begin = [](const plan::Step&) { return Begun::runs; },
        .intent = [](const plan::Step&) { return std::nullopt; },
        .also = [](const plan::Step&) { return Also{}; },
        .settle =
            [&](const plan::Step&, StepOutcome outcome) {
                result = std::move(outcome);
                return !result.error && result.interrupted == Order::go_on;
            },
        .recorded = Recorded::no,
    };
    run_builds(run, {&part}, callbacks, false);
    return result;
}

}  // namespace pgbelay::engine
