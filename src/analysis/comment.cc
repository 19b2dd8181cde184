#include "analysis/comment.h"

#include "analysis/common.h"
#include "analysis/restore.h"
#include "catalog/overload.h"
#include "sql/quote.h"

#include <fmt/format.h>
#include <pg_query/pg_query.pb-c.h>

#include <algorithm>

namespace pgbelay::analysis {

namespace {

// What carried the comment: its words in COMMENT ON, and the comment that it had. `known` is false when the catalog does not say.
struct Commented {
    std::string what;
    std::optional<std::string> former;
    bool known = false;
};

std::string_view relation_word(PgQuery__ObjectType type) {
    switch (type) {
        case PG_QUERY__OBJECT_TYPE__OBJECT_VIEW: return "VIEW";
        case PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW: return "MATERIALIZED VIEW";
        case PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE: return "SEQUENCE";
        case PG_QUERY__OBJECT_TYPE__OBJECT_INDEX: return "INDEX";
        case PG_QUERY__OBJECT_TYPE__OBJECT_FOREIGN_TABLE: return "FOREIGN TABLE";
        default: return "TABLE";
    }
}

Commented on_relation(Facts& facts, const Context& ctx, const PgQuery__CommentStmt& comment) {
    const auto* relation = touch(facts, ctx, name_of_list(comment.object), LockMode::share_update_exclusive, Reason::comments);
    Commented commented{
        fmt::format("{} {}", relation_word(comment.objtype), sql::quote_name(found_name(ctx.now, name_of_list(comment.object)))),
        std::nullopt, relation != nullptr};
    if (relation != nullptr) {
        commented.former = relation->comment;
    }
    return commented;
}

template <class Items>
void former_of(Commented& commented, const Items& items, const std::string& name) {
    const auto found = std::find_if(items.begin(), items.end(), [&](const auto& item) { return item.name == name; });
    commented.known = found != items.end();
    commented.former = commented.known ? found->comment : std::nullopt;
}

// COLUMN, CONSTRAINT, TRIGGER, POLICY and RULE: the last part is the member's name, those before it the table's.
Commented on_member(Facts& facts, const Context& ctx, const PgQuery__CommentStmt& comment) {
    if (comment.object->node_case != PG_QUERY__NODE__NODE_LIST || comment.object->list->n_items < 2) {
        return {};
    }
    const auto count = comment.object->list->n_items;
    const auto member = string_of(comment.object->list->items[count - 1]);
    const auto written = name_of(count - 1, comment.object->list->items);
    const auto* table =
        touch(facts, ctx, written,
              comment.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN ? LockMode::share_update_exclusive : LockMode::access_share,
              Reason::comments);
    const auto on = sql::quote_name(found_name(ctx.now, written));
    const auto quoted = sql::quote_identifier(member);
    Commented commented;
    switch (comment.objtype) {
        case PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN: commented.what = fmt::format("COLUMN {}.{}", on, quoted); break;
        case PG_QUERY__OBJECT_TYPE__OBJECT_TABCONSTRAINT: commented.what = fmt::format("CONSTRAINT {} ON {}", quoted, on); break;
        case PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER: commented.what = fmt::format("TRIGGER {} ON {}", quoted, on); break;
        case PG_QUERY__OBJECT_TYPE__OBJECT_POLICY: commented.what = fmt::format("POLICY {} ON {}", quoted, on); break;
        default: commented.what = fmt::format("RULE {} ON {}", quoted, on); break;
    }
    if (table == nullptr) {
        return commented;
    }
    switch (comment.objtype) {
        case PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN: former_of(commented, table->columns, member); break;
        case PG_QUERY__OBJECT_TYPE__OBJECT_TABCONSTRAINT: former_of(commented, table->constraints, member); break;
        case PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER: former_of(commented, table->triggers, member); break;
        case PG_QUERY__OBJECT_TYPE__OBJECT_POLICY: former_of(commented, table->policies, member); break;
        default: former_of(commented, table->rules, member); break;
    }
    return commented;
}

Commented on_function(const Context& ctx, const PgQuery__ObjectWithArgs& object) {
    const auto written = name_of(object.n_objname, object.objname);
    if (const auto* function = catalog::find_function(ctx.now, object)) {
        return {function_signature(*function), function->comment, true};
    }
    return {"FUNCTION " + sql::quote_name(ctx.now.resolve_new(written)), std::nullopt, false};
}

Commented on_type(const Context& ctx, const PgQuery__Node& object) {
    const auto written = object.node_case == PG_QUERY__NODE__NODE_TYPE_NAME ? name_of(object.type_name->n_names, object.type_name->names)
                                                                            : name_of_list(&object);
    const auto* type = ctx.now.find_type(written);
    if (type == nullptr) {
        return {"TYPE " + sql::quote_name(ctx.now.resolve_new(written)), std::nullopt, false};
    }
    return {fmt::format("{} {}", type->kind == 'd' ? "DOMAIN" : "TYPE", sql::quote_name(type->name)), type->comment, true};
}

Commented on_schema(const Context& ctx, const std::string& name) {
    const auto former = ctx.now.schema_comments.find(name);
    return {"SCHEMA " + sql::quote_identifier(name), former == ctx.now.schema_comments.end() ? std::nullopt : std::optional(former->second),
            ctx.now.schemas.contains(name)};
}

Commented commented_on(Facts& facts, const Context& ctx, const PgQuery__CommentStmt& comment) {
    if (comment.object == nullptr) {
        return {};
    }
    switch (comment.objtype) {
        case PG_QUERY__OBJECT_TYPE__OBJECT_TABLE:
        case PG_QUERY__OBJECT_TYPE__OBJECT_VIEW:
        case PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW:
        case PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE:
        case PG_QUERY__OBJECT_TYPE__OBJECT_FOREIGN_TABLE:
        case PG_QUERY__OBJECT_TYPE__OBJECT_INDEX: return on_relation(facts, ctx, comment);
        case PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN:
        case PG_QUERY__OBJECT_TYPE__OBJECT_TABCONSTRAINT:
        case PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER:
        case PG_QUERY__OBJECT_TYPE__OBJECT_POLICY:
        case PG_QUERY__OBJECT_TYPE__OBJECT_RULE: return on_member(facts, ctx, comment);
        case PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA: return on_schema(ctx, string_of(comment.object));
        case PG_QUERY__OBJECT_TYPE__OBJECT_TYPE:
        case PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN: return on_type(ctx, *comment.object);
        default: break;
    }
    if (comment.object->node_case == PG_QUERY__NODE__NODE_OBJECT_WITH_ARGS) {
        return on_function(ctx, *comment.object->object_with_args);
    }
    return {};
}

}  // namespace

Analysis analyze_comment(const sql::Statement& statement, const Context& ctx) {
    const auto& comment = *statement.node().comment_stmt;
    Analysis analysis;
    const auto commented = commented_on(analysis.facts, ctx, comment);
    analysis.name = commented.what.empty() ? "comment" : "comment on " + commented.what;
    auto inverse =
        commented.known ? undo({restore_comment(commented.what, commented.former)}) : no_inverse("the former comment is not known");
    return run_as_written(analysis, statement, std::move(inverse));
}

}  // namespace pgbelay::analysis
