#include "catalog/apply_internal.h"
#include "catalog/names.h"
#include "catalog/tree_util.h"
#include "sql/quote.h"
#include "sql/tokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace pgbelay::catalog {

namespace {

// Keywords that begin another column constraint: an expression behind DEFAULT cannot go on past one of them.
bool begins_constraint(const std::string& keyword) {
    static const std::set<std::string> kWords{"not",        "constraint", "check",   "unique",      "primary", "references", "generated",
                                              "deferrable", "initially",  "collate", "compression", "storage", "default"};
    return kWords.contains(keyword);
}

QualifiedName add_sequence(const QualifiedName& table, const std::string& column, const std::string& type, Catalog& catalog) {
    Relation sequence;
    sequence.name = {table.schema, choose_relation_name(catalog, table.schema, table.name, column, "seq", false)};
    sequence.kind = 'S';
    sequence.sequence_definition = type.empty() ? "" : "AS " + type;
    sequence.sequence_owner_column = sql::quote_name(table) + "." + sql::quote_identifier(column);
    sequence.created_by_plan = true;
    const auto name = sequence.name;
    catalog.add(std::move(sequence));
    return name;
}

void apply_column_constraint(const PgQuery__Constraint& constraint, std::string_view sql, Column& column) {
    switch (constraint.contype) {
        case PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL:
        case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY: column.not_null = true; break;
        case PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT: column.default_expression = default_text(sql, constraint.location); break;
        case PG_QUERY__CONSTR_TYPE__CONSTR_IDENTITY:
            column.not_null = true;
            column.identity = text(constraint.generated_when).empty() ? 'a' : constraint.generated_when[0];
            break;
        case PG_QUERY__CONSTR_TYPE__CONSTR_GENERATED: column.generated = 's'; break;
        default: break;
    }
}

}  // namespace

std::string default_text(std::string_view sql, int location) {
    // A token begins there.
    sql.remove_prefix(std::min(sql.size(), static_cast<std::size_t>(std::max(location, 0))));
    const auto tokens = sql::scan(sql);
    std::size_t begin = 0;
    std::size_t end = 0;
    int depth = 0;
    for (const auto& token : tokens) {
        if (token.comment || (token.begin == 0 && location >= 0)) {
            continue;
        }
        const bool first = end == 0;
        if (depth == 0 && (token.text == "," || token.text == ")" || token.text == ";")) {
            break;
        }
        if (depth == 0 && !first && token.keyword && (begins_constraint(token.text) || token.text == "null")) {
            break;
        }
        depth += token.text == "(" || token.text == "[" ? 1 : token.text == ")" || token.text == "]" ? -1 : 0;
        if (first) {
            begin = token.begin;
        }
        end = token.end;
    }
    return std::string(sql.substr(begin, end - begin));
}

std::string sequence_default(const QualifiedName& sequence) {
    return fmt::format("nextval({}::regclass)", sql::quote_literal(sql::quote_name(sequence)));
}

Column make_column(const PgQuery__ColumnDef& definition, const QualifiedName& table, std::string_view sql, Catalog& catalog) {
    Column column;
    column.name = text(definition.colname);
    column.not_null = definition.is_not_null;
    column.compression = text(definition.compression);
    if (definition.type_name != nullptr) {
        column.type = type_name(*definition.type_name, &catalog);
    }
    if (definition.coll_clause != nullptr) {
        column.collation = sql::quote_name(name_of(definition.coll_clause->n_collname, definition.coll_clause->collname));
    }
    for (std::size_t i = 0; i < definition.n_constraints; ++i) {
        if (const auto* constraint = as_constraint(definition.constraints[i])) {
            apply_column_constraint(*constraint, sql, column);
        }
    }
    const bool serial = definition.type_name != nullptr && is_serial(*definition.type_name);
    if (serial || column.identity != 0) {
        const auto sequence = add_sequence(table, column.name, column.type, catalog);
        if (serial) {
            column.not_null = true;
            column.default_expression = sequence_default(sequence);
        }
    }
    return column;
}

std::vector<NewConstraint> constraints_of(const PgQuery__ColumnDef& definition) {
    std::vector<NewConstraint> found;
    for (std::size_t i = 0; i < definition.n_constraints; ++i) {
        if (const auto* constraint = as_constraint(definition.constraints[i])) {
            found.push_back({constraint, text(definition.colname)});
        }
    }
    return found;
}

}  // namespace pgbelay::catalog
