#include "analysis/view.h"

#include "analysis/common.h"
#include "analysis/restore.h"
#include "sql/quote.h"

#include <fmt/format.h>
#include <pg_query/pg_query.pb-c.h>

#include <algorithm>

namespace pgbelay::analysis {

namespace {

// How many columns the new query gives; nothing when a `*` hides it.
std::optional<std::size_t> column_count(const PgQuery__Node* query) {
    if (query == nullptr || query->node_case != PG_QUERY__NODE__NODE_SELECT_STMT) {
        return {};
    }
    const auto* select = query->select_stmt;
    while (select->larg != nullptr) {
        select = select->larg;
    }
    for (std::size_t i = 0; i < select->n_target_list; ++i) {
        const auto& target = *select->target_list[i];
        const auto* value = target.node_case == PG_QUERY__NODE__NODE_RES_TARGET ? target.res_target->val : nullptr;
        if (value != nullptr && value->node_case == PG_QUERY__NODE__NODE_COLUMN_REF) {
            const auto& column = *value->column_ref;
            if (column.n_fields > 0 && column.fields[column.n_fields - 1]->node_case == PG_QUERY__NODE__NODE_A_STAR) {
                return {};
            }
        }
    }
    return select->n_target_list;
}

std::string replace_with(const catalog::Relation& view) {
    const auto create = restore_view(view).front();
    constexpr std::string_view kCreate = "CREATE ";
    return "CREATE OR REPLACE " + create.substr(kCreate.size());
}

// REPLACE keeps owner, grants, comments, triggers and rules; options it does not. A column that was added can be taken away only by
// dropping the view, which needs that nothing else stands on it.
Inverse former_view(const catalog::Relation& view, const PgQuery__ViewStmt& create) {
    if (view.view_definition.empty()) {
        return no_inverse(fmt::format("the former definition of {} is not known", sql::quote_name(view.name)));
    }
    const auto columns = column_count(create.query);
    if (columns == view.columns.size()) {
        return undo({replace_with(view)});
    }
    if (!view.dependent_views.empty()) {
        return no_inverse(fmt::format("{} may get more columns, and other views stand on it: it cannot be dropped and made again",
                                      sql::quote_name(view.name)));
    }
    std::vector<std::string> sql{"DROP VIEW " + sql::quote_name(view.name)};
    const auto restored = restore_view(view);
    sql.insert(sql.end(), restored.begin(), restored.end());
    return undo(std::move(sql));
}

}  // namespace

Analysis analyze_create_view(const sql::Statement& statement, const Context& ctx) {
    const auto& create = *statement.node().view_stmt;
    const auto name = ctx.now.resolve_new(name_of(create.view));
    Analysis analysis;
    analysis.name = named("create view", name);
    if (text(create.view->relpersistence) == "t" && !ctx.in_group) {
        analysis.refusal = Refusal{"a temporary view cannot outlive its session here: later steps run on other connections",
                                   "make an ordinary view, or put it and all that uses it between BEGIN and COMMIT"};
        return analysis;
    }
    const auto* existing = ctx.now.find(name);
    if (existing != nullptr && !create.replace) {
        analysis.refusal = already_there(fmt::format("{} {}", existing->kind == 'v' ? "view" : "relation", sql::quote_name(name)));
        return analysis;
    }
    if (existing != nullptr) {
        analysis.name = named("replace view", name);
        touch(analysis.facts, ctx, name, LockMode::access_exclusive, Reason::replaces_view);
    }
    touch_query(analysis.facts, ctx, create.query);
    auto inverse = existing == nullptr ? undo({"DROP VIEW " + sql::quote_name(name)}) : former_view(*existing, create);
    return run_as_written(analysis, statement, std::move(inverse), {.facts = {catalog::RelationIs{name, 'v'}}});
}

}  // namespace pgbelay::analysis
