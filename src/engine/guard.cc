#include "engine/guard.h"

#include <fmt/core.h>

#include <algorithm>

namespace pgbelay::engine {

namespace {

constexpr base::Millis kEvery{200};
// A breach needs this many samples in a row, and so many quiet ones end it.
constexpr int kToBreach = 3;
constexpr int kToClear = 10;

double seconds(base::Clock::duration d) {
    return std::chrono::duration<double>(d).count();
}

double in_ms(base::Millis d) {
    return static_cast<double>(d.count());
}

}  // namespace

Guard::Guard(const Target& target, const runbook::Limits& limits) : target_(target), limits_(limits), thread_([this] { watch(); }) {}

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

void Guard::watch() {
    while (!stop_.requested()) {
        try {
            pg::Connection connection = pg::Connection::open(target_.here(), "guard", base::in(std::chrono::seconds(5)), &stop_);
            do {
                std::vector<int> ours;
                {
                    const std::lock_guard lock(mutex_);
                    ours = ours_;
                }
                ours.push_back(connection.backend_pid());
                take(pg::sample(connection, ours));
            } while (base::pause_for(kEvery, &stop_));
        } catch (const base::Error&) {
            // A lost connection is the engine's to report: it has one of its own to the same server. Here it is only tried again.
            before_.reset();
            base::pause_for(std::chrono::seconds(1), &stop_);
        }
    }
}

std::optional<std::string> Guard::broken_limit(const std::map<std::string, double>& values) const {
    const auto over = [&](const char* name, std::optional<double> limit) -> std::optional<std::string> {
        const auto value = values.find(name);
        if (!limit || value == values.end() || value->second <= *limit) {
            return std::nullopt;
        }
        return fmt::format("{} {:.0f} > {:.0f}", name, value->second, *limit);
    };
    const auto ms = [](const std::optional<base::Millis>& d) { return d ? std::optional(in_ms(*d)) : std::nullopt; };
    const auto count = [](const std::optional<int>& n) { return n ? std::optional(static_cast<double>(*n)) : std::nullopt; };
    for (auto broken :
         {over("blocked_sessions", count(limits_.blocked_sessions)), over("active_sessions", count(limits_.active_sessions)),
          over("replication_lag_ms", ms(limits_.replication_lag)), over("oldest_transaction_ms", ms(limits_.oldest_transaction)),
          over("rollbacks_per_second", limits_.rollbacks_per_second), over("deadlocks_per_second", limits_.deadlocks_per_second)}) {
        if (broken) {
            return broken;
        }
    }
    return std::nullopt;
}

void Guard::take(const pg::Sample& sample) {
    std::map<std::string, double> values{{"blocked_sessions", sample.blocked_sessions},
                                         {"blocked_by_us", sample.blocked_by_us},
                                         {"active_sessions", sample.active_sessions}};
    if (sample.oldest_transaction) {
        values["oldest_transaction_ms"] = in_ms(*sample.oldest_transaction);
    }
    if (sample.replication_lag) {
        values["replication_lag_ms"] = in_ms(*sample.replication_lag);
    }
    const Rates now{sample.rollbacks, sample.deadlocks, base::Clock::now()};
    if (before_ && now.at > before_->at) {
        const double passed = seconds(now.at - before_->at);
        values["rollbacks_per_second"] = static_cast<double>(now.rollbacks - before_->rollbacks) / passed;
        values["deadlocks_per_second"] = static_cast<double>(now.deadlocks - before_->deadlocks) / passed;
    }
    before_ = now;

    const auto broken = broken_limit(values);
    breaches_in_a_row_ = broken ? breaches_in_a_row_ + 1 : 0;
    quiet_in_a_row_ = broken ? 0 : quiet_in_a_row_ + 1;

    const std::lock_guard lock(mutex_);
    view_.blocked_by_us = sample.blocked_by_us;
    view_.most_blocked_by_us = std::max(view_.most_blocked_by_us, sample.blocked_by_us);
    if (breaches_in_a_row_ >= kToBreach) {
        view_.breach = broken;
    } else if (quiet_in_a_row_ >= kToClear) {
        view_.breach.reset();
    }
    ++summary_.samples;
    for (const auto& [name, value] : values) {
        auto& maximum = summary_.maxima[name];
        maximum = std::max(maximum, value);
    }
}

}  // namespace pgbelay::engine
