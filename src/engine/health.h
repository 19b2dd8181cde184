// How the database is at the end of a section of a runbook, held against what it was before the first change: what people look at by hand.
#pragma once

#include "engine/figures.h"
#include "runbook/runbook.h"

#include <optional>
#include <string>
#include <vector>

namespace pgbelay::engine {

struct HealthFigure {
    std::string name;  // of its measure
    double now = 0;
    std::optional<double> before;  // nothing: it could not be measured then
    bool far = false;              // over the limit that is set on it; without one, far from what it was
};

struct Health {
    std::string section;
    std::vector<HealthFigure> figures;  // what cannot be seen is left out
    bool far() const;
};

Health health_of(std::string section, const Figures& now, const Figures& before, const std::vector<runbook::GuardLimit>& limits);

// `active 12 (before 9), waiting 0, lag 0 ms, rollbacks/s 0.1`; with what is far behind it.
std::string health_words(const Health& health);

// As the content of evidence, and back.
std::string to_json_text(const Health& health);
Health read_health(std::string section, const std::string& content);
std::string to_json_text(const Figures& figures);
Figures read_figures(const std::string& content);

}  // namespace pgbelay::engine
