#include "engine/control_point.h"

#include <fmt/core.h>

namespace pgbelay::engine {

namespace {

constexpr std::chrono::seconds kAskEvery{1};
constexpr base::Millis kLookEvery{100};

}  // namespace

ControlPoint::ControlPoint(Session& session, Guard& guard, runbook::OnBreach on_breach, const Sink& sink, base::StopSignal* stop)
    : session_(session), guard_(guard), on_breach_(on_breach), sink_(sink), stop_(stop), ask_again_at_(base::Clock::now()) {}

Order ControlPoint::from_guard() {
    auto breach = guard_.view().breach;
    runbook::OnBreach action = on_breach_;
    for (const std::string& complaint : measurements_ == nullptr ? std::vector<std::string>{} : measurements_->take_complaints()) {
        sink_(Notice{.text = complaint, .warning = true});
    }
    if (const auto probe = measurements_ == nullptr || breach ? std::nullopt : measurements_->breach()) {
        breach = probe->what;
        action = probe->action;
    }
    if (breach && !breach_) {
        sink_(GuardBreach{.what = *breach});
    } else if (!breach && breach_) {
        sink_(GuardBreach{.what = *breach_, .cleared = true});
    }
    breach_ = breach;
    if (!breach) {
        return Order::go_on;
    }
    why_ = "guard: " + *breach;
    switch (action) {
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
    do {
        base::pause_for(kLookEvery, stop_);
        order = look();
    } while (order == Order::pause || order == Order::pause_now);
    paused_ += base::Clock::now() - began;
    if (order == Order::go_on) {
        session_.journal().set_state(session_.key(), "running");
        sink_(Resumed{});
    }
    return order;
}

}  // namespace pgbelay::engine
