// Asks for the confirmations of people, and writes down who gave them.
#include "engine/step_runner.h"
#include "runbook/text.h"

#include <fmt/core.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace pgbelay::engine {

using base::Error;
using base::ErrorCode;

namespace {

// An order that came while the person was thinking.
struct Ordered {
    Order order;
};

std::optional<std::string> who_confirms(RunContext& run, const plan::Step& step, const Confirmer& confirmer) {
    if (const auto given = confirmer.given.find(step.name); given != confirmer.given.end()) {
        return given->second;
    }
    if (!confirmer.ask) {
        return std::nullopt;
    }
    return confirmer.ask(step, [&] {
        const Order order = run.control.look();
        if (order == Order::stop || order == Order::abort || order == Order::roll_back) {
            throw Ordered{order};
        }
    });
}

}  // namespace

void require_confirmable(const plan::Plan& plan, const std::map<int, StepResult>& done, const Confirmer& confirmer) {
    std::vector<std::string_view> names;
    for (const auto& step : plan.steps) {
        if (step.kind == plan::StepKind::confirm) {
            names.push_back(step.name);
        }
    }
    for (const auto& [name, who] : confirmer.given) {
        if (std::ranges::find(names, name) == names.end()) {
            throw Error(ErrorCode::usage, fmt::format("--confirm names \"{}\", and there is nothing of that name to confirm", name))
                .hint(names.empty() ? "leave it out" : runbook::suggest(name, names));
        }
    }
    for (const auto& step : plan.steps) {
        const bool open = step.kind == plan::StepKind::confirm && !done.contains(step.n) && !confirmer.given.contains(step.name);
        if (open && !confirmer.ask) {
            throw Error(ErrorCode::refused, fmt::format("nobody can be asked to confirm {}: there is no terminal", step.name))
                .at(step.place)
                .detail(fmt::format("{}", fmt::join(step.lines, "\n")))
                .hint(
                    fmt::format("see to it, then say --confirm {}=WHO, with the name of the person; --yes does not confirm it", step.name));
        }
    }
}

StepOutcome run_confirm(RunContext& run, const plan::Step& step, const Confirmer& confirmer, const Also& also) {
    StepOutcome outcome;
    outcome.times.tries = 1;
    std::optional<std::string> who;
    try {
        who = who_confirms(run, step, confirmer);
    } catch (const Ordered& ordered) {
        outcome.interrupted = ordered.order;
        return outcome;
    }
    if (!who || who->empty()) {
        outcome.result = StepResult::failed;
        outcome.error = Error(ErrorCode::refused, fmt::format("{} was not confirmed", step.name))
                            .at(step.place)
                            .hint(fmt::format("`pgbelay resume` asks again; or say --confirm {}=WHO", step.name));
        return outcome;
    }
    outcome.note = "confirmed by " + *who;
    const nlohmann::json content{{"who", *who}, {"lines", step.lines}};
    run.session.journal().finish(run.session.key(), step.n, StepResult::done, outcome.note,
                                 with_evidence(run, also, {.n = step.n, .kind = "confirm", .name = step.name, .content = content.dump()}));
    return outcome;
}

}  // namespace pgbelay::engine
