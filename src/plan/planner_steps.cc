// The steps that a group of statements becomes: before, inside and after its transaction.
#include "plan/planner.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace pgbelay::plan {

namespace {

StepKind kind_of(analysis::Method method) {
    switch (method) {
        case analysis::Method::transaction:
        case analysis::Method::validate: return StepKind::transaction;
        case analysis::Method::build:
        case analysis::Method::drop_concurrently: return StepKind::concurrent;
        case analysis::Method::attach: return StepKind::attach;
        case analysis::Method::repeatable: return StepKind::repeatable;
        case analysis::Method::once: return StepKind::once;
    }
    return StepKind::transaction;
}

void merge_locks(std::vector<analysis::RelationLock>& into, const std::vector<analysis::RelationLock>& locks) {
    for (const auto& lock : locks) {
        // What builds and VACUUM take is waited for gently, too: as a statement's own wait, with its snapshot, it would be a deadlock for
        // the concurrent build that it waits for.
        if (!catalog::blocks_the_application(lock.mode) && lock.mode != catalog::LockMode::share_update_exclusive) {
            continue;
        }
        const auto same = std::ranges::find(into, lock.relation, &analysis::RelationLock::relation);
        if (same == into.end()) {
            into.push_back(lock);
        } else {
            same->mode = std::max(same->mode, lock.mode);
            same->only = same->only && lock.only;
            same->lockable = same->lockable && lock.lockable;
        }
    }
}

bool takes_strong_lock(const analysis::Run& run) {
    return std::ranges::any_of(run.locks, [](const auto& lock) { return catalog::blocks_the_application(lock.mode); });
}

// What one transaction is called after: its only run, or the first of several.
std::string name_of(const std::vector<const analysis::Run*>& runs, const std::string& otherwise) {
    if (runs.empty() || runs.front()->name.empty()) {
        return otherwise;
    }
    return runs.size() == 1 ? runs.front()->name : fmt::format("{} and {} more", runs.front()->name, runs.size() - 1);
}

std::int64_t bytes_of(const catalog::Catalog& catalog, const catalog::QualifiedName& name) {
    const catalog::Relation* relation = catalog.find(name);
    if (relation == nullptr) {
        return 0;
    }
    std::int64_t bytes = relation->bytes;
    for (const auto& child : relation->children) {
        bytes += relation->kind == 'p' ? bytes_of(catalog, child) : 0;
    }
    return bytes;
}

std::int64_t bytes_read(const catalog::Catalog& catalog, const analysis::Run& run) {
    std::int64_t bytes = run.method == analysis::Method::build ? bytes_of(catalog, run.table) : 0;
    for (const auto& name : run.scans) {
        bytes += run.method == analysis::Method::build && name == run.table ? 0 : bytes_of(catalog, name);
    }
    return bytes;
}

}  // namespace

Step& Planner::new_step(const Member& member, StepKind kind) {
    Step step;
    step.n = static_cast<int>(plan_.steps.size()) + 1;
    step.kind = kind;
    step.name = member.name;
    step.place = member.statement->place;
    step.context = member.context;
    step.why = member.why;
    step.file = file_;
    step.echoes = std::exchange(echoes_, {});
    plan_.steps.push_back(std::move(step));
    return plan_.steps.back();
}

void Planner::add_skipped(const Member& member) {
    Step& step = new_step(member, StepKind::transaction);
    step.sends.push_back({.sql = member.statement->sql, .place = member.statement->place, .statement = member.statement->n});
    step.skip = member.skip;
}

void Planner::add_step_for(const Member& member, const analysis::Run& run) {
    Step& step = new_step(member, kind_of(run.method));
    step.name = run.name.empty() ? step.name : run.name;
    step.sends.push_back({.sql = run.sql,
                          .place = member.statement->place,
                          .statement = member.statement->n,
                          .copy_data = member.statement->copy_data,
                          .takes_strong_lock = takes_strong_lock(run)});
    merge_locks(step.locks, run.locks);
    if (step.kind != StepKind::transaction) {
        // It takes its locks by itself.
        std::erase_if(step.locks, [](const auto& lock) { return !catalog::blocks_the_application(lock.mode); });
    }
    step.long_running = run.method == analysis::Method::validate;
    step.condition = run.condition;
    step.inverses.push_back(run.inverse);
    step.may_change_rows = member.may_change_rows;
    step.index = run.index;
    step.table = run.table;
    step.reads += bytes_read(catalog_, run);
    step.finish_with = run.finish_with;
    step.rebuilds = run.method == analysis::Method::build && member.statement->kind == "ReindexStmt";
}

// What of the group goes into its one transaction, in the author's order.
void Planner::arrange(const Group& group, const std::vector<Member>& members) {
    const std::size_t first_step = plan_.steps.size();
    const auto add_phase = [&](analysis::Phase phase) {
        for (const auto& member : members) {
            for (const auto& run : member.runs) {
                if (!member.skip && run.phase == phase) {
                    add_step_for(member, run);
                }
            }
        }
    };
    add_phase(analysis::Phase::before);

    Step transaction;
    std::vector<catalog::Condition> conditions;
    int parts = 0;
    const Member* named_after = nullptr;
    std::vector<const analysis::Run*> runs;
    for (const auto& member : members) {
        if (member.skip) {
            add_skipped(member);
            continue;
        }
        if (member.local_setting) {
            transaction.sends.push_back({.sql = *member.local_setting, .place = member.statement->place, .statement = member.statement->n});
            continue;
        }
        bool counted = false;
        for (const auto& run : member.runs) {
            if (run.phase != analysis::Phase::inside) {
                continue;
            }
            if (run.method != analysis::Method::transaction) {
                add_step_for(member, run);
                continue;
            }
            transaction.sends.push_back({.sql = run.sql,
                                         .place = member.statement->place,
                                         .statement = member.statement->n,
                                         .copy_data = member.statement->copy_data,
                                         .takes_strong_lock = takes_strong_lock(run)});
            merge_locks(transaction.locks, run.locks);
            transaction.may_change_rows = transaction.may_change_rows || member.may_change_rows;
            transaction.inverses.push_back(run.inverse);
            conditions.push_back(run.condition);
            runs.push_back(&run);
            named_after = named_after == nullptr ? &member : named_after;
            parts += counted ? 0 : 1;
            counted = true;
        }
    }
    if (named_after != nullptr) {
        Step& step = new_step(*named_after, StepKind::transaction);
        step.sends = std::move(transaction.sends);
        step.locks = std::move(transaction.locks);
        step.inverses = std::move(transaction.inverses);
        step.condition = lasting(conditions);
        step.may_change_rows = transaction.may_change_rows;
        if (parts > 1) {
            step.name = fmt::format("{} and {} more", step.name, parts - 1);
            step.context = members.front().context;
        } else if (named_after->runs.size() > 1) {
            step.name = name_of(runs, step.name);
        }
    }
    add_phase(analysis::Phase::after);
    number_steps(first_step);

    const auto when = group.statements.size() == 1 ? group.statements.front()->directive("when") : std::nullopt;
    for (std::size_t i = first_step; when && i < plan_.steps.size(); ++i) {
        plan_.steps[i].when = *when;
        plan_.steps[i].when_from = static_cast<int>(first_step) + 1;
    }
}

// Several steps of one statement are told apart by their place among them.
void Planner::number_steps(std::size_t first) {
    std::map<std::string, int> total;
    for (std::size_t i = first; i < plan_.steps.size(); ++i) {
        ++total[plan_.steps[i].name];
    }
    std::map<std::string, int> seen;
    for (std::size_t i = first; i < plan_.steps.size(); ++i) {
        std::string& name = plan_.steps[i].name;
        if (const int of = total.at(name); of > 1) {
            const int n = ++seen[name];
            name = fmt::format("{} ({} of {})", name, n, of);
        }
    }
}

}  // namespace pgbelay::plan
