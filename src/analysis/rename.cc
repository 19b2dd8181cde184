#include "analysis/rename.h"

#include "analysis/common.h"
#include "analysis/restore.h"
#include "catalog/overload.h"
#include "sql/quote.h"

#include <fmt/format.h>
#include <pg_query/pg_query.pb-c.h>

namespace pgbelay::analysis {

namespace {

std::string_view alter_word(char kind) {
    switch (kind) {
        case 'v': return "VIEW";
        case 'm': return "MATERIALIZED VIEW";
        case 'S': return "SEQUENCE";
        case 'i':
        case 'I': return "INDEX";
        case 'f': return "FOREIGN TABLE";
        case 'c': return "TYPE";
        default: return "TABLE";
    }
}

char kind_of(PgQuery__ObjectType type) {
    switch (type) {
        case PG_QUERY__OBJECT_TYPE__OBJECT_VIEW: return 'v';
        case PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW: return 'm';
        case PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE: return 'S';
        case PG_QUERY__OBJECT_TYPE__OBJECT_INDEX: return 'i';
        case PG_QUERY__OBJECT_TYPE__OBJECT_FOREIGN_TABLE: return 'f';
        default: return 'r';
    }
}

// `ALTER TABLE idx RENAME TO …` names an index as well: what it is decides, not what it is called.
char kind_of(const catalog::Relation* relation, PgQuery__ObjectType type) {
    return relation != nullptr ? relation->kind : kind_of(type);
}

void rename_relation(Analysis& analysis, const sql::Statement& statement, const Context& ctx, const PgQuery__RenameStmt& rename) {
    const auto written = name_of(rename.relation);
    const auto* relation = ctx.now.find(written);
    const char kind = kind_of(relation, rename.rename_type);
    const bool index = kind == 'i' || kind == 'I';
    // ALTER INDEX and ALTER TABLE on an index lock only the index, and weakly, from version 12 on.
    touch(analysis.facts, ctx, written, index ? LockMode::share_update_exclusive : LockMode::access_exclusive,
          index ? Reason::renames_index : Reason::renames);
    const auto from = found_name(ctx.now, written);
    const QualifiedName to{from.schema, text(rename.newname)};
    analysis.name = fmt::format("rename {} to {}", sql::quote_name(from), to.name);
    const auto what = index ? catalog::Absent::What::index : catalog::Absent::What::relation;
    run_as_written(analysis, statement,
                   undo({fmt::format("ALTER {} {} RENAME TO {}", alter_word(kind), sql::quote_name(to), sql::quote_identifier(from.name))}),
                   {.facts = {catalog::RelationIs{to, kind}, catalog::Absent{what, from, {}}}});
    if (kind == 'r' || kind == 'p') {
        analysis.notes.push_back(fmt::format("a program that still says {} fails from the moment of the commit", from.name));
    }
}

void rename_column(Analysis& analysis, const sql::Statement& statement, const Context& ctx, const PgQuery__RenameStmt& rename) {
    const auto written = name_of(rename.relation);
    const auto* relation = rename.relation->inh
                               ? touch_all(analysis.facts, ctx, written, LockMode::access_exclusive, Reason::renames_column)
                               : touch(analysis.facts, ctx, written, LockMode::access_exclusive, Reason::renames_column);
    const auto table = found_name(ctx.now, written);
    const auto from = text(rename.subname);
    const auto to = text(rename.newname);
    const bool attribute = rename.rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_ATTRIBUTE;
    const auto word = attribute ? "TYPE" : alter_word(kind_of(relation, rename.relation_type));
    analysis.name = fmt::format("rename column {}.{} to {}", sql::quote_name(table), from, to);
    run_as_written(analysis, statement,
                   undo({fmt::format("ALTER {} {} RENAME {} {} TO {}", word, sql::quote_name(table), attribute ? "ATTRIBUTE" : "COLUMN",
                                     sql::quote_identifier(to), sql::quote_identifier(from))}),
                   {.facts = {catalog::ColumnIs{table, to, "", false}, catalog::Absent{catalog::Absent::What::column, table, from}}});
    if (!attribute) {
        analysis.notes.push_back(fmt::format("a program that still says {} fails from the moment of the commit", from));
    }
}

void rename_constraint(Analysis& analysis, const sql::Statement& statement, const Context& ctx, const PgQuery__RenameStmt& rename) {
    const auto written = name_of(rename.relation);
    const auto* relation = touch(analysis.facts, ctx, written, LockMode::access_exclusive, Reason::renames_constraint);
    const auto table = found_name(ctx.now, written);
    const auto from = text(rename.subname);
    const auto* constraint = relation == nullptr ? nullptr : relation->constraint(from);
    const bool inherited = constraint == nullptr || ((constraint->type == 'c' || constraint->type == 'n') && !constraint->no_inherit);
    if (inherited && rename.relation->inh) {
        touch_all(analysis.facts, ctx, written, LockMode::access_exclusive, Reason::renames_constraint);
    }
    if (constraint != nullptr && !constraint->index.empty() && constraint->type != 'f') {
        touch(analysis.facts, ctx, {table.schema, constraint->index}, LockMode::share_update_exclusive, Reason::index_is_renamed);
    }
    const auto to = text(rename.newname);
    analysis.name = fmt::format("rename constraint {} to {}", from, to);
    run_as_written(
        analysis, statement,
        undo({fmt::format("ALTER TABLE {} RENAME CONSTRAINT {} TO {}", sql::quote_name(table), sql::quote_identifier(to),
                          sql::quote_identifier(from))}),
        {.facts = {catalog::ConstraintIs{table, to, 0, "", false}, catalog::Absent{catalog::Absent::What::constraint, table, from}}});
}

void rename_member(Analysis& analysis, const sql::Statement& statement, const Context& ctx, const PgQuery__RenameStmt& rename) {
    const auto written = name_of(rename.relation);
    touch_all(analysis.facts, ctx, written, LockMode::access_exclusive,
              rename.rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER  ? Reason::renames_trigger
              : rename.rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_POLICY ? Reason::renames_policy
                                                                           : Reason::renames_rule);
    const std::string_view word = rename.rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER  ? "TRIGGER"
                                  : rename.rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_POLICY ? "POLICY"
                                                                                               : "RULE";
    const auto from = text(rename.subname);
    const auto to = text(rename.newname);
    analysis.name = fmt::format("rename {} to {}", from, to);
    run_as_written(analysis, statement,
                   undo({fmt::format("ALTER {} {} ON {} RENAME TO {}", word, sql::quote_identifier(to),
                                     sql::quote_name(found_name(ctx.now, written)), sql::quote_identifier(from))}));
}

std::string arguments_of(const PgQuery__ObjectWithArgs& object, const Context& ctx) {
    if (object.args_unspecified) {
        return {};
    }
    std::string arguments;
    for (std::size_t i = 0; i < object.n_objargs; ++i) {
        if (object.objargs[i]->node_case == PG_QUERY__NODE__NODE_TYPE_NAME) {
            arguments += (arguments.empty() ? "" : ", ") + type_name(*object.objargs[i]->type_name, &ctx.now);
        }
    }
    return "(" + arguments + ")";
}

std::string_view function_word(PgQuery__ObjectType type) {
    switch (type) {
        case PG_QUERY__OBJECT_TYPE__OBJECT_PROCEDURE: return "PROCEDURE";
        case PG_QUERY__OBJECT_TYPE__OBJECT_ROUTINE: return "ROUTINE";
        case PG_QUERY__OBJECT_TYPE__OBJECT_AGGREGATE: return "AGGREGATE";
        default: return "FUNCTION";
    }
}

QualifiedName function_name(const PgQuery__ObjectWithArgs& object, const Context& ctx) {
    const auto written = name_of(object.n_objname, object.objname);
    const auto* found = ctx.now.find_functions(written);
    return found != nullptr && !found->empty() ? found->front().name : ctx.now.resolve_new(written);
}

QualifiedName type_of(const PgQuery__Node& object, const Context& ctx) {
    const auto written = name_of_list(&object);
    const auto* type = ctx.now.find_type(written);
    return type != nullptr ? type->name : ctx.now.resolve_new(written);
}

void rename_type(Analysis& analysis, const sql::Statement& statement, const Context& ctx, const PgQuery__RenameStmt& rename) {
    const auto from = type_of(*rename.object, ctx);
    const auto to = text(rename.newname);
    const auto word = rename.rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN ? "DOMAIN" : "TYPE";
    analysis.name = fmt::format("rename type {} to {}", sql::quote_name(from), to);
    run_as_written(
        analysis, statement,
        undo({fmt::format("ALTER {} {} RENAME TO {}", word, sql::quote_name({from.schema, to}), sql::quote_identifier(from.name))}));
}

void rename_function(Analysis& analysis, const sql::Statement& statement, const Context& ctx, const PgQuery__RenameStmt& rename) {
    const auto& object = *rename.object->object_with_args;
    const auto from = function_name(object, ctx);
    const auto to = text(rename.newname);
    analysis.name = fmt::format("rename function {} to {}", sql::quote_name(from), to);
    run_as_written(analysis, statement,
                   undo({fmt::format("ALTER {} {}{} RENAME TO {}", function_word(rename.rename_type), sql::quote_name({from.schema, to}),
                                     arguments_of(object, ctx), sql::quote_identifier(from.name))}));
}

void rename_other(Analysis& analysis, const sql::Statement& statement, const Context& ctx, const PgQuery__RenameStmt& rename) {
    const auto from = text(rename.subname);
    const auto to = text(rename.newname);
    analysis.name = fmt::format("rename {} to {}", from, to);
    if (rename.rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA) {
        analysis.notes.push_back(fmt::format("every name that says schema {} fails from the moment of the commit", from));
        run_as_written(analysis, statement,
                       undo({fmt::format("ALTER SCHEMA {} RENAME TO {}", sql::quote_identifier(to), sql::quote_identifier(from))}));
        return;
    }
    if (rename.rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_DOMCONSTRAINT && rename.object != nullptr) {
        run_as_written(analysis, statement,
                       undo({fmt::format("ALTER DOMAIN {} RENAME CONSTRAINT {} TO {}", sql::quote_name(type_of(*rename.object, ctx)),
                                         sql::quote_identifier(to), sql::quote_identifier(from))}));
        return;
    }
    run_as_written(analysis, statement, no_inverse("no way back is known for the renaming of such an object"));
}

bool absent(const Context& ctx, const PgQuery__RangeVar* relation, bool missing_ok) {
    return relation != nullptr && missing_ok && ctx.now.loaded && ctx.now.find(name_of(relation)) == nullptr;
}

std::string new_owner(const PgQuery__AlterOwnerStmt& alter) {
    return alter.newowner == nullptr ? std::string() : text(alter.newowner->rolename);
}

}  // namespace

Analysis analyze_rename(const sql::Statement& statement, const Context& ctx) {
    const auto& rename = *statement.node().rename_stmt;
    Analysis analysis;
    if (absent(ctx, rename.relation, rename.missing_ok)) {
        analysis.name = named("rename", name_of(rename.relation));
        analysis.skip = fmt::format("{} is not there", sql::quote_name(name_of(rename.relation)));
        return analysis;
    }
    switch (rename.rename_type) {
        case PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN:
        case PG_QUERY__OBJECT_TYPE__OBJECT_ATTRIBUTE: rename_column(analysis, statement, ctx, rename); break;
        case PG_QUERY__OBJECT_TYPE__OBJECT_TABCONSTRAINT: rename_constraint(analysis, statement, ctx, rename); break;
        case PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER:
        case PG_QUERY__OBJECT_TYPE__OBJECT_POLICY:
        case PG_QUERY__OBJECT_TYPE__OBJECT_RULE: rename_member(analysis, statement, ctx, rename); break;
        case PG_QUERY__OBJECT_TYPE__OBJECT_TYPE:
        case PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN: rename_type(analysis, statement, ctx, rename); break;
        case PG_QUERY__OBJECT_TYPE__OBJECT_FUNCTION:
        case PG_QUERY__OBJECT_TYPE__OBJECT_PROCEDURE:
        case PG_QUERY__OBJECT_TYPE__OBJECT_ROUTINE:
        case PG_QUERY__OBJECT_TYPE__OBJECT_AGGREGATE: rename_function(analysis, statement, ctx, rename); break;
        default:
            if (rename.relation != nullptr) {
                rename_relation(analysis, statement, ctx, rename);
            } else {
                rename_other(analysis, statement, ctx, rename);
            }
            break;
    }
    return analysis;
}

Analysis analyze_set_schema(const sql::Statement& statement, const Context& ctx) {
    const auto& alter = *statement.node().alter_object_schema_stmt;
    const auto schema = text(alter.newschema);
    Analysis analysis;
    if (absent(ctx, alter.relation, alter.missing_ok)) {
        analysis.name = named("set schema of", name_of(alter.relation));
        analysis.skip = fmt::format("{} is not there", sql::quote_name(name_of(alter.relation)));
        return analysis;
    }
    if (alter.relation != nullptr) {
        const auto* relation = touch(analysis.facts, ctx, name_of(alter.relation), LockMode::access_exclusive, Reason::moves_to_schema);
        const auto from = found_name(ctx.now, name_of(alter.relation));
        const QualifiedName to{schema, from.name};
        for (const auto& sequence : ctx.now.sequences_of(from)) {
            touch(analysis.facts, ctx, sequence, LockMode::access_exclusive, Reason::moves_to_schema);
        }
        const char kind = kind_of(relation, alter.object_type);
        analysis.name = fmt::format("move {} to schema {}", sql::quote_name(from), schema);
        analysis.notes.push_back(fmt::format("who finds {} through search_path may not find it from the moment of the commit", from.name));
        return run_as_written(
            analysis, statement,
            undo({fmt::format("ALTER {} {} SET SCHEMA {}", alter_word(kind), sql::quote_name(to), sql::quote_identifier(from.schema))}),
            {.facts = {catalog::RelationIs{to, kind}, catalog::Absent{catalog::Absent::What::relation, from, {}}}});
    }
    analysis.name = "move to schema " + schema;
    if (alter.object != nullptr && alter.object->node_case == PG_QUERY__NODE__NODE_OBJECT_WITH_ARGS) {
        const auto& object = *alter.object->object_with_args;
        const auto from = function_name(object, ctx);
        return run_as_written(
            analysis, statement,
            undo({fmt::format("ALTER {} {}{} SET SCHEMA {}", function_word(alter.object_type), sql::quote_name({schema, from.name}),
                              arguments_of(object, ctx), sql::quote_identifier(from.schema))}));
    }
    if (alter.object != nullptr &&
        (alter.object_type == PG_QUERY__OBJECT_TYPE__OBJECT_TYPE || alter.object_type == PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN)) {
        const auto from = type_of(*alter.object, ctx);
        return run_as_written(
            analysis, statement,
            undo({fmt::format("ALTER TYPE {} SET SCHEMA {}", sql::quote_name({schema, from.name}), sql::quote_identifier(from.schema))}));
    }
    return run_as_written(analysis, statement, no_inverse("the former schema of such an object is not known"));
}

Analysis analyze_owner(const sql::Statement& statement, const Context& ctx) {
    const auto& alter = *statement.node().alter_owner_stmt;
    Analysis analysis;
    analysis.name = "change an owner";
    if (alter.object != nullptr && alter.object->node_case == PG_QUERY__NODE__NODE_OBJECT_WITH_ARGS) {
        const auto& object = *alter.object->object_with_args;
        const auto* function = catalog::find_function(ctx.now, object);
        analysis.name = named("change the owner of", function_name(object, ctx));
        if (function != nullptr && !function->owner.empty()) {
            return run_as_written(analysis, statement,
                                  undo(restore_owner("ALTER " + function_signature(*function), function_signature(*function),
                                                     function->owner, function->acl, new_owner(alter))));
        }
    } else if (alter.object != nullptr &&
               (alter.object_type == PG_QUERY__OBJECT_TYPE__OBJECT_TYPE || alter.object_type == PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN)) {
        const auto* type = ctx.now.find_type(name_of_list(alter.object));
        if (type != nullptr && !type->owner.empty()) {
            analysis.name = named("change the owner of", type->name);
            return run_as_written(analysis, statement,
                                  undo(restore_owner("ALTER TYPE " + sql::quote_name(type->name), "TYPE " + sql::quote_name(type->name),
                                                     type->owner, type->acl, new_owner(alter))));
        }
    }
    return run_as_written(analysis, statement, no_inverse("the former owner is not known"));
}

}  // namespace pgbelay::analysis
