#include "report/plain_display.h"

#include "report/redact.h"
#include "report/text.h"
#include "report/times.h"

#include <fmt/core.h>

#include <utility>

namespace pgbelay::report {

namespace {

constexpr std::chrono::seconds kEvery{5};
// A build that takes hours need not fill the log.
constexpr std::chrono::seconds kEveryLater{30};
constexpr std::chrono::minutes kLater{2};

}  // namespace

PlainDisplay::PlainDisplay(Style style, bool quiet, Write write, Now now)
    : style_(style), quiet_(quiet), write_(std::move(write)), now_(std::move(now)) {}

void PlainDisplay::show(const engine::Event& event) {
    std::visit([this](const auto& e) { on(e); }, event);
}

void PlainDisplay::line(const std::string& text) {
    write_(printable(redact(text)) + "\n");
}

void PlainDisplay::step_line(const plan::Step& step, const std::string& text) {
    if (!quiet_) {
        line(fmt::format("[{}/{}] {}: {}", step.n, total_, one_line(step.name), text));
    }
}

bool PlainDisplay::due(const plan::Step& step) {
    const auto pace = in_hand_.find(step.n);
    if (pace == in_hand_.end()) {
        return true;
    }
    const base::Deadline now = now_();
    const bool later = now - pace->second.started > kLater;
    if (now - pace->second.last_line < (later ? kEveryLater : kEvery)) {
        return false;
    }
    pace->second.last_line = now;
    return true;
}

void PlainDisplay::on(const engine::RunStarted& e) {
    total_ = e.steps;
    if (!quiet_) {
        line(fmt::format("run {}: {} {} on {}{}", e.run, e.rollback ? "rolling back" : "deploying", count(e.steps, "step"), e.target,
                         e.resumed ? ", resumed" : ""));
    }
}

void PlainDisplay::on(const engine::StepStarted& e) {
    total_ = e.total;
    // A step that is over within five seconds needs no word in between, except on who is in its way.
    in_hand_[e.step->n] = {now_(), now_()};
    step_line(*e.step, "start");
}

void PlainDisplay::on(const engine::StepWaiting& e) {
    const auto pace = in_hand_.find(e.step->n);
    const bool first = pace != in_hand_.end() && pace->second.last_line == pace->second.started;
    if (first) {
        pace->second.last_line = now_();
    }
    if (first || due(*e.step)) {
        step_line(*e.step, fmt::format("has waited {} for {}", base::format_duration(e.since), blockers_words(e.blockers)));
    }
}

// Somebody's work was ended: said also where little is said.
void PlainDisplay::on(const engine::SessionSignalled& e) {
    line(fmt::format("[{}/{}] {}: {}", e.step->n, total_, one_line(e.step->name), signal_words(e)));
}

void PlainDisplay::on(const engine::StepRetry& e) {
    if (due(*e.step)) {
        step_line(*e.step, fmt::format("try {} failed: {}; again in {}", e.tries, one_line(e.why), base::format_duration(e.backoff)));
    }
}

void PlainDisplay::on(const engine::StepProgress& e) {
    if (!due(*e.step)) {
        return;
    }
    std::string text = progress_words(e);
    if (!e.blockers.empty()) {
        text += "; waits for " + blockers_words(e.blockers);
    }
    if (e.waiting_on_us > 0) {
        text += fmt::format("; {} wait{} on us", count(e.waiting_on_us, "session"), e.waiting_on_us == 1 ? "s" : "");
    }
    step_line(*e.step, text);
}

void PlainDisplay::on(const engine::StepFinished& e) {
    std::string text(result_words(e.result));
    if (!e.note.empty()) {
        text += ", " + one_line(e.note);
    }
    if (e.result != engine::StepResult::skipped) {
        text += " (" + join(times_words(e.times), ", ") + ")";
    }
    step_line(*e.step, text);
    in_hand_.erase(e.step->n);
}

void PlainDisplay::on(const engine::Echo& e) {
    line(e.text);
}

void PlainDisplay::on(const engine::Notice& e) {
    if (e.warning || !quiet_) {
        line((e.warning ? "warning: " : "") + e.text);
    }
}

void PlainDisplay::on(const engine::GuardBreach& e) {
    line((e.cleared ? "guard: " : "warning: guard: ") + breach_words(e));
}

void PlainDisplay::on(const engine::Paused& e) {
    line("paused " + e.why);
}

void PlainDisplay::on(const engine::Resumed& e) {
    line("resumed after " + base::format_duration(e.after));
}

void PlainDisplay::on(const engine::HealthSeen& e) {
    if (e.health.far() || !quiet_) {
        line((e.health.far() ? "warning: " : "") + health_line(e.health));
    }
}

void PlainDisplay::on(const engine::Waiting& e) {
    step_line(*e.step, "its time has not come: not before " + e.until);
}

void PlainDisplay::on(const engine::Verified& e) {
    if (e.holds && !quiet_) {
        line("verified: every condition holds");
    }
    for (const std::string& failure : e.failures) {
        line("verification failed: " + failure);
    }
}

// How it ended is the summary's to say.
void PlainDisplay::on(const engine::RunFinished& /*e*/) {}

}  // namespace pgbelay::report
