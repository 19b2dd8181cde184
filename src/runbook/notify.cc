#include "runbook/notify.h"

#include "runbook/text.h"
#include "runbook/values.h"

#include <algorithm>
#include <optional>

namespace pgbelay::runbook {
namespace {

using Form = Notification::Form;

constexpr std::string_view kExample = "such as - slack: ${SLACK_WEBHOOK_URL}, - url: ${HOOK_URL}, or - command: [notify, dba]";

void read_url(Notification& notification, Form form, const YamlNode& value, const Environment& environment) {
    Expanded expanded = expand(scalar(value, "notify"), environment, "a URL", value.place);
    const bool web = expanded.text.starts_with("https://") || expanded.text.starts_with("http://");
    if (expanded.missing.empty() && !web) {
        throw input_error("notify: this is no http or https URL", value.place).hint(std::string(kExample));
    }
    notification.form = form;
    notification.url = std::move(expanded.text);
    notification.missing = std::move(expanded.missing);
}

void read_command(Notification& notification, const YamlNode& value, const Environment& environment) {
    const bool list = value.kind == YamlNode::Kind::sequence && !value.sequence.empty();
    if (!list && value.kind != YamlNode::Kind::scalar) {
        throw input_error("notify: a command is a program, or a list of it and its arguments", value.place).hint(std::string(kExample));
    }
    notification.form = Form::command;
    for (const YamlNode& word : list ? value.sequence : std::vector<YamlNode>{value}) {
        Expanded expanded = expand(scalar(word, "notify"), environment, "a command", word.place);
        notification.missing = notification.missing.empty() ? expanded.missing : notification.missing;
        notification.command.push_back(std::move(expanded.text));
    }
    if (notification.missing.empty() && notification.command.front().empty()) {
        throw input_error("notify: the command is empty", value.place).hint(std::string(kExample));
    }
}

void read_events(Notification& notification, const YamlNode& value) {
    for (const YamlNode& event : value.kind == YamlNode::Kind::sequence ? value.sequence : std::vector<YamlNode>{value}) {
        if (std::ranges::find(kNotifiedEvents, scalar(event, "notify")) == kNotifiedEvents.end()) {
            throw input_error(fmt::format("notify: there is no event \"{}\"", event.scalar), event.place)
                .hint(suggest(event.scalar, kNotifiedEvents));
        }
        notification.events.push_back(event.scalar);
    }
}

Notification read_one(const YamlNode& node, const Environment& environment) {
    require_map(node, "notify", kExample);
    Notification notification{.place = node.place};
    int channels = 0;
    const auto channel = [&](auto read) {
        return [&, read](const YamlNode& value) {
            ++channels;
            read(value);
        };
    };
    using Read = std::pair<std::string_view, std::function<void(const YamlNode&)>>;
    const std::array<Read, 4> readers = {
        Read{"slack", channel([&](const YamlNode& v) { read_url(notification, Form::slack, v, environment); })},
        Read{"url", channel([&](const YamlNode& v) { read_url(notification, Form::json, v, environment); })},
        Read{"command", channel([&](const YamlNode& v) { read_command(notification, v, environment); })},
        Read{"events", [&](const YamlNode& v) { read_events(notification, v); }},
    };
    read_keys(node, "notify", readers);
    if (channels != 1) {
        throw input_error("notify: each needs one of slack, url and command", node.place).hint(std::string(kExample));
    }
    return notification;
}

}  // namespace

std::vector<Notification> read_notify(const YamlNode& node, const Environment& environment) {
    std::vector<Notification> notifications;
    if (node.kind != YamlNode::Kind::sequence) {
        notifications.push_back(read_one(node, environment));
        return notifications;
    }
    for (const YamlNode& one : node.sequence) {
        notifications.push_back(read_one(one, environment));
    }
    return notifications;
}

}  // namespace pgbelay::runbook
