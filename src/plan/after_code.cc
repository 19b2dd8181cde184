#include "plan/after_code.h"

#include "analysis/code.h"
#include "catalog/apply.h"

namespace pgbelay::plan {

analysis::Facts AfterCode::facts(const sql::Statement& statement, const analysis::Context& context, const analysis::Facts& facts) {
    if (!catalog_) {
        return facts;
    }
    catalog_->search_path = context.now.search_path;
    catalog_->time_zone = context.now.time_zone;
    catalog_->as_replica = context.now.as_replica;
    return analysis::analyze(statement, analysis::over(context, *catalog_, *catalog_)).facts;
}

void AfterCode::apply(const sql::Statement& statement, const analysis::Facts& facts, const catalog::Catalog& catalog) {
    if (catalog_) {
        catalog::apply(statement, *catalog_);
        analysis::note_filled(facts, *catalog_);
    } else if (analysis::runs_code(statement, facts)) {
        catalog_ = catalog;
    }
    if (catalog_) {
        analysis::apply_code(statement, facts, *catalog_);
    }
}

void AfterCode::forget_temporary() {
    if (catalog_) {
        catalog_->forget_temporary();
    }
}

}  // namespace pgbelay::plan
