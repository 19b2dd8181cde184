#include "engine/window_gate.h"

#include "pg/standing.h"

#include <fmt/core.h>

namespace pgbelay::engine {
namespace {

using Level = Finding::Level;
using runbook::Instant;

constexpr const char* kGate = "window";

Instant server_time(pg::Connection& connection) {
    return Instant(std::chrono::seconds(pg::server_seconds(connection)));
}

std::string in(Instant now, Instant then) {
    return base::format_duration(then - now);
}

}  // namespace

std::vector<Finding> check_windows(Target& target, const std::vector<runbook::Written>& windows, bool deploying) {
    if (windows.empty()) {
        return {};
    }
    std::vector<std::string> texts;
    for (const runbook::Written& window : windows) {
        texts.push_back(window.text);
    }
    const runbook::Windows open(texts);
    const Instant now = server_time(target.control());
    std::vector<Finding> findings;
    if (!open.open(now)) {
        const Instant opens = open.opens(now);
        findings.push_back({deploying ? Level::refusal : Level::warning, kGate,
                            fmt::format("the window is shut; it opens {}, in {}", open.words(opens), in(now, opens)),
                            deploying ? "deploy then" : "", windows.front().place});
        return findings;
    }
    const auto closes = open.closes(now);
    findings.push_back(
        {Level::ok, kGate,
         closes ? fmt::format("the window is open until {}, for {}", open.words(*closes), in(now, *closes)) : "the window is always open",
         "", windows.front().place});
    for (const std::string& dump : pg::running_dumps(target.control())) {
        findings.push_back({Level::warning, kGate, "a dump is running: " + dump,
                            "it holds ACCESS SHARE on every table until its end: steps with a strong lock wait for it",
                            windows.front().place});
    }
    return findings;
}

void refuse_shut_windows(Target& target, const std::vector<std::string>& windows) {
    std::vector<runbook::Written> written;
    for (const std::string& window : windows) {
        written.push_back({window, {}});
    }
    if (const auto findings = check_windows(target, written, true); refuses(findings)) {
        throw to_error(findings);
    }
}

RunningWindows::RunningWindows(const std::vector<std::string>& windows) : windows_(windows), any_(!windows.empty()) {}

std::optional<RunningWindows::Later> RunningWindows::not_now(pg::Connection& connection, const plan::Step& step) {
    constexpr std::chrono::seconds kAskAgain{60};
    if (!any_) {
        return std::nullopt;
    }
    if (!asked_ || base::Clock::now() - asked_at_ > kAskAgain) {
        asked_ = server_time(connection);
        asked_at_ = base::Clock::now();
    }
    return not_at(*asked_ + std::chrono::duration_cast<std::chrono::seconds>(base::Clock::now() - asked_at_), step);
}

std::optional<RunningWindows::Later> RunningWindows::not_at(Instant now, const plan::Step& step) const {
    if (!windows_.open(now)) {
        return Later{windows_.words(windows_.opens(now)), "the window is shut"};
    }
    const auto closes = windows_.closes(now);
    const base::Millis takes = expected(step);
    if (!closes || now + takes <= *closes) {
        return std::nullopt;
    }
    return Later{windows_.words(windows_.opens(*closes)), fmt::format("{} would probably take {}, and the window closes in {}", step.name,
                                                                      base::format_duration(takes), in(now, *closes))};
}

base::Millis RunningWindows::expected(const plan::Step& step) const {
    constexpr double kEnough = 1;  // seconds of work that tell something
    const double rate = took_ >= kEnough ? read_ / took_ : plan::bytes_per_second(analysis::Work::build_index);
    return base::Millis(static_cast<std::int64_t>(static_cast<double>(step.reads) / rate * 1000));
}

void RunningWindows::learn(const plan::Step& step, base::Millis ran) {
    if (step.reads > 0) {
        read_ += static_cast<double>(step.reads);
        took_ += std::chrono::duration<double>(ran).count();
    }
}

}  // namespace pgbelay::engine
