#include "engine/measurements.h"

#include "engine/baseline.h"
#include "engine/explain.h"
#include "engine/journal/journal.h"

#include <fmt/format.h>

#include <algorithm>

namespace pgbelay::engine {

using base::Error;
using base::ErrorCode;

namespace {

std::string called(const plan::Measurement& measurement) {
    return fmt::format("{} {}", runbook::to_string(measurement.gauge.kind), measurement.name);
}

// Whether it must be taken before the first change: what it fails by compares the two.
bool needs_both(const runbook::Gauge& gauge) {
    return gauge.kind == runbook::MeasureKind::probe ? gauge.required : !gauge.fail.empty();
}

}  // namespace

void Measurements::before(Session& session, bool changed) {
    if (plan_.measurements.empty()) {
        return;
    }
    const auto known = taken_so_far(session);
    for (std::size_t i = 0; i < known.size(); ++i) {
        const plan::Measurement& measurement = plan_.measurements[i];
        if (known[i].before || changed) {
            continue;
        }
        const Taken taken = take(session, measurement);
        say(measurement, "before", taken);
        if (!taken.missing.empty() && needs_both(measurement.gauge)) {
            throw Error(ErrorCode::check, fmt::format("{} cannot be taken: {}", called(measurement), taken.missing))
                .at(measurement.gauge.place)
                .hint(measurement.gauge.required ? "mend the query, or leave out `required`; then deploy again"
                                                 : "mend the query, or leave out its `-- fail:`; then deploy again");
        }
        keep(session, measurement, "before", taken);
    }
}

void Measurements::after(Session& session) {
    failures_.clear();
    if (plan_.measurements.empty()) {
        return;
    }
    const auto known = taken_so_far(session);
    for (std::size_t i = 0; i < known.size(); ++i) {
        const plan::Measurement& measurement = plan_.measurements[i];
        if (measurement.gauge.kind == runbook::MeasureKind::probe) {
            continue;  // its end is written when it ends
        }
        Taken taken = take(session, measurement);
        say(measurement, "after", taken);
        judge(session, measurement, known[i].before, taken);
        keep(session, measurement, "after", taken);
    }
}

void Measurements::begin_probes(Session& session) {
    if (plan_.measurements.empty() || !probes_.empty()) {
        return;
    }
    const auto known = taken_so_far(session);
    for (std::size_t i = 0; i < known.size(); ++i) {
        if (known[i].kind == runbook::MeasureKind::probe) {
            probes_.push_back(std::make_unique<Probe>(target_, plan_.measurements[i], plan_.on_breach, known[i].before));
        }
    }
}

void Measurements::stop_probes() {
    for (const auto& probe : std::exchange(probes_, {})) {
        const Timed timed = probe->figures();
        const auto [earlier, first] = seen_.emplace(probe->name(), timed);
        earlier->second = first ? timed : together(earlier->second, timed);
    }
}

void Measurements::end_probes(Session& session) {
    stop_probes();
    if (seen_.empty()) {
        return;
    }
    const auto known = taken_so_far(session);
    for (std::size_t i = 0; i < known.size(); ++i) {
        const auto seen = seen_.find(known[i].name);
        if (seen == seen_.end()) {
            continue;
        }
        // What an earlier incarnation of the run saw counts as well.
        const auto earlier = known[i].after ? known[i].after->timed : std::nullopt;
        keep(session, plan_.measurements[i], "after", {.timed = earlier ? together(*earlier, seen->second) : seen->second});
    }
    seen_.clear();
}

std::vector<Breach> Measurements::breaches() const {
    std::vector<Breach> breaches;
    for (const auto& probe : probes_) {
        if (auto what = probe->breach()) {
            breaches.push_back({.limit = "probe " + probe->name(), .what = *std::move(what), .action = probe->action()});
        }
    }
    return breaches;
}

std::vector<std::string> Measurements::take_complaints() {
    std::vector<std::string> complaints;
    for (const auto& probe : probes_) {
        if (auto complaint = probe->take_complaint()) {
            complaints.push_back(*std::move(complaint));
        }
    }
    return complaints;
}

std::vector<Measured> Measurements::taken_so_far(Session& session) const {
    return measured(plan_, session.journal().evidence(session.key()));
}

Taken Measurements::take(Session& session, const plan::Measurement& measurement) {
    if (measurement.gauge.kind == runbook::MeasureKind::explain) {
        return take_explain(session.worker(), measurement, target_.stop());
    }
    if (measurement.gauge.kind == runbook::MeasureKind::probe) {
        return take_probe(session.worker(), measurement, target_.stop());
    }
    return take_baseline(session.worker(), target_.control(), measurement, target_.stop());
}

void Measurements::judge(Session& session, const plan::Measurement& measurement, const std::optional<Taken>& before, Taken& after) {
    if (measurement.gauge.kind == runbook::MeasureKind::explain) {
        after.failures = explain_failures(target_.control(), measurement.gauge, before, after);
    } else if (!measurement.gauge.fail.empty()) {
        // What a failover took with it is not there any more.
        const Taken nothing{.missing = "it was not taken before the first change"};
        const std::string why = baseline_failure(session.worker(), measurement, before ? *before : nothing, after, target_.stop());
        if (!why.empty()) {
            after.failures.push_back(why);
        }
    }
    for (const std::string& why : after.failures) {
        failures_.push_back({.words = fmt::format("{}: {}", called(measurement), why), .place = measurement.gauge.place});
    }
}

void Measurements::keep(Session& session, const plan::Measurement& measurement, const char* when, const Taken& taken) {
    session.journal().keep(session.key(), {.n = 0, .kind = when, .name = measurement.name, .content = to_json_text(taken)});
}

void Measurements::say(const plan::Measurement& measurement, const char* when, const Taken& taken) const {
    if (taken.timed && measurement.gauge.kind == runbook::MeasureKind::probe) {
        sink_(Notice{.text = fmt::format("{} {}: {:.2f} ms (p95 {:.2f}){}", called(measurement), when, taken.timed->median_ms,
                                         taken.timed->p95_ms, taken.timed->value ? ", value " + *taken.timed->value : "")});
    } else if (taken.timed && taken.timed->runs > 0) {
        sink_(Notice{.text = fmt::format("{} {}: {:.2f} ms (p95 {:.2f}), {}", called(measurement), when, taken.timed->median_ms,
                                         taken.timed->p95_ms, taken.timed->main)});
    } else if (taken.timed) {
        sink_(Notice{.text = fmt::format("{} {}: planned only, since it would write: {}", called(measurement), when, taken.timed->main)});
    }
    if (!taken.missing.empty()) {
        sink_(Notice{.text = fmt::format("{}: nothing {}: {}", called(measurement), when, taken.missing),
                     .warning = std::string_view(when) == "after"});
    }
}

}  // namespace pgbelay::engine
