#include "engine/guard.h"

#include <algorithm>

namespace pgbelay::engine {

namespace {

constexpr std::chrono::seconds kEvery{1};
constexpr base::Millis kPoll{5};

}  // namespace

Guard::Guard(const Target& target, const runbook::Limits& limits, runbook::OnBreach on_breach)
    : target_(target), judge_(limits.guard, on_breach), thread_([this] { watch(); }) {}

Guard::~Guard() {
    stop_.request();
    thread_.join();
}

void Guard::set_ours(std::vector<int> pids) {
    const std::lock_guard lock(mutex_);
    ours_ = std::move(pids);
}

Guard::View Guard::view() const {
    const std::lock_guard lock(mutex_);
    return view_;
}

void Guard::reset_peak() {
    const std::lock_guard lock(mutex_);
    view_.most_blocked_by_us = 0;
}

Guard::Summary Guard::summary() const {
    const std::lock_guard lock(mutex_);
    return summary_;
}

void Guard::set_baseline(const Figures& figures) {
    const std::lock_guard lock(mutex_);
    baseline_ = figures;
}

Figures Guard::means() const {
    const std::lock_guard lock(mutex_);
    return seen_.means();
}

std::optional<Figures> Guard::look_now(base::Millis patience, const base::StopSignal* stop) {
    if (stop != nullptr && stop->requested()) {
        return std::nullopt;
    }
    int ask = 0;
    {
        const std::lock_guard lock(mutex_);
        ask = ++asks_;
    }
    asked_.request();
    for (const base::Deadline until = base::in(patience); base::Clock::now() < until;) {
        {
            const std::lock_guard lock(mutex_);
            if (answered_ >= ask) {
                return latest_;
            }
        }
        if (!base::pause_for(kPoll, stop)) {
            break;
        }
    }
    return std::nullopt;
}

void Guard::watch() {
    keep_connected(target_, "guard", stop_, [this](pg::Connection& connection) {
        base::Deadline next = base::Clock::now();
        for (base::WaitResult woken = base::WaitResult::deadline; woken != base::WaitResult::stopped;) {
            asked_.reset();
            look(connection, woken == base::WaitResult::deadline);
            next = woken == base::WaitResult::deadline ? base::in(kEvery) : next;
            woken = base::wait(asked_.fd(), base::Direction::read, next, &stop_);
        }
    });
}

// What was asked for between two regular looks breaks no limit and mends none: those go by the second.
void Guard::look(pg::Connection& connection, bool regular) {
    std::vector<int> ours;
    std::optional<Figures> baseline;
    int asked = 0;
    {
        const std::lock_guard lock(mutex_);
        ours = ours_;
        baseline = baseline_;
        asked = asks_;
    }
    ours.push_back(connection.backend_pid());
    const pg::Sample sample = pg::sample(connection, ours);
    const Figures figures = meter_.take(sample, pg::tally(), base::Clock::now());
    if (regular) {
        judge_.take(figures, baseline);
    }

    const std::lock_guard lock(mutex_);
    view_.blocked_by_us = sample.blocked_by_us;
    view_.most_blocked_by_us = std::max(view_.most_blocked_by_us, sample.blocked_by_us);
    view_.breaches = judge_.breaches();
    latest_ = figures;
    answered_ = asked;
    seen_.add(figures);
    ++summary_.samples;
    for (const auto& [name, value] : figures) {
        auto& maximum = summary_.maxima[name];
        maximum = std::max(maximum, value);
    }
}

}  // namespace pgbelay::engine
