#include "runbook/blockers.h"

#include "runbook/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace pgbelay::runbook {

namespace {

constexpr std::array<std::string_view, 3> kActions = {"wait", "cancel", "terminate"};

// What `terminate` covers only when it is named, in the order of `covered`.
constexpr std::array<std::string_view, 3> kKinds = {"dumps", "migrators", "vacuums"};
constexpr std::array<bool Blockers::*, 3> kCovers = {&Blockers::dumps, &Blockers::migrators, &Blockers::vacuums};
constexpr std::array<std::string_view, 3> kKindsInWords = {"dumps", "migration tools", "an autovacuum to prevent wraparound"};

std::vector<std::string_view> split(std::string_view text, char at) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t end = text.find(at);
        parts.push_back(trim(text.substr(0, end)));
        if (end == std::string_view::npos) {
            return parts;
        }
        text.remove_prefix(end + 1);
    }
}

base::Millis read_age(std::string_view text, const base::Place& place) {
    const auto age = base::parse_duration(text);
    if (!age || all_digits(text)) {
        throw input_error(fmt::format("blockers: \"{}\" is no age", text), place).hint("write it with its unit, such as cancel:30s");
    }
    // Younger ones are the application at work, and end by themselves.
    constexpr base::Millis kLeast{1'000};
    if (*age < kLeast) {
        throw input_error(fmt::format("blockers: the least age is {}", base::format_duration(kLeast)), place).hint("such as cancel:30s");
    }
    return *age;
}

}  // namespace

Blockers read_blockers(std::string_view text, const base::Place& place) {
    const auto parts = split(text, ',');
    const std::size_t colon = parts.front().find(':');
    const std::string_view name = trim(parts.front().substr(0, colon));
    const auto action = std::ranges::find(kActions, name);
    if (action == kActions.end()) {
        throw input_error(fmt::format("blockers: \"{}\" is no policy", name), place).hint(suggest(name, kActions));
    }
    Blockers policy{.action = static_cast<Blockers::Action>(action - kActions.begin())};
    const bool more = colon != std::string_view::npos || parts.size() > 1;
    if (policy.action == Blockers::Action::wait && more) {
        throw input_error("blockers: `wait` takes no age and covers nobody", place).hint("such as cancel:30s, or wait alone");
    }
    if (colon != std::string_view::npos) {
        policy.older_than = read_age(trim(parts.front().substr(colon + 1)), place);
    }
    for (auto kind = parts.begin() + 1; kind != parts.end(); ++kind) {
        const auto known = std::ranges::find(kKinds, *kind);
        if (known == kKinds.end()) {
            throw input_error(fmt::format("blockers: \"{}\" is nothing that can be covered", *kind), place).hint(suggest(*kind, kKinds));
        }
        if (policy.action != Blockers::Action::terminate) {
            throw input_error(fmt::format("blockers: only `terminate` covers {}", *kind), place)
                .hint(fmt::format("such as terminate:30s,{}", *kind));
        }
        policy.*kCovers[static_cast<std::size_t>(known - kKinds.begin())] = true;
    }
    return policy;
}

std::string to_string(const Blockers& policy) {
    if (policy.action == Blockers::Action::wait) {
        return "wait";
    }
    std::string text = fmt::format("{}:{}ms", kActions[static_cast<std::size_t>(policy.action)], policy.older_than.count());
    for (std::size_t i = 0; i < kKinds.size(); ++i) {
        text += policy.*kCovers[i] ? fmt::format(",{}", kKinds[i]) : "";
    }
    return text;
}

std::string describe(const Blockers& policy) {
    if (policy.action == Blockers::Action::wait) {
        return "";
    }
    std::string words =
        fmt::format("whoever is in the way with a transaction older than {} is {}", base::format_duration(policy.older_than),
                    policy.action == Blockers::Action::cancel ? "cancelled" : "terminated");
    for (std::size_t i = 0; i < kKinds.size(); ++i) {
        words += policy.*kCovers[i] ? fmt::format(", {} too", kKindsInWords[i]) : "";
    }
    return words;
}

}  // namespace pgbelay::runbook
