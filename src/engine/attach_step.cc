// Completes a partitioned index: the catalog says what it lacks, which is built and attached, bottom up, until it is valid. All of it
// may be interrupted anywhere and begun again: nothing is remembered but what the catalog shows, and who built what.
#include "analysis/partitioned_index.h"
#include "engine/builds.h"
#include "pg/catalog_loader.h"
#include "sql/quote.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace pgbelay::engine {

using base::Error;
using base::ErrorCode;

namespace {

class AttachStep {
public:
    AttachStep(RunContext& run, const plan::Step& step, const std::optional<Intent>& before, const Also& also)
        : run_(run), step_(step), before_(before), also_(also) {}

    StepOutcome run() {
        while (!settled_) {
            if (const Order order = run_.control.pass(); order != Order::go_on) {
                outcome_.interrupted = order;
                break;
            }
            const catalog::Catalog now = load();
            const catalog::Index* index = now.find_index(step_.index);
            if (index == nullptr || index->table != step_.table) {
                fail(Error(ErrorCode::check, fmt::format("index {} is not there any more", sql::display(step_.index)))
                         .at(step_.place)
                         .hint("somebody dropped it; `pgbelay rollback` undoes the run"));
            } else if (index->valid) {
                end();
            } else {
                intend();
                complete(now, *index);
            }
        }
        return outcome_;
    }

private:
    catalog::Catalog load() {
        pg::LoadRequest request;
        request.relations = {step_.table};
        return pg::load_catalog(run_.target.control(), request);
    }

    void complete(const catalog::Catalog& now, const catalog::Index& index) {
        const analysis::Completion missing = analysis::completion(now, index);
        if (!missing.obstacle.empty()) {
            fail(Error(ErrorCode::check, fmt::format("index {} cannot become valid: {}", sql::display(step_.index), missing.obstacle))
                     .at(step_.place)
                     .hint("detach that partition, then `pgbelay resume`; or `pgbelay rollback`"));
            return;
        }
        if (missing.parts.empty()) {
            look_again_at(now);
            return;
        }
        for (const auto& todo : missing.parts) {
            if (!do_part(todo)) {
                return;
            }
        }
    }

    // All partitions' indexes are attached, and the parent is not valid: the last that lacked one went away. To attach one again makes
    // the server look anew, on versions that do.
    void look_again_at(const catalog::Catalog& now) {
        for (const auto& [name, relation] : now.relations) {
            for (const catalog::Index& child : relation.indexes) {
                const catalog::Index* parent = child.parent && child.valid ? now.find_index(*child.parent) : nullptr;
                if (parent == nullptr || parent->valid || looked_again_.contains(child.name)) {
                    continue;
                }
                looked_again_.insert(child.name);
                took(run_transaction(run_,
                                     attaching(child.name, {fmt::format("ALTER INDEX {} ATTACH PARTITION {}", sql::quote_name(parent->name),
                                                                        sql::quote_name(child.name))}),
                                     {}, Recorded::no));
                return;
            }
        }
        fail(Error(ErrorCode::check,
                   fmt::format("index {} is still INVALID, although all partitions' indexes are attached to it", sql::display(step_.index)))
                 .at(step_.place)
                 .hint("this server makes it valid only when another is attached: add a partition and `pgbelay resume`, or `pgbelay "
                       "rollback`"));
    }

    // False when the catalog has to be looked at again, or the step has ended.
    bool do_part(const analysis::PartToDo& todo) {
        if (!todo.make.empty() && !make(todo)) {
            return false;
        }
        plan::Step attach = attaching(todo.part.index, todo.attach);
        if (todo.attach.size() > 1) {
            attach.locks.push_back({.relation = todo.part.table, .mode = catalog::LockMode::access_exclusive, .lockable = true});
        }
        return took(run_transaction(run_, attach, {}, Recorded::no), &todo);
    }

    bool make(const analysis::PartToDo& todo) {
        plan::Step make = part(todo.make);
        make.table = todo.part.table;
        if (todo.part.partitioned) {
            make.sends.front().takes_strong_lock = true;
            make.locks.push_back({.relation = todo.part.table, .mode = catalog::LockMode::access_exclusive, .lockable = true});
            return took(run_transaction(run_, make, {}, Recorded::no), &todo);
        }
        make.kind = plan::StepKind::concurrent;
        make.index = todo.part.index;
        make.condition = todo.made;
        remember(todo.part.index);
        run_.sink(Notice{.text = fmt::format("partition {} has no index yet: building {}", sql::display(todo.part.table),
                                             sql::display(todo.part.index))});
        return took(run_part(run_, make), &todo);
    }

    plan::Step part(const std::string& statement) const {
        plan::Step part;
        part.n = step_.n;
        part.name = step_.name;
        part.place = step_.place;
        part.file = step_.file;
        part.timeout = step_.timeout;
        part.sends.push_back({.sql = statement, .place = step_.place, .statement = step_.sends.front().statement});
        return part;
    }

    plan::Step attaching(const catalog::QualifiedName& index, const std::vector<std::string>& statements) const {
        plan::Step attach = part(statements.front());
        for (std::size_t i = 1; i < statements.size(); ++i) {
            attach.sends.push_back({.sql = statements[i], .place = step_.place, .statement = step_.sends.front().statement});
        }
        attach.sends.front().takes_strong_lock = true;
        attach.locks.push_back({.relation = index, .mode = catalog::LockMode::access_exclusive});
        return attach;
    }

    // Adds what a part cost. One that failed ends the step, unless the failure is news: a partition that was detached or dropped
    // meanwhile lacks nothing any more.
    bool took(const StepOutcome& outcome, const analysis::PartToDo* todo = nullptr) {
        outcome_.times.tries += outcome.times.tries;
        outcome_.times.waited += outcome.times.waited;
        outcome_.times.ran += outcome.times.ran;
        outcome_.times.queued = std::max(outcome_.times.queued, outcome.times.queued);
        outcome_.times.lock_held = std::max(outcome_.times.lock_held, outcome.times.lock_held);
        outcome_.times.blocked_sessions = std::max(outcome_.times.blocked_sessions, outcome.times.blocked_sessions);
        if (outcome.interrupted != Order::go_on) {
            outcome_.interrupted = outcome.interrupted;
            settled_ = true;
            return false;
        }
        if (!outcome.error) {
            return true;
        }
        if (todo == nullptr || still_lacks(*todo)) {
            fail(*outcome.error);
        }
        return false;
    }

    bool still_lacks(const analysis::PartToDo& todo) {
        const catalog::Catalog now = load();
        const catalog::Index* index = now.find_index(step_.index);
        if (index == nullptr) {
            return false;
        }
        return std::ranges::any_of(analysis::completion(now, *index).parts,
                                   [&](const analysis::PartToDo& missing) { return missing.part.table == todo.part.table; });
    }

    void intend() {
        if (intended_) {
            return;
        }
        if (before_) {
            intent_ = *before_;
        }
        run_.session.journal().intend(run_.session.key(), step_.n, intent_);
        intended_ = true;
    }

    // What the plan did not know of is written down before it is made, so that a rollback finds it.
    void remember(const catalog::QualifiedName& index) {
        if (std::ranges::find(intent_.built, index) == intent_.built.end()) {
            intent_.built.push_back(index);
            run_.session.journal().intend(run_.session.key(), step_.n, intent_);
        }
    }

    void end() {
        const bool ours = intended_ || (before_ && !before_->condition_held);
        outcome_.result = intended_ ? StepResult::done : ours ? StepResult::adopted : StepResult::skipped;
        outcome_.note = intended_ ? "" : ours ? "an earlier process had done it" : "already there";
        run_.session.journal().finish(run_.session.key(), step_.n, outcome_.result, outcome_.note, also_);
        settled_ = true;
    }

    void fail(Error error) {
        outcome_.result = StepResult::failed;
        outcome_.error = std::move(error);
        settled_ = true;
    }

    RunContext& run_;
    const plan::Step& step_;
    const std::optional<Intent>& before_;
    const Also& also_;
    Intent intent_;
    std::set<catalog::QualifiedName> looked_again_;
    bool intended_ = false;
    bool settled_ = false;
    StepOutcome outcome_;
};

}  // namespace

StepOutcome run_attach(RunContext& run, const plan::Step& step, const std::optional<Intent>& before, const Also& also) {
    return AttachStep(run, step, before, also).run();
}

}  // namespace pgbelay::engine
