#include "engine/figures.h"

#include <algorithm>

namespace pgbelay::engine {

namespace {

// An idle session reports what it has counted after ten seconds.
constexpr std::chrono::seconds kOwedFor{15};
constexpr std::chrono::seconds kWindow{2};
constexpr std::chrono::seconds kShortest{1};

}  // namespace

std::int64_t OthersCounter::take(std::int64_t total, std::int64_t ours, base::Clock::time_point now) {
    if (ours > ours_) {
        owed_.push_back({.n = ours - ours_, .until = now + kOwedFor});
        ours_ = ours;
    }
    std::int64_t others = total_ ? std::max(total - *total_, std::int64_t{0}) : 0;
    total_ = total;
    while (!owed_.empty() && (others > 0 || owed_.front().until <= now)) {
        const std::int64_t paid = owed_.front().until <= now ? owed_.front().n : std::min(others, owed_.front().n);
        others -= std::min(others, paid);
        owed_.front().n -= paid;
        if (owed_.front().n > 0) {
            break;
        }
        owed_.pop_front();
    }
    return others;
}

std::optional<double> Rate::take(std::int64_t events, base::Clock::time_point now) {
    points_.push_back({.total = (points_.empty() ? 0 : points_.back().total) + events, .at = now});
    while (points_.size() > 2 && now - points_[1].at >= kWindow) {
        points_.pop_front();
    }
    const auto passed = now - points_.front().at;
    if (passed < kShortest) {
        return std::nullopt;
    }
    return static_cast<double>(points_.back().total - points_.front().total) / std::chrono::duration<double>(passed).count();
}

Figures Meter::take(const pg::Sample& sample, const pg::Tally& ours, base::Clock::time_point now) {
    Figures figures{{"blocked_sessions", sample.blocked_sessions}, {"blocked_by_us", sample.blocked_by_us}};
    if (!sample.hidden) {
        figures["active_sessions"] = sample.active_sessions;
    }
    if (sample.oldest_transaction) {
        figures["oldest_transaction_ms"] = static_cast<double>(sample.oldest_transaction->count());
    }
    if (sample.replication_lag) {
        figures["replication_lag_ms"] = static_cast<double>(sample.replication_lag->count());
    }
    if (sample.replication_lag_bytes) {
        figures["replication_lag_bytes"] = static_cast<double>(*sample.replication_lag_bytes);
    }
    if (const auto rate = rollback_rate_.take(rollbacks_.take(sample.rollbacks, ours.rollbacks, now), now)) {
        figures["rollbacks_per_second"] = *rate;
    }
    if (const auto rate = deadlock_rate_.take(deadlocks_.take(sample.deadlocks, ours.deadlocks, now), now)) {
        figures["deadlocks_per_second"] = *rate;
    }
    return figures;
}

void Baseline::add(const Figures& figures) {
    for (const auto& [name, value] : figures) {
        Sum& sum = sums_[name];
        sum.sum += value;
        ++sum.n;
    }
}

Figures Baseline::means() const {
    Figures means;
    for (const auto& [name, sum] : sums_) {
        means[name] = sum.sum / sum.n;
    }
    return means;
}

}  // namespace pgbelay::engine
