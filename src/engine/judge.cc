#include "engine/judge.h"

#include <fmt/format.h>

#include <algorithm>

namespace pgbelay::engine {

const Breach* strongest(const std::vector<Breach>& breaches) {
    const auto found = std::ranges::max_element(breaches, {}, &Breach::action);
    return found == breaches.end() ? nullptr : &*found;
}

std::string breach_text(const runbook::Measure& measure, const runbook::GuardLimit& limit, double value, double most, double before) {
    std::string text = fmt::format("{} {} > {}", limit.name, runbook::figure_text(measure, value), runbook::figure_text(measure, most));
    if (limit.of_baseline) {
        const double floor = measure.floor.value_or(0);
        text += fmt::format(" ({}x of {} before the first change{})", limit.most, runbook::figure_text(measure, before),
                            before < floor ? fmt::format(", counted as {}", runbook::figure_text(measure, floor)) : "");
    }
    return text;
}

double most_of(const runbook::GuardLimit& limit, const runbook::Measure& measure, double before) {
    return limit.of_baseline ? limit.most * std::max(before, measure.floor.value_or(0)) : limit.most;
}

void Streak::take(std::optional<std::string> what, int to_break, int to_clear) {
    over_in_a_row_ = what ? over_in_a_row_ + 1 : 0;
    quiet_in_a_row_ = what ? 0 : quiet_in_a_row_ + 1;
    if (over_in_a_row_ >= to_break) {
        broken_ = std::move(what);
    } else if (quiet_in_a_row_ >= to_clear) {
        broken_.reset();
    }
}

Judge::Judge(std::vector<runbook::GuardLimit> limits, runbook::OnBreach on_breach) : on_breach_(on_breach) {
    for (auto& limit : limits) {
        states_.push_back({.limit = std::move(limit), .streak = {}});
    }
}

std::optional<std::string> Judge::over(const runbook::GuardLimit& limit, const Figures& figures, const std::optional<Figures>& baseline) {
    const runbook::Measure* measure = runbook::find_measure(limit.name);
    const auto value = measure == nullptr ? figures.end() : figures.find(std::string(measure->figure));
    if (value == figures.end() || (limit.of_baseline && !baseline)) {
        return std::nullopt;
    }
    double before = 0;
    if (limit.of_baseline) {
        const auto found = baseline->find(value->first);
        before = found == baseline->end() ? 0 : found->second;
    }
    const double most = most_of(limit, *measure, before);
    return value->second > most ? std::optional(breach_text(*measure, limit, value->second, most, before)) : std::nullopt;
}

void Judge::take(const Figures& figures, const std::optional<Figures>& baseline) {
    for (State& state : states_) {
        state.streak.take(over(state.limit, figures, baseline), state.limit.samples == 0 ? kToBreach : state.limit.samples, kToClear);
    }
}

std::vector<Breach> Judge::breaches() const {
    std::vector<Breach> breaches;
    for (const State& state : states_) {
        if (const auto& broken = state.streak.broken()) {
            breaches.push_back({.limit = state.limit.name, .what = *broken, .action = state.limit.action.value_or(on_breach_)});
        }
    }
    return breaches;
}

}  // namespace pgbelay::engine
