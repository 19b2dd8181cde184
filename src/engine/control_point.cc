#include "engine/control_point.h"

#include <fmt/core.h>

#include <algorithm>

namespace pgbelay::engine {

namespace {

constexpr std::chrono::seconds kAskEvery{1};
constexpr base::Millis kLookEvery{100};

}  // namespace

ControlPoint::ControlPoint(Session& session, Guard& guard, const plan::Plan& plan, RunClock& clock, const Sink& sink,
                           base::StopSignal* stop)
    : session_(session),
      guard_(guard),
      clock_(clock),
      times_(clock, plan.limits.guard, plan.on_breach),
      sink_(sink),
      stop_(stop),
      ask_again_at_(base::Clock::now()) {}

void ControlPoint::say_changes(const std::vector<Breach>& now) {
    const auto is_in = [](const std::vector<Breach>& all, const Breach& one) {
        return std::ranges::find(all, one.limit, &Breach::limit) != all.end();
    };
    for (const Breach& breach : now) {
        if (!is_in(breaches_, breach)) {
            sink_(GuardBreach{.limit = breach.limit, .what = breach.what, .action = breach.action});
        }
    }
    for (const Breach& breach : breaches_) {
        if (!is_in(now, breach)) {
            sink_(GuardBreach{.limit = breach.limit, .what = breach.what, .action = breach.action, .cleared = true});
        }
    }
}

Order ControlPoint::from_guard() {
    for (const std::string& complaint : measurements_ == nullptr ? std::vector<std::string>{} : measurements_->take_complaints()) {
        sink_(Notice{.text = complaint, .warning = true});
    }
    std::vector<Breach> now = guard_.view().breaches;
    for (Breach& breach : times_.breaches()) {
        now.push_back(std::move(breach));
    }
    for (Breach& breach : measurements_ == nullptr ? std::vector<Breach>{} : measurements_->breaches()) {
        now.push_back(std::move(breach));
    }
    say_changes(now);
    breaches_ = std::move(now);
    const Breach* breach = strongest(breaches_);
    if (breach == nullptr) {
        return Order::go_on;
    }
    why_ = "by the guard: " + breach->what;
    switch (breach->action) {
        case runbook::OnBreach::pause: return Order::pause;
        case runbook::OnBreach::abort: return Order::abort;
        case runbook::OnBreach::rollback: return Order::roll_back;
    }
    return Order::pause;
}

Order ControlPoint::look() {
    if (stop_ != nullptr && stop_->requested()) {
        why_ = "interrupted";
        return Order::stop;
    }
    if (!session_.keeper().notifications().empty() || base::Clock::now() >= ask_again_at_) {
        state_ = session_.journal().control(session_.key());
        ask_again_at_ = base::in(kAskEvery);
        if (state_.epoch != session_.key().epoch) {
            throw_replaced(session_.key());
        }
    }
    switch (state_.request) {
        case ControlRequest::pause: why_ = "by " + state_.by; return Order::pause;
        case ControlRequest::pause_now: why_ = "by " + state_.by; return Order::pause_now;
        case ControlRequest::abort: why_ = "by " + state_.by; return Order::abort;
        case ControlRequest::run: break;
    }
    return from_guard();
}

Order ControlPoint::pass() {
    Order order = look();
    if (order != Order::pause && order != Order::pause_now) {
        return order;
    }
    session_.journal().set_state(session_.key(), "paused");
    sink_(Paused{.why = why_});
    const auto began = base::Clock::now();
    {
        const RunClock::Standstill standstill(clock_);
        do {
            base::pause_for(kLookEvery, stop_);
            order = look();
        } while (order == Order::pause || order == Order::pause_now);
    }
    if (order == Order::go_on) {
        session_.journal().set_state(session_.key(), "running");
        sink_(Resumed{.after = std::chrono::duration_cast<base::Millis>(base::Clock::now() - began)});
    }
    return order;
}

}  // namespace pgbelay::engine
