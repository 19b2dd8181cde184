#include "catalog/apply.h"

#include "catalog/apply_internal.h"

namespace pgbelay::catalog {

void apply(const sql::Statement& statement, Catalog& catalog) {
    if (statement.opaque()) {
        return;
    }
    const auto& node = statement.node();
    switch (node.node_case) {
        case PG_QUERY__NODE__NODE_CREATE_STMT: apply_create_table(*node.create_stmt, statement.sql, catalog, 'r'); break;
        case PG_QUERY__NODE__NODE_CREATE_FOREIGN_TABLE_STMT:
            if (node.create_foreign_table_stmt->base_stmt != nullptr) {
                apply_create_table(*node.create_foreign_table_stmt->base_stmt, statement.sql, catalog, 'f');
            }
            break;
        case PG_QUERY__NODE__NODE_CREATE_TABLE_AS_STMT: apply_create_table_as(*node.create_table_as_stmt, statement.sql, catalog); break;
        case PG_QUERY__NODE__NODE_VIEW_STMT: apply_create_view(*node.view_stmt, statement.sql, catalog); break;
        case PG_QUERY__NODE__NODE_INDEX_STMT: apply_create_index(*node.index_stmt, catalog); break;
        case PG_QUERY__NODE__NODE_ALTER_TABLE_STMT: apply_alter_table(*node.alter_table_stmt, statement.sql, catalog); break;
        case PG_QUERY__NODE__NODE_DROP_STMT: apply_drop(*node.drop_stmt, catalog); break;
        case PG_QUERY__NODE__NODE_RENAME_STMT: apply_rename(*node.rename_stmt, catalog); break;
        case PG_QUERY__NODE__NODE_ALTER_OBJECT_SCHEMA_STMT: apply_set_schema(*node.alter_object_schema_stmt, catalog); break;
        case PG_QUERY__NODE__NODE_SELECT_STMT: apply_select_into(*node.select_stmt, catalog); [[fallthrough]];
        case PG_QUERY__NODE__NODE_INSERT_STMT:
        case PG_QUERY__NODE__NODE_UPDATE_STMT:
        case PG_QUERY__NODE__NODE_DELETE_STMT:
        case PG_QUERY__NODE__NODE_MERGE_STMT:
        case PG_QUERY__NODE__NODE_COPY_STMT:
        case PG_QUERY__NODE__NODE_TRUNCATE_STMT: apply_rows(node, statement.copy_data && !statement.copy_data->empty(), catalog); break;
        default: apply_object(node, statement.sql, catalog); break;
    }
}

}  // namespace pgbelay::catalog
