#include "plan/statement_facts.h"

#include "analysis/code.h"
#include "catalog/apply.h"
#include "plan/planner.h"

#include <pg_query/pg_query.pb-c.h>

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

namespace pgbelay::plan {

namespace {

// Whether a transaction of the author's is open after the statement.
bool open_after(const sql::Statement& statement, bool before) {
    if (statement.opaque() || statement.node().node_case != PG_QUERY__NODE__NODE_TRANSACTION_STMT) {
        return before;
    }
    switch (statement.node().transaction_stmt->kind) {
        case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_BEGIN:
        case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_START: return true;
        case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_COMMIT:
        case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK: return false;
        default: return before;
    }
}

}  // namespace

FactsReader::FactsReader(catalog::Catalog catalog, PlanOptions options, std::function<void(const StatementFacts&)> sink)
    : catalog_(std::move(catalog)), options_(std::move(options)), sink_(std::move(sink)), defaults_(catalog_) {}

void FactsReader::begin(runbook::TransactionRule rule, runbook::Layout layout, bool session) {
    rule_ = rule;
    layout_ = layout;
    if (session) {
        context_ = {};
        catalog_.forget_temporary();
    }
}

void FactsReader::take(sql::Statement&& statement) {
    open_ = open_after(statement, open_);
    waiting_.push_back(std::move(statement));
    if (rule_ == runbook::TransactionRule::each_statement && !open_) {
        flush();
    }
}

void FactsReader::end() {
    flush();
    open_ = false;
}

void FactsReader::flush() {
    Grouping grouping = group(waiting_, rule_, layout_);
    std::vector<StatementFacts> found;
    for (const auto& statement : waiting_) {
        found.push_back({.n = statement.n, .place = statement.place, .kind = statement.kind});
    }
    for (const auto& g : grouping.groups) {
        take_group(g, found);
    }
    for (StatementFacts& facts : found) {
        for (Refusal& refusal : grouping.refusals) {
            if (refusal.place == facts.place) {
                // The grouping names both lines.
                std::erase_if(facts.refusals, [&](const Refusal& other) { return other.place == refusal.place; });
                facts.refusals.push_back(std::move(refusal));
            }
        }
        sink_(facts);
    }
    waiting_.clear();
}

void FactsReader::take_group(const Group& group, std::vector<StatementFacts>& found) {
    written_.clear();
    after_group_ = context_;
    bool first = true;
    for (const auto* statement : group.statements) {
        base::heed(options_.stop);
        StatementFacts& facts = found.at(static_cast<std::size_t>(statement - waiting_.data()));
        put_in_effect(context_, defaults_, catalog_);
        if (!take_session_statement(*statement, group, first, facts)) {
            analyse(*statement, group, facts);
            first = false;
        }
    }
    if (group.one_transaction) {
        catalog_.forget_temporary();
    }
    // SET LOCAL ends here.
    context_ = std::exchange(after_group_, {});
}

bool FactsReader::take_session_statement(const sql::Statement& statement, const Group& group, bool first, StatementFacts& found) {
    const Folded folded = fold(statement, context_);
    switch (folded.effect) {
        case SessionEffect::none: return false;
        case SessionEffect::superseded: found.notes.push_back(folded.word); break;
        case SessionEffect::refused: found.refusals.push_back({statement.place, folded.word, "remove it from the migration"}); break;
        case SessionEffect::local:
            if (!group.one_transaction) {
                found.notes.emplace_back("SET LOCAL outside of a transaction has no effect");
            } else {
                fold_local(statement, context_);
            }
            break;
        case SessionEffect::folded:
            fold(statement, after_group_);
            if (!first && !as_local(statement)) {
                found.refusals.push_back({statement.place, "this setting cannot be reset in the middle of a transaction",
                                          "set the value that is meant, or move it before BEGIN"});
            }
            break;
    }
    return true;
}

void FactsReader::analyse(const sql::Statement& statement, const Group& group, StatementFacts& found) {
    analysis::Context context{.base = catalog_, .now = catalog_};
    context.in_group = group.one_transaction;
    context.rewrite = !options_.as_written && !statement.directive("as-written");
    context.written = written_;
    analysis::Analysis analysis = analysis::analyze(statement, context);
    if (statement.opaque() && catalog_.server_major <= sql::parser_major()) {
        found.refusals.push_back(refusal_of_opaque(statement, catalog_.server_major));
    }
    if (analysis.refusal && found.refusals.empty()) {
        found.refusals.push_back({statement.place, analysis.refusal->message, analysis.refusal->hint});
    }
    if (statement.directive("when") && group.one_transaction) {
        found.refusals.push_back(refusal_of_when(statement));
    }
    if (group.one_transaction) {
        written_.insert(analysis.facts.writes.begin(), analysis.facts.writes.end());
    }
    found.session = false;
    catalog::apply(statement, catalog_);
    analysis::note_filled(analysis.facts, catalog_);
    // Nothing is decided by it here.
    analysis::apply_code(statement, analysis.facts, catalog_);
    found.facts = std::move(analysis.facts);
    found.notes = std::move(analysis.notes);
    found.skip = std::move(analysis.skip);
}

StatementFacts facts_of(const Plan& plan, const StatementPlan& statement) {
    StatementFacts facts{.n = statement.n,
                         .place = statement.place,
                         .kind = statement.kind,
                         .session = statement.session,
                         .facts = statement.facts,
                         .notes = statement.notes,
                         .skip = statement.skip};
    // A syntax error stands somewhere in its statement: before the next one of the file.
    const auto after = [](const base::Place& a, const base::Place& b) {
        return a.file == b.file && std::tie(a.line, a.column) >= std::tie(b.line, b.column);
    };
    const auto next =
        std::find_if(plan.statements.begin() + (&statement - plan.statements.data()) + 1, plan.statements.end(),
                     [&](const StatementPlan& other) { return other.place != statement.place && after(other.place, statement.place); });
    std::ranges::copy_if(plan.refusals, std::back_inserter(facts.refusals), [&](const Refusal& refusal) {
        return after(refusal.place, statement.place) && (next == plan.statements.end() || !after(refusal.place, next->place));
    });
    return facts;
}

}  // namespace pgbelay::plan
