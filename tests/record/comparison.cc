#include "record/comparison.h"

#include "engine/prepare.h"
#include "sql/quote.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <tuple>

namespace pgbelay::test {

namespace {

using catalog::LockMode;

struct Effects {
    std::map<QualifiedName, LockMode> locks;  // above ACCESS SHARE
    std::set<QualifiedName> rewrites;
};

Effects said(const analysis::Facts& facts) {
    Effects effects;
    for (const auto& lock : facts.locks) {
        if (lock.mode > LockMode::access_share) {
            effects.locks[lock.relation] = lock.mode;
        }
    }
    effects.rewrites.insert(facts.rewrites.begin(), facts.rewrites.end());
    return effects;
}

Effects of(const Recorded& record) {
    Effects effects{.locks = record.locks, .rewrites = record.rewritten};
    std::erase_if(effects.locks, [](const auto& lock) { return lock.second == LockMode::access_share; });
    return effects;
}

// Those of `one` that `other` has not; `touched` collects the relations.
std::string missing_in(const Effects& other, const Effects& one, std::set<QualifiedName>& touched) {
    std::vector<std::string> words;
    for (const auto& [relation, mode] : one.locks) {
        const auto there = other.locks.find(relation);
        if (there == other.locks.end() || there->second != mode) {
            words.push_back(fmt::format("{} {}", sql::display(relation), catalog::sql_name(mode)));
            touched.insert(relation);
        }
    }
    for (const auto& relation : one.rewrites) {
        if (!other.rewrites.contains(relation)) {
            words.push_back("rewrites " + sql::display(relation));
            touched.insert(relation);
        }
    }
    return words.empty() ? "nothing" : fmt::format("{}", fmt::join(words, ", "));
}

std::string evidence_of(const Recorded& record) {
    std::vector<std::string> words;
    for (const auto& [relation, rows] : record.read) {
        words.push_back(fmt::format("read {}: {} rows", sql::display(relation), rows));
    }
    words.insert(words.end(), record.messages.begin(), record.messages.end());
    return fmt::format("{}", fmt::join(words, "; "));
}

bool is_table(const Recorded& record, const QualifiedName& relation) {
    const auto kind = record.kinds.find(relation);
    return kind == record.kinds.end() || kind->second == 'r' || kind->second == 'p' || kind->second == 'm' || kind->second == 'v';
}

void compare_one(Tally& tally, const sql::Statement& statement, const plan::StatementPlan& planned, const Recorded& record) {
    if (!record.in_transaction) {
        ++tally.elsewhere;
        return;
    }
    if (!record.error.empty()) {
        ++tally.failed;
        tally.foretold += planned.facts.fails ? 1 : 0;
        return;
    }
    ++tally.statements;
    if (planned.facts.fails) {
        tally.differences.push_back({statement.place, statement.sql, "fails: " + planned.facts.fails->message, "succeeds", {}, true});
        return;
    }
    std::set<QualifiedName> touched;
    Difference difference{.place = statement.place, .sql = statement.sql, .said = {}, .recorded = {}, .evidence = evidence_of(record)};
    difference.said = missing_in(of(record), said(planned.facts), touched);
    difference.recorded = missing_in(said(planned.facts), of(record), touched);
    if (!touched.empty()) {
        difference.tables = std::any_of(touched.begin(), touched.end(), [&](const auto& relation) { return is_table(record, relation); });
        tally.differences.push_back(std::move(difference));
    }
}

}  // namespace

void Tally::add(Tally other) {
    statements += other.statements;
    failed += other.failed;
    foretold += other.foretold;
    elsewhere += other.elsewhere;
    std::move(other.differences.begin(), other.differences.end(), std::back_inserter(differences));
}

int Tally::wrong_in_tables() const {
    return static_cast<int>(std::count_if(differences.begin(), differences.end(), [](const Difference& one) { return one.tables; }));
}

Tally compare(engine::Target& target, Recorder& recorder, const runbook::Runbook& runbook) {
    const plan::Plan plan = engine::prepare(target, runbook, {}).plan;
    // Files that a ledger knows are not in the plan.
    std::map<std::tuple<std::string, int, int>, const plan::StatementPlan*> planned;
    for (const auto& statement : plan.statements) {
        planned[{statement.place.file, statement.place.line, statement.place.column}] = &statement;
    }
    Tally tally;
    for (const auto& item : runbook.items) {
        const auto* sql = std::get_if<runbook::SqlItem>(&item.what);
        for (std::size_t i = 0; sql != nullptr && i < sql->statements.size(); ++i) {
            const sql::Statement& statement = sql->statements[i];
            const auto found = planned.find({statement.place.file, statement.place.line, statement.place.column});
            if (found != planned.end()) {
                compare_one(tally, statement, *found->second, recorder.run(statement));
            }
        }
    }
    return tally;
}

}  // namespace pgbelay::test
