#include "analysis/type.h"

#include "analysis/common.h"
#include "sql/quote.h"

#include <fmt/format.h>
#include <pg_query/pg_query.pb-c.h>

#include <algorithm>

namespace pgbelay::analysis {

namespace {

QualifiedName created_name(const PgQuery__Node& node) {
    switch (node.node_case) {
        case PG_QUERY__NODE__NODE_CREATE_ENUM_STMT: return name_of(node.create_enum_stmt->n_type_name, node.create_enum_stmt->type_name);
        case PG_QUERY__NODE__NODE_COMPOSITE_TYPE_STMT: return name_of(node.composite_type_stmt->typevar);
        case PG_QUERY__NODE__NODE_CREATE_RANGE_STMT: return name_of(node.create_range_stmt->n_type_name, node.create_range_stmt->type_name);
        default: return name_of(node.create_domain_stmt->n_domainname, node.create_domain_stmt->domainname);
    }
}

std::string enum_type(const QualifiedName& name) {
    return "ALTER TYPE " + sql::quote_name(name);
}

// The domain's constraints are checked against every column of that type, table by table.
void touch_columns_of(Facts& facts, const Context& ctx, const QualifiedName& domain) {
    const auto printed = sql::quote_name(domain);
    for (const auto& [name, relation] : ctx.now.relations) {
        const bool uses = std::any_of(relation.columns.begin(), relation.columns.end(),
                                      [&](const catalog::Column& column) { return column.type == printed; });
        if (uses && (relation.kind == 'r' || relation.kind == 'm' || relation.kind == 'p')) {
            touch(facts, ctx, name, LockMode::share, Reason::holds_domain);
            facts.scans.add(name, Reason::checks_domain);
        }
    }
}

const PgQuery__Constraint* constraint_of(const PgQuery__AlterDomainStmt& alter) {
    return alter.def != nullptr && alter.def->node_case == PG_QUERY__NODE__NODE_CONSTRAINT ? alter.def->constraint : nullptr;
}

Inverse former_domain(const PgQuery__AlterDomainStmt& alter, const QualifiedName& name) {
    const auto domain = "ALTER DOMAIN " + sql::quote_name(name);
    const auto subtype = text(alter.subtype);
    const auto* constraint = constraint_of(alter);
    if (subtype == "C" && constraint != nullptr && !text(constraint->conname).empty()) {
        return undo({fmt::format("{} DROP CONSTRAINT {}", domain, sql::quote_identifier(text(constraint->conname)))});
    }
    if (subtype == "O") {
        return undo({domain + " DROP NOT NULL"});
    }
    if (subtype == "N") {
        return undo({domain + " SET NOT NULL"});
    }
    if (subtype == "V") {
        return nothing_to_undo();
    }
    return no_inverse(fmt::format("the former definition of domain {} is not known", sql::quote_name(name)));
}

}  // namespace

Analysis analyze_create_type(const sql::Statement& statement, const Context& ctx) {
    const auto& node = statement.node();
    const auto name = ctx.now.resolve_new(created_name(node));
    const bool domain = node.node_case == PG_QUERY__NODE__NODE_CREATE_DOMAIN_STMT;
    const std::string_view word = domain ? "domain" : "type";
    Analysis analysis;
    analysis.name = fmt::format("create {} {}", word, sql::quote_name(name));
    if (ctx.now.types.contains(name)) {
        analysis.refusal = already_there(fmt::format("{} {}", word, sql::quote_name(name)));
        return analysis;
    }
    return run_as_written(analysis, statement, undo({fmt::format("DROP {} {}", domain ? "DOMAIN" : "TYPE", sql::quote_name(name))}));
}

Analysis analyze_alter_enum(const sql::Statement& statement, const Context& ctx) {
    const auto& alter = *statement.node().alter_enum_stmt;
    const auto written = name_of(alter.n_type_name, alter.type_name);
    const auto* type = ctx.now.find_type(written);
    const auto name = type != nullptr ? type->name : ctx.now.resolve_new(written);
    const auto label = text(alter.new_val);
    Analysis analysis;
    analysis.name = fmt::format("alter type {}", sql::quote_name(name));
    if (const auto old_label = text(alter.old_val); !old_label.empty()) {
        analysis.name = fmt::format("rename value {} of {}", old_label, sql::quote_name(name));
        return run_as_written(
            analysis, statement,
            undo({fmt::format("{} RENAME VALUE {} TO {}", enum_type(name), sql::quote_literal(label), sql::quote_literal(old_label))}));
    }
    analysis.name = fmt::format("add value {} to {}", label, sql::quote_name(name));
    if (type != nullptr && std::find(type->labels.begin(), type->labels.end(), label) != type->labels.end()) {
        analysis.skip = fmt::format("type {} already has the value {}", sql::quote_name(name), label);
        return analysis;
    }
    if (ctx.in_group) {
        analysis.notes.push_back(fmt::format("the value {} cannot be used before its group has committed", label));
    }
    // A type that the plan itself made goes as a whole.
    auto inverse = type != nullptr && type->created_by_plan
                       ? nothing_to_undo()
                       : no_inverse(fmt::format("PostgreSQL cannot take the value {} away from {}", label, sql::quote_name(name)));
    return run_as_written(analysis, statement, std::move(inverse));
}

Analysis analyze_alter_domain(const sql::Statement& statement, const Context& ctx) {
    const auto& alter = *statement.node().alter_domain_stmt;
    const auto written = name_of(alter.n_type_name, alter.type_name);
    const auto* type = ctx.now.find_type(written);
    const auto name = type != nullptr ? type->name : ctx.now.resolve_new(written);
    Analysis analysis;
    analysis.name = fmt::format("alter domain {}", sql::quote_name(name));
    const auto subtype = text(alter.subtype);
    const auto* constraint = constraint_of(alter);
    const bool checks = (subtype == "C" && (constraint == nullptr || !constraint->skip_validation)) || subtype == "O" || subtype == "V";
    if (checks) {
        touch_columns_of(analysis.facts, ctx, name);
    }
    return run_as_written(analysis, statement, former_domain(alter, name));
}

}  // namespace pgbelay::analysis
