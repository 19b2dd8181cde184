// What DO blocks and functions may have left in the catalog: it counts for what a plan shows, and for none of its decisions, since no
// one knows which branches they took.
#pragma once

#include "analysis/analysis.h"
#include "catalog/catalog.h"
#include "sql/statement.h"

#include <optional>

namespace pgbelay::plan {

class AfterCode {
public:
    // The facts of a statement whose `facts` are those in `context`, without what code did before it.
    analysis::Facts facts(const sql::Statement& statement, const analysis::Context& context, const analysis::Facts& facts);
    // The statement was applied to `catalog`, whose facts it had there are given.
    void apply(const sql::Statement& statement, const analysis::Facts& facts, const catalog::Catalog& catalog);
    // The transaction ended that the temporary tables were made in.
    void forget_temporary();

private:
    std::optional<catalog::Catalog> catalog_;  // nothing before the first code
};

}  // namespace pgbelay::plan
