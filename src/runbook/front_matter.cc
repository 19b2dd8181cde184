#include "runbook/front_matter.h"

#include "runbook/blockers.h"
#include "runbook/notify.h"
#include "runbook/requirements.h"
#include "runbook/text.h"
#include "runbook/values.h"
#include "runbook/window.h"
#include "runbook/yaml.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <utility>
#include <vector>

namespace pgbelay::runbook {
namespace {

constexpr std::string_view kFormat = "1";
constexpr int kMostJobs = 64;

int jobs(const YamlNode& node) {
    const int n = count(node, "jobs");
    if (n < 1 || n > kMostJobs) {
        throw input_error(fmt::format("jobs is {}, which is not between 1 and {}", n, kMostJobs), node.place);
    }
    return n;
}

Limits read_limits(const YamlNode& node, Limits limits = {}) {
    require_map(node, "limits", "limits: { lock_timeout: 100ms }");
    using Reader = std::pair<std::string_view, std::function<void(const YamlNode&)>>;
    const std::array<Reader, 7> own = {
        Reader{"lock_timeout", [&](const YamlNode& v) { limits.lock_timeout = duration(v, "lock_timeout", false); }},
        Reader{"hold", [&](const YamlNode& v) { limits.hold = duration(v, "hold", false); }},
        Reader{"deadline", [&](const YamlNode& v) { limits.deadline = duration(v, "deadline", false); }},
        Reader{"statement_timeout", [&](const YamlNode& v) { limits.statement_timeout = duration(v, "statement_timeout", true); }},
        Reader{"tiny", [&](const YamlNode& v) { limits.tiny = size(v, "tiny"); }},
        Reader{"jobs", [&](const YamlNode& v) { limits.jobs = jobs(v); }},
        Reader{"stuck_after", [&](const YamlNode& v) { limits.stuck_after = duration(v, "stuck_after", true); }},
    };
    std::vector<Reader> readers(own.begin(), own.end());
    for (const Measure& measure : measures()) {
        readers.emplace_back(measure.name, [&](const YamlNode& v) {
            set_limit(limits.guard, read_guard_limit(measure, v, find_limit(limits.guard, measure.name)));
        });
    }
    read_keys(node, "limits", readers);
    return limits;
}

// The URL of a target, or of a standby of one; a secret, and so never in an error.
Target read_url(const YamlNode& value, const std::string& name, const std::string& what, const Environment& environment) {
    Target target{.name = name, .place = value.place};
    if (value.kind != YamlNode::Kind::scalar || value.scalar.empty()) {
        throw input_error(what + " needs a URL", value.place).hint("such as ${DATABASE_URL}");
    }
    const std::string called = name.empty() ? "a URL" : "the target " + name;
    Expanded expanded = expand(value.scalar, environment, called, value.place);
    target.url = std::move(expanded.text);
    target.missing = std::move(expanded.missing);
    return target;
}

void read_standbys(const YamlNode& value, const std::string& target, const Environment& environment, std::vector<Target>& replicas) {
    if (value.kind == YamlNode::Kind::sequence) {
        for (const YamlNode& one : value.sequence) {
            replicas.push_back(read_url(one, target, "a replica", environment));
        }
    } else {
        replicas.push_back(read_url(value, target, "a replica", environment));
    }
}

// One URL or several for all targets, or a map of targets to theirs.
std::vector<Target> read_replicas(const YamlNode& node, const Environment& environment) {
    std::vector<Target> replicas;
    if (node.kind != YamlNode::Kind::map) {
        read_standbys(node, "", environment, replicas);
    }
    for (const auto& [key, value] : node.map) {
        read_standbys(value, key.scalar, environment, replicas);
    }
    return replicas;
}

std::vector<Target> read_targets(const YamlNode& node, const Environment& environment) {
    require_map(node, "targets", "targets: { production: \"${DATABASE_URL}\" }");
    std::vector<Target> targets;
    for (const auto& [key, value] : node.map) {
        targets.push_back(read_url(value, key.scalar, "the target " + key.scalar, environment));
    }
    return targets;
}

void require_format(const YamlNode& root) {
    const YamlNode* format = root.find("pgbelay");
    if (format == nullptr) {
        throw input_error("the front matter has no \"pgbelay: 1\"", root.place)
            .hint("begin it with the line \"pgbelay: 1\", the format's version");
    }
    if (scalar(*format, "pgbelay") != kFormat) {
        throw input_error(fmt::format("runbook format \"{}\": this version reads format 1", format->scalar), format->place)
            .hint("write \"pgbelay: 1\", or use a newer pgbelay");
    }
}

}  // namespace

FrontMatterText find_front_matter(std::string_view text, const std::string& file) {
    constexpr std::string_view kMark = "---";
    const std::vector<std::string_view> lines = split_lines(text);
    if (lines.empty() || lines.front().substr(0, kMark.size()) != kMark || !trim(lines.front().substr(kMark.size())).empty()) {
        throw input_error("this Markdown file has no front matter, so it is no runbook", {file, 1, 1})
            .hint("begin the file with the lines \"---\", \"pgbelay: 1\" and \"---\"");
    }
    const auto offset = [&](std::size_t line) {
        return line < lines.size() ? static_cast<std::size_t>(lines[line].data() - text.data()) : text.size();
    };
    for (std::size_t i = 1; i < lines.size(); ++i) {
        if ((lines[i].starts_with(kMark) || lines[i].starts_with("...")) && trim(lines[i].substr(kMark.size())).empty()) {
            return {.yaml = text.substr(offset(1), offset(i) - offset(1)),
                    .first_line = 2,
                    .body = text.substr(offset(i + 1)),
                    .body_first_line = static_cast<int>(i) + 2};
        }
    }
    throw input_error("the front matter does not end", {file, 1, 1}).hint("end it with a line \"---\"");
}

FrontMatter read_front_matter(const FrontMatterText& text, const std::string& file, const Environment& environment) {
    const YamlNode root = parse_yaml(text.yaml, file, text.first_line);
    if (root.kind != YamlNode::Kind::map && root.kind != YamlNode::Kind::null) {
        throw input_error("the front matter is not made of keys and values", root.place).hint("begin it with \"pgbelay: 1\"");
    }
    require_format(root);
    FrontMatter result;
    using Reader = std::pair<std::string_view, std::function<void(const YamlNode&)>>;
    const std::array<Reader, 10> readers = {
        Reader{"pgbelay", [](const YamlNode&) {}},
        Reader{"name",
               [&](const YamlNode& v) {
                   result.name = scalar(v, "name");
                   require_short(result.name, v.place);
               }},
        Reader{"targets", [&](const YamlNode& v) { result.targets = read_targets(v, environment); }},
        Reader{"replicas", [&](const YamlNode& v) { result.replicas = read_replicas(v, environment); }},
        Reader{"limits", [&](const YamlNode& v) { result.limits = read_limits(v); }},
        Reader{"require", [&](const YamlNode& v) { result.requirements = read_requirements(v, environment); }},
        Reader{"notify", [&](const YamlNode& v) { result.notifications = read_notify(v, environment); }},
        Reader{"window", [&](const YamlNode& v) { result.windows = read_windows(v); }},
        Reader{"on_breach", [&](const YamlNode& v) { result.on_breach = read_action(scalar(v, "on_breach"), "on_breach", v.place); }},
        Reader{"blockers", [&](const YamlNode& v) { result.blockers = read_blockers(scalar(v, "blockers"), v.place); }},
    };
    read_keys(root, "the front matter", readers);
    return result;
}

void override_limits(Limits& limits, const std::map<std::string, std::string>& given) {
    if (given.empty()) {
        return;
    }
    YamlNode node{.kind = YamlNode::Kind::map, .place = {"--limit", 0, 0}};
    for (const auto& [name, value] : given) {
        const auto scalar = [&](const std::string& text) {
            return YamlNode{.kind = YamlNode::Kind::scalar, .place = node.place, .scalar = text};
        };
        node.map.emplace_back(scalar(name), scalar(value));
    }
    limits = read_limits(node, limits);
}

}  // namespace pgbelay::runbook
