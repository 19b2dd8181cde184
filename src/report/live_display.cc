#include "report/live_display.h"

#include "report/redact.h"
#include "report/text.h"
#include "report/times.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace pgbelay::report {

namespace {

constexpr std::chrono::milliseconds kRedraw{100};
constexpr int kBarCells = 24;
constexpr std::string_view kHideCursor = "\x1b[?25l";
constexpr std::string_view kShowCursor = "\x1b[?25h";

std::string head_of(const plan::Step& step, int total) {
    const std::string of = std::to_string(total);
    return fmt::format("{:>{}}/{}  {}", step.n, of.size(), of, one_line(step.name));
}

}  // namespace

LiveDisplay::LiveDisplay(Style style, Write write, Now now) : style_(style), write_(std::move(write)), now_(std::move(now)) {
    // The last column stays free: some terminals wrap when it is written.
    style_.columns = std::max(style_.columns - 1, 30);
}

LiveDisplay::~LiveDisplay() {
    std::string out = erase();
    if (cursor_hidden_) {
        out += kShowCursor;
    }
    if (!out.empty()) {
        write_(out);
    }
}

void LiveDisplay::show(const engine::Event& event) {
    std::visit([this](const auto& e) { on(e); }, event);
}

std::string LiveDisplay::erase() {
    if (drawn_ == 0) {
        return "";
    }
    std::string out = fmt::format("\r\x1b[{}A\x1b[J", drawn_);
    drawn_ = 0;
    return out;
}

LiveDisplay::Current* LiveDisplay::find(const plan::Step& step) {
    const auto found = in_hand_.find(step.n);
    return found == in_hand_.end() ? nullptr : &found->second;
}

void LiveDisplay::draw(const Current& current, std::size_t most, std::vector<std::string>& out) const {
    const std::string since = base::format_duration(now_() - current.started) + (current.left.empty() ? "" : ", " + current.left);
    const int room = style_.columns - 4 - width(since);
    out.push_back(fmt::format(" {} {} {}", style_.utf8 ? "▸" : ">", pad(shorten(current.head, room, style_), room), since));
    const auto add = [&](const std::string& text) {
        std::vector<std::string> folded = wrap(text, style_.columns - 5);
        folded.resize(std::min(folded.size(), most));
        for (const std::string& line : folded) {
            out.push_back("     " + shorten(line, style_.columns - 5, style_));
        }
    };
    add(current.bar.empty() ? current.phase : current.bar + (current.phase.empty() ? "" : "  " + current.phase));
    add(current.blockers);
    add(current.retry);
    if (current.waiting_on_us > 0) {
        add(fmt::format("{} wait{} on us", count(current.waiting_on_us, "session"), current.waiting_on_us == 1 ? "s" : ""));
    }
}

std::vector<std::string> LiveDisplay::lines() const {
    constexpr std::size_t kMostInHand = 4;
    std::vector<std::string> out;
    std::size_t shown = 0;
    for (const auto& [n, current] : in_hand_) {
        if (shown++ < kMostInHand) {
            draw(current, in_hand_.size() == 1 ? 3 : 1, out);
        }
    }
    if (shown > kMostInHand) {
        out.push_back(fmt::format("   and {} more", shown - kMostInHand));
    }
    std::vector<std::string> standing;
    for (const auto& [limit, text] : breaches_) {
        standing.push_back(text);
    }
    if (!paused_.empty()) {
        standing.push_back(paused_);
    }
    for (const std::string& text : standing) {
        out.push_back(paint(style_, Ink::warning, shorten(" " + text, style_.columns, style_)));
    }
    return out;
}

void LiveDisplay::redraw(bool must) {
    const base::Deadline now = now_();
    if (!must && last_drawn_ && now - *last_drawn_ < kRedraw) {
        return;
    }
    last_drawn_ = now;
    std::string out = cursor_hidden_ ? "" : std::string(kHideCursor);
    cursor_hidden_ = true;
    out += erase();
    const std::vector<std::string> now_shown = lines();
    for (const std::string& line : now_shown) {
        out += line + "\n";
    }
    drawn_ = static_cast<int>(now_shown.size());
    write_(out);
}

void LiveDisplay::scroll(const std::string& text) {
    write_(erase() + text);
    redraw(true);
}

std::string LiveDisplay::mark(engine::StepResult result) const {
    switch (result) {
        case engine::StepResult::done: return paint(style_, Ink::good, style_.utf8 ? "✓" : "+");
        case engine::StepResult::skipped:
        case engine::StepResult::adopted: return paint(style_, Ink::good, "=");
        case engine::StepResult::failed: return paint(style_, Ink::bad, style_.utf8 ? "✗" : "x");
        case engine::StepResult::unknown: return paint(style_, Ink::bad, "?");
        case engine::StepResult::rolled_back: return paint(style_, Ink::warning, "<");
    }
    return "?";
}

void LiveDisplay::on(const engine::RunStarted& e) {
    total_ = e.steps;
    scroll(fmt::format("Run {}: {} {} on {}{}\n", e.run, e.rollback ? "rolling back" : "deploying", count(e.steps, "step"), e.target,
                       e.resumed ? ", resumed" : ""));
}

void LiveDisplay::on(const engine::StepStarted& e) {
    total_ = e.total;
    in_hand_[e.step->n] = Current{head_of(*e.step, e.total), now_(), "", "", "", "", "", 0};
    redraw(true);
}

void LiveDisplay::on(const engine::StepWaiting& e) {
    Current* current = find(*e.step);
    if (current == nullptr) {
        return;
    }
    const bool news = current->blockers.empty();
    current->blockers = "waits for " + blockers_words(e.blockers);
    current->retry = "waited " + base::format_duration(e.since) + " so far; nobody queues behind us";
    redraw(news);
}

void LiveDisplay::on(const engine::SessionSignalled& e) {
    scroll(labelled_in(Ink::warning, "", signal_words(e), style_, {3, 1}));
}

void LiveDisplay::on(const engine::StepRetry& e) {
    if (Current* current = find(*e.step); current != nullptr) {
        current->blockers.clear();
        current->retry = fmt::format("try {}: {}; again in {}", e.tries, one_line(e.why), base::format_duration(e.backoff));
        redraw(false);
    }
}

void LiveDisplay::on(const engine::StepProgress& e) {
    Current* current = find(*e.step);
    if (current == nullptr) {
        return;
    }
    current->bar = bar(e.fraction, kBarCells, style_);
    current->phase = one_line(e.phase);
    current->left = e.eta ? "about " + base::format_duration(*e.eta) + " left" : "";
    current->blockers = e.blockers.empty() ? "" : "waits for " + blockers_words(e.blockers);
    current->retry.clear();
    current->waiting_on_us = e.waiting_on_us;
    redraw(false);
}

void LiveDisplay::on(const engine::StepFinished& e) {
    const std::string head = head_of(*e.step, total_);
    std::vector<std::string> words;
    if (e.result != engine::StepResult::done) {
        words.emplace_back(result_words(e.result));
    }
    if (!e.note.empty()) {
        words.push_back(one_line(redact(e.note)));
    }
    if (e.result != engine::StepResult::skipped) {
        const std::vector<std::string> times = times_words(e.times);
        words.insert(words.end(), times.begin(), times.end());
    }
    const std::string right = join(words, ", ");
    in_hand_.erase(e.step->n);
    const int room = style_.columns - 4 - width(right);
    if (width(head) <= room) {
        scroll(fmt::format(" {} {} {}\n", mark(e.result), pad(head, room), right));
    } else {
        scroll(fmt::format(" {} {}\n", mark(e.result), shorten(head, style_.columns - 3, style_)) + labelled("", right, style_, {4, 1}));
    }
}

void LiveDisplay::on(const engine::Echo& e) {
    scroll(printable(e.text) + "\n");
}

void LiveDisplay::on(const engine::Notice& e) {
    const std::string text = (e.warning ? "warning: " : "") + redact(e.text);
    scroll(e.warning ? labelled_in(Ink::warning, "", text, style_, {0, 1}) : labelled("", text, style_, {0, 1}));
}

void LiveDisplay::on(const engine::GuardBreach& e) {
    if (e.cleared) {
        breaches_.erase(e.limit);
    } else {
        breaches_[e.limit] = "guard: " + e.what;
    }
    scroll(labelled_in(Ink::warning, "", "guard: " + breach_words(e), style_, {0, 1}));
}

void LiveDisplay::on(const engine::Paused& e) {
    paused_ = "paused " + one_line(e.why);
    redraw(true);
}

void LiveDisplay::on(const engine::Resumed& /*e*/) {
    paused_.clear();
    redraw(true);
}

void LiveDisplay::on(const engine::HealthSeen& e) {
    const std::string text = health_line(e.health);
    scroll(e.health.far() ? labelled_in(Ink::warning, "", "warning: " + text, style_, {0, 1}) : labelled("", text, style_, {3, 1}));
}

void LiveDisplay::on(const engine::Waiting& e) {
    scroll(labelled("", fmt::format("{}: its time has not come: not before {}", one_line(e.step->name), e.until), style_, {3, 1}));
}

void LiveDisplay::step_aside() {
    std::string out = erase();
    if (cursor_hidden_) {
        out += kShowCursor;
        cursor_hidden_ = false;
    }
    write_(out);
}

void LiveDisplay::on(const engine::Verified& e) {
    for (const std::string& failure : e.failures) {
        scroll(labelled_in(Ink::bad, "", "verification failed: " + failure, style_, {0, 1}));
    }
}

void LiveDisplay::on(const engine::RunFinished& /*e*/) {
    in_hand_.clear();
    breaches_.clear();
    paused_.clear();
    redraw(true);
    write_(kShowCursor);
    cursor_hidden_ = false;
}

}  // namespace pgbelay::report
