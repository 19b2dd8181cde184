// What undoes a run, as a runbook of its own: it is then planned, gated and run with the same care as any other.
#include "base/digest.h"
#include "plan/plan.h"
#include "sql/quote.h"
#include "sql/statement.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

namespace pgbelay::plan {

namespace {

bool file_is_done(const Plan& plan, int file, const std::set<int>& done) {
    return std::ranges::all_of(
        plan.steps, [&](const Step& step) { return step.file != file || step.only_looks() || step.skip || done.contains(step.n); });
}

struct Undo {
    Undo(std::string statement, bool keep = false) : sql(std::move(statement)), as_written(keep) {}

    std::string sql;
    bool as_written;  // there is no gentler form
};

// What has begun to be undone is neither aborted nor undone by a limit: it waits until the values are back. Its own time is no reason to
// stop it, and a baseline from before the deployment is none of a rollback.
void pause_only(std::vector<runbook::GuardLimit>& limits) {
    std::erase_if(limits, [](const runbook::GuardLimit& limit) {
        const runbook::Measure* measure = runbook::find_measure(limit.name);
        return limit.of_baseline || measure == nullptr || measure->is_time_of_ours;
    });
    for (runbook::GuardLimit& limit : limits) {
        limit.action.reset();
    }
}

class RollbackMaker {
public:
    RollbackMaker(const Plan& plan, const std::set<int>& done, bool automatic) : plan_(plan), done_(done), automatic_(automatic) {
        result_.runbook.name = fmt::format("rollback of {}", plan.name);
        result_.runbook.limits = plan.limits;
        pause_only(result_.runbook.limits.guard);
        result_.runbook.on_breach = runbook::OnBreach::pause;
        result_.runbook.blockers = plan.blockers;
    }

    RollbackRunbook make() {
        for (auto step = plan_.steps.rbegin(); step != plan_.steps.rend(); ++step) {
            if (!done_.contains(step->n) || step->only_looks() || step->skip) {
                continue;
            }
            if (authors_own(*step)) {
                use_authors(step->file);
            } else {
                undo(*step);
            }
        }
        base::DigestBuilder digest;
        for (const auto& item : result_.runbook.items) {
            for (const auto& statement : std::get<runbook::SqlItem>(item.what).statements) {
                digest.add(statement.sql);
            }
        }
        result_.runbook.digest = digest.hex();
        return std::move(result_);
    }

private:
    bool authors_own(const Step& step) const {
        return step.file >= 0 && !plan_.files.at(static_cast<std::size_t>(step.file)).rollback.empty() &&
               file_is_done(plan_, step.file, done_);
    }

    void use_authors(int file) {
        const auto found = item_of_file_.find(file);
        if (found == item_of_file_.end()) {
            const PlannedFile& planned = plan_.files.at(static_cast<std::size_t>(file));
            item_of_file_[file] =
                add(fmt::format("{} undoes {}", planned.rollback_from, planned.path), {planned.rollback_from, 0, 0},
                    std::vector<Undo>(planned.rollback.begin(), planned.rollback.end()), planned.rollback_in_one_transaction);
        }
        for (const auto& step : plan_.steps) {
            if (step.file == file && done_.contains(step.n)) {
                note_undone(item_of_file_[file], step.n);
            }
        }
    }

    void undo(const Step& step) {
        std::vector<Undo> statements;
        bool in_parts = false;
        for (auto inverse = step.inverses.rbegin(); inverse != step.inverses.rend(); ++inverse) {
            if (!inverse->possible) {
                result_.refusals.push_back({step.place, fmt::format("step {} ({}) has no inverse: {}", step.n, step.name, inverse->why),
                                            "write a rollback file for it, or undo it by hand"});
            }
            if (inverse->loses_data) {
                result_.loses_data.push_back(fmt::format("step {} ({}): {}", step.n, step.name, inverse->why));
                if (automatic_) {
                    look_first(step, *inverse, statements);
                }
            }
            in_parts = in_parts || inverse->in_parts;
            for (const auto& sql : inverse->sql) {
                statements.push_back({sql, inverse->as_written});
            }
        }
        if (!statements.empty()) {
            note_undone(add(fmt::format("undo step {}", step.n), step.place, statements, !in_parts), step.n);
        }
    }

    // LOCK TABLE first, so that what is looked at stays as it is until the inverse has run.
    void look_first(const Step& step, const analysis::Inverse& inverse, std::vector<Undo>& statements) {
        if (inverse.loss_in.empty()) {
            result_.refusals.push_back({step.place, fmt::format("undoing step {} ({}) would lose data: {}", step.n, step.name, inverse.why),
                                        "`pgbelay rollback` asks a person"});
            return;
        }
        const std::string table = sql::quote_name(inverse.loss_in);
        const std::string rows = inverse.loss_column.empty() ? fmt::format("SELECT FROM {}", table)
                                                             : fmt::format("SELECT FROM {} WHERE {} IS NOT NULL", table,
                                                                           sql::quote_identifier(inverse.loss_column));
        const std::string message = fmt::format("rolling back would lose data: {}", inverse.why);
        statements.push_back(fmt::format("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", table));
        statements.push_back("DO " +
                             sql::quote_literal(fmt::format("BEGIN IF EXISTS ({}) THEN RAISE EXCEPTION USING MESSAGE = {}; END IF; END",
                                                            rows, sql::quote_literal(message))));
    }

    std::size_t add(std::string name, base::Place place, const std::vector<Undo>& undos, bool one_transaction) {
        runbook::SqlItem what;
        int n = 0;
        for (const auto& undo : undos) {
            what.statements.push_back(sql::read_statement(undo.sql, place, ++n));
            if (undo.as_written) {
                what.statements.back().directives.push_back({"as-written", "", place});
            }
        }
        what.rule = one_transaction ? runbook::TransactionRule::whole_file : runbook::TransactionRule::each_statement;
        // A file of its own each, without a key: no ledger knows it, but its last step is known as such.
        const int file = static_cast<int>(result_.runbook.files.size());
        result_.runbook.files.push_back({.path = name});
        result_.runbook.items.push_back({.name = std::move(name), .place = std::move(place), .file = file, .what = std::move(what)});
        result_.undoes.emplace_back();
        return result_.runbook.items.size() - 1;
    }

    void note_undone(std::size_t item, int n) {
        auto& undoes = result_.undoes.at(item);
        if (std::ranges::find(undoes, n) == undoes.end()) {
            undoes.push_back(n);
        }
    }

    const Plan& plan_;
    const std::set<int>& done_;
    bool automatic_;
    RollbackRunbook result_;
    std::map<int, std::size_t> item_of_file_;
};

}  // namespace

RollbackRunbook rollback_runbook(const Plan& plan, const std::set<int>& done, bool automatic) {
    return RollbackMaker(plan, done, automatic).make();
}

Plan make_rollback_plan(const RollbackRunbook& rollback, const catalog::Catalog& catalog, const PlanOptions& options) {
    PlanOptions undoing = options;
    undoing.undoes = true;
    Plan plan = make_plan(rollback.runbook, catalog, undoing);
    for (auto& step : plan.steps) {
        if (step.last_of_file) {
            step.undoes = rollback.undoes.at(static_cast<std::size_t>(step.file));
        }
    }
    plan.refusals.insert(plan.refusals.end(), rollback.refusals.begin(), rollback.refusals.end());
    return plan;
}

bool Plan::undone_by_author(const Step& step) const {
    return step.file >= 0 && !files.at(static_cast<std::size_t>(step.file)).rollback.empty();
}

bool Plan::points_of_no_return() const {
    return std::ranges::any_of(steps, [this](const Step& step) {
        return !step.skip && !undone_by_author(step) &&
               std::ranges::any_of(step.inverses, [](const auto& i) { return !i.possible || i.loses_data; });
    });
}

}  // namespace pgbelay::plan
