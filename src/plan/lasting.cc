// Which facts of earlier steps still have to hold when later ones are done.
#include "plan/planner.h"

#include <map>
#include <set>

namespace pgbelay::plan {

namespace {

using catalog::Absent;
using catalog::ColumnIs;
using catalog::ConstraintIs;
using catalog::Fact;
using catalog::IndexIs;
using catalog::RelationIs;

// What a fact speaks of: the relation, and the column or constraint in it.
struct Subject {
    enum class Kind { relation, column, constraint, partition } kind;
    catalog::QualifiedName relation;
    std::string member;
    bool operator==(const Subject&) const = default;
};

Subject subject(const Fact& fact) {
    struct {
        Subject operator()(const IndexIs& f) const { return {Subject::Kind::relation, f.index, ""}; }
        Subject operator()(const RelationIs& f) const { return {Subject::Kind::relation, f.relation, ""}; }
        Subject operator()(const ColumnIs& f) const { return {Subject::Kind::column, f.table, f.column}; }
        Subject operator()(const ConstraintIs& f) const { return {Subject::Kind::constraint, f.table, f.constraint}; }
        Subject operator()(const catalog::PartitionIs& f) const { return {Subject::Kind::partition, f.table, ""}; }
        Subject operator()(const Absent& f) const {
            switch (f.what) {
                case Absent::What::column: return {Subject::Kind::column, f.relation, f.member};
                case Absent::What::constraint: return {Subject::Kind::constraint, f.relation, f.member};
                default: return {Subject::Kind::relation, f.relation, ""};
            }
        }
    } of;
    return std::visit(of, fact);
}

// The table that a fact needs to exist; empty for facts about absence.
catalog::QualifiedName needs(const Fact& fact) {
    if (const auto* index = std::get_if<IndexIs>(&fact); index != nullptr) {
        return index->table;
    }
    return std::holds_alternative<Absent>(fact) ? catalog::QualifiedName{} : subject(fact).relation;
}

// A column's type, and whether it may be NULL, are said by different facts: a later one without a word on it does not end the earlier.
// One that says neither takes NOT NULL back.
bool only_adds(const Fact& later, const Fact& earlier) {
    const auto* a = std::get_if<ColumnIs>(&later);
    const auto* b = std::get_if<ColumnIs>(&earlier);
    return a != nullptr && b != nullptr && (a->type.empty() || b->type.empty() || a->type == b->type) &&
           (a->not_null || !b->not_null || !a->type.empty());
}

}  // namespace

bool supersedes(const Fact& later, const Fact& earlier) {
    if (subject(later) == subject(earlier)) {
        return !only_adds(later, earlier);
    }
    const auto* gone = std::get_if<Absent>(&later);
    return gone != nullptr && subject(later).kind == Subject::Kind::relation && needs(earlier) == gone->relation;
}

catalog::Condition lasting(const std::vector<catalog::Condition>& conditions) {
    // A fact can only end facts of the same relation, or that need it.
    std::map<catalog::QualifiedName, std::set<std::size_t>> speak_of;
    std::map<std::size_t, Fact> lasting;
    std::size_t next = 0;
    for (const auto& condition : conditions) {
        for (const auto& fact : condition.facts) {
            auto& earlier = speak_of[subject(fact).relation];
            std::erase_if(earlier, [&](std::size_t i) {
                const auto found = lasting.find(i);
                if (found != lasting.end() && (found->second == fact || supersedes(fact, found->second))) {
                    lasting.erase(found);
                    return true;
                }
                return found == lasting.end();
            });
            earlier.insert(next);
            if (const auto table = needs(fact); !table.name.empty()) {
                speak_of[table].insert(next);
            }
            lasting.emplace(next++, fact);
        }
    }
    catalog::Condition result;
    for (auto& [i, fact] : lasting) {
        result.facts.push_back(std::move(fact));
    }
    return result;
}

}  // namespace pgbelay::plan
