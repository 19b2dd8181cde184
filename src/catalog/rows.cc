#include "catalog/rows.h"

#include "catalog/tree_util.h"
#include "catalog/walk.h"

#include <pg_query/pg_query.pb-c.h>

#include <algorithm>
#include <set>

namespace pgbelay::catalog {

namespace {

class Query {
public:
    explicit Query(const Catalog& catalog) : catalog_(catalog) {}

    bool yields(const PgQuery__SelectStmt& select) {
        take_with(select.with_clause);
        if (select.op != PG_QUERY__SET_OPERATION__SETOP_NONE && select.op != PG_QUERY__SET_OPERATION__SET_OPERATION_UNDEFINED) {
            const bool left = select.larg == nullptr || yields(*select.larg);
            const bool right = select.rarg == nullptr || yields(*select.rarg);
            return select.op == PG_QUERY__SET_OPERATION__SETOP_UNION    ? left || right
                   : select.op == PG_QUERY__SET_OPERATION__SETOP_EXCEPT ? left
                                                                        : left && right;
        }
        // Without GROUP BY an aggregate has one row of nothing.
        const bool may_aggregate = select.n_group_clause == 0 && select.n_from_clause > 0 && aggregates(select);
        return may_aggregate || joined(select.n_from_clause, select.from_clause, select.where_clause);
    }

    bool joined(std::size_t n, PgQuery__Node* const* from, const PgQuery__Node* where) {
        return std::all_of(from, from + n, [&](const PgQuery__Node* item) { return source(*item); }) && condition(where);
    }

    bool changes(const PgQuery__InsertStmt& insert) {
        take_with(insert.with_clause);
        return insert.select_stmt == nullptr || acts(*insert.select_stmt);
    }
    bool changes(const PgQuery__UpdateStmt& update) {
        take_with(update.with_clause);
        return may_hold_rows(catalog_, name_of(update.relation)) && joined(update.n_from_clause, update.from_clause, update.where_clause);
    }
    bool changes(const PgQuery__DeleteStmt& del) {
        take_with(del.with_clause);
        return may_hold_rows(catalog_, name_of(del.relation)) && joined(del.n_using_clause, del.using_clause, del.where_clause);
    }

private:
    bool acts(const PgQuery__Node& query) {
        switch (query.node_case) {
            case PG_QUERY__NODE__NODE_SELECT_STMT: return yields(*query.select_stmt);
            case PG_QUERY__NODE__NODE_INSERT_STMT: return changes(*query.insert_stmt);
            case PG_QUERY__NODE__NODE_UPDATE_STMT: return changes(*query.update_stmt);
            case PG_QUERY__NODE__NODE_DELETE_STMT: return changes(*query.delete_stmt);
            default: return true;
        }
    }

    void take_with(const PgQuery__WithClause* with) {
        for (std::size_t i = 0; with != nullptr && i < with->n_ctes; ++i) {
            const auto* cte =
                with->ctes[i]->node_case == PG_QUERY__NODE__NODE_COMMON_TABLE_EXPR ? with->ctes[i]->common_table_expr : nullptr;
            if (cte != nullptr) {
                hidden_.insert(text(cte->ctename));
                if (cte->ctequery != nullptr && !with->recursive && !acts(*cte->ctequery)) {
                    empty_.insert(text(cte->ctename));
                }
            }
        }
    }

    // The server's own aggregates; a user's are so rare that their one row of nothing is not worth being wrong about the others.
    static bool aggregates(const PgQuery__SelectStmt& select) {
        static const std::set<std::string> kAggregates{
            "count",   "sum",      "min",   "max",      "avg",       "array_agg",       "string_agg",
            "bool_or", "bool_and", "every", "json_agg", "jsonb_agg", "json_object_agg", "jsonb_object_agg"};
        bool found = false;
        for (std::size_t i = 0; i < select.n_target_list; ++i) {
            walk(select.target_list[i]->base, [&](const ProtobufCMessage& message) {
                if (message.descriptor == &pg_query__func_call__descriptor) {
                    const auto& call = reinterpret_cast<const PgQuery__FuncCall&>(message);
                    found = found || (call.over == nullptr && kAggregates.contains(name_of(call.n_funcname, call.funcname).name));
                }
                return message.descriptor != &pg_query__sub_link__descriptor;
            });
        }
        return found;
    }

    bool source(const PgQuery__Node& item) {
        switch (item.node_case) {
            case PG_QUERY__NODE__NODE_RANGE_VAR: {
                const auto name = name_of(item.range_var);
                return name.schema.empty() && hidden_.contains(name.name) ? !empty_.contains(name.name) : may_hold_rows(catalog_, name);
            }
            case PG_QUERY__NODE__NODE_RANGE_SUBSELECT:
                return item.range_subselect->subquery == nullptr ||
                       item.range_subselect->subquery->node_case != PG_QUERY__NODE__NODE_SELECT_STMT ||
                       yields(*item.range_subselect->subquery->select_stmt);
            case PG_QUERY__NODE__NODE_JOIN_EXPR: return join(*item.join_expr);
            default: return true;
        }
    }

    bool join(const PgQuery__JoinExpr& join) {
        const bool left = join.larg == nullptr || source(*join.larg);
        const bool right = join.rarg == nullptr || source(*join.rarg);
        switch (join.jointype) {
            case PG_QUERY__JOIN_TYPE__JOIN_LEFT: return left;
            case PG_QUERY__JOIN_TYPE__JOIN_RIGHT: return right;
            case PG_QUERY__JOIN_TYPE__JOIN_FULL: return left || right;
            default: return left && right;
        }
    }

    // What is joined by AND must all be able to hold; EXISTS and IN over nothing cannot.
    bool condition(const PgQuery__Node* where) {
        if (where == nullptr) {
            return true;
        }
        if (where->node_case == PG_QUERY__NODE__NODE_BOOL_EXPR && where->bool_expr->boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR) {
            return std::all_of(where->bool_expr->args, where->bool_expr->args + where->bool_expr->n_args,
                               [&](const PgQuery__Node* part) { return condition(part); });
        }
        if (where->node_case != PG_QUERY__NODE__NODE_SUB_LINK) {
            return true;
        }
        const auto& link = *where->sub_link;
        const bool needs_rows =
            link.sub_link_type == PG_QUERY__SUB_LINK_TYPE__EXISTS_SUBLINK || link.sub_link_type == PG_QUERY__SUB_LINK_TYPE__ANY_SUBLINK;
        return !needs_rows || link.subselect == nullptr || link.subselect->node_case != PG_QUERY__NODE__NODE_SELECT_STMT ||
               yields(*link.subselect->select_stmt);
    }

    const Catalog& catalog_;
    std::set<std::string> hidden_;  // names of common table expressions
    std::set<std::string> empty_;   // those of them that yield nothing
};

bool storage_holds_rows(const Relation& relation) {
    return relation.rows_of_plan || (!relation.created_by_plan && relation.bytes > 0);
}

}  // namespace

bool may_hold_rows(const Catalog& catalog, const QualifiedName& name) {
    const Relation* relation = catalog.find(name);
    if (relation == nullptr || relation->kind == 'v' || relation->kind == 'f') {
        return true;
    }
    if (relation->kind != 'p' && storage_holds_rows(*relation)) {
        return true;
    }
    return std::any_of(relation->children.begin(), relation->children.end(),
                       [&](const QualifiedName& child) { return may_hold_rows(catalog, child); });
}

bool surely_yields_rows(const PgQuery__Node* query) {
    if (query == nullptr) {
        return true;
    }
    const auto* select = query->node_case == PG_QUERY__NODE__NODE_SELECT_STMT ? query->select_stmt : nullptr;
    if (select == nullptr ||
        (select->op != PG_QUERY__SET_OPERATION__SETOP_NONE && select->op != PG_QUERY__SET_OPERATION__SET_OPERATION_UNDEFINED)) {
        return false;
    }
    const auto series = [](const PgQuery__Node* item) {
        const auto* function = item->node_case == PG_QUERY__NODE__NODE_RANGE_FUNCTION ? item->range_function : nullptr;
        const auto* parts = function == nullptr || function->n_functions != 1 ? nullptr : function->functions[0]->list;
        const auto* call = parts == nullptr || parts->n_items == 0 || parts->items[0]->node_case != PG_QUERY__NODE__NODE_FUNC_CALL
                               ? nullptr
                               : parts->items[0]->func_call;
        return call != nullptr && name_of(call->n_funcname, call->funcname).name == "generate_series";
    };
    return select->where_clause == nullptr && select->having_clause == nullptr && select->limit_count == nullptr &&
           select->limit_offset == nullptr && std::all_of(select->from_clause, select->from_clause + select->n_from_clause, series);
}

bool may_yield_rows(const Catalog& catalog, const PgQuery__Node* query) {
    return query == nullptr || query->node_case != PG_QUERY__NODE__NODE_SELECT_STMT || Query(catalog).yields(*query->select_stmt);
}

bool may_change_rows(const Catalog& catalog, const ProtobufCMessage& statement) {
    if (statement.descriptor == &pg_query__insert_stmt__descriptor) {
        return Query(catalog).changes(reinterpret_cast<const PgQuery__InsertStmt&>(statement));
    }
    if (statement.descriptor == &pg_query__update_stmt__descriptor) {
        return Query(catalog).changes(reinterpret_cast<const PgQuery__UpdateStmt&>(statement));
    }
    if (statement.descriptor == &pg_query__delete_stmt__descriptor) {
        return Query(catalog).changes(reinterpret_cast<const PgQuery__DeleteStmt&>(statement));
    }
    return true;
}

}  // namespace pgbelay::catalog
