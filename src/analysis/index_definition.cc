#include "analysis/index_definition.h"

#include "analysis/tree_util.h"
#include "catalog/walk.h"
#include "sql/quote.h"
#include "sql/statement.h"

#include <fmt/format.h>
#include <pg_query/pg_query.pb-c.h>

namespace pgbelay::analysis {

using sql::quote_identifier;
using sql::quote_literal;
using sql::quote_name;

std::string create_index_again(const catalog::Index& index) {
    if (index.tablespace.empty()) {
        return index.definition;
    }
    const auto tokens = significant_tokens(index.definition);
    const std::size_t where = find_keyword(tokens, "where");
    const std::string clause = " TABLESPACE " + quote_identifier(*index.tablespace);
    if (where == tokens.size()) {
        return index.definition + clause;
    }
    const std::size_t at = tokens[where - 1].end;  // the grammar wants TABLESPACE before WHERE
    return sql::splice(index.definition, {{at, at, clause}});
}

std::vector<std::string> columns_of_index(const catalog::Index& index) {
    std::vector<std::string> columns = index.keys;
    columns.insert(columns.end(), index.included.begin(), index.included.end());
    if (index.definition.empty()) {
        return columns;
    }
    const sql::Statement definition = sql::read_statement(index.definition);
    if (definition.kind != "IndexStmt") {
        return columns;
    }
    const PgQuery__IndexStmt& node = *definition.node().index_stmt;
    const auto add = [&](const PgQuery__Node* expression) {
        for (std::string& column : catalog::columns_in(expression)) {
            columns.push_back(std::move(column));
        }
    };
    for (std::size_t i = 0; i < node.n_index_params; ++i) {
        add(node.index_params[i]->index_elem->expr);
    }
    add(node.where_clause);
    return columns;
}

std::vector<std::string> index_properties(const catalog::Index& index) {
    std::vector<std::string> sql;
    const std::string name = quote_name(index.name);
    const std::string table = quote_name(index.table);
    for (const auto& [key, target] : index.statistics) {
        sql.push_back(fmt::format("ALTER INDEX {} ALTER COLUMN {} SET STATISTICS {}", name, key, target));
    }
    if (index.comment) {
        sql.push_back(fmt::format("COMMENT ON INDEX {} IS {}", name, quote_literal(*index.comment)));
    }
    if (index.clustered) {
        sql.push_back(fmt::format("ALTER TABLE {} CLUSTER ON {}", table, quote_identifier(index.name.name)));
    }
    if (index.replica_identity) {
        sql.push_back(fmt::format("ALTER TABLE {} REPLICA IDENTITY USING INDEX {}", table, quote_identifier(index.name.name)));
    }
    return sql;
}

Inverse recreate_index(const catalog::Index& index) {
    if (index.definition.empty()) {
        return {.possible = false, .why = "the definition of the dropped index is not known"};
    }
    Inverse inverse;
    inverse.sql.push_back(create_index_again(index));
    for (std::string& statement : index_properties(index)) {
        inverse.sql.push_back(std::move(statement));
    }
    return inverse;
}

Inverse recreate_foreign_keys_on(const catalog::Catalog& catalog, const catalog::Index& index) {
    const auto keys = catalog.foreign_keys_on(index);
    if (!keys) {
        return {.possible = false,
                .why = fmt::format("the foreign keys that stand on {}, and that CASCADE drops, are not known", quote_name(index.name))};
    }
    Inverse inverse;
    for (const catalog::ForeignKeyIn& key : *keys) {
        const catalog::Relation& table = *catalog.find(key.table);
        for (std::string& statement : recreate_constraint(table, *table.constraint(key.constraint))) {
            inverse.sql.push_back(std::move(statement));
        }
    }
    return inverse;
}

namespace {

std::string deferrability(const catalog::Constraint& constraint) {
    if (!constraint.deferrable) {
        return {};
    }
    return constraint.deferred ? " DEFERRABLE INITIALLY DEFERRED" : " DEFERRABLE";
}

}  // namespace

std::vector<std::string> recreate_constraint(const catalog::Relation& table, const catalog::Constraint& constraint) {
    std::vector<std::string> sql;
    const std::string add = fmt::format("ALTER TABLE {} ADD CONSTRAINT {} ", quote_name(table.name), quote_identifier(constraint.name));
    const catalog::Index* index = constraint.index.empty() ? nullptr : table.index(constraint.index);
    const bool through_index = index != nullptr && !index->definition.empty() && table.kind == 'r' && constraint.type != 'x';
    if (through_index) {
        sql.push_back(create_index_again(*index));
        sql.push_back(add + (constraint.type == 'p' ? "PRIMARY KEY" : "UNIQUE") + " USING INDEX " + quote_identifier(index->name.name) +
                      deferrability(constraint));
        for (std::string& statement : index_properties(*index)) {
            sql.push_back(std::move(statement));
        }
    } else {
        sql.push_back(add + constraint.definition);
    }
    if (constraint.comment) {
        sql.push_back(fmt::format("COMMENT ON CONSTRAINT {} ON {} IS {}", quote_identifier(constraint.name), quote_name(table.name),
                                  quote_literal(*constraint.comment)));
    }
    return sql;
}

}  // namespace pgbelay::analysis
