#include "engine/blockers.h"

#include <fmt/core.h>

#include <algorithm>

namespace pgbelay::engine {

using Action = runbook::Blockers::Action;

namespace {

constexpr std::chrono::seconds kAgainAfter{5};

Measure covered(bool named, std::string_view kind) {
    if (named) {
        return {Measure::Kind::terminate, ""};
    }
    return {Measure::Kind::wait, fmt::format("left alone unless the policy says `terminate:…,{}`", kind)};
}

// An ordinary session.
Measure measure_for_client(const runbook::Blockers& policy, const pg::Backend& backend) {
    if (policy.action == Action::terminate) {
        return {Measure::Kind::terminate, ""};
    }
    if (backend.state == "active" || backend.state == "fastpath function call") {
        return {Measure::Kind::cancel, ""};
    }
    // It runs nothing that could be cancelled; its transaction, and its locks, would stay.
    return {Measure::Kind::wait, "a cancel cannot end it, `--blockers terminate` would"};
}

}  // namespace

Measure measure_for(const runbook::Blockers& policy, const pg::Backend& backend) {
    // Without an age it cannot be judged; what it is says why: a prepared transaction, or hidden.
    if (policy.action == Action::wait || !backend.transaction_age || backend.waits) {
        return {};
    }
    Measure measure;
    switch (pg::kind(backend)) {
        case pg::Kind::prepared:
        case pg::Kind::autovacuum:
        case pg::Kind::background: return {};
        case pg::Kind::walsender: return {Measure::Kind::wait, "never ended"};
        case pg::Kind::builder: return {Measure::Kind::wait, "never ended: it would leave an INVALID index"};
        case pg::Kind::dump: measure = covered(policy.dumps, "dumps"); break;
        case pg::Kind::migrator: measure = covered(policy.migrators, "migrators"); break;
        case pg::Kind::wraparound: measure = covered(policy.vacuums, "vacuums"); break;
        case pg::Kind::client: measure = measure_for_client(policy, backend); break;
    }
    if (measure.kind != Measure::Kind::wait && *backend.transaction_age < policy.older_than) {
        return {Measure::Kind::wait,
                fmt::format("to be {} when older than {}", measure.kind == Measure::Kind::cancel ? "cancelled" : "terminated",
                            base::format_duration(policy.older_than))};
    }
    return measure;
}

std::vector<std::string> Blockers::settle(std::vector<pg::Backend> in_the_way) {
    if (in_the_way.empty()) {
        return {};
    }
    pg::recognise(run_.target.control(), in_the_way);
    std::vector<std::string> all;
    for (const auto& backend : in_the_way) {
        const Measure measure = measure_for(run_.blockers, backend);
        std::string words = pg::describe(backend);
        const std::string more = measure.kind == Measure::Kind::wait ? measure.why : signal(backend, measure);
        words += more.empty() ? "" : "; " + more;
        if (std::ranges::find(all, words) == all.end()) {
            all.push_back(std::move(words));
        }
    }
    return all;
}

std::string Blockers::signal(const pg::Backend& backend, const Measure& measure) {
    const auto told = told_.find(backend.pid);
    if (told != told_.end() && told->second.transaction == backend.transaction_started && base::Clock::now() < told->second.again_at) {
        return told->second.words;
    }
    const bool terminate = measure.kind == Measure::Kind::terminate;
    const std::string who = pg::describe(backend);
    const SignalResult result = run_.session.journal().signal(run_.session.key(), step_.n,
                                                              {.terminate = terminate,
                                                               .pid = backend.pid,
                                                               .started = backend.started,
                                                               .transaction_started = backend.transaction_started,
                                                               .who = who});
    std::string words;
    switch (result.outcome) {
        case SignalResult::Outcome::gone: return "";  // it ended, or went on to another transaction, by itself
        case SignalResult::Outcome::sent: words = terminate ? "terminated" : "cancelled"; break;
        case SignalResult::Outcome::refused:
            words = fmt::format("could not be {}: {}", terminate ? "terminated" : "cancelled", result.why);
            break;
    }
    told_[backend.pid] = {backend.transaction_started, base::in(kAgainAfter), words};
    run_.sink(SessionSignalled{.step = &step_,
                               .action = terminate ? "terminate" : "cancel",
                               .session = who,
                               .age = backend.transaction_age.value_or(base::Millis(0)),
                               .error = result.why});
    return words;
}

}  // namespace pgbelay::engine
