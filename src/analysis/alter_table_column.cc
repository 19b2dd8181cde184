#include "analysis/alter_table_parts.h"

#include "analysis/relation_facts.h"
#include "analysis/tree_util.h"
#include "analysis/volatility.h"
#include "sql/quote.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace pgbelay::analysis {

using sql::quote_identifier;

namespace {

bool is_attribute(const PgQuery__Constraint& constraint) {
    return constraint.contype >= PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_DEFERRABLE;
}

// Those that read the table, or lock another one, when they come with the column.
bool is_taken_out(const PgQuery__Constraint& constraint) {
    switch (constraint.contype) {
        case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK:
        case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE:
        case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY:
        case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN: return true;
        default: return false;
    }
}

bool has(const PgQuery__ColumnDef& column, PgQuery__ConstrType type) {
    for (std::size_t i = 0; i < column.n_constraints; ++i) {
        if (column.constraints[i]->constraint->contype == type) {
            return true;
        }
    }
    return false;
}

// An inline constraint in the bytes of `ADD COLUMN …`, with the DEFERRABLE words that follow it.
struct Inline {
    std::size_t begin = 0;
    std::size_t end = 0;
    const PgQuery__Constraint* node = nullptr;
};

// Locations count from the start of the parsed text, of which the subcommand begins at `offset` and ends at `end`.
std::vector<Inline> inline_constraints(const PgQuery__ColumnDef& column, std::size_t offset, std::size_t end) {
    std::vector<std::size_t> begins;
    if (column.coll_clause != nullptr) {
        begins.push_back(static_cast<std::size_t>(column.coll_clause->location));
    }
    for (std::size_t i = 0; i < column.n_constraints; ++i) {
        const PgQuery__Constraint& constraint = *column.constraints[i]->constraint;
        if (!is_attribute(constraint)) {
            begins.push_back(static_cast<std::size_t>(constraint.location));
        }
    }
    begins.push_back(end);
    std::sort(begins.begin(), begins.end());
    std::vector<Inline> found;
    for (std::size_t i = 0; i < column.n_constraints; ++i) {
        const PgQuery__Constraint& constraint = *column.constraints[i]->constraint;
        if (!is_taken_out(constraint)) {
            continue;
        }
        const auto begin = static_cast<std::size_t>(constraint.location);
        found.push_back({begin - offset, *std::upper_bound(begins.begin(), begins.end(), begin) - offset, &constraint});
    }
    return found;
}

// `ADD [CONSTRAINT n] FOREIGN KEY (c) REFERENCES …`: the inline constraint in the words of a table constraint.
std::string as_table_constraint(const std::string& piece, const Inline& constraint, const std::string& column) {
    const std::string bytes = without_tail(piece.substr(constraint.begin, constraint.end - constraint.begin));
    const auto tokens = significant_tokens(bytes);
    const bool named = !text(constraint.node->conname).empty() && tokens.size() > 2;
    const std::size_t first = named ? 2 : 0;  // behind CONSTRAINT and its name
    const std::string name = named ? bytes.substr(0, tokens[1].end) + " " : std::string();
    const std::string list = fmt::format(" ({})", quote_identifier(column));
    std::string body = bytes.substr(tokens[first].begin);
    const std::size_t start = tokens[first].begin;
    switch (constraint.node->contype) {
        case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN: body = "FOREIGN KEY" + list + " " + body; break;
        case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE: {
            std::size_t last = first;  // UNIQUE [NULLS [NOT] DISTINCT]
            if (last + 1 < tokens.size() && tokens[last + 1].text == "nulls") {
                last += tokens[last + 2].text == "not" ? 3 : 2;
            }
            body.insert(tokens[last].end - start, list);
            break;
        }
        case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY: body.insert(tokens[first + 1].end - start, list); break;
        default: break;
    }
    return "ADD " + name + body;
}

// True when the column is there: nothing of the subcommand is left to do, or it cannot be done.
bool settled_by_what_is_there(AlterTable& work, const Subcommand& subcommand, const PgQuery__ColumnDef& definition) {
    const std::string name = text(definition.colname);
    const catalog::Column* there = work.dropped_columns.contains(name) ? nullptr : work.column(name);
    if (there == nullptr) {
        return false;
    }
    const std::string people = sql::quote_name(work.table) + "." + name;
    const std::string type = definition.type_name == nullptr ? std::string() : type_name(*definition.type_name, &work.ctx.now);
    const bool not_null = has(definition, PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL) ||
                          has(definition, PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY) ||
                          has(definition, PG_QUERY__CONSTR_TYPE__CONSTR_IDENTITY) || is_serial(*definition.type_name);
    const bool has_default = has(definition, PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT) || is_serial(*definition.type_name) ||
                             has(definition, PG_QUERY__CONSTR_TYPE__CONSTR_GENERATED);
    const bool same = there->type == type && there->not_null == not_null && there->default_expression.has_value() == has_default;
    work.edited = true;
    if (same || subcommand.node->missing_ok) {
        work.skipped.push_back(same ? fmt::format("column {} is already there", people)
                                    : fmt::format("warning: column {} is already there, as {}{}; IF NOT EXISTS leaves it as it is", people,
                                                  there->type, there->not_null ? " NOT NULL" : ""));
        return true;
    }
    work.refuse(
        fmt::format("column {} is there already, with another definition: {}{}", people, there->type, there->not_null ? " NOT NULL" : ""),
        "give the new column another name, or change the one that is there");
    return true;
}

// What cannot be had without writing or reading the whole table under the strongest lock. True when refused.
bool refused(AlterTable& work, const PgQuery__ColumnDef& definition) {
    const std::string column = text(definition.colname);
    const std::string table = sql::quote_name(work.table);
    if (const auto rewrite = column_rewrite(work, definition)) {
        work.refuse(fmt::format("adding {} writes all of {} anew under ACCESS EXCLUSIVE: {}", column, table, rewrite->words),
                    fmt::format("add the column without it, give it its default in a second statement and fill the rows in batches; or {}",
                                kAsWrittenWayOut));
        return true;
    }
    if (has(definition, PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY)) {
        work.refuse(
            fmt::format("a new column cannot become the primary key of {} before its rows have values", table),
            fmt::format("add the column, fill it in batches, then ADD PRIMARY KEY in a statement of its own; or {}", kAsWrittenWayOut));
        return true;
    }
    const bool needs_values =
        has(definition, PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL) && !has(definition, PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT);
    if (needs_values && work.now != nullptr) {
        work.refuse(
            fmt::format("{} is NOT NULL without a default: the server reads all of {} and refuses it if there is a row", column, table),
            fmt::format("give it a DEFAULT, or add it nullable, fill it, and SET NOT NULL afterwards; or {}", kAsWrittenWayOut));
        return true;
    }
    return false;
}

void add_without_constraints(AlterTable& work, const std::string& piece, const std::vector<Inline>& constraints) {
    std::vector<sql::Splice> edits;
    for (const Inline& constraint : constraints) {
        edits.push_back({constraint.begin, constraint.end, ""});
    }
    const std::string bare = without_tail(sql::splice(piece, std::move(edits)));
    with_parsed(work.head, bare, [&](const PgQuery__AlterTableCmd& command) { keep(work, {&command, bare}); });
}

}  // namespace

void add_column(AlterTable& work, const Subcommand& subcommand) {
    const PgQuery__ColumnDef& definition = *subcommand.node->def->column_def;
    if (settled_by_what_is_there(work, subcommand, definition)) {
        return;
    }
    if (work.tiny) {
        const bool heavy = std::any_of(definition.constraints, definition.constraints + definition.n_constraints,
                                       [](const PgQuery__Node* node) { return is_taken_out(*node->constraint); });
        const bool reads = heavy || column_rewrite(work, definition).has_value();
        if (reads && !is_fresh(work.ctx, work.table)) {
            work.because(size_reason(work.ctx, work.table) + ": it takes a moment");
        }
        return keep(work, subcommand);
    }
    if (refused(work, definition)) {
        return;
    }
    const std::string column = text(definition.colname);
    std::vector<std::string> constraints;
    with_parsed(work.head, subcommand.sql, [&](const PgQuery__AlterTableCmd& command) {
        const std::size_t offset = work.head.size() + 1;
        const auto found = inline_constraints(*command.def->column_def, offset, offset + subcommand.sql.size());
        if (found.empty()) {
            return;
        }
        for (const Inline& constraint : found) {
            constraints.push_back(as_table_constraint(subcommand.sql, constraint, column));
        }
        add_without_constraints(work, subcommand.sql, found);
    });
    if (constraints.empty()) {
        return keep(work, subcommand);
    }
    work.edited = true;
    work.because(fmt::format("the column comes first, then what is written beside it: together they hold ACCESS EXCLUSIVE on {} longer",
                             sql::quote_name(work.table)));
    for (const std::string& constraint : constraints) {
        with_parsed(work.head, constraint, [&](const PgQuery__AlterTableCmd& command) { add_constraint(work, {&command, constraint}); });
    }
}

void alter_type(AlterTable& work, const Subcommand& subcommand) {
    const std::string name = text(subcommand.node->name);
    const catalog::Column* column = work.column(name);
    const PgQuery__ColumnDef& definition = *subcommand.node->def->column_def;
    const std::string to = type_name(*definition.type_name, &work.ctx.now);
    if (column != nullptr && column->type == to && definition.raw_default == nullptr && definition.coll_clause == nullptr) {
        work.skipped.push_back(fmt::format("{}.{} is already {}", sql::quote_name(work.table), name, to));
        work.edited = true;
        return;
    }
    Facts facts;
    add_effects(work, *subcommand.node, facts);
    if (work.tiny || (facts.rewrites.empty() && facts.scans.empty())) {
        if (work.tiny && !is_fresh(work.ctx, work.table) && !facts.scans.empty()) {
            work.because(size_reason(work.ctx, work.table) + ": it takes a moment");
        }
        return keep(work, subcommand);
    }
    const std::string people = sql::quote_name(work.table) + "." + name;
    const std::string from = column == nullptr ? "a type that is not known" : column->type;
    if (!facts.rewrites.empty()) {
        return work.refuse(fmt::format("changing {} from {} to {} writes the table anew under ACCESS EXCLUSIVE", people, from, to),
                           fmt::format("add a column of the new type, fill it in batches and switch over; or {}", kAsWrittenWayOut));
    }
    work.refuse(fmt::format("changing {} from {} to {} reads the whole table under ACCESS EXCLUSIVE: its checks or indexes are made anew",
                            people, from, to),
                fmt::format("drop the checks first and add them again afterwards, NOT VALID and validated; or {}", kAsWrittenWayOut));
}

const catalog::Constraint* not_null_proof(const AlterTable& work, const std::string& column) {
    if (work.now == nullptr) {
        return nullptr;
    }
    const std::string expression = "(" + sql::quote_identifier(column) + " IS NOT NULL)";
    for (const catalog::Constraint& constraint : work.now->constraints) {
        if (constraint.type == 'c' && constraint.validated && constraint.enforced && constraint.expression == expression) {
            return &constraint;
        }
    }
    return nullptr;
}

std::optional<ColumnRewrite> column_rewrite(const AlterTable& work, const PgQuery__ColumnDef& column) {
    if (column.type_name != nullptr) {
        if (is_serial(*column.type_name)) {
            return ColumnRewrite{Reason::fills_serial, "a serial column takes a new value for every row"};
        }
        const catalog::Type* type = work.ctx.now.find_type(name_of(column.type_name->n_names, column.type_name->names));
        if (type != nullptr && type->kind == 'd' && type->domain_constrained) {
            return ColumnRewrite{Reason::fills_domain, "the domain's constraints are checked for every row"};
        }
    }
    for (std::size_t i = 0; i < column.n_constraints; ++i) {
        const PgQuery__Constraint& constraint = *column.constraints[i]->constraint;
        if (constraint.contype == PG_QUERY__CONSTR_TYPE__CONSTR_IDENTITY) {
            return ColumnRewrite{Reason::fills_identity, "an identity column takes a new value for every row"};
        }
        if (constraint.contype == PG_QUERY__CONSTR_TYPE__CONSTR_GENERATED) {
            return ColumnRewrite{Reason::fills_generated, "a stored generated column is computed for every row"};
        }
        if (constraint.contype != PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT) {
            continue;
        }
        if (const std::string function = volatile_function(constraint.raw_expr, work.ctx.now); !function.empty()) {
            return ColumnRewrite{Reason::fills_volatile_default,
                                 "the default calls " + function + "(), which gives another value for every row"};
        }
    }
    return {};
}

}  // namespace pgbelay::analysis
