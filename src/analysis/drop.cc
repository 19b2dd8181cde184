#include "analysis/drop.h"

#include "analysis/common.h"
#include "analysis/restore.h"
#include "catalog/overload.h"
#include "sql/quote.h"

#include <fmt/format.h>
#include <pg_query/pg_query.pb-c.h>

#include <algorithm>
#include <cctype>
#include <functional>

namespace pgbelay::analysis {

namespace {

using ObjectType = PgQuery__ObjectType;

// What one DROP does, gathered over its objects.
struct Dropping {
    Analysis analysis;
    catalog::Condition condition;
    std::vector<std::string> restore;
    std::vector<catalog::Relation> views;  // made again in the order in which they stand on each other
    std::string no_way_back;               // why there is no inverse
    std::string lost;                      // what the inverse does not bring back
    QualifiedName lost_in;
    std::size_t found = 0;
};

std::string_view word_of(ObjectType type) {
    switch (type) {
        case PG_QUERY__OBJECT_TYPE__OBJECT_TABLE: return "table";
        case PG_QUERY__OBJECT_TYPE__OBJECT_FOREIGN_TABLE: return "foreign table";
        case PG_QUERY__OBJECT_TYPE__OBJECT_VIEW: return "view";
        case PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW: return "materialized view";
        case PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE: return "sequence";
        case PG_QUERY__OBJECT_TYPE__OBJECT_TYPE: return "type";
        case PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN: return "domain";
        case PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA: return "schema";
        case PG_QUERY__OBJECT_TYPE__OBJECT_EXTENSION: return "extension";
        case PG_QUERY__OBJECT_TYPE__OBJECT_FUNCTION: return "function";
        case PG_QUERY__OBJECT_TYPE__OBJECT_PROCEDURE: return "procedure";
        case PG_QUERY__OBJECT_TYPE__OBJECT_ROUTINE: return "routine";
        case PG_QUERY__OBJECT_TYPE__OBJECT_AGGREGATE: return "aggregate";
        case PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER: return "trigger";
        case PG_QUERY__OBJECT_TYPE__OBJECT_POLICY: return "policy";
        case PG_QUERY__OBJECT_TYPE__OBJECT_RULE: return "rule";
        case PG_QUERY__OBJECT_TYPE__OBJECT_PUBLICATION: return "publication";
        case PG_QUERY__OBJECT_TYPE__OBJECT_STATISTIC_EXT: return "statistics";
        default: return "object";
    }
}

// Everything that stands on the views, deepest last: it goes with CASCADE.
std::vector<QualifiedName> dependent_views(const Context& ctx, const QualifiedName& name) {
    std::vector<QualifiedName> all;
    std::vector<QualifiedName> level{name};
    while (!level.empty()) {
        std::vector<QualifiedName> next;
        for (const auto& below : level) {
            const auto* relation = ctx.now.find(below);
            for (const auto& view : relation == nullptr ? std::vector<QualifiedName>{} : *relation->dependent_views) {
                std::erase(all, view);
                all.push_back(view);
                next.push_back(view);
            }
        }
        level = std::move(next);
    }
    return all;
}

void append(std::vector<std::string>& out, const std::vector<std::string>& more) {
    out.insert(out.end(), more.begin(), more.end());
}

void restore_any_view(Dropping& dropping, const catalog::Relation& view) {
    if (view.view_definition.empty()) {
        dropping.no_way_back = fmt::format("the definition of {} is not known", sql::quote_name(view.name));
    }
    const auto same = [&](const catalog::Relation& other) { return other.name == view.name; };
    if (std::none_of(dropping.views.begin(), dropping.views.end(), same)) {
        dropping.views.push_back(view);
    }
}

// A view comes after every other one that it is made from.
std::vector<std::string> restore_in_order(std::vector<catalog::Relation> views) {
    std::vector<std::string> sql;
    while (!views.empty()) {
        const auto stands_on_another = [&](const catalog::Relation& view) {
            return std::any_of(views.begin(), views.end(), [&](const catalog::Relation& below) {
                return std::find(below.dependent_views.begin(), below.dependent_views.end(), view.name) != below.dependent_views.end();
            });
        };
        auto next = std::find_if_not(views.begin(), views.end(), stands_on_another);
        next = next == views.end() ? views.begin() : next;
        append(sql, next->kind == 'm' ? restore_matview(*next) : restore_view(*next));
        views.erase(next);
    }
    return sql;
}

// A dropped table locks the tables at both ends of its foreign keys, its parent and the parent's default partition.
void touch_around_table(Facts& facts, const Context& ctx, const catalog::Relation& table) {
    for (const auto& constraint : table.constraints) {
        // A partition's copy of its parent's key goes without its triggers on the other end.
        if (constraint.type != 'f' || !constraint.references || *constraint.references == table.name || constraint.inherited ||
            !constraint.enforced) {
            continue;
        }
        const bool leaves = ctx.now.server_major < 15 && is_partitioned(ctx, *constraint.references);
        if (leaves) {
            // Before 15 the partitioned table itself has no trigger for the key.
            for (const auto& below : descendants(ctx, *constraint.references)) {
                touch(facts, ctx, below, LockMode::access_exclusive, Reason::referenced_by_dropped_key);
            }
        } else {
            touch_family(facts, ctx, *constraint.references, LockMode::access_exclusive, Reason::referenced_by_dropped_key);
        }
    }
    for (const auto& key : table.referenced_by) {
        touch(facts, ctx, key.table, LockMode::access_exclusive, Reason::foreign_key_goes_along);
    }
    if (!table.is_partition || !table.parent) {
        return;
    }
    if (const auto* parent = touch(facts, ctx, *table.parent, LockMode::access_exclusive, Reason::loses_partition)) {
        for (const auto& sibling : parent->children) {
            const auto* found = ctx.now.find(sibling);
            if (found != nullptr && found->partition_bound == "DEFAULT") {
                touch_all(facts, ctx, sibling, LockMode::access_exclusive, Reason::default_partition_changes);
            }
        }
    }
}

// Sequences that belong to columns of the table, as pg_get_serial_sequence() finds them.
void touch_sequences(Facts& facts, const Context& ctx, const catalog::Relation& table) {
    for (const auto& name : ctx.now.sequences_of(table.name)) {
        touch(facts, ctx, name, LockMode::access_exclusive, Reason::sequence_of_dropped_column);
    }
}

void drop_table(Dropping& dropping, const Context& ctx, const catalog::Relation& table) {
    auto& facts = dropping.analysis.facts;
    touch_indexes(facts, ctx, table.name, LockMode::access_exclusive, Reason::index_of_dropped_table);
    touch_sequences(facts, ctx, table);
    touch_around_table(facts, ctx, table);
    for (const auto& child : descendants(ctx, table.name)) {
        if (const auto* partition = touch(facts, ctx, child, LockMode::access_exclusive, Reason::drops_descendant)) {
            touch_indexes(facts, ctx, child, LockMode::access_exclusive, Reason::index_of_dropped_table);
            touch_around_table(facts, ctx, *partition);
        }
    }
    dropping.no_way_back = fmt::format("the rows of {} are gone with it", sql::quote_name(table.name));
}

// Columns whose default takes numbers from it lose that.
void touch_defaults_from(Facts& facts, const Context& ctx, const catalog::Relation& sequence) {
    for (const auto& [name, relation] : ctx.now.relations) {
        for (const auto& column : relation.columns) {
            for (const auto& used : sequences_in_default(column)) {
                if (ctx.now.find(used) == &sequence || ctx.now.resolve(used) == sequence.name) {
                    touch(facts, ctx, name, LockMode::access_exclusive, Reason::default_goes_along);
                }
            }
        }
    }
}

void drop_sequence(Dropping& dropping, const catalog::Relation& sequence) {
    append(dropping.restore, restore_sequence(sequence));
    dropping.lost = fmt::format("the position of sequence {}", sql::quote_name(sequence.name));
    dropping.lost_in = sequence.name;
}

// The others that CASCADE takes along: views are made again, foreign keys and column defaults are not known well enough.
void cascade(Dropping& dropping, const Context& ctx, const catalog::Relation& relation) {
    for (const auto& name : dependent_views(ctx, relation.name)) {
        if (const auto* view = touch(dropping.analysis.facts, ctx, name, LockMode::access_exclusive, Reason::view_goes_along)) {
            touch_indexes(dropping.analysis.facts, ctx, name, LockMode::access_exclusive, Reason::index_of_dropped_table);
            dropping.analysis.notes.push_back(fmt::format("CASCADE drops {} too", sql::quote_name(name)));
            restore_any_view(dropping, *view);
        }
    }
}

// Of a relation that goes with its schema: what stands outside of that.
void touch_what_goes_along(Dropping& dropping, const Context& ctx, const catalog::Relation& relation) {
    if (relation.kind == 'r' || relation.kind == 'p' || relation.kind == 'f') {
        touch_around_table(dropping.analysis.facts, ctx, relation);
        touch_all(dropping.analysis.facts, ctx, relation.name, LockMode::access_exclusive, Reason::drops_descendant);
    }
    for (const auto& view : dependent_views(ctx, relation.name)) {
        touch(dropping.analysis.facts, ctx, view, LockMode::access_exclusive, Reason::view_goes_along);
        touch_indexes(dropping.analysis.facts, ctx, view, LockMode::access_exclusive, Reason::index_of_dropped_table);
    }
    if (relation.kind == 'S') {
        touch_defaults_from(dropping.analysis.facts, ctx, relation);
    }
}

void drop_relation(Dropping& dropping, const Context& ctx, const QualifiedName& written, const PgQuery__DropStmt& drop) {
    const auto* relation = touch(dropping.analysis.facts, ctx, written, LockMode::access_exclusive, Reason::drops);
    const auto name = found_name(ctx.now, written);
    dropping.condition.facts.emplace_back(catalog::Absent{catalog::Absent::What::relation, name, {}});
    if (relation == nullptr) {
        dropping.found += ctx.now.loaded ? 0 : 1;
        dropping.no_way_back = fmt::format("what {} was is not known", sql::quote_name(name));
        return;
    }
    dropping.found += 1;
    switch (relation->kind) {
        case 'v':
        case 'm':
            touch_indexes(dropping.analysis.facts, ctx, name, LockMode::access_exclusive, Reason::index_of_dropped_table);
            restore_any_view(dropping, *relation);
            break;
        case 'S': drop_sequence(dropping, *relation); break;
        default: drop_table(dropping, ctx, *relation); break;
    }
    if (drop.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE) {
        cascade(dropping, ctx, *relation);
        if (relation->kind == 'S') {
            touch_defaults_from(dropping.analysis.facts, ctx, *relation);
            dropping.no_way_back =
                fmt::format("the defaults that use sequence {}, and go with CASCADE, are not known", sql::quote_name(name));
        }
    }
}

// Tables with a column of that type lose it when the type goes with CASCADE.
void touch_users_of_type(Dropping& dropping, const Context& ctx, const QualifiedName& type) {
    const auto printed = sql::quote_name(type);
    for (const auto& [name, relation] : ctx.now.relations) {
        const bool uses = std::any_of(relation.columns.begin(), relation.columns.end(), [&](const catalog::Column& column) {
            return column.type == printed || column.type == printed + "[]" ||
                   column.default_expression.value_or("").find("::" + printed) != std::string::npos;
        });
        if (uses) {
            touch(dropping.analysis.facts, ctx, name, LockMode::access_exclusive, Reason::column_of_type_goes_along);
            dropping.no_way_back = fmt::format("CASCADE drops the columns of type {}", sql::quote_name(type));
        }
    }
}

void drop_type(Dropping& dropping, const Context& ctx, const PgQuery__Node& object, const PgQuery__DropStmt& drop) {
    if (object.node_case != PG_QUERY__NODE__NODE_TYPE_NAME) {
        return;
    }
    const auto written = name_of(object.type_name->n_names, object.type_name->names);
    const auto* type = ctx.now.find_type(written);
    if (type == nullptr) {
        dropping.found += ctx.now.loaded && drop.missing_ok ? 0 : 1;
        dropping.no_way_back = fmt::format("what type {} was is not known", sql::quote_name(written));
        return;
    }
    dropping.found += 1;
    if (type->kind == 'e') {
        append(dropping.restore, restore_enum(*type));
    } else {
        dropping.no_way_back = fmt::format("the definition of type {} is not kept", sql::quote_name(type->name));
    }
    if (drop.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE) {
        dropping.no_way_back = fmt::format("what uses type {}, and goes with CASCADE, is not known", sql::quote_name(type->name));
        touch_users_of_type(dropping, ctx, type->name);
    }
}

// What goes with CASCADE where its text says the name of a function, or of the schema of one: triggers, defaults, checks, policies,
// indexes and views.
void touch_users(Dropping& dropping, const Context& ctx, const std::function<bool(const std::string&)>& says) {
    auto& facts = dropping.analysis.facts;
    for (const auto& [name, relation] : ctx.now.relations) {
        const auto lock = [&, &table = name](Reason why) { touch(facts, ctx, table, LockMode::access_exclusive, why); };
        if (std::ranges::any_of(relation.columns, [&](const auto& column) { return says(column.default_expression.value_or("")); }) ||
            std::ranges::any_of(relation.constraints, [&](const auto& constraint) { return says(constraint.expression); })) {
            lock(Reason::default_goes_along);
        }
        if (std::ranges::any_of(*relation.triggers, [&](const auto& trigger) { return says(trigger.definition); })) {
            lock(Reason::trigger_goes_along);
        }
        if (std::ranges::any_of(*relation.policies, [&](const auto& policy) { return says(policy.definition); })) {
            lock(Reason::policy_goes_along);
        }
        for (const auto& index : relation.indexes) {
            if (says(index.definition) || says(index.canonical)) {
                lock(Reason::index_goes_along);
                touch(facts, ctx, index.name, LockMode::access_exclusive, Reason::index_goes_along);
            }
        }
        if (says(relation.view_definition)) {
            lock(Reason::view_goes_along);
        }
    }
}

// A call of the function stands in the text: its name as a whole word, and a parenthesis behind it.
bool calls(const std::string& text, const std::string& function) {
    const auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$'; };
    for (auto at = text.find(function); at != std::string::npos; at = text.find(function, at + 1)) {
        const auto next = text.find_first_not_of("\" \t\n", at + function.size());
        if ((at == 0 || !is_word(text[at - 1])) && next != std::string::npos && text[next] == '(') {
            return true;
        }
    }
    return false;
}

void drop_function(Dropping& dropping, const Context& ctx, const PgQuery__Node& object, const PgQuery__DropStmt& drop) {
    if (object.node_case != PG_QUERY__NODE__NODE_OBJECT_WITH_ARGS) {
        return;
    }
    const auto& written = *object.object_with_args;
    const auto name = name_of(written.n_objname, written.objname);
    const auto* function = catalog::find_function(ctx.now, written);
    if (function == nullptr || function->definition.empty()) {
        // A type that is not known here can still be one of an overload's: then it is the server that tells.
        const auto* overloads = ctx.now.find_functions(name);
        const bool absent =
            ctx.now.loaded && (overloads == nullptr || std::none_of(overloads->begin(), overloads->end(), [&](const auto& other) {
                                   return other.argument_types.size() == written.n_objargs;
                               }));
        dropping.found += absent && drop.missing_ok ? 0 : 1;
        dropping.no_way_back = fmt::format("the definition of {} is not known", sql::quote_name(name));
        return;
    }
    dropping.found += 1;
    append(dropping.restore, restore_function(*function));
    if (drop.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE) {
        touch_users(dropping, ctx, [&](const std::string& text) { return calls(text, function->name.name); });
        dropping.no_way_back = fmt::format("what uses {}, and goes with CASCADE, is not known", sql::quote_name(function->name));
    }
}

bool has_member(const catalog::Relation& table, ObjectType type, const std::string& name) {
    const auto among = [&](const auto& members) {
        return std::ranges::any_of(*members, [&](const auto& member) { return member.name == name; });
    };
    switch (type) {
        case PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER: return among(table.triggers);
        case PG_QUERY__OBJECT_TYPE__OBJECT_POLICY: return among(table.policies);
        default: return among(table.rules);
    }
}

// TRIGGER, POLICY and RULE: the last part of the name is the object's, those before it are the table's.
void drop_member(Dropping& dropping, const Context& ctx, const PgQuery__Node& object, const PgQuery__DropStmt& drop) {
    if (object.node_case != PG_QUERY__NODE__NODE_LIST || object.list->n_items < 2) {
        return;
    }
    const auto count = object.list->n_items;
    const auto member = string_of(object.list->items[count - 1]);
    const auto written = name_of(count - 1, object.list->items);
    const Reason why = drop.remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER  ? Reason::drops_trigger
                       : drop.remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_POLICY ? Reason::drops_policy
                                                                                  : Reason::drops_rule;
    const auto* known = ctx.now.find(written);
    if (drop.missing_ok && known != nullptr && !has_member(*known, drop.remove_type, member)) {
        touch(dropping.analysis.facts, ctx, written, LockMode::access_share, why);
        return;
    }
    const auto* table = touch(dropping.analysis.facts, ctx, written, LockMode::access_exclusive, why);
    const auto before = dropping.restore.size();
    if (table != nullptr && drop.remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER) {
        const auto* trigger = table->trigger(member);
        // Partitions have copies of row triggers.
        if (table->kind == 'p' && (trigger == nullptr || trigger->definition.find(" FOR EACH ROW") != std::string::npos)) {
            touch_all(dropping.analysis.facts, ctx, written, LockMode::access_exclusive, why);
        }
        if (trigger != nullptr && !trigger->definition.empty()) {
            append(dropping.restore, restore_trigger(table->name, *trigger));
        }
    } else if (table != nullptr && drop.remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_POLICY) {
        for (const auto& policy : table->policies) {
            if (policy.name == member && !policy.definition.empty()) {
                append(dropping.restore, restore_policy(table->name, policy));
            }
        }
    } else if (table != nullptr) {
        for (const auto& rule : table->rules) {
            if (rule.name == member) {
                append(dropping.restore, restore_rule(table->name, rule));
            }
        }
    }
    const bool there = dropping.restore.size() > before;
    dropping.found += there || !drop.missing_ok || !ctx.now.loaded ? 1 : 0;
    if (!there && !(drop.missing_ok && ctx.now.loaded)) {
        dropping.no_way_back = fmt::format("the definition of {} {} is not known", word_of(drop.remove_type), member);
    }
}

std::string plain_name(const PgQuery__Node& object) {
    if (object.node_case == PG_QUERY__NODE__NODE_OBJECT_WITH_ARGS) {
        return sql::quote_name(name_of(object.object_with_args->n_objname, object.object_with_args->objname));
    }
    if (object.node_case == PG_QUERY__NODE__NODE_TYPE_NAME) {
        return sql::quote_name(name_of(object.type_name->n_names, object.type_name->names));
    }
    return sql::quote_name(name_of_list(&object));
}

void drop_other(Dropping& dropping, const Context& ctx, const PgQuery__Node& object, const PgQuery__DropStmt& drop) {
    const auto name = plain_name(object);
    const auto bare = name_of_list(&object).name;
    bool absent = false;
    if (drop.remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA) {
        absent = ctx.now.loaded && !ctx.now.schemas.contains(bare);
        for (const auto& [key, relation] : ctx.now.relations) {
            if (key.schema == bare && drop.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE) {
                touch(dropping.analysis.facts, ctx, key, LockMode::access_exclusive, Reason::goes_with_schema);
                touch_what_goes_along(dropping, ctx, relation);
            }
        }
        if (drop.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE) {
            const auto inside = sql::quote_identifier(bare) + ".";
            touch_users(dropping, ctx, [&](const std::string& text) { return text.find(inside) != std::string::npos; });
        }
    } else if (drop.remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_STATISTIC_EXT) {
        if (const auto statistics = ctx.now.find_statistics(name_of_list(&object))) {
            touch(dropping.analysis.facts, ctx, statistics->table, LockMode::share_update_exclusive, Reason::changes_statistics);
        }
    } else if (drop.remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_EXTENSION) {
        absent = ctx.now.loaded && !ctx.now.extensions.contains(bare);
    }
    dropping.found += absent && drop.missing_ok ? 0 : 1;
    dropping.no_way_back = fmt::format("what {} {} held is not kept", word_of(drop.remove_type), name);
}

void drop_one(Dropping& dropping, const Context& ctx, const PgQuery__Node& object, const PgQuery__DropStmt& drop) {
    switch (drop.remove_type) {
        case PG_QUERY__OBJECT_TYPE__OBJECT_TABLE:
        case PG_QUERY__OBJECT_TYPE__OBJECT_FOREIGN_TABLE:
        case PG_QUERY__OBJECT_TYPE__OBJECT_VIEW:
        case PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW:
        case PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE: drop_relation(dropping, ctx, name_of_list(&object), drop); break;
        case PG_QUERY__OBJECT_TYPE__OBJECT_TYPE:
        case PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN: drop_type(dropping, ctx, object, drop); break;
        case PG_QUERY__OBJECT_TYPE__OBJECT_FUNCTION:
        case PG_QUERY__OBJECT_TYPE__OBJECT_PROCEDURE:
        case PG_QUERY__OBJECT_TYPE__OBJECT_ROUTINE: drop_function(dropping, ctx, object, drop); break;
        case PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER:
        case PG_QUERY__OBJECT_TYPE__OBJECT_POLICY:
        case PG_QUERY__OBJECT_TYPE__OBJECT_RULE: drop_member(dropping, ctx, object, drop); break;
        default: drop_other(dropping, ctx, object, drop); break;
    }
}

Inverse inverse_of(const Dropping& dropping) {
    if (!dropping.no_way_back.empty()) {
        return no_inverse(dropping.no_way_back);
    }
    auto inverse = undo(dropping.restore);
    append(inverse.sql, restore_in_order(dropping.views));
    inverse.loses_data = !dropping.lost.empty();
    inverse.why = dropping.lost;
    return inverse;
}

}  // namespace

Analysis analyze_drop(const sql::Statement& statement, const Context& ctx) {
    const auto& drop = *statement.node().drop_stmt;
    Dropping dropping;
    std::string names;
    for (std::size_t i = 0; i < drop.n_objects; ++i) {
        drop_one(dropping, ctx, *drop.objects[i], drop);
    }
    for (std::size_t i = 0; i < drop.n_objects; ++i) {
        names += (names.empty() ? "" : ", ") + plain_name(*drop.objects[i]);
    }
    auto& analysis = dropping.analysis;
    analysis.name = fmt::format("drop {} {}", word_of(drop.remove_type), names);
    if (dropping.found == 0 && drop.missing_ok) {
        analysis.skip = fmt::format("there is no {} {}", word_of(drop.remove_type), names);
        return analysis;
    }
    return run_as_written(analysis, statement, inverse_of(dropping), dropping.condition);
}

}  // namespace pgbelay::analysis
