// What the files of apply() share: one function per group of statements, and the making of columns, constraints and indexes.
#pragma once

#include "catalog/catalog.h"

#include <pg_query/pg_query.pb-c.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pgbelay::catalog {

Relation* writable(Catalog& catalog, const QualifiedName& name);

// Each list node as its kind; null when it is another.
const PgQuery__Constraint* as_constraint(const PgQuery__Node* node);

// `sql` is the statement's bytes, for the text of expressions.
void apply_create_table(const PgQuery__CreateStmt& statement, std::string_view sql, Catalog& catalog, char kind);
void apply_create_table_as(const PgQuery__CreateTableAsStmt& statement, std::string_view sql, Catalog& catalog);
void apply_select_into(const PgQuery__SelectStmt& statement, Catalog& catalog);
void apply_create_view(const PgQuery__ViewStmt& statement, std::string_view sql, Catalog& catalog);
void apply_create_index(const PgQuery__IndexStmt& statement, Catalog& catalog);
void apply_alter_table(const PgQuery__AlterTableStmt& statement, std::string_view sql, Catalog& catalog);
void apply_drop(const PgQuery__DropStmt& statement, Catalog& catalog);
void apply_rename(const PgQuery__RenameStmt& statement, Catalog& catalog);
void apply_set_schema(const PgQuery__AlterObjectSchemaStmt& statement, Catalog& catalog);
// Which tables have rows after a query or a change of rows.
void apply_rows(const PgQuery__Node& statement, bool has_copy_data, Catalog& catalog);
// Everything that is not a relation, and sequences, triggers, policies, rules and comments.
void apply_object(const PgQuery__Node& statement, std::string_view sql, Catalog& catalog);

// Columns as CREATE TABLE and ADD COLUMN make them. The sequence of a serial or identity column is added to the catalog.
Column make_column(const PgQuery__ColumnDef& definition, const QualifiedName& table, std::string_view sql, Catalog& catalog);
// The constraints written inside column definitions and beside them, in the order in which the server names them: checks, then
// keys (with their indexes), then foreign keys. `column` is empty for table constraints.
struct NewConstraint {
    const PgQuery__Constraint* node;
    std::string column;
};
std::vector<NewConstraint> constraints_of(const PgQuery__ColumnDef& definition);
void add_constraints(std::vector<NewConstraint> constraints, const QualifiedName& table, Catalog& catalog);
// With what partitions have of it.
void drop_constraint(Catalog& catalog, Relation& table, const std::string& name);
// With the partitions' indexes that are attached to it, at every level, and their constraints.
void drop_index(const QualifiedName& name, Catalog& catalog);
// The foreign keys that stand on the index: CASCADE takes them along.
void drop_foreign_keys_on(const Index& index, Catalog& catalog);
void drop_column(Catalog& catalog, Relation& table, const std::string& name);

// Moves a relation to another name, and everything that refers to it by name.
void move_relation(Catalog& catalog, const QualifiedName& from, const QualifiedName& to);

// The bytes of the expression behind DEFAULT at byte `location`, up to the next constraint, comma or end.
std::string default_text(std::string_view sql, int location);
std::string sequence_default(const QualifiedName& sequence);

}  // namespace pgbelay::catalog
