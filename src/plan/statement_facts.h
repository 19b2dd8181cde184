// What statements do, one after the other, without a plan of how to do it better: any number of them in little memory.
#pragma once

#include "plan/group.h"
#include "plan/plan.h"
#include "plan/session.h"
#include "runbook/stream.h"

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace pgbelay::plan {

// The same as in a StatementPlan, and what is refused at this statement.
struct StatementFacts {
    int n = 0;
    base::Place place;
    std::string kind;
    bool session = true;
    analysis::Facts facts;
    std::vector<std::string> notes;
    std::optional<std::string> skip;
    std::vector<Refusal> refusals;
};

// Statements come in the order in which they would be deployed; the catalog grows with them. What stands between BEGIN and COMMIT is kept
// until its end, since only then it is known what the transaction is.
class FactsReader : public runbook::StatementTaker {
public:
    FactsReader(catalog::Catalog catalog, PlanOptions options, std::function<void(const StatementFacts&)> sink);

    void begin(runbook::TransactionRule rule, runbook::Layout layout, bool session) override;
    void take(sql::Statement&& statement) override;
    void end() override;

private:
    void flush();
    void take_group(const Group& group, std::vector<StatementFacts>& found);
    bool take_session_statement(const sql::Statement& statement, const Group& group, bool first, StatementFacts& found);
    void analyse(const sql::Statement& statement, const Group& group, StatementFacts& found);

    catalog::Catalog catalog_;
    PlanOptions options_;
    std::function<void(const StatementFacts&)> sink_;
    runbook::TransactionRule rule_ = runbook::TransactionRule::each_statement;
    runbook::Layout layout_ = runbook::Layout::plain;
    SessionContext context_;
    SessionContext after_group_;  // without what SET LOCAL does to context_
    std::set<catalog::QualifiedName> written_;
    std::vector<sql::Statement> waiting_;
    bool open_ = false;  // between BEGIN and COMMIT
    SessionDefaults defaults_;
};

// The same of a plan that was made; `statement` is one of it.
StatementFacts facts_of(const Plan& plan, const StatementPlan& statement);

}  // namespace pgbelay::plan
