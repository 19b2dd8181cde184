// Takes what a plan measures, right before the first change and after the last, and judges it.
#pragma once

#include "engine/event.h"
#include "engine/judge.h"
#include "engine/measured.h"
#include "engine/probe.h"
#include "engine/session.h"
#include "engine/target.h"
#include "plan/plan.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pgbelay::engine {

class Measurements {
public:
    Measurements(Target& target, const plan::Plan& plan, const Sink& sink) : target_(target), plan_(plan), sink_(sink) {}

    // What the journal does not have yet, unless something was `changed` by then. Throws Error{check} where a condition of the author's
    // could not be judged later, Error{interrupted}, Error{connection}.
    void before(Session& session, bool changed);
    // Everything, anew. Throws Error{interrupted}, Error{connection}.
    void after(Session& session);

    // Probes are sent from here on; what a breach does is the plan's unless the author said so of the probe.
    void begin_probes(Session& session);
    // None is sent any more. What they saw is kept in memory, and in the journal with a session.
    void stop_probes();
    void end_probes(Session& session);
    // Of probes, as they are now.
    std::vector<Breach> breaches() const;
    // Once each: what keeps a probe from being sent.
    std::vector<std::string> take_complaints();

    struct Failure {
        std::string words;  // "baseline totals: after.n < before.n"
        base::Place place;
    };
    // Of the latest after().
    const std::vector<Failure>& failures() const { return failures_; }

private:
    std::vector<Measured> taken_so_far(Session& session) const;
    Taken take(Session& session, const plan::Measurement& measurement);
    void judge(Session& session, const plan::Measurement& measurement, const std::optional<Taken>& before, Taken& after);
    void keep(Session& session, const plan::Measurement& measurement, const char* when, const Taken& taken);
    void say(const plan::Measurement& measurement, const char* when, const Taken& taken) const;

    Target& target_;
    const plan::Plan& plan_;
    const Sink& sink_;
    std::vector<Failure> failures_;
    std::vector<std::unique_ptr<Probe>> probes_;
    std::map<std::string, Timed> seen_;  // by probes that have ended and are not in the journal yet
};

}  // namespace pgbelay::engine
