#include "engine/verification.h"

#include "engine/leftovers.h"
#include "engine/step_runner.h"
#include "pg/catalog_loader.h"
#include "pg/relations.h"
#include "plan/planner.h"

#include <fmt/core.h>

#include <algorithm>

namespace pgbelay::engine {

namespace {

// A constraint that the author himself left NOT VALID is as it should be.
std::set<std::string> not_valid_as_asked(const catalog::Condition& condition) {
    std::set<std::string> names;
    for (const auto& fact : condition.facts) {
        if (const auto* constraint = std::get_if<catalog::ConstraintIs>(&fact); constraint != nullptr && !constraint->validated) {
            names.insert(constraint->constraint);
        }
    }
    return names;
}

}  // namespace

std::vector<std::string> verification_failures(pg::Connection& connection, const plan::Plan& plan, bool all, const std::set<int>& only) {
    std::vector<catalog::Condition> conditions;
    for (const auto& step : plan.steps) {
        if (all ? step.when.empty() : (!step.skip && only.contains(step.n))) {
            conditions.push_back(step.condition);
        }
    }
    const catalog::Condition lasting = plan::lasting(conditions);
    std::vector<std::string> failures;
    if (lasting.empty()) {
        return failures;
    }
    pg::LoadRequest request;
    request.relations = lasting.relations();
    const catalog::Catalog catalog = pg::load_catalog(connection, request);
    for (const auto& fact : lasting.facts) {
        if (const std::string failure = catalog::Condition{{fact}}.failure(catalog); !failure.empty()) {
            failures.push_back(failure);
        }
    }
    const auto asked = not_valid_as_asked(lasting);
    for (const auto& words : pg::not_whole(connection, lasting.relations())) {
        const bool as_asked = std::ranges::any_of(asked, [&](const std::string& name) { return words.find(name) != std::string::npos; });
        const bool from_before = std::ranges::find(plan.not_whole, words) != plan.not_whole.end();
        // The condition of an index has said it in its own words.
        const bool said = std::ranges::any_of(failures, [&](const std::string& failure) {
            return failure.ends_with("is INVALID") &&
                   words.starts_with(failure.substr(0, failure.size() - std::string_view("is INVALID").size()));
        });
        if (!as_asked && !from_before && !said) {
            failures.push_back(words);
        }
    }
    return failures;
}

std::set<int> ended_unseen(pg::Connection& connection, Journal& journal, const RunKey& key, const plan::Plan& plan) {
    const auto done = journal.steps_done(key);
    const auto intents = journal.intents(key);
    std::set<int> ended;
    for (const auto& step : plan.steps) {
        const auto intent = intents.find(step.n);
        const bool telling = intent != intents.end() && !intent->second.condition_held && !step.rebuilds && !step.condition.empty();
        if (telling && !done.contains(step.n) && condition_failure(connection, step.condition).empty()) {
            ended.insert(step.n);
        }
    }
    return ended;
}

void adopt_ended_unseen(Target& target, Session& session, const plan::Plan& plan) {
    for (const int n : ended_unseen(target.control(), session.journal(), session.key(), plan)) {
        session.journal().finish(session.key(), n, StepResult::adopted, "an earlier process had done it");
    }
}

std::vector<std::string> clean_up_leftovers(Target& target, Session& session, const plan::Plan& plan) {
    constexpr base::Millis kPatience{30'000};
    std::vector<std::string> owed;
    const auto done = session.journal().steps_done(session.key());
    const auto intents = session.journal().intents(session.key());
    for (const auto& step : plan.steps) {
        if (done.contains(step.n) || !intents.contains(step.n) || step.index.empty()) {
            continue;
        }
        auto leftovers = pg::reindex_leftovers(target.control(), step.index);
        if (!step.rebuilds) {
            leftovers.push_back(step.index);
        }
        const auto& built = intents.at(step.n).built;
        leftovers.insert(leftovers.end(), built.begin(), built.end());
        for (const auto& index : leftovers) {
            const auto now = pg::index_now(target.control(), index);
            if (!now || now->valid) {
                continue;
            }
            const auto oid = static_cast<std::uint32_t>(now->oid);
            if (const auto why = drop_leftover(target, session.pids(), index, oid, kPatience); why) {
                session.journal().add_debt(session.key(), step.n,
                                           {.index = index, .table = sql::display(step.table), .index_oid = oid, .why = *why});
                owed.push_back(fmt::format("INVALID index {} could not be dropped: {}", sql::display(index), *why));
            }
        }
    }
    return owed;
}

StepReport report_of(const plan::Step& step) {
    StepReport report{.n = step.n, .name = step.name, .place = step.place};
    for (const auto& send : step.sends) {
        report.sql += (report.sql.empty() ? "" : ";\n") + send.sql;
    }
    return report;
}

std::vector<StepReport> reports_of_skipped(const plan::Plan& plan) {
    std::vector<StepReport> reports;
    for (const auto& step : plan.steps) {
        reports.push_back(report_of(step));
        reports.back().result = StepResult::skipped;
        reports.back().note = step.skip.value_or("");
    }
    return reports;
}

}  // namespace pgbelay::engine
