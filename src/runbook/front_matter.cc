#include "runbook/front_matter.h"

#include "runbook/blockers.h"
#include "runbook/text.h"
#include "runbook/yaml.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <functional>
#include <limits>

namespace pgbelay::runbook {
namespace {

constexpr std::string_view kFormat = "1";
constexpr int kMostJobs = 64;

const std::string& scalar(const YamlNode& node, std::string_view key) {
    if (node.kind != YamlNode::Kind::scalar) {
        throw input_error(fmt::format("{} needs a single value", key), node.place);
    }
    return node.scalar;
}

void require_map(const YamlNode& node, std::string_view key, std::string_view example) {
    if (node.kind != YamlNode::Kind::map) {
        throw input_error(fmt::format("{} needs keys and values", key), node.place).hint(fmt::format("such as {}", example));
    }
}

base::Millis duration(const YamlNode& node, std::string_view key, bool zero_allowed) {
    const std::string& text = scalar(node, key);
    const auto value = base::parse_duration(text);
    // PostgreSQL reads a bare number as milliseconds, people read it as seconds.
    if (!value || (all_digits(text) && value->count() != 0)) {
        throw input_error(fmt::format("{} is \"{}\", which is not a time", key, text), node.place)
            .hint("write it with its unit, such as 100ms or 2min");
    }
    if (value->count() == 0 && !zero_allowed) {
        throw input_error(fmt::format("{} must be more than 0", key), node.place);
    }
    return *value;
}

int count(const YamlNode& node, std::string_view key) {
    const std::string& text = scalar(node, key);
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (!all_digits(text) || error != std::errc() || end != text.data() + text.size()) {
        throw input_error(fmt::format("{} is \"{}\", which is not a whole number", key, text), node.place);
    }
    return value;
}

int jobs(const YamlNode& node) {
    const int n = count(node, "jobs");
    if (n < 1 || n > kMostJobs) {
        throw input_error(fmt::format("jobs is {}, which is not between 1 and {}", n, kMostJobs), node.place);
    }
    return n;
}

double rate(const YamlNode& node, std::string_view key) {
    const std::string& text = scalar(node, key);
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value) || value < 0) {
        throw input_error(fmt::format("{} is \"{}\", which is not a number of events in a second", key, text), node.place);
    }
    return value;
}

// As PostgreSQL reads memory: B, kB, MB, GB, TB in powers of 1024, here whatever their case; a bare number is bytes.
std::int64_t size(const YamlNode& node, std::string_view key) {
    static constexpr std::array<std::string_view, 5> kUnits = {"b", "kb", "mb", "gb", "tb"};
    const std::string& text = scalar(node, key);
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const std::string unit = to_lower(trim(std::string_view(text).substr(digits)));
    const auto found = std::find(kUnits.begin(), kUnits.end(), unit.empty() ? "b" : unit);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + digits, value);
    const int shift = 10 * static_cast<int>(found - kUnits.begin());
    if (digits == 0 || found == kUnits.end() || error != std::errc() || end != text.data() + digits ||
        value > (std::numeric_limits<std::int64_t>::max() >> shift)) {
        throw input_error(fmt::format("{} is \"{}\", which is not a size", key, text), node.place).hint("such as 8MB");
    }
    return value << shift;
}

// Calls the reader of each key; an unknown one is an error with the nearest.
template <std::size_t N>
void read_keys(const YamlNode& map, std::string_view what,
               const std::array<std::pair<std::string_view, std::function<void(const YamlNode&)>>, N>& readers) {
    std::array<std::string_view, N> known;
    std::transform(readers.begin(), readers.end(), known.begin(), [](const auto& reader) { return reader.first; });
    for (const auto& [key, value] : map.map) {
        const auto reader = std::find(known.begin(), known.end(), key.scalar);
        if (reader == known.end()) {
            throw input_error(fmt::format("unknown key \"{}\" in {}", key.scalar, what), key.place).hint(suggest(key.scalar, known));
        }
        readers[static_cast<std::size_t>(reader - known.begin())].second(value);
    }
}

Limits read_limits(const YamlNode& node, Limits limits = {}) {
    require_map(node, "limits", "limits: { lock_timeout: 100ms }");
    using Reader = std::pair<std::string_view, std::function<void(const YamlNode&)>>;
    const std::array<Reader, 13> readers = {
        Reader{"lock_timeout", [&](const YamlNode& v) { limits.lock_timeout = duration(v, "lock_timeout", false); }},
        Reader{"hold", [&](const YamlNode& v) { limits.hold = duration(v, "hold", false); }},
        Reader{"deadline", [&](const YamlNode& v) { limits.deadline = duration(v, "deadline", false); }},
        Reader{"statement_timeout", [&](const YamlNode& v) { limits.statement_timeout = duration(v, "statement_timeout", true); }},
        Reader{"tiny", [&](const YamlNode& v) { limits.tiny = size(v, "tiny"); }},
        Reader{"jobs", [&](const YamlNode& v) { limits.jobs = jobs(v); }},
        Reader{"stuck_after", [&](const YamlNode& v) { limits.stuck_after = duration(v, "stuck_after", true); }},
        Reader{"blocked_sessions", [&](const YamlNode& v) { limits.blocked_sessions = count(v, "blocked_sessions"); }},
        Reader{"active_sessions", [&](const YamlNode& v) { limits.active_sessions = count(v, "active_sessions"); }},
        Reader{"replication_lag", [&](const YamlNode& v) { limits.replication_lag = duration(v, "replication_lag", true); }},
        Reader{"oldest_transaction", [&](const YamlNode& v) { limits.oldest_transaction = duration(v, "oldest_transaction", false); }},
        Reader{"rollbacks_per_second", [&](const YamlNode& v) { limits.rollbacks_per_second = rate(v, "rollbacks_per_second"); }},
        Reader{"deadlocks_per_second", [&](const YamlNode& v) { limits.deadlocks_per_second = rate(v, "deadlocks_per_second"); }},
    };
    read_keys(node, "limits", readers);
    return limits;
}

OnBreach read_on_breach(const YamlNode& node) {
    static constexpr std::array<std::string_view, 3> kNames = {"pause", "abort", "rollback"};
    static constexpr std::array kActions = {OnBreach::pause, OnBreach::abort, OnBreach::rollback};
    const std::string& name = scalar(node, "on_breach");
    const auto found = std::find(kNames.begin(), kNames.end(), name);
    if (found == kNames.end()) {
        throw input_error(fmt::format("on_breach is \"{}\"", name), node.place).hint(suggest(name, kNames));
    }
    return kActions[static_cast<std::size_t>(found - kNames.begin())];
}

bool is_variable_name(std::string_view name) {
    const auto allowed = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
    return !name.empty() && !(name.front() >= '0' && name.front() <= '9') && std::all_of(name.begin(), name.end(), allowed);
}

// Expands `${VAR}` and `${VAR:-default}`; an empty variable counts as not set, as in the shell's `:-`.
void expand(Target& target, std::string_view text, const Environment& environment) {
    while (!text.empty()) {
        const std::size_t begin = text.find("${");
        target.url += text.substr(0, begin);
        if (begin == std::string_view::npos) {
            return;
        }
        const std::size_t end = text.find('}', begin);
        const std::string_view inside = text.substr(begin + 2, end == std::string_view::npos ? end : end - begin - 2);
        const std::size_t separator = inside.find(":-");
        const std::string name(inside.substr(0, separator));
        if (end == std::string_view::npos || !is_variable_name(name)) {
            throw input_error(target.name.empty() ? "a URL has a \"${\" that is no variable"
                                                  : fmt::format("the target {} has a \"${{\" that is no variable", target.name),
                              target.place)
                .hint("write ${NAME} or ${NAME:-default}");
        }
        const std::string value = environment(name).value_or("");
        if (!value.empty()) {
            target.url += value;
        } else if (separator != std::string_view::npos) {
            target.url += inside.substr(separator + 2);
        } else if (target.missing.empty()) {
            target.missing = name;
        }
        text.remove_prefix(end + 1);
    }
}

// The URL of a target, or of a standby of one; a secret, and so never in an error.
Target read_url(const YamlNode& value, const std::string& name, const std::string& what, const Environment& environment) {
    Target target{.name = name, .place = value.place};
    if (value.kind != YamlNode::Kind::scalar || value.scalar.empty()) {
        throw input_error(what + " needs a URL", value.place).hint("such as ${DATABASE_URL}");
    }
    expand(target, value.scalar, environment);
    if (!target.missing.empty()) {
        target.url.clear();
    }
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
    for (const std::string_view later : {"require", "window"}) {
        const auto entry = std::find_if(root.map.begin(), root.map.end(), [&](const auto& e) { return e.first.scalar == later; });
        if (entry != root.map.end()) {
            throw input_error(fmt::format("\"{}\" is not supported by this version", later), entry->first.place)
                .hint("remove it, and see to it yourself; it is never passed over in silence");
        }
    }
    FrontMatter result;
    using Reader = std::pair<std::string_view, std::function<void(const YamlNode&)>>;
    const std::array<Reader, 7> readers = {
        Reader{"pgbelay", [](const YamlNode&) {}},
        Reader{"name",
               [&](const YamlNode& v) {
                   result.name = scalar(v, "name");
                   require_short(result.name, v.place);
               }},
        Reader{"targets", [&](const YamlNode& v) { result.targets = read_targets(v, environment); }},
        Reader{"replicas", [&](const YamlNode& v) { result.replicas = read_replicas(v, environment); }},
        Reader{"limits", [&](const YamlNode& v) { result.limits = read_limits(v); }},
        Reader{"on_breach", [&](const YamlNode& v) { result.on_breach = read_on_breach(v); }},
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
