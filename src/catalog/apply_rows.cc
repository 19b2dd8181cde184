#include "catalog/apply_internal.h"
#include "catalog/rows.h"
#include "catalog/tree_util.h"
#include "catalog/walk.h"

namespace pgbelay::catalog {

namespace {

void put_rows(Catalog& catalog, const QualifiedName& table, bool surely) {
    if (auto* relation = writable(catalog, table)) {
        relation->rows_of_plan = true;
        relation->rows_for_certain = relation->rows_for_certain || surely;
        // Code of users may take away what it likes.
        catalog.rows_may_be_gone = catalog.rows_may_be_gone || !relation->triggers.empty() || !relation->rules.empty();
        // Which partition takes a row is not looked up.
        for (const auto& child : relation->kind == 'p' ? *relation->children : std::vector<QualifiedName>{}) {
            put_rows(catalog, child, false);
        }
    }
}

void take_rows(Catalog& catalog, const QualifiedName& table) {
    if (auto* relation = writable(catalog, table)) {
        relation->rows_of_plan = false;
        relation->rows_for_certain = false;
        relation->bytes = 0;
        for (const auto& child : relation->children) {
            take_rows(catalog, child);
        }
    }
}

}  // namespace

void apply_rows(const PgQuery__Node& statement, bool has_copy_data, Catalog& catalog) {
    if (statement.node_case == PG_QUERY__NODE__NODE_TRUNCATE_STMT) {
        for (std::size_t i = 0; i < statement.truncate_stmt->n_relations; ++i) {
            take_rows(catalog, name_of(statement.truncate_stmt->relations[i]->range_var));
        }
        return;
    }
    if (statement.node_case == PG_QUERY__NODE__NODE_COPY_STMT) {
        if (statement.copy_stmt->is_from && statement.copy_stmt->relation != nullptr && has_copy_data) {
            put_rows(catalog, name_of(statement.copy_stmt->relation), true);
        }
        return;
    }
    walk(statement.base, [&](const ProtobufCMessage& message) {
        if (message.descriptor == &pg_query__insert_stmt__descriptor) {
            const auto& insert = reinterpret_cast<const PgQuery__InsertStmt&>(message);
            if (may_change_rows(catalog, message)) {
                put_rows(catalog, name_of(insert.relation), insert.on_conflict_clause == nullptr && surely_yields_rows(insert.select_stmt));
            }
        } else if (message.descriptor == &pg_query__delete_stmt__descriptor) {
            catalog.rows_may_be_gone = true;
        } else if (message.descriptor == &pg_query__merge_stmt__descriptor) {
            put_rows(catalog, name_of(reinterpret_cast<const PgQuery__MergeStmt&>(message).relation), false);
            catalog.rows_may_be_gone = true;
        }
        return true;
    });
}

}  // namespace pgbelay::catalog
