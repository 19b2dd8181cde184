#include "runbook/window.h"

#include "runbook/text.h"
#include "runbook/values.h"

#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace pgbelay::runbook {
namespace {

using std::chrono::seconds;

constexpr std::array<std::string_view, 7> kDays = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
constexpr std::array<std::string_view, 7> kLongDays = {"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};
constexpr seconds kDay{24 * 60 * 60};
constexpr std::string_view kExample = "such as \"02:00-04:00 America/New_York\" or \"Mon-Fri 22:00-02:00 UTC\"";

base::Error wrong(const std::string& what, const base::Place& place) {
    return input_error("window: " + what, place).hint(std::string(kExample));
}

std::size_t read_day(std::string_view text, const base::Place& place) {
    const std::string day = to_lower(trim(text));
    for (std::size_t i = 0; i < kDays.size(); ++i) {
        if (day == kDays[i] || day == kLongDays[i]) {
            return i;
        }
    }
    throw input_error(fmt::format("window: \"{}\" is no day of the week", trim(text)), place).hint(suggest(day, kDays));
}

// "Mon-Fri,Sun".
std::array<bool, 7> read_days(std::string_view text, const base::Place& place) {
    std::array<bool, 7> days{};
    for (;;) {
        const std::size_t comma = text.find(',');
        const std::string_view item = text.substr(0, comma);
        const std::size_t dash = item.find('-');
        const std::size_t last = read_day(dash == std::string_view::npos ? item : item.substr(dash + 1), place);
        for (std::size_t day = read_day(item.substr(0, dash), place);; day = (day + 1) % days.size()) {
            days.at(day) = true;
            if (day == last) {
                break;
            }
        }
        if (comma == std::string_view::npos) {
            return days;
        }
        text.remove_prefix(comma + 1);
    }
}

std::optional<int> two_digits(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = all_digits(text) && text.size() <= 2 && error == std::errc() && end == text.data() + text.size();
    return whole ? std::optional(value) : std::nullopt;
}

// "02:00" or "02:00:30"; up to "24:00".
seconds read_time(std::string_view text, const base::Place& place) {
    std::array<int, 3> parts{};
    std::size_t n = 0;
    bool good = true;
    for (std::string_view rest = text; good; ++n) {
        const std::size_t colon = rest.find(':');
        const auto part = two_digits(rest.substr(0, colon));
        good = part && n < parts.size() && (n == 0 || *part < 60);
        if (good) {
            parts.at(n) = *part;
        }
        if (colon == std::string_view::npos) {
            break;
        }
        rest.remove_prefix(colon + 1);
    }
    const seconds time{(parts[0] * 60 + parts[1]) * 60 + parts[2]};
    if (!good || n == 0 || time > kDay) {
        throw wrong(fmt::format("\"{}\" is no time of day", text), place);
    }
    return time;
}

// The system's own database: nothing is ever downloaded.
std::vector<std::string> zone_names() {
    std::vector<std::string> names;
    try {
        for (const auto& zone : date::get_tzdb().zones) {
            names.push_back(zone.name());
        }
    } catch (const std::exception&) {
        // Not there at all: what follows says so.
    }
    return names;
}

const date::time_zone* find_zone(const std::string& name) {
    try {
        return date::locate_zone(name);
    } catch (const std::exception&) {
        return nullptr;
    }
}

void require_zone(const std::string& name, const base::Place& place) {
    // A path in the name would be opened as a file of the database.
    const bool plain = name.find("..") == std::string::npos && !name.starts_with('/');
    if (plain && find_zone(name) != nullptr) {
        return;
    }
    const std::vector<std::string> names = zone_names();
    if (names.empty()) {
        throw input_error("window: this system has no time zone database", place).hint("install the package tzdata");
    }
    const std::vector<std::string_view> known(names.begin(), names.end());
    throw input_error(fmt::format("window: \"{}\" is no time zone", name), place)
        .hint(fmt::format("did you mean `{}`?", nearest(name, known)));
}

const date::time_zone& zone_of(const Window& window) {
    return *date::locate_zone(window.zone);
}

bool is_open(const Window& window, Instant at) {
    const auto local = zone_of(window).to_local(at);
    const auto day = date::floor<date::days>(local);
    const std::size_t today = date::weekday(day).c_encoding();
    const std::size_t yesterday = (today + 6) % 7;
    const auto time = local - day;
    if (window.begin < window.end) {
        return window.days.at(today) && time >= window.begin && time < window.end;
    }
    return (window.days.at(today) && time >= window.begin) || (window.days.at(yesterday) && time < window.end);
}

// Every instant at which the zone's clocks may show this time on this day.
void add_instants(const date::time_zone& zone, date::local_days day, seconds time, std::vector<Instant>& into) {
    const auto local = date::local_seconds(day) + time;
    into.push_back(zone.to_sys(local, date::choose::earliest));
    into.push_back(zone.to_sys(local, date::choose::latest));
}

}  // namespace

Window read_window(std::string_view text, const base::Place& place) {
    std::vector<std::string_view> words;
    for (std::string_view rest = trim(text); !rest.empty(); rest = trim(rest)) {
        const std::size_t end = std::min(rest.find_first_of(" \t"), rest.size());
        words.push_back(rest.substr(0, end));
        rest.remove_prefix(end);
    }
    if (words.size() == 1 || (words.size() == 2 && words[1].find(':') != std::string_view::npos)) {
        throw wrong(fmt::format("\"{}\" has no time zone", text), place);
    }
    if (words.size() < 2 || words.size() > 3) {
        throw wrong(fmt::format("\"{}\" is no window", text), place);
    }
    Window window;
    window.days.fill(true);
    if (words.size() == 3) {
        window.days = read_days(words.front(), place);
    }
    const std::string_view times = words[words.size() - 2];
    const std::size_t dash = times.find('-');
    if (dash == std::string_view::npos) {
        throw wrong(fmt::format("\"{}\" is no span of time", times), place);
    }
    window.begin = read_time(times.substr(0, dash), place);
    window.end = read_time(times.substr(dash + 1), place);
    if (window.begin == window.end || window.begin == kDay) {
        throw wrong(fmt::format("\"{}\" is no span of time", times), place);
    }
    window.zone = std::string(words.back());
    require_zone(window.zone, place);
    return window;
}

std::vector<Written> read_windows(const YamlNode& node) {
    std::vector<Written> windows;
    const auto add = [&](const YamlNode& value) {
        read_window(scalar(value, "window"), value.place);
        windows.push_back({value.scalar, value.place});
    };
    if (node.kind != YamlNode::Kind::sequence) {
        add(node);
        return windows;
    }
    for (const YamlNode& value : node.sequence) {
        add(value);
    }
    if (windows.empty()) {
        throw wrong("it names none", node.place);
    }
    return windows;
}

Windows::Windows(const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
        windows_.push_back(read_window(text, {}));
    }
}

bool Windows::open(Instant at) const {
    return windows_.empty() || std::ranges::any_of(windows_, [&](const Window& window) { return is_open(window, at); });
}

// Where some window may open or close in the next days: its ends, and when the clocks are changed.
std::vector<Instant> Windows::changes_after(Instant at) const {
    constexpr int kDaysAhead = 9;
    std::vector<Instant> changes;
    for (const Window& window : windows_) {
        const date::time_zone& zone = zone_of(window);
        const auto today = date::floor<date::days>(zone.to_local(at));
        for (int ahead = -1; ahead <= kDaysAhead; ++ahead) {
            const date::local_days day = today + date::days(ahead);
            add_instants(zone, day, window.begin, changes);
            add_instants(zone, day, window.end, changes);
            const auto transition = zone.get_info(at + std::chrono::hours(24 * ahead)).end;
            changes.push_back(std::chrono::time_point_cast<std::chrono::seconds>(transition));
        }
    }
    std::erase_if(changes, [&](Instant change) { return change <= at; });
    std::ranges::sort(changes);
    return changes;
}

std::optional<Instant> Windows::closes(Instant at) const {
    for (const Instant change : changes_after(at)) {
        if (!open(change)) {
            return change;
        }
    }
    return std::nullopt;
}

Instant Windows::opens(Instant at) const {
    for (const Instant change : changes_after(at)) {
        if (open(change)) {
            return change;
        }
    }
    throw base::Error(base::ErrorCode::internal, "a window that never opens");
}

std::string Windows::words(Instant at) const {
    const Window& window = windows_.front();
    return date::format("%a %Y-%m-%d %H:%M ", zone_of(window).to_local(at)) + window.zone;
}

}  // namespace pgbelay::runbook
