// Which tables' rows a plan has business with, and which it only touches: grows statement by statement.
#pragma once

#include "analysis/analysis.h"
#include "catalog/catalog.h"
#include "plan/plan.h"
#include "sql/statement.h"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace pgbelay::plan {

// Whether rows may be deleted by it, by itself or by a trigger or function that it calls: everything but pure DDL.
bool may_change_rows(const sql::Statement& statement, const analysis::Facts& facts);

class RowUses {
public:
    // `now`: the catalog as the statement finds it.
    void take(const sql::Statement& statement, const analysis::Facts& facts, const catalog::Catalog& now);

    // Those that are ordinary tables or partitions. `after`: the catalog after the last statement; what is not there any more was dropped.
    std::vector<PlannedTable> tables(const catalog::Catalog& after) const;
    // Identifiers in statements whose effects are not known.
    const std::set<std::string>& mentioned() const { return mentioned_; }

private:
    using Key = std::pair<catalog::Oid, catalog::QualifiedName>;
    static Key key_of(const catalog::Relation& relation);
    void use(const catalog::Catalog& now, const catalog::QualifiedName& name, RowUse how);
    PlannedTable& entry(const catalog::Relation& relation);

    std::map<Key, PlannedTable> tables_;
    std::set<std::string> mentioned_;
};

}  // namespace pgbelay::plan
