// Deployment windows: the times of the week, by the clocks of a time zone, at which a runbook may change anything.
#pragma once

#include "base/error.h"
#include "runbook/runbook.h"
#include "runbook/yaml.h"

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgbelay::runbook {

using Instant = std::chrono::sys_time<std::chrono::seconds>;

struct Window {
    std::array<bool, 7> days{};  // on which it opens; Sunday is 0
    std::chrono::seconds begin{};
    std::chrono::seconds end{};  // not after `begin`: on the next day
    std::string zone;            // of the system's time zone database: "America/New_York"
};

// "02:00-04:00 America/New_York", "Mon-Fri,Sun 22:00-02:00 UTC". Throws Error{input} at `place`, with the nearest zone or day.
Window read_window(std::string_view text, const base::Place& place);

// `window:` of the front matter: one, or a list. All of them are read once, so that a wrong one is an error here.
std::vector<Written> read_windows(const YamlNode& node);

// Several together: open while one of them is. By wall clock, so that in the night when the clocks go back an hour that comes twice counts
// twice, and when they go forward one that is left out does not count.
class Windows {
public:
    // Throws Error{input} like read_window. None at all: always open.
    explicit Windows(const std::vector<std::string>& texts);

    bool open(Instant at) const;
    // When the windows that are open close; nothing for ever open ones.
    std::optional<Instant> closes(Instant at) const;
    // When they open next, after `at`. Only for windows that are shut then.
    Instant opens(Instant at) const;
    // "Mon 2026-01-05 02:00 America/New_York": by the clock of the first window.
    std::string words(Instant at) const;

private:
    std::vector<Instant> changes_after(Instant at) const;

    std::vector<Window> windows_;
};

}  // namespace pgbelay::runbook
