// Values of the front matter: single ones, times, sizes, numbers, maps of known keys, and environment variables in them.
#pragma once

#include "base/clock.h"
#include "runbook/runbook.h"
#include "runbook/text.h"
#include "runbook/yaml.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgbelay::runbook {

// All of them throw Error{input} with the place of what they do not understand; `key` is what it is called there.
const std::string& scalar(const YamlNode& node, std::string_view key);
void require_map(const YamlNode& node, std::string_view key, std::string_view example);
base::Millis duration(const YamlNode& node, std::string_view key, bool zero_allowed);
int count(const YamlNode& node, std::string_view key);
bool boolean(const YamlNode& node, std::string_view key);
// As PostgreSQL reads memory: B, kB, MB, GB, TB in powers of 1024, here whatever their case; a bare number is bytes.
std::int64_t size(const YamlNode& node, std::string_view key);

// A value with `${VAR}` and `${VAR:-default}` in it. An empty variable counts as not set, as in the shell's `:-`.
struct Expanded {
    std::string text;     // "" when `missing` is not
    std::string missing;  // the first variable without a value
    bool secret = false;  // some of it came from the environment: never shown
};
// Throws Error{input} at `place` for a "${" that is no variable; `what` names the value, since the value itself may be a secret.
Expanded expand(std::string_view text, const Environment& environment, const std::string& what, const base::Place& place);

// Calls the reader of each key; an unknown one is an error with the nearest.
inline void read_keys(const YamlNode& map, std::string_view what,
                      std::span<const std::pair<std::string_view, std::function<void(const YamlNode&)>>> readers) {
    std::vector<std::string_view> known;
    std::transform(readers.begin(), readers.end(), std::back_inserter(known), [](const auto& reader) { return reader.first; });
    for (const auto& [key, value] : map.map) {
        const auto reader = std::find(known.begin(), known.end(), key.scalar);
        if (reader == known.end()) {
            throw input_error(fmt::format("unknown key \"{}\" in {}", key.scalar, what), key.place).hint(suggest(key.scalar, known));
        }
        readers[static_cast<std::size_t>(reader - known.begin())].second(value);
    }
}

}  // namespace pgbelay::runbook
