// The names that the server chooses for indexes, constraints and sequences to which the author gave none.
#pragma once

#include "catalog/catalog.h"

#include <set>
#include <string>
#include <vector>

struct PgQuery__IndexStmt;
struct PgQuery__Node;

namespace pgbelay::catalog {

// `name1_name2_label` cut to 63 bytes by shortening the longer of the first two, as makeObjectName() of indexcmds.c does;
// an empty `name2` or `label` leaves its underscore out. Characters of several bytes are never cut in two.
std::string make_object_name(std::string name1, std::string name2, const std::string& label);

// The first free of `…_label`, `…_label1`, `…_label2`, … among the relations of `schema`, and among its constraints too where
// the name will be a constraint's: ChooseRelationName().
std::string choose_relation_name(const Catalog& catalog, const std::string& schema, const std::string& name1, const std::string& name2,
                                 const std::string& label, bool is_constraint);

enum class IndexNameKind { plain, unique_constraint, primary_key, exclusion };

// ChooseIndexName(): `table_pkey`, `table_columns_key`, `table_columns_excl` or `table_columns_idx`. `table` is resolved;
// `columns` are those of the key and of INCLUDE, in order, as index_column_names() gives them.
std::string choose_index_name(const Catalog& catalog, const QualifiedName& table, const std::vector<std::string>& columns,
                              IndexNameKind kind);

// ChooseConstraintName(): `table_name2_label` (label: "check", "fkey", "not_null"), free among the constraints of the schema
// and among `others`, names already chosen in the same statement.
std::string choose_constraint_name(const Catalog& catalog, const QualifiedName& table, const std::string& name2, const std::string& label,
                                   const std::set<std::string>& others = {});

// The columns' names joined by underscores, as a name is made from them (ChooseForeignKeyConstraintNameAddition()).
std::string name_addition(const std::vector<std::string>& columns);

// What an expression is called as an index column ("lower", "coalesce"; "expr" when nothing better is known).
std::string expression_name(const PgQuery__Node* expression);
// Names of all columns of the index, INCLUDE's too: a second "expr" becomes "expr1" (ChooseIndexColumnNames()).
std::vector<std::string> index_column_names(const PgQuery__IndexStmt& statement);

}  // namespace pgbelay::catalog
