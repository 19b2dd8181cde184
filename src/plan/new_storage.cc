#include "plan/new_storage.h"

#include "analysis/tree_util.h"
#include "plan/session.h"
#include "sql/quote.h"

#include <fmt/format.h>
#include <pg_query/pg_query.pb-c.h>

#include <map>
#include <utility>

namespace pgbelay::plan {
namespace {

using catalog::QualifiedName;

class Collector {
public:
    Collector(const catalog::Catalog& catalog, const Plan& plan) : catalog_(catalog) {
        for (const StatementPlan& statement : plan.statements) {
            planned_[base::to_string(statement.place)] = &statement;
        }
    }

    void take(const sql::Statement& statement, const std::vector<std::string>& schemas) {
        const auto planned = planned_.find(base::to_string(statement.place));
        if (planned == planned_.end() || planned->second->skip || statement.opaque()) {
            return;
        }
        place_ = statement.place;
        schemas_ = &schemas;
        const PgQuery__Node& node = statement.node();
        if (node.node_case == PG_QUERY__NODE__NODE_INDEX_STMT) {
            take_index(*node.index_stmt);
        } else if (node.node_case == PG_QUERY__NODE__NODE_ALTER_TABLE_STMT) {
            take_keys(*node.alter_table_stmt);
        }
        // A gentler form that was found for it writes no copy.
        const bool copies = !planned->second->rewritten || statement.kind == "ReindexStmt";
        for (const QualifiedName& name : planned->second->facts.rewrites) {
            if (const auto* relation = copies ? find(name) : nullptr) {
                add(*relation, "rewrite of " + sql::quote_name(relation->name)).copy = true;
            }
        }
    }

    std::vector<NewStorage> found() { return std::move(found_); }

private:
    const catalog::Relation* find(const QualifiedName& name) const {
        if (!name.schema.empty()) {
            return catalog_.find(name);
        }
        for (const std::string& schema : *schemas_) {
            if (const auto* relation = catalog_.find({schema, name.name})) {
                return relation;
            }
        }
        return nullptr;
    }

    NewStorage& add(const catalog::Relation& relation, std::string what) {
        return found_.emplace_back(NewStorage{.place = place_, .what = std::move(what), .relation = relation.oid});
    }

    void add_index(const catalog::Relation* relation, std::vector<std::string> columns, const std::string& method,
                   const std::string& tablespace) {
        if (relation == nullptr) {
            return;
        }
        std::vector<std::string> shown;
        for (const std::string& column : columns) {
            shown.push_back(column.empty() ? "…" : sql::quote_identifier(column));
        }
        NewStorage& index = add(*relation, fmt::format("index on {} ({})", sql::quote_name(relation->name), fmt::join(shown, ", ")));
        index.columns = std::move(columns);
        index.method = method.empty() ? "btree" : method;
        index.tablespace = tablespace;
    }

    void take_index(const PgQuery__IndexStmt& create) {
        std::vector<std::string> columns;
        for (std::size_t i = 0; i < create.n_index_params; ++i) {
            columns.push_back(analysis::text(create.index_params[i]->index_elem->name));
        }
        for (std::size_t i = 0; i < create.n_index_including_params; ++i) {
            columns.push_back(analysis::text(create.index_including_params[i]->index_elem->name));
        }
        add_index(find(catalog::name_of(create.relation)), std::move(columns), analysis::text(create.access_method),
                  analysis::text(create.table_space));
    }

    void take_keys(const PgQuery__AlterTableStmt& alter) {
        for (std::size_t i = 0; i < alter.n_cmds; ++i) {
            const PgQuery__AlterTableCmd& command = *alter.cmds[i]->alter_table_cmd;
            const bool adds = command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_AddConstraint && command.def != nullptr &&
                              command.def->node_case == PG_QUERY__NODE__NODE_CONSTRAINT;
            if (!adds) {
                continue;
            }
            const PgQuery__Constraint& constraint = *command.def->constraint;
            const bool key =
                constraint.contype == PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE || constraint.contype == PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY;
            if (key && analysis::text(constraint.indexname).empty()) {
                add_index(find(catalog::name_of(alter.relation)), catalog::strings_of(constraint.n_keys, constraint.keys), "",
                          analysis::text(constraint.indexspace));
            }
        }
    }

    const catalog::Catalog& catalog_;
    std::map<std::string, const StatementPlan*> planned_;  // by place
    std::vector<NewStorage> found_;
    const std::vector<std::string>* schemas_ = nullptr;
    base::Place place_;
};

}  // namespace

std::vector<NewStorage> new_storage(const runbook::Runbook& runbook, const catalog::Catalog& catalog, const Plan& plan) {
    Collector collector(catalog, plan);
    each_with_path(runbook, [&](const sql::Statement& statement, const std::string& search_path, bool tried) {
        if (!tried) {
            collector.take(statement, split_path(search_path, catalog.role, catalog.search_path));
        }
    });
    return collector.found();
}

}  // namespace pgbelay::plan
