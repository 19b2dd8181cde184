// `notify:` of the front matter: whom to tell of what happens in a run.
#pragma once

#include "runbook/runbook.h"
#include "runbook/yaml.h"

#include <array>
#include <string_view>
#include <vector>

namespace pgbelay::runbook {

inline constexpr std::array<std::string_view, 6> kNotifiedEvents = {"start", "pause", "resume", "breach", "waiting", "end"};

// Throws Error{input} at the place of what it does not understand. URLs are secrets, and in no error.
std::vector<Notification> read_notify(const YamlNode& node, const Environment& environment);

}  // namespace pgbelay::runbook
