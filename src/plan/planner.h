// The making of a plan, item by item: groups are analysed, and their runs arranged before, inside and after the transaction.
#pragma once

#include "plan/after_code.h"
#include "plan/group.h"
#include "plan/plan.h"
#include "plan/row_use.h"
#include "plan/session.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace pgbelay::plan {

class Planner {
public:
    Planner(const runbook::Runbook& runbook, catalog::Catalog catalog, PlanOptions options);
    Plan make();

private:
    // A statement of the group with what became of it.
    struct Member {
        const sql::Statement* statement;
        bool may_change_rows = false;
        SessionContext context;
        std::optional<std::string> local_setting;  // a SET in the middle of the transaction
        std::vector<analysis::Run> runs;
        std::string name;
        std::optional<std::string> skip;
        std::string why;
    };

    void take_item(const runbook::Item& item);
    void note_place(const runbook::Item& item, std::size_t first_step);
    void take_sql(const runbook::Item& item, const runbook::SqlItem& sql);
    void take_check(const runbook::Item& item, const runbook::CheckItem& check);
    void take_try(const runbook::Item& item, const runbook::TryItem& attempt);
    void take_confirm(const runbook::Item& item, const runbook::ConfirmItem& confirm);
    void take_measure(const runbook::Item& item, const runbook::MeasureItem& measure);
    Step& new_step_of(const runbook::Item& item, StepKind kind);
    void set_times(const runbook::SqlItem& sql, std::size_t first_step);
    void take_group(const Group& group);
    Member analyse(const sql::Statement& statement, const Group& group, const catalog::Catalog& base);
    bool take_session_statement(const sql::Statement& statement, const Group& group, std::vector<Member>& members);
    void refuse_failure(const sql::Statement& statement, const analysis::Analysis& analysis);
    void refuse_unknown_relation(const sql::Statement& statement, const analysis::Analysis& analysis);
    void refuse_opaque(const sql::Statement& statement);
    void number_steps(std::size_t first);
    void arrange(const Group& group, const std::vector<Member>& members);
    void add_step_for(const Member& member, const analysis::Run& run);
    void add_skipped(const Member& member);
    Step& new_step(const Member& member, StepKind kind);
    void show(const std::vector<sql::Statement>& statements);
    StatementPlan& shown(const sql::Statement& statement);
    void finish_file(int file);
    void seal();

    const runbook::Runbook& runbook_;
    catalog::Catalog catalog_;
    PlanOptions options_;
    Plan plan_;
    SessionContext context_;
    SessionContext after_group_;  // without what SET LOCAL does to context_
    std::set<catalog::QualifiedName> written_;
    std::vector<std::string> echoes_;
    std::string undone_by_;
    RowUses row_uses_;
    bool hidden_effects_ = false;  // an earlier statement may have made what cannot be seen
    int file_ = -1;
    const SessionDefaults defaults_;
    AfterCode after_code_;
    std::map<const sql::Statement*, std::size_t> shown_;
    std::map<std::string, int> ends_;  // of items by name: the last step up to their end, 0 = none
};

// Of `-- pgbelay: when` inside of a transaction.
Refusal refusal_of_when(const sql::Statement& statement);

// Whether what `later` says makes `earlier` moot: it drops, renames or changes the same thing.
bool supersedes(const catalog::Fact& later, const catalog::Fact& earlier);

// The facts of all steps in order, those that later ones supersede left out.
catalog::Condition lasting(const std::vector<catalog::Condition>& conditions);

}  // namespace pgbelay::plan
