#include "cli/notifier.h"

#include "base/subprocess.h"
#include "cli/webhook.h"
#include "engine/version.h"
#include "report/json.h"
#include "report/redact.h"
#include "report/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <type_traits>
#include <utility>

namespace pgbelay::cli {

namespace {

constexpr std::size_t kLongestQueue = 32;
constexpr std::chrono::seconds kOne{10};
constexpr std::chrono::seconds kAtTheEnd{5};

bool wants(const runbook::Notification& whom, const std::string& event) {
    return whom.events.empty() || std::ranges::find(whom.events, event) != whom.events.end();
}

std::string_view form_name(runbook::Notification::Form form) {
    switch (form) {
        case runbook::Notification::Form::slack: return "slack";
        case runbook::Notification::Form::json: return "url";
        case runbook::Notification::Form::command: return "command";
    }
    return "";
}

// What has a meaning in Slack's messages.
std::string slack_escaped(const std::string& text) {
    std::string escaped;
    for (const char c : text) {
        escaped += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
    }
    return escaped;
}

std::string breach_text(const engine::GuardBreach& breach) {
    return breach.cleared ? fmt::format("{} holds again", breach.limit)
                          : fmt::format("{} is a breach, whose action is {}", breach.what, runbook::to_string(breach.action));
}

std::string end_text(const engine::RunFinished& end) {
    std::string result = end.result;
    std::ranges::replace(result, '_', ' ');
    std::string text = fmt::format("run {} ended: {} after {}", end.run, result, base::format_duration(end.took));
    return end.error ? text + fmt::format(": {}", end.error->message()) : text;
}

}  // namespace

Notifier::Notifier(std::vector<runbook::Notification> whom, std::string name) : whom_(std::move(whom)), name_(std::move(name)) {
    for (const runbook::Notification& one : whom_) {
        if (!one.missing.empty()) {
            failures_.push_back(
                fmt::format("{}: the variable {} is not set: nobody is told there", base::to_string(one.place), one.missing));
        }
    }
    if (!whom_.empty()) {
        thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
    }
}

Notifier::~Notifier() {
    given_up_.request();
}

std::vector<std::string> Notifier::finish() {
    if (thread_.joinable()) {
        {
            std::unique_lock lock(mutex_);
            changed_.wait_for(lock, kAtTheEnd, [this] { return queue_.empty() && !busy_; });
        }
        given_up_.request();
        thread_.request_stop();
        thread_.join();
        for (const Message& message : queue_) {
            failures_.push_back(fmt::format("nobody was told that {}: there was no time left", message.text));
        }
        queue_.clear();
    }
    return failures();
}

void Notifier::take(const engine::Event& event) {
    if (whom_.empty()) {
        return;
    }
    if (const auto* start = std::get_if<engine::RunStarted>(&event)) {
        run_ = start->run;
        target_ = start->target;
        add({.event = "start",
             .text = fmt::format("run {} {} on {}: {}", run_, start->resumed ? "goes on" : "began", target_,
                                 report::count(start->steps, "step")),
             .run = run_});
    } else if (const auto* pause = std::get_if<engine::Paused>(&event)) {
        add({.event = "pause", .text = fmt::format("run {} is paused: {}", run_, pause->why), .run = run_});
    } else if (const auto* resumed = std::get_if<engine::Resumed>(&event)) {
        add({.event = "resume",
             .text = fmt::format("run {} goes on after a pause of {}", run_, base::format_duration(resumed->after)),
             .run = run_});
    } else if (const auto* breach = std::get_if<engine::GuardBreach>(&event)) {
        add({.event = "breach", .text = fmt::format("run {}: {}", run_, breach_text(*breach)), .run = run_});
    } else if (const auto* waiting = std::get_if<engine::Waiting>(&event)) {
        add({.event = "waiting", .text = fmt::format("run {} waits until {}", run_, waiting->until), .run = run_});
    } else if (const auto* end = std::get_if<engine::RunFinished>(&event)) {
        add({.event = "end", .text = end_text(*end), .result = end->result, .run = run_});
    }
}

void Notifier::add(Message message) {
    message.text = report::redact(message.text);
    message.target = target_;
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= kLongestQueue) {
        failures_.push_back(fmt::format("nobody was told that {}: too many messages wait", message.text));
        return;
    }
    queue_.push_back(std::move(message));
    changed_.notify_all();
}

std::vector<std::string> Notifier::failures() {
    const std::lock_guard lock(mutex_);
    return std::exchange(failures_, {});
}

void Notifier::work(const std::stop_token& stop) {
    for (;;) {
        Message message;
        {
            std::unique_lock lock(mutex_);
            if (!changed_.wait(lock, stop, [this] { return !queue_.empty(); }) || given_up_.requested()) {
                return;
            }
            message = std::move(queue_.front());
            queue_.pop_front();
            busy_ = true;
        }
        for (const runbook::Notification& whom : whom_) {
            if (!whom.missing.empty() || !wants(whom, message.event) || given_up_.requested()) {
                continue;
            }
            if (const std::string why = tell(whom, message); !why.empty()) {
                const std::lock_guard lock(mutex_);
                failures_.push_back(fmt::format("{}: {} was not told of \"{}\": {}", base::to_string(whom.place), form_name(whom.form),
                                                message.event, why));
            }
        }
        const std::lock_guard lock(mutex_);
        busy_ = false;
        changed_.notify_all();
    }
}

std::string Notifier::tell(const runbook::Notification& whom, const Message& message) const {
    const std::string text = fmt::format("pgbelay, {}: {}", name_, message.text);
    if (whom.form == runbook::Notification::Form::command) {
        try {
            const auto result = base::run_command({.argv = whom.command,
                                                   .env = {{"PGBELAY_EVENT", message.event},
                                                           {"PGBELAY_MESSAGE", text},
                                                           {"PGBELAY_RUN", std::to_string(message.run)},
                                                           {"PGBELAY_TARGET", message.target},
                                                           {"PGBELAY_RESULT", message.result}}},
                                                  base::in(kOne), &given_up_);
            return result.status == 0 ? "" : fmt::format("it ended with status {}", result.status);
        } catch (const base::Error& error) {
            return error.message();
        }
    }
    report::Json json;
    if (whom.form == runbook::Notification::Form::slack) {
        json["text"] = slack_escaped(text);
    } else {
        json = {{"event", message.event},
                {"run", message.run},
                {"name", name_},
                {"target", message.target},
                {"message", message.text},
                {"result", report::or_null(message.result)},
                {"client", std::string(engine::version())}};
    }
    return post_json(whom.url, report::dump_line(json), kOne, [this] { return given_up_.requested(); });
}

}  // namespace pgbelay::cli
