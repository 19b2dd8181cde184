// `sql probe`: a query that is sent again and again while a run changes things, on a thread and a connection of its own.
#pragma once

#include "base/wait.h"
#include "engine/judge.h"
#include "engine/measured.h"
#include "engine/target.h"
#include "plan/plan.h"

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace pgbelay::engine {

// Its latency and value before the first change: the median of five samples. Throws Error{connection|interrupted}.
Taken take_probe(pg::Connection& worker, const plan::Measurement& measurement, const base::StopSignal* stop);

// What several incarnations of a run have seen, as one: counts added, the worst of the rest.
Timed together(const Timed& a, const Timed& b);

class Probe {
public:
    // Begins to send; it ends with the object. When its connection is lost it connects again, and without one it says nothing.
    // `otherwise` is what a breach does where the author says nothing of his own.
    Probe(const Target& target, const plan::Measurement& measurement, runbook::OnBreach otherwise, const std::optional<Taken>& before);
    ~Probe();
    Probe(const Probe&) = delete;
    Probe& operator=(const Probe&) = delete;

    const std::string& name() const { return measurement_.name; }
    runbook::OnBreach action() const { return action_; }
    // "probe checkout: 812 ms > 500 ms", while it lasts.
    std::optional<std::string> breach() const;
    // Once: that it cannot be sent, and why.
    std::optional<std::string> take_complaint();
    Timed figures() const;

private:
    struct Sample;

    void send();
    void take(pg::Connection& connection);
    std::optional<std::string> broken_limit(pg::Connection& connection, const Sample& sample);
    bool fails(pg::Connection& connection, const std::string& value);
    void complain(const std::string& words);
    static Sample sample(pg::Connection& connection, const plan::Measurement& measurement, const base::StopSignal* stop);
    friend Taken take_probe(pg::Connection& worker, const plan::Measurement& measurement, const base::StopSignal* stop);

    const Target& target_;
    const plan::Measurement& measurement_;
    runbook::OnBreach action_;
    std::optional<Timed> before_;
    base::StopSignal stop_;

    mutable std::mutex mutex_;
    Streak streak_;  // these are shared
    std::optional<std::string> complaint_;
    bool complained_;
    std::vector<double> latencies_;  // the latest of them
    Timed seen_;
    std::thread thread_;
};

}  // namespace pgbelay::engine
