#include "engine/health.h"

#include "engine/judge.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace pgbelay::engine {

namespace {

// What is looked at, and what is far where no limit says so: more than so many times what it was, and more than this at all.
struct Look {
    std::string_view name;
    std::string_view words;
    double times;
    double least;
};
constexpr std::array kLooks = {
    Look{"active_sessions", "active", 2, 20},
    Look{"lock_waiters", "waiting", 2, 5},
    Look{"replication_lag", "lag", 2, 10'000},
    Look{"rollbacks_per_second", "rollbacks/s", 3, 5},
    Look{"deadlocks_per_second", "deadlocks/s", 2, 0.5},
};

bool is_far(const Look& look, const HealthFigure& figure, const runbook::Measure& measure, const std::vector<runbook::GuardLimit>& limits) {
    const double before = figure.before.value_or(0);
    // Both are names of one figure.
    const auto* limit = runbook::find_limit(limits, look.name);
    if (limit == nullptr && look.name == "lock_waiters") {
        limit = runbook::find_limit(limits, "blocked_sessions");
    }
    if (limit == nullptr) {
        return figure.now > std::max(look.times * before, look.least);
    }
    return figure.now > most_of(*limit, measure, before);
}

}  // namespace

bool Health::far() const {
    return std::ranges::any_of(figures, &HealthFigure::far);
}

Health health_of(std::string section, const Figures& now, const Figures& before, const std::vector<runbook::GuardLimit>& limits) {
    Health health{.section = std::move(section), .figures = {}};
    for (const Look& look : kLooks) {
        const runbook::Measure& measure = *runbook::find_measure(look.name);
        const auto found = now.find(std::string(measure.figure));
        if (found == now.end()) {
            continue;
        }
        HealthFigure figure{.name = std::string(look.name), .now = found->second, .before = {}};
        if (const auto then = before.find(found->first); then != before.end()) {
            figure.before = then->second;
        }
        figure.far = is_far(look, figure, measure, limits);
        health.figures.push_back(std::move(figure));
    }
    return health;
}

std::string health_words(const Health& health) {
    std::vector<std::string> words;
    std::vector<std::string_view> far;
    for (const HealthFigure& figure : health.figures) {
        const auto* look = std::ranges::find(kLooks, figure.name, &Look::name);
        const runbook::Measure* measure = runbook::find_measure(figure.name);
        if (look == kLooks.end() || measure == nullptr) {
            continue;
        }
        const std::string now = runbook::figure_text(*measure, figure.now);
        const std::string before = figure.before ? runbook::figure_text(*measure, *figure.before) : now;
        words.push_back(fmt::format("{} {}{}", look->words, now, before == now ? "" : fmt::format(" (before {})", before)));
        if (figure.far) {
            far.push_back(look->words);
        }
    }
    return fmt::format("{}{}", fmt::join(words, ", "), far.empty() ? "" : fmt::format("; too much: {}", fmt::join(far, ", ")));
}

std::string to_json_text(const Health& health) {
    nlohmann::json figures = nlohmann::json::array();
    for (const HealthFigure& figure : health.figures) {
        figures.push_back({{"name", figure.name},
                           {"now", figure.now},
                           {"before", figure.before ? nlohmann::json(*figure.before) : nlohmann::json(nullptr)},
                           {"far", figure.far}});
    }
    return figures.dump();
}

Health read_health(std::string section, const std::string& content) {
    Health health{.section = std::move(section), .figures = {}};
    for (const auto& figure : nlohmann::json::parse(content)) {
        const auto& before = figure.at("before");
        health.figures.push_back({.name = figure.at("name").get<std::string>(),
                                  .now = figure.at("now").get<double>(),
                                  .before = before.is_null() ? std::nullopt : std::optional(before.get<double>()),
                                  .far = figure.at("far").get<bool>()});
    }
    return health;
}

std::string to_json_text(const Figures& figures) {
    return nlohmann::json(figures).dump();
}

Figures read_figures(const std::string& content) {
    return nlohmann::json::parse(content).get<Figures>();
}

}  // namespace pgbelay::engine
