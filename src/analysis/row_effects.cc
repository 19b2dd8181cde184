#include "analysis/row_effects.h"

#include "analysis/code.h"
#include "catalog/rows.h"
#include "catalog/tree_util.h"
#include "sql/quote.h"

#include <pg_query/pg_query.pb-c.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

namespace pgbelay::analysis {

namespace {

using catalog::Constraint;
using catalog::Relation;

template <class T>
const T& as(const ProtobufCMessage& message) {
    return reinterpret_cast<const T&>(message);
}

// What is changed, and how.
struct Change {
    const PgQuery__RangeVar* target = nullptr;
    std::vector<std::string> events;             // INSERT, UPDATE, DELETE: several for MERGE and ON CONFLICT DO UPDATE
    std::set<std::string> set;                   // the columns that an UPDATE sets
    std::set<std::string> set_null;              // those of them that get NULL
    std::set<std::string> nulls;                 // columns that an INSERT fills with NULL in every row
    std::optional<std::set<std::string>> given;  // the columns that an INSERT names; nothing: all of them
    bool infers = false;                         // ON CONFLICT with the columns or the constraint that it is about
    bool rows = true;                            // whether there may be rows to change
    bool has(std::string_view event) const { return std::find(events.begin(), events.end(), event) != events.end(); }
};

bool is_null_constant(const PgQuery__Node* value) {
    if (value != nullptr && value->node_case == PG_QUERY__NODE__NODE_TYPE_CAST) {
        return is_null_constant(value->type_cast->arg);
    }
    return value != nullptr && value->node_case == PG_QUERY__NODE__NODE_A_CONST && value->a_const->isnull;
}

void note_set(Change& change, std::size_t n, PgQuery__Node* const* targets) {
    for (std::size_t i = 0; i < n; ++i) {
        if (targets[i]->node_case == PG_QUERY__NODE__NODE_RES_TARGET) {
            const std::string name = text(targets[i]->res_target->name);
            change.set.insert(name);
            if (is_null_constant(targets[i]->res_target->val)) {
                change.set_null.insert(name);
            }
        }
    }
}

// Columns for which every row of a VALUES list, or the one select list, has NULL.
void note_inserted_nulls(Change& change, const PgQuery__InsertStmt& insert, const std::vector<std::string>& columns) {
    const auto* select = insert.select_stmt == nullptr || insert.select_stmt->node_case != PG_QUERY__NODE__NODE_SELECT_STMT
                             ? nullptr
                             : insert.select_stmt->select_stmt;
    const std::size_t rows = select == nullptr ? 0 : select->n_values_lists;
    for (std::size_t column = 0; column < columns.size(); ++column) {
        bool all_null = rows > 0 || (select != nullptr && column < select->n_target_list);
        for (std::size_t row = 0; row < rows && all_null; ++row) {
            const auto* list =
                select->values_lists[row]->node_case == PG_QUERY__NODE__NODE_LIST ? select->values_lists[row]->list : nullptr;
            all_null = list != nullptr && column < list->n_items && is_null_constant(list->items[column]);
        }
        if (rows == 0 && all_null) {
            const auto& target = *select->target_list[column];
            all_null = target.node_case == PG_QUERY__NODE__NODE_RES_TARGET && is_null_constant(target.res_target->val);
        }
        if (all_null) {
            change.nulls.insert(columns[column]);
        }
        for (std::size_t row = 0; row < rows && change.given; ++row) {
            const auto* list =
                select->values_lists[row]->node_case == PG_QUERY__NODE__NODE_LIST ? select->values_lists[row]->list : nullptr;
            if (list != nullptr && column < list->n_items && list->items[column]->node_case == PG_QUERY__NODE__NODE_SET_TO_DEFAULT) {
                change.given->erase(columns[column]);
            }
        }
    }
}

Change change_of(const PgQuery__InsertStmt& insert) {
    Change change{.target = insert.relation, .events = {"INSERT"}};
    std::vector<std::string> columns;
    for (std::size_t i = 0; i < insert.n_cols; ++i) {
        columns.push_back(text(insert.cols[i]->res_target->name));
    }
    if (!columns.empty() || insert.select_stmt == nullptr) {
        change.given.emplace(columns.begin(), columns.end());
    }
    note_inserted_nulls(change, insert, columns);
    if (const auto* conflict = insert.on_conflict_clause) {
        change.infers = conflict->infer != nullptr;
        if (conflict->action == PG_QUERY__ON_CONFLICT_ACTION__ONCONFLICT_UPDATE) {
            change.events.emplace_back("UPDATE");
            note_set(change, conflict->n_target_list, conflict->target_list);
        }
    }
    return change;
}

Change change_of(const PgQuery__MergeStmt& merge) {
    Change change{.target = merge.relation};
    for (std::size_t i = 0; i < merge.n_merge_when_clauses; ++i) {
        const auto& clause = *merge.merge_when_clauses[i]->merge_when_clause;
        switch (clause.command_type) {
            case PG_QUERY__CMD_TYPE__CMD_INSERT: change.events.emplace_back("INSERT"); break;
            case PG_QUERY__CMD_TYPE__CMD_UPDATE:
                change.events.emplace_back("UPDATE");
                note_set(change, clause.n_target_list, clause.target_list);
                break;
            case PG_QUERY__CMD_TYPE__CMD_DELETE: change.events.emplace_back("DELETE"); break;
            default: break;
        }
    }
    return change;
}

Change change_of(const ProtobufCMessage& statement) {
    if (statement.descriptor == &pg_query__insert_stmt__descriptor) {
        return change_of(as<PgQuery__InsertStmt>(statement));
    }
    if (statement.descriptor == &pg_query__merge_stmt__descriptor) {
        return change_of(as<PgQuery__MergeStmt>(statement));
    }
    if (statement.descriptor == &pg_query__update_stmt__descriptor) {
        const auto& update = as<PgQuery__UpdateStmt>(statement);
        Change change{.target = update.relation, .events = {"UPDATE"}};
        note_set(change, update.n_target_list, update.target_list);
        return change;
    }
    return {.target = as<PgQuery__DeleteStmt>(statement).relation, .events = {"DELETE"}};
}

// One change of one table's rows.
class RowEffects {
public:
    // `level`: how many actions of foreign keys led to the change; each is a trigger's.
    RowEffects(Facts& facts, const Context& ctx, const Relation& table, const Change& change, std::set<QualifiedName>& seen, int level = 0)
        : facts_(facts), ctx_(ctx), table_(table), change_(change), seen_(seen), level_(level) {}

    void take() {
        if (change_.rows && change_.has("INSERT")) {
            take_defaults();
        }
        if (change_.rows && !table_.keys_are_off && !ctx_.now.as_replica) {
            take_keys();
            take_references();
        }
        take_triggers();
    }

private:
    void take_defaults() {
        for (const auto& column : table_.columns) {
            if (change_.given && change_.given->contains(column.name)) {
                continue;
            }
            if (column.identity != 0) {
                take_numbers(ctx_.now.sequences_of(table_.name, column.name));
            } else {
                take_numbers(sequences_in_default(column));
                take_calls(column);
            }
        }
    }

    // Functions of the user's in its default. What they do in other languages, such as uuid_generate_v4(), is taken for nothing.
    void take_calls(const catalog::Column& column) {
        if (!column.default_expression || column.generated != 0 || column.default_expression->find('(') == std::string::npos ||
            ctx_.now.functions.empty()) {
            return;
        }
        const auto query = sql::read_statement("SELECT " + *column.default_expression);
        if (!query.opaque()) {
            Facts in_passing;
            touch_calls(in_passing, ctx_, query.node().base);
            add_in_passing(facts_, in_passing);
        }
    }

    void take_numbers(const std::vector<QualifiedName>& sequences) {
        for (const auto& sequence : sequences) {
            touch(facts_, ctx_, sequence, LockMode::row_exclusive, Reason::takes_number);
        }
    }

    bool inserts_null(const std::string& column) const {
        if (change_.nulls.contains(column)) {
            return true;
        }
        const auto* found = table_.column(column);
        const bool left_out = change_.given && !change_.given->contains(column);
        return left_out && (found == nullptr || (!found->default_expression && found->identity == 0));
    }

    // A new or changed key is looked for in the table that it refers to.
    void take_keys() {
        for (const Constraint& key : table_.constraints) {
            if (key.type != 'f' || !key.references || !key.enforced) {
                continue;
            }
            const bool changed =
                std::any_of(key.columns.begin(), key.columns.end(), [&](const auto& c) { return change_.set.contains(c); });
            const bool inserts = change_.has("INSERT") &&
                                 std::none_of(key.columns.begin(), key.columns.end(), [&](const auto& c) { return inserts_null(c); });
            const bool updates =
                change_.has("UPDATE") && changed &&
                std::none_of(key.columns.begin(), key.columns.end(), [&](const auto& c) { return change_.set_null.contains(c); });
            // Into a table that refers to nothing but an empty one, only NULLs can go.
            const auto among = [&](const std::vector<QualifiedName>& names) {
                return std::ranges::find(names, *key.references) != names.end();
            };
            const bool filled_here = *key.references == table_.name || among(facts_.writes) || among(facts_.fills);
            if ((inserts || updates) && (filled_here || catalog::may_hold_rows(ctx_.now, *key.references))) {
                touch(facts_, ctx_, *key.references, LockMode::row_share, Reason::key_is_looked_up);
                if (!is_partitioned(ctx_, *key.references)) {
                    touch_indexes(facts_, ctx_, *key.references, LockMode::row_share, Reason::index_of_used_table);
                }
            }
        }
    }

    // A row that goes away, or changes what others refer to, is looked for in the tables that refer to it.
    void take_references() {
        for (const auto& reference : table_.referenced_by) {
            const auto* other = ctx_.now.find(reference.table);
            const auto* key = other == nullptr ? nullptr : other->constraint(reference.constraint);
            if (key == nullptr || !key->enforced) {
                continue;
            }
            const bool changed = std::any_of(key->referenced_columns.begin(), key->referenced_columns.end(),
                                             [&](const auto& c) { return change_.set.contains(c); });
            if (change_.has("DELETE")) {
                follow(*other, *key, key->on_delete);
            }
            if (change_.has("UPDATE") && changed) {
                follow(*other, *key, key->on_update);
            }
        }
    }

    // Actions as in pg_constraint.confdeltype: a no action, r restrict, c cascade, n set null, d set default.
    void follow(const Relation& other, const Constraint& key, char action) {
        const bool asks = action == 'a' || action == 'r';
        const auto mode = asks ? LockMode::row_share : LockMode::row_exclusive;
        touch_all(facts_, ctx_, other.name, mode, asks ? Reason::referring_is_looked_up : Reason::key_action_changes);
        touch_indexes(facts_, ctx_, other.name, mode, Reason::index_of_used_table);
        if (mode == LockMode::row_share || !seen_.insert(other.name).second) {
            return;
        }
        Change next{.events = {action == 'c' && change_.has("DELETE") ? "DELETE" : "UPDATE"}, .rows = may_hold_rows(ctx_.now, other.name)};
        next.set.insert(key.columns.begin(), key.columns.end());
        RowEffects(facts_, ctx_, other, next, seen_, level_ + 1).take();
    }

    void take_triggers() {
        for (const auto& trigger : table_.triggers) {
            const bool fires = trigger.enabled == 'A' || trigger.enabled == (ctx_.now.as_replica ? 'R' : 'O');
            const auto read = fires && !trigger.definition.empty() ? sql::read_statement(trigger.definition) : sql::Statement{};
            if (read.kind == "CreateTrigStmt") {
                take_trigger(*read.node().create_trig_stmt);
            }
        }
    }

    // Bits of CreateTrigStmt::events: catalog/pg_trigger.h.
    void take_trigger(const PgQuery__CreateTrigStmt& trigger) {
        static const std::vector<std::pair<int, std::string>> kBits{
            {1 << 2, "INSERT"}, {1 << 3, "DELETE"}, {1 << 4, "UPDATE"}, {1 << 5, "TRUNCATE"}};
        if (trigger.row && !change_.rows) {
            return;
        }
        for (const auto& [bit, event] : kBits) {
            const bool fires = (trigger.events & bit) != 0 && change_.has(event) && (event != "UPDATE" || concerns(trigger)) &&
                               (trigger.when_clause == nullptr || !never_holds(*trigger.when_clause, event));
            const auto* overloads = fires ? ctx_.now.find_functions(name_of(trigger.n_funcname, trigger.funcname)) : nullptr;
            if (overloads != nullptr && !overloads->empty()) {
                Facts in_passing;
                facts_.hidden = !touch_function(in_passing, ctx_, overloads->front(), event).known || facts_.hidden;
                add_in_passing(facts_, in_passing);
            } else if (fires) {
                facts_.hidden = true;
            }
        }
    }

    // Of a trigger's WHEN: where it says that a column changes which the statement does not set, or that no trigger fired it.
    bool never_holds(const PgQuery__Node& when, std::string_view event) const {
        if (when.node_case == PG_QUERY__NODE__NODE_BOOL_EXPR) {
            const auto& expression = *when.bool_expr;
            const auto never = [&](const PgQuery__Node* part) { return never_holds(*part, event); };
            const std::vector<const PgQuery__Node*> parts(expression.args, expression.args + expression.n_args);
            return (expression.boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR && std::ranges::any_of(parts, never)) ||
                   (expression.boolop == PG_QUERY__BOOL_EXPR_TYPE__OR_EXPR && std::ranges::all_of(parts, never));
        }
        if (when.node_case != PG_QUERY__NODE__NODE_A_EXPR) {
            return false;
        }
        const auto& comparison = *when.a_expr;
        const auto sign = comparison.n_name == 1 ? string_of(comparison.name[0]) : std::string();
        const auto* called = comparison.lexpr != nullptr && comparison.lexpr->node_case == PG_QUERY__NODE__NODE_FUNC_CALL
                                 ? comparison.lexpr->func_call
                                 : nullptr;
        if (called != nullptr && name_of(called->n_funcname, called->funcname).name == "pg_trigger_depth") {
            const auto depth = catalog::integer_of(comparison.rexpr);
            const int now = ctx_.trigger_depth + level_;
            return depth && ((sign == "=" && now != *depth) || (sign == "<" && now >= *depth) || (sign == "<=" && now > *depth));
        }
        const bool differs = comparison.kind == PG_QUERY__A__EXPR__KIND__AEXPR_DISTINCT || sign == "<>";
        const auto left = column_of_row(comparison.lexpr);
        const auto right = column_of_row(comparison.rexpr);
        return differs && event == "UPDATE" && !left.empty() && left == right && stays_the_same(left);
    }

    // c of OLD.c or NEW.c.
    static std::string column_of_row(const PgQuery__Node* node) {
        const auto* reference = node != nullptr && node->node_case == PG_QUERY__NODE__NODE_COLUMN_REF ? node->column_ref : nullptr;
        const bool of_row = reference != nullptr && reference->n_fields == 2 &&
                            (string_of(reference->fields[0]) == "old" || string_of(reference->fields[0]) == "new");
        return of_row ? string_of(reference->fields[1]) : std::string();
    }

    bool stays_the_same(const std::string& name) const {
        const auto* column = table_.column(name);
        return column != nullptr && column->generated == 0 && !change_.set.contains(name) &&
               std::ranges::none_of(*table_.triggers, [](const catalog::Trigger& trigger) {
                   return trigger.enabled != 'D' && trigger.definition.find(" BEFORE ") != std::string::npos;
               });
    }

    bool concerns(const PgQuery__CreateTrigStmt& trigger) const {
        const auto columns = strings_of(trigger.n_columns, trigger.columns);
        return columns.empty() || std::any_of(columns.begin(), columns.end(), [&](const auto& c) { return change_.set.contains(c); });
    }

    Facts& facts_;
    const Context& ctx_;
    const Relation& table_;
    const Change& change_;
    std::set<QualifiedName>& seen_;
    int level_;
};

// Those of partitioned tables only from 16 on (optimizer/util/plancat.c, get_relation_info).
bool planner_opens_indexes(const Context& ctx, const Relation& relation) {
    return relation.kind != 'p' || ctx.now.server_major >= 16;
}

void touch_changed(Facts& facts, const Context& ctx, const Relation& relation, const Change& change, Extent extent,
                   std::set<QualifiedName>& seen);

// Without a column list an INSERT fills the table's columns from the first on.
void note_positions(Change& change, const ProtobufCMessage& statement, const Relation& relation) {
    if (statement.descriptor != &pg_query__insert_stmt__descriptor || change.given) {
        return;
    }
    const auto& insert = as<PgQuery__InsertStmt>(statement);
    const auto* select = insert.select_stmt->node_case == PG_QUERY__NODE__NODE_SELECT_STMT ? insert.select_stmt->select_stmt : nullptr;
    const bool values = select != nullptr && select->n_values_lists > 0 && select->values_lists[0]->node_case == PG_QUERY__NODE__NODE_LIST;
    const std::size_t width = values ? select->values_lists[0]->list->n_items : relation.columns.size();
    std::vector<std::string> columns;
    for (std::size_t i = 0; i < relation.columns.size() && i < width; ++i) {
        columns.push_back(relation.columns[i].name);
    }
    change.given.emplace(columns.begin(), columns.end());
    note_inserted_nulls(change, insert, columns);
}

// The actions of the rules for the change, and whether one of them stands in its place always.
bool take_rules(Facts& facts, const Context& ctx, const Relation& relation, const Change& change, Extent extent) {
    bool instead = false;
    for (const auto& rule : relation.rules) {
        const auto read = rule.enabled == 'D' || rule.definition.empty() ? sql::Statement{} : sql::read_statement(rule.definition);
        if (read.kind != "RuleStmt") {
            continue;
        }
        const auto& parsed = *read.node().rule_stmt;
        const std::string_view event = parsed.event == PG_QUERY__CMD_TYPE__CMD_INSERT   ? "INSERT"
                                       : parsed.event == PG_QUERY__CMD_TYPE__CMD_UPDATE ? "UPDATE"
                                       : parsed.event == PG_QUERY__CMD_TYPE__CMD_DELETE ? "DELETE"
                                                                                        : "";
        if (!change.has(event)) {
            continue;
        }
        instead = instead || (parsed.instead && parsed.where_clause == nullptr);
        for (std::size_t i = 0; i < parsed.n_actions; ++i) {
            touch_query(facts, ctx, parsed.actions[i]->base, extent);
        }
    }
    return instead;
}

bool has_instead_trigger(const Relation& view) {
    return std::any_of(view.triggers.begin(), view.triggers.end(),
                       [](const catalog::Trigger& trigger) { return trigger.definition.find(" INSTEAD OF ") != std::string::npos; });
}

// An automatically updatable view passes the change on to the one relation that it is made from.
void pass_on(Facts& facts, const Context& ctx, const Relation& view, const Change& change, Extent extent, std::set<QualifiedName>& seen) {
    const auto read = sql::read_statement(view.view_definition);
    const auto* select = read.kind == "SelectStmt" ? read.node().select_stmt : nullptr;
    if (select == nullptr || select->n_from_clause != 1 || select->from_clause[0]->node_case != PG_QUERY__NODE__NODE_RANGE_VAR) {
        return;
    }
    const auto* base = ctx.now.find(name_of(select->from_clause[0]->range_var));
    for (auto named = ctx.now.relations.begin(); base == nullptr && named != ctx.now.relations.end(); ++named) {
        // It was renamed since.
        base =
            std::ranges::find(named->second.dependent_views, view.name) == named->second.dependent_views.end() ? nullptr : &named->second;
    }
    if (base != nullptr && seen.insert(base->name).second) {
        touch(facts, ctx, base->name, LockMode::row_exclusive, Reason::changed_through_view);
        touch_changed(facts, ctx, *base, change, extent, seen);
    }
}

// Where a partitioned table has but one partition, that is where new rows go. Which of several takes them is the rows' to say.
void touch_only_partition(Facts& facts, const Context& ctx, const Relation& relation) {
    const auto* table = &relation;
    while (table != nullptr && table->kind == 'p' && table->children.size() == 1) {
        table = touch(facts, ctx, table->children.front(), LockMode::row_exclusive, Reason::row_goes_to_partition);
    }
}

void touch_changed(Facts& facts, const Context& ctx, const Relation& relation, const Change& change, Extent extent,
                   std::set<QualifiedName>& seen) {
    if (relation.persistence != 't') {
        add_name(facts.writes, relation.name);
    }
    if (extent == Extent::parsed) {
        return;
    }
    if (extent == Extent::executed && change.rows && change.has("INSERT")) {
        touch_only_partition(facts, ctx, relation);
    }
    const bool instead = take_rules(facts, ctx, relation, change, extent);
    if (relation.kind == 'v') {
        if (!instead && !has_instead_trigger(relation)) {
            pass_on(facts, ctx, relation, change, extent, seen);
        }
    } else if (!instead) {
        const bool finds_rows = change.has("UPDATE") || change.has("DELETE");
        const bool inserts = change.events == std::vector<std::string>{"INSERT"};
        const bool recurses = change.target == nullptr || change.target->inh;
        if (finds_rows && !inserts && !(change.has("INSERT") && change.infers) && recurses) {
            touch_all(facts, ctx, relation.name, LockMode::row_exclusive, Reason::changed_for_partition);
            for (const auto& child : descendants(ctx, relation.name)) {
                const auto* found = ctx.now.find(child);
                if (found != nullptr && planner_opens_indexes(ctx, *found)) {
                    touch_indexes(facts, ctx, child, LockMode::row_exclusive, Reason::index_of_used_table);
                }
            }
        }
        // An INSERT gives its indexes' locks back before it ends, unless it had to choose one of them.
        if ((finds_rows || change.infers) && planner_opens_indexes(ctx, relation)) {
            touch_indexes(facts, ctx, relation.name, LockMode::row_exclusive, Reason::index_of_used_table);
        }
    }
    if (extent == Extent::executed && !instead) {
        RowEffects(facts, ctx, relation, change, seen).take();
    }
}

}  // namespace

void touch_write(Facts& facts, const Context& ctx, const ProtobufCMessage& statement, Extent extent) {
    Change change = change_of(statement);
    change.rows = catalog::may_change_rows(ctx.now, statement);
    const auto name = name_of(change.target);
    const auto* relation = touch(facts, ctx, name, LockMode::row_exclusive, Reason::writes);
    if (relation == nullptr) {
        add_name(facts.writes, found_name(ctx.now, name));
        return;
    }
    note_positions(change, statement, *relation);
    std::set<QualifiedName> seen{relation->name};
    touch_changed(facts, ctx, *relation, change, extent, seen);
}

void touch_copy_from(Facts& facts, const Context& ctx, const PgQuery__CopyStmt& copy, bool rows) {
    Change change{.events = {"INSERT"}, .rows = rows};
    if (copy.n_attlist > 0) {
        const auto columns = strings_of(copy.n_attlist, copy.attlist);
        change.given.emplace(columns.begin(), columns.end());
    }
    const auto* relation = touch(facts, ctx, name_of(copy.relation), LockMode::row_exclusive, Reason::writes);
    if (relation == nullptr) {
        return;
    }
    if (rows) {
        touch_only_partition(facts, ctx, *relation);
    }
    std::set<QualifiedName> seen{relation->name};
    RowEffects(facts, ctx, *relation, change, seen).take();
}

void touch_truncate_triggers(Facts& facts, const Context& ctx, const QualifiedName& table) {
    const auto* relation = ctx.now.find(table);
    if (relation == nullptr || relation->triggers.empty()) {
        return;
    }
    const Change change{.events = {"TRUNCATE"}, .rows = false};
    std::set<QualifiedName> seen{relation->name};
    RowEffects(facts, ctx, *relation, change, seen).take();
}

}  // namespace pgbelay::analysis
