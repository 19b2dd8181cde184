#include "analysis/trigger.h"

#include "analysis/common.h"
#include "analysis/restore.h"
#include "sql/quote.h"

#include <fmt/format.h>
#include <pg_query/pg_query.pb-c.h>

#include <algorithm>

namespace pgbelay::analysis {

namespace {

std::string drop_statement(std::string_view what, const std::string& name, const QualifiedName& table) {
    return fmt::format("DROP {} {} ON {}", what, sql::quote_identifier(name), sql::quote_name(table));
}

Inverse replace_back(const std::string& drop, const std::vector<std::string>& former, bool known) {
    if (!known) {
        return no_inverse("the former definition is not known");
    }
    std::vector<std::string> sql{drop};
    sql.insert(sql.end(), former.begin(), former.end());
    return undo(std::move(sql));
}

}  // namespace

Analysis analyze_create_trigger(const sql::Statement& statement, const Context& ctx) {
    const auto& create = *statement.node().create_trig_stmt;
    const auto written = name_of(create.relation);
    const auto name = text(create.trigname);
    Analysis analysis;
    // Row triggers of a partitioned table are made on every partition; inheritance knows nothing of the kind.
    const bool recurses = create.row && is_partitioned(ctx, written);
    const auto* table = recurses ? touch_all(analysis.facts, ctx, written, LockMode::share_row_exclusive, Reason::creates_trigger)
                                 : touch(analysis.facts, ctx, written, LockMode::share_row_exclusive, Reason::creates_trigger);
    touch(analysis.facts, ctx, name_of(create.constrrel), LockMode::access_share, Reason::named_by_trigger);
    const auto on = found_name(ctx.now, written);
    analysis.name = fmt::format("create trigger {} on {}", name, sql::quote_name(on));
    const auto* former = table == nullptr ? nullptr : table->trigger(name);
    const auto drop = drop_statement("TRIGGER", name, on);
    if (former != nullptr && !create.replace) {
        analysis.refusal = already_there(fmt::format("trigger {} on {}", name, sql::quote_name(on)));
        return analysis;
    }
    if (former != nullptr) {
        return run_as_written(analysis, statement, replace_back(drop, restore_trigger(on, *former), !former->definition.empty()));
    }
    return run_as_written(analysis, statement, undo({drop}));
}

Analysis analyze_create_rule(const sql::Statement& statement, const Context& ctx) {
    const auto& create = *statement.node().rule_stmt;
    const auto name = text(create.rulename);
    Analysis analysis;
    const auto* table = touch(analysis.facts, ctx, name_of(create.relation), LockMode::access_exclusive, Reason::creates_rule);
    for (std::size_t i = 0; i < create.n_actions; ++i) {
        touch_query(analysis.facts, ctx, create.actions[i]->base, Extent::parsed);
    }
    analysis.facts.writes.clear();
    const auto on = found_name(ctx.now, name_of(create.relation));
    analysis.name = fmt::format("create rule {} on {}", name, sql::quote_name(on));
    const auto drop = drop_statement("RULE", name, on);
    if (table != nullptr && create.replace) {
        const auto former = std::find_if(table->rules.begin(), table->rules.end(), [&](const auto& rule) { return rule.name == name; });
        if (former != table->rules.end()) {
            std::vector<std::string> again = restore_rule(on, *former);
            again.insert(again.begin(), drop);
            return run_as_written(analysis, statement, undo(std::move(again)));
        }
    }
    return run_as_written(analysis, statement, undo({drop}));
}

Analysis analyze_create_policy(const sql::Statement& statement, const Context& ctx) {
    const auto& create = *statement.node().create_policy_stmt;
    const auto name = text(create.policy_name);
    Analysis analysis;
    touch(analysis.facts, ctx, name_of(create.table), LockMode::access_exclusive, Reason::creates_policy);
    touch_query(analysis.facts, ctx, create.qual);
    touch_query(analysis.facts, ctx, create.with_check);
    const auto on = found_name(ctx.now, name_of(create.table));
    analysis.name = fmt::format("create policy {} on {}", name, sql::quote_name(on));
    return run_as_written(analysis, statement, undo({drop_statement("POLICY", name, on)}));
}

Analysis analyze_alter_policy(const sql::Statement& statement, const Context& ctx) {
    const auto& alter = *statement.node().alter_policy_stmt;
    const auto name = text(alter.policy_name);
    Analysis analysis;
    const auto* table = touch(analysis.facts, ctx, name_of(alter.table), LockMode::access_exclusive, Reason::alters_policy);
    touch_query(analysis.facts, ctx, alter.qual);
    touch_query(analysis.facts, ctx, alter.with_check);
    const auto on = found_name(ctx.now, name_of(alter.table));
    analysis.name = fmt::format("alter policy {} on {}", name, sql::quote_name(on));
    for (const auto& policy : table == nullptr ? std::vector<catalog::Policy>{} : *table->policies) {
        if (policy.name == name) {
            return run_as_written(analysis, statement,
                                  replace_back(drop_statement("POLICY", name, on), restore_policy(on, policy), !policy.definition.empty()));
        }
    }
    return run_as_written(analysis, statement, no_inverse(fmt::format("the former definition of policy {} is not known", name)));
}

}  // namespace pgbelay::analysis
