#include "engine/probe.h"

#include "engine/explain.h"
#include "engine/read_only.h"
#include "engine/step_runner.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>

namespace pgbelay::engine {

namespace {

using base::Millis;

constexpr int kBaselineSamples = 5;
// A breach needs this many samples in a row.
constexpr int kToBreach = 3;
constexpr std::size_t kMostLatencies = 100'000;
constexpr Millis kGrace{10'000};

double in_ms(base::Clock::duration d) {
    return std::chrono::duration<double, std::milli>(d).count();
}

// Quiet samples that end a breach: two seconds of them, but some at least, and of a slow probe not all night.
int to_clear(Millis every) {
    constexpr std::int64_t kQuiet = 2000;
    return static_cast<int>(std::clamp<std::int64_t>(kQuiet / std::max<std::int64_t>(every.count(), 1), 3, 10));
}

std::optional<double> number(const std::optional<std::string>& text) {
    if (!text) {
        return std::nullopt;
    }
    char* end = nullptr;
    const double value = std::strtod(text->c_str(), &end);
    return end != text->c_str() && *end == '\0' ? std::optional(value) : std::nullopt;
}

}  // namespace

struct Probe::Sample {
    double ms = 0;
    std::optional<std::string> value;  // of a single number
    std::string error;                 // why it could not be asked; "" also when it was cancelled for taking too long
};

// One exchange, transaction included, so that nothing stays open.
Probe::Sample Probe::sample(pg::Connection& connection, const plan::Measurement& measurement, const base::StopSignal* stop) {
    auto pieces = read_only_opening(connection, measurement.context, measurement.gauge.timeout);
    pieces.push_back({measurement.gauge.sql, {}});
    const std::size_t query = pieces.size() - 1;
    pieces.push_back({"ROLLBACK", {}});
    const auto began = base::Clock::now();
    const auto outcomes =
        connection.pipeline(pieces, base::in(measurement.gauge.timeout + kGrace), stop, nullptr, pg::Connection::Boundaries::none);
    Sample sample{.ms = in_ms(base::Clock::now() - began)};
    if (const auto* error = std::get_if<pg::ServerError>(&outcomes.back()); error != nullptr) {
        if (error->connection_lost) {
            throw pg::to_error(*error);
        }
        roll_back(connection);
        sample.error = error->sqlstate == "57014" ? "" : error->message;
        return sample;
    }
    const auto& r = std::get<pg::Result>(outcomes.at(query));
    if (r.rows() == 1 && r.columns() == 1 && number(r.maybe(0, 0))) {
        sample.value = r.maybe(0, 0);
    }
    return sample;
}

Taken take_probe(pg::Connection& worker, const plan::Measurement& measurement, const base::StopSignal* stop) {
    std::vector<double> latencies;
    std::vector<std::string> values;
    for (int i = 0; i <= kBaselineSamples; ++i) {
        const Probe::Sample sample = Probe::sample(worker, measurement, stop);
        if (stop != nullptr && stop->requested()) {
            throw base::Error(base::ErrorCode::interrupted, "interrupted in a measurement");
        }
        if (!sample.error.empty()) {
            return {.missing = sample.error};
        }
        if (i > 0) {  // the first one only warms
            latencies.push_back(sample.ms);
        }
        if (i > 0 && sample.value) {
            values.push_back(*sample.value);
        }
    }
    Timed timed{.runs = kBaselineSamples, .median_ms = percentile(latencies, 50), .p95_ms = percentile(latencies, 95)};
    timed.max_ms = *std::ranges::max_element(latencies);
    if (values.size() == latencies.size()) {
        std::ranges::sort(values, {}, [](const std::string& value) { return number(value).value_or(0); });
        timed.value = values[values.size() / 2];
        timed.least = number(values.front());
        timed.most = number(values.back());
    }
    return {.timed = timed};
}

Timed together(const Timed& a, const Timed& b) {
    Timed all = a;
    all.runs += b.runs;
    all.failed += b.failed;
    all.median_ms = std::max(a.median_ms, b.median_ms);
    all.p95_ms = std::max(a.p95_ms, b.p95_ms);
    all.max_ms = std::max(a.max_ms, b.max_ms);
    all.least = a.least && b.least ? std::min(*a.least, *b.least) : a.least ? a.least : b.least;
    all.most = a.most && b.most ? std::max(*a.most, *b.most) : a.most ? a.most : b.most;
    return all;
}

Probe::Probe(const Target& target, const plan::Measurement& measurement, runbook::OnBreach otherwise, const std::optional<Taken>& before)
    : target_(target),
      measurement_(measurement),
      action_(measurement.gauge.on_breach.value_or(otherwise)),
      before_(before ? before->timed : std::nullopt),
      complained_(before && !before->missing.empty()),  // it was said then
      thread_([this] { send(); }) {}

Probe::~Probe() {
    stop_.request();
    thread_.join();
}

std::optional<std::string> Probe::breach() const {
    const std::lock_guard lock(mutex_);
    return streak_.broken();
}

std::optional<std::string> Probe::take_complaint() {
    const std::lock_guard lock(mutex_);
    return std::exchange(complaint_, std::nullopt);
}

Timed Probe::figures() const {
    const std::lock_guard lock(mutex_);
    Timed timed = seen_;
    if (!latencies_.empty()) {
        timed.median_ms = percentile(latencies_, 50);
        timed.p95_ms = percentile(latencies_, 95);
    }
    return timed;
}

void Probe::send() {
    keep_connected(target_, "sql probe", stop_, [this](pg::Connection& connection) {
        base::Deadline next = base::Clock::now();
        do {
            next = std::max(next + measurement_.gauge.every, base::Clock::now() + Millis(1));
            take(connection);
        } while (base::pause_for(std::max<base::Clock::duration>(next - base::Clock::now(), Millis(1)), &stop_));
    });
}

void Probe::take(pg::Connection& connection) {
    const Sample now = sample(connection, measurement_, &stop_);
    if (stop_.requested()) {
        return;  // cut off by our own end
    }
    if (!now.error.empty()) {
        complain("it cannot be asked: " + now.error);
    }
    auto broken = broken_limit(connection, now);
    if (broken) {
        broken = fmt::format("probe {}: {}", measurement_.name, *broken);
    }

    const std::lock_guard lock(mutex_);
    streak_.take(std::move(broken), kToBreach, to_clear(measurement_.gauge.every));
    if (!now.error.empty()) {
        ++seen_.failed;
        return;
    }
    if (latencies_.size() < kMostLatencies) {
        latencies_.push_back(now.ms);
    } else {
        latencies_[static_cast<std::size_t>(seen_.runs) % kMostLatencies] = now.ms;
    }
    ++seen_.runs;
    seen_.max_ms = std::max(seen_.max_ms, now.ms);
    if (const auto value = number(now.value)) {
        seen_.least = std::min(seen_.least.value_or(*value), *value);
        seen_.most = std::max(seen_.most.value_or(*value), *value);
    }
}

std::optional<std::string> Probe::broken_limit(pg::Connection& connection, const Sample& now) {
    // What is faster than that differs by accident.
    constexpr double kLeastBaseline = 1;
    const runbook::Gauge& gauge = measurement_.gauge;
    if (!now.error.empty()) {
        return gauge.required ? std::optional("it cannot be asked: " + now.error) : std::nullopt;
    }
    if (gauge.max_ms && now.ms > *gauge.max_ms) {
        return fmt::format("{:.1f} ms > {:g} ms", now.ms, *gauge.max_ms);
    }
    if (gauge.max_ratio && before_) {
        const double ratio = now.ms / std::max(before_->median_ms, kLeastBaseline);
        if (ratio > *gauge.max_ratio) {
            return fmt::format("{:.1f} ms is {:.1f} times of before > {:g}", now.ms, ratio, *gauge.max_ratio);
        }
    }
    if (!gauge.fail.empty() && now.value && fails(connection, *now.value)) {
        return fmt::format("its value is {}: {}", *now.value, gauge.fail);
    }
    return std::nullopt;
}

// In a transaction of its own, over the two numbers.
bool Probe::fails(pg::Connection& connection, const std::string& value) {
    const std::optional<std::string> baseline = before_ ? before_->value : std::nullopt;
    ReadOnly transaction(connection, measurement_.context, measurement_.gauge.timeout, &stop_);
    const pg::Outcome answer =
        transaction.ask("WITH probe AS (SELECT $1::pg_catalog.numeric AS value, $2::pg_catalog.numeric AS baseline)\nSELECT (" +
                            measurement_.gauge.fail + "\n) FROM probe",
                        {value, baseline});
    const auto* r = std::get_if<pg::Result>(&answer);
    if (r == nullptr) {
        complain("its `-- fail:` cannot be judged: " + std::get<pg::ServerError>(answer).message);
        return false;
    }
    return r->rows() == 1 && r->text(0, 0) == "t";
}

void Probe::complain(const std::string& words) {
    const std::lock_guard lock(mutex_);
    if (!std::exchange(complained_, true)) {
        complaint_ = fmt::format("probe {}: {}", measurement_.name, words);
    }
}

}  // namespace pgbelay::engine
