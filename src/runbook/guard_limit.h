// The limits that are watched while a deployment runs: what is measured, how much of it is too much, and what is done about that.
#pragma once

#include "base/error.h"
#include "runbook/yaml.h"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pgbelay::runbook {

enum class OnBreach { pause, abort, rollback };
std::string_view to_string(OnBreach action);
// Throws Error{input} with the nearest; `key` is what it is the action of.
OnBreach read_action(const std::string& name, std::string_view key, const base::Place& place);

enum class Unit { number, per_second, milliseconds, bytes };

// What a limit may be set on.
struct Measure {
    std::string_view name;    // in `limits:`
    std::string_view figure;  // among the guard's figures: with its unit
    Unit unit = Unit::number;
    bool hidden_from_some = false;  // only who may see others' activity can measure it
    bool is_time_of_ours = false;   // of the run or a step: to pause would not make it less
    // What a baseline counts as at least where the limit is a multiple of it; nothing: it has no baseline.
    std::optional<double> floor;
};
// The first of them are those that there were before limits had actions.
constexpr std::size_t kFirstMeasures = 6;
// In the order in which they are kept.
std::span<const Measure> measures();
const Measure* find_measure(std::string_view name);

struct GuardLimit {
    std::string name;                // of its measure
    double most = 0;                 // in the measure's unit; more than that breaks it
    bool of_baseline = false;        // `most` is a multiple of what was measured before the first change
    std::optional<OnBreach> action;  // nothing: the runbook's
    int samples = 0;                 // in a row that break it; 0 = the guard's own number
    base::Place place{};
    bool operator==(const GuardLimit& other) const {
        return name == other.name && most == other.most && of_baseline == other.of_baseline && action == other.action &&
               samples == other.samples;
    }
};

// `10`, `10:abort`, `3x:pause`, or `{max: 10, action: abort, samples: 5}`. What is not given of action and samples stays as `before` has
// it. Throws Error{input} at the place of what it does not understand.
GuardLimit read_guard_limit(const Measure& measure, const YamlNode& node, const GuardLimit* before);

// Throws Error{input} for a limit on our own time that would pause: it has no action, and the runbook's is that.
void refuse_pause_on_time(const std::vector<GuardLimit>& limits, OnBreach on_breach);

const GuardLimit* find_limit(const std::vector<GuardLimit>& limits, std::string_view name);
// In place of the one of the same name; kept in the order of the measures.
void set_limit(std::vector<GuardLimit>& limits, GuardLimit limit);

// "10", "2.5", "12 s", "16 MB": a figure of this measure for people.
std::string figure_text(const Measure& measure, double value);
// As it may be written in `limits:`, without the action: "10", "2500ms", "3x".
std::string value_text(const Measure& measure, const GuardLimit& limit);

}  // namespace pgbelay::runbook
