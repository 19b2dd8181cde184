#include "demo/traffic.h"

#include "base/error.h"
#include "pg/connection.h"
#include "sql/quote.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace pgbelay::demo {

namespace {

constexpr std::chrono::seconds kConnectTime{10};

Micros between(base::Deadline from, base::Deadline to) {
    return std::chrono::duration_cast<Micros>(to - from);
}

// The smallest time that `share` of all times do not exceed. `sorted` is not empty.
Micros percentile(const std::vector<Micros>& sorted, double share) {
    const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
    return sorted[std::clamp<std::size_t>(rank, 1, sorted.size()) - 1];
}

// What all workers write and anybody reads.
class Book {
public:
    explicit Book(int workers) : waiting_since_(static_cast<std::size_t>(workers)) {}

    void begin(std::size_t worker, base::Deadline due) {
        const std::lock_guard lock(mutex_);
        waiting_since_[worker] = due;
    }
    void end(std::size_t worker, const std::string& error) {
        const std::lock_guard lock(mutex_);
        times_.push_back(between(*waiting_since_[worker], base::Clock::now()));
        waiting_since_[worker].reset();
        if (!error.empty() && ++errors_ == 1) {
            first_error_ = error;
        }
    }
    void forget(std::size_t worker) {
        const std::lock_guard lock(mutex_);
        waiting_since_[worker].reset();
    }

    Latencies read() const {
        std::vector<Micros> times;
        Latencies result;
        {
            const std::lock_guard lock(mutex_);
            times = times_;
            result.errors = errors_;
            result.first_error = first_error_;
            for (const auto& since : waiting_since_) {
                result.longest = std::max(result.longest, since ? between(*since, base::Clock::now()) : Micros{0});
            }
        }
        result.count = times.size();
        if (!times.empty()) {
            std::sort(times.begin(), times.end());
            result.p50 = percentile(times, 0.50);
            result.p99 = percentile(times, 0.99);
            result.longest = std::max(result.longest, times.back());
        }
        return result;
    }

private:
    mutable std::mutex mutex_;
    std::vector<Micros> times_;
    std::vector<std::optional<base::Deadline>> waiting_since_;  // per worker: when its statement was due
    std::size_t errors_ = 0;
    std::string first_error_;
};

// When each statement is due: at even distances, whichever worker takes it.
class Schedule {
public:
    explicit Schedule(double per_second)
        : distance_(std::chrono::duration_cast<base::Clock::duration>(std::chrono::duration<double>(1 / per_second))) {}

    // Nothing: the schedule has ended.
    std::optional<base::Deadline> next() {
        const base::Deadline due = start_ + distance_ * taken_.fetch_add(1);
        return due > end_.load() ? std::nullopt : std::optional(due);
    }
    bool ended_before(base::Deadline due) const { return due > end_.load(); }
    void end(base::Deadline at) { end_ = at; }

private:
    base::Deadline start_ = base::Clock::now();
    base::Clock::duration distance_;
    std::atomic<std::int64_t> taken_{0};
    std::atomic<base::Deadline> end_{base::kNoDeadline};
};

pg::Connection connect(const pg::Conninfo& conninfo, const TrafficOptions& options, const base::StopSignal* stop) {
    pg::Connection connection = pg::Connection::open(conninfo, "traffic", base::in(kConnectTime), stop);
    for (const std::string& setting : {"SET search_path TO " + sql::quote_identifier(options.search_path),
                                       "SET application_name TO " + sql::quote_literal(options.application)}) {
        const pg::Outcome outcome = connection.run(setting, std::nullopt, base::in(kConnectTime), stop);
        if (const auto* error = std::get_if<pg::ServerError>(&outcome)) {
            throw pg::to_error(*error);
        }
    }
    return connection;
}

}  // namespace

struct Traffic::State {
    State(const pg::Conninfo& where, std::vector<Kind> what, const TrafficOptions& how, const base::StopSignal* until)
        : conninfo(where), kinds(std::move(what)), options(how), stop(until), book(how.connections), schedule(how.per_second) {
        for (const Kind& kind : kinds) {
            weights.push_back(kind.weight);
        }
    }

    // To the microsecond, which poll(2) is not: its rounding would be counted as latency.
    bool wait_until(base::Deadline due) const {
        constexpr base::Millis kRest{1};
        if (!base::pause_for(due - kRest - base::Clock::now(), stop)) {
            return false;
        }
        std::this_thread::sleep_until(due);
        return true;
    }

    bool stopped() const { return stop != nullptr && stop->requested(); }

    // One statement; what went wrong, or "".
    std::string send(pg::Connection& connection, const std::string& statement) const {
        try {
            if (!connection.alive()) {
                connection = connect(conninfo, options, stop);
            }
            const pg::Outcome outcome = connection.run(statement, std::nullopt, base::kNoDeadline, stop);
            const auto* error = std::get_if<pg::ServerError>(&outcome);
            return error == nullptr ? "" : error->message;
        } catch (const base::Error& error) {
            return error.message();
        }
    }

    void work(std::size_t worker, pg::Connection connection) {
        Random random(worker + 1);
        std::discrete_distribution<std::size_t> pick(weights.begin(), weights.end());
        while (const auto due = schedule.next()) {
            const std::string statement = kinds[pick(random)].statement(random);
            if (!wait_until(*due) || schedule.ended_before(*due)) {
                return;
            }
            book.begin(worker, *due);
            const std::string error = send(connection, statement);
            if (stopped()) {
                book.forget(worker);
                return;
            }
            book.end(worker, error);
        }
    }

    pg::Conninfo conninfo;
    std::vector<Kind> kinds;
    TrafficOptions options;
    const base::StopSignal* stop;
    std::vector<double> weights;
    Book book;
    Schedule schedule;
    std::vector<std::jthread> workers;  // last: they end before what they use
};

Traffic::Traffic(const pg::Conninfo& conninfo, std::vector<Kind> kinds, const TrafficOptions& options, const base::StopSignal* stop) {
    std::vector<pg::Connection> connections;
    for (int i = 0; i < options.connections; ++i) {
        connections.push_back(connect(conninfo, options, stop));
    }
    state_ = std::make_unique<State>(conninfo, std::move(kinds), options, stop);
    for (std::size_t i = 0; i < connections.size(); ++i) {
        state_->workers.emplace_back(
            [state = state_.get(), i, connection = std::move(connections[i])]() mutable { state->work(i, std::move(connection)); });
    }
}

Traffic::~Traffic() {
    state_->schedule.end(base::Deadline::min());
}

Latencies Traffic::so_far() const {
    return state_->book.read();
}

Latencies Traffic::finish() {
    state_->schedule.end(base::Clock::now());
    state_->workers.clear();
    return state_->book.read();
}

}  // namespace pgbelay::demo
