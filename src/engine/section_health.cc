#include "engine/section_health.h"

#include "engine/health.h"

#include <fmt/core.h>

#include <algorithm>

namespace pgbelay::engine {

namespace {

constexpr base::Millis kPatience{2'000};
// A rate needs two samples at least.
constexpr int kSamples = 3;
constexpr base::Millis kForSamples{5'000};
constexpr base::Millis kPoll{20};

}  // namespace

bool SectionHealth::needs_multiples() const {
    return std::ranges::any_of(plan_.limits.guard, &runbook::GuardLimit::of_baseline);
}

void SectionHealth::take_up(Session& session, Guard& guard) {
    changed_in_ = nullptr;
    if (!baseline_ && (needs_multiples() || !plan_.sections.empty())) {
        for (const Evidence& evidence : session.journal().evidence(session.key())) {
            if (evidence.kind == "baseline") {
                baseline_ = read_figures(evidence.content);
            }
        }
    }
    if (baseline_) {
        guard.set_baseline(*baseline_);
    }
}

void SectionHealth::before(const plan::Step& step, Session& session, Guard& guard) {
    if (baseline_ || step.only_looks() || step.skip || (!needs_multiples() && plan_.sections.empty())) {
        return;
    }
    if (needs_multiples()) {
        for (const base::Deadline until = base::in(kForSamples); guard.summary().samples < kSamples && base::Clock::now() < until;) {
            if (!base::pause_for(kPoll, stop_)) {
                return;
            }
        }
    } else {
        guard.look_now(kPatience, stop_);
    }
    baseline_ = guard.means();
    guard.set_baseline(*baseline_);
    session.journal().keep(session.key(), {.n = 0, .kind = "baseline", .name = "", .content = to_json_text(*baseline_), .at = ""});
}

void SectionHealth::at_the_end_of(const plan::Step* next, Session& session, Guard& guard) {
    const plan::Section* ended = changed_in_;
    if (ended == nullptr || ended->title.empty() || (next != nullptr && plan_.section_of(next->n) == ended)) {
        return;
    }
    changed_in_ = nullptr;
    const auto now = guard.look_now(kPatience, stop_);
    if (!now) {
        sink_(Notice{.text = fmt::format("how the database is after \"{}\" could not be seen", ended->title), .warning = true});
        return;
    }
    const Health health = health_of(ended->title, *now, baseline_.value_or(Figures()), plan_.limits.guard);
    session.journal().keep(session.key(),
                           {.n = ended->last, .kind = "health", .name = ended->title, .content = to_json_text(health), .at = ""});
    sink_(HealthSeen{health});
}

}  // namespace pgbelay::engine
