// Looks at the database before the first change, and at the end of each section of a runbook that changed something.
#pragma once

#include "engine/event.h"
#include "engine/guard.h"
#include "engine/session.h"
#include "plan/plan.h"

#include <map>
#include <optional>

namespace pgbelay::engine {

class SectionHealth {
public:
    SectionHealth(const plan::Plan& plan, const Sink& sink, const base::StopSignal* stop) : plan_(plan), sink_(sink), stop_(stop) {}

    // At the beginning of an incarnation: what was there before the first change is known since then, if that was made already.
    void take_up(Session& session, Guard& guard);
    // Before a step that may change something: the first one waits until there is a baseline, if anything needs one.
    void before(const plan::Step& step, Session& session, Guard& guard);
    void took_effect(const plan::Step& step) { changed_in_ = plan_.section_of(step.n); }
    // Where one section has ended: before a step of another, and after the last.
    void at_the_end_of(const plan::Step* next, Session& session, Guard& guard);

private:
    bool needs_multiples() const;

    const plan::Plan& plan_;
    const Sink& sink_;
    const base::StopSignal* stop_;
    std::optional<Figures> baseline_;
    const plan::Section* changed_in_ = nullptr;
};

}  // namespace pgbelay::engine
