#include "analysis/alter_table_parts.h"

#include "analysis/relation_facts.h"
#include "analysis/tree_util.h"
#include "analysis/type_change.h"
#include "analysis/volatility.h"
#include "catalog/walk.h"
#include "sql/quote.h"

#include <algorithm>

namespace pgbelay::analysis {

namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

class Effects {
public:
    Effects(const AlterTable& work, Facts& facts) : work_(work), facts_(facts) {}

    void add_column(const PgQuery__ColumnDef& column);
    void add_constraint(const PgQuery__Constraint& constraint);
    void validate(const std::string& name);
    void set_not_null(const std::string& column);
    void alter_type(const std::string& column, const PgQuery__ColumnDef& definition);
    void set_expression(const std::string& column);
    void drop_column(const std::string& column, bool cascade);
    void drop_constraint(const std::string& name, bool cascade);
    void partition(const PgQuery__AlterTableCmd& command);
    void lock_foreign_keys_of_partition(const QualifiedName& partition, bool attach);
    void inherit(const PgQuery__AlterTableCmd& command);
    void change_owner(const PgQuery__AlterTableCmd& command);
    void replica_identity(const PgQuery__AlterTableCmd& command);
    void set_persistence(char persistence);
    void set_tablespace(const std::string& tablespace);
    void set_access_method(const std::string& method);

private:
    void lock(const QualifiedName& relation, LockMode mode) { add_lock(facts_.locks, lock_on(work_.ctx, relation, mode)); }
    void scan();
    // `except`: indexes on this column are dropped and made again, which is not a rewrite of theirs.
    void rewrite(const std::string& except = {});
    void lock_indexes_on(const std::string& column);
    void lock_foreign_keys_of(const std::string& column);
    void lock_dependent_views(const std::string& column);

    const AlterTable& work_;
    Facts& facts_;
};

void Effects::scan() {
    for (const QualifiedName& table : storages(work_.ctx, work_.table, work_.recurses)) {
        add_name(facts_.scans, table);
    }
}

void Effects::rewrite(const std::string& except) {
    for (const QualifiedName& table : storages(work_.ctx, work_.table, work_.recurses)) {
        add_name(facts_.rewrites, table);
        add_name(facts_.scans, table);
        const catalog::Relation* found = work_.ctx.now.find(table);
        if (found == nullptr) {
            continue;
        }
        for (const catalog::Index& index : found->indexes) {
            lock(index.name, LockMode::access_exclusive);
            if (except.empty() || !contains(index.keys, except)) {
                add_name(facts_.rewrites, index.name);
            }
        }
    }
}

void Effects::lock_indexes_on(const std::string& column) {
    if (work_.now == nullptr) {
        return;
    }
    for (const catalog::Index& index : work_.now->indexes) {
        if (contains(index.keys, column) || contains(index.included, column)) {
            lock(index.name, LockMode::access_exclusive);
        }
    }
}

// Foreign keys at both ends: dropping and making them again takes the other table's strongest lock.
void Effects::lock_foreign_keys_of(const std::string& column) {
    if (work_.now == nullptr) {
        return;
    }
    for (const catalog::Constraint& constraint : work_.now->constraints) {
        if (constraint.references && contains(constraint.columns, column)) {
            lock(*constraint.references, LockMode::access_exclusive);
        }
    }
    for (const catalog::ForeignKeyIn& in : work_.now->referenced_by) {
        const catalog::Relation* other = work_.ctx.now.find(in.table);
        const catalog::Constraint* key = other == nullptr ? nullptr : other->constraint(in.constraint);
        if (key != nullptr && contains(key->referenced_columns, column)) {
            lock(in.table, LockMode::access_exclusive);
        }
    }
}

void Effects::lock_dependent_views(const std::string& column) {
    if (work_.now == nullptr) {
        return;
    }
    for (const QualifiedName& view : work_.now->dependent_views) {
        const catalog::Relation* found = work_.ctx.now.find(view);
        if (found == nullptr) {
            continue;
        }
        const auto tokens = significant_tokens(found->view_definition);
        const std::string quoted = sql::quote_identifier(column);
        const bool named = std::any_of(tokens.begin(), tokens.end(), [&](const sql::Token& token) { return token.text == quoted; });
        if (named) {
            lock(view, LockMode::access_exclusive);
        }
    }
}

void Effects::add_column(const PgQuery__ColumnDef& column) {
    if (work_.column(text(column.colname)) != nullptr) {
        return;  // IF NOT EXISTS leaves it; without that the server refuses
    }
    if (!rewrite_reason(work_, column).empty()) {
        rewrite();
    }
    bool has_default = false;
    bool not_null = false;
    for (std::size_t i = 0; i < column.n_constraints; ++i) {
        const auto type = column.constraints[i]->constraint->contype;
        has_default = has_default || type == PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT || type == PG_QUERY__CONSTR_TYPE__CONSTR_GENERATED ||
                      type == PG_QUERY__CONSTR_TYPE__CONSTR_IDENTITY;
        not_null = not_null || type == PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL;
    }
    if (not_null && !has_default) {
        scan();
    }
    for (std::size_t i = 0; i < column.n_constraints; ++i) {
        const PgQuery__Constraint& constraint = *column.constraints[i]->constraint;
        switch (constraint.contype) {
            case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK:
            case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE:
            case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY: scan(); break;
            case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN:
                lock(referenced_table(work_, constraint), LockMode::share_row_exclusive);
                if (!has_default) {
                    break;  // nothing but NULL: the server knows that there is nothing to look up
                }
                scan();
                add_name(facts_.scans, referenced_table(work_, constraint));
                break;
            default: break;
        }
    }
}

void Effects::add_constraint(const PgQuery__Constraint& constraint) {
    switch (constraint.contype) {
        case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN: {
            const QualifiedName references = referenced_table(work_, constraint);
            lock(references, LockMode::share_row_exclusive);
            if (constraint.skip_validation) {
                break;
            }
            scan();
            if (!is_partitioned(work_.ctx, references)) {
                add_name(facts_.scans, references);
            }
            break;
        }
        case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY:
        case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE: {
            const std::string index = text(constraint.indexname);
            if (index.empty()) {
                scan();
                break;
            }
            if (const std::string name = text(constraint.conname); !name.empty() && name != index) {
                lock({work_.table.schema, index}, LockMode::share_update_exclusive);  // it is renamed
            }
            const catalog::Index* found = work_.now == nullptr ? nullptr : work_.now->index(index);
            if (constraint.contype != PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY || found == nullptr) {
                break;
            }
            const bool nullable = std::any_of(found->keys.begin(), found->keys.end(), [&](const std::string& key) {
                const catalog::Column* column = work_.column(key);
                return column != nullptr && !column->not_null && not_null_proof(work_, key) == nullptr;
            });
            if (nullable) {
                scan();
            }
            break;
        }
        case PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION: scan(); break;
        default:
            if (!constraint.skip_validation) {
                scan();
            }
    }
}

void Effects::validate(const std::string& name) {
    const catalog::Constraint* constraint = work_.constraint(name);
    if (constraint != nullptr && constraint->validated) {
        return;
    }
    if (constraint != nullptr && constraint->references) {
        lock(*constraint->references, LockMode::row_share);
    }
    scan();
}

void Effects::set_not_null(const std::string& name) {
    const catalog::Column* column = work_.column(name);
    if (column != nullptr && column->not_null) {
        return;
    }
    const catalog::Constraint* proof = not_null_proof(work_, name);
    if (proof == nullptr || work_.dropped_constraints.contains(proof->name)) {
        scan();
    }
}

void Effects::alter_type(const std::string& name, const PgQuery__ColumnDef& definition) {
    const catalog::Column* column = work_.column(name);
    const std::string from = column == nullptr ? std::string() : column->type;
    const std::string to = definition.type_name == nullptr ? std::string() : type_name(*definition.type_name, &work_.ctx.now);
    const PgQuery__Node* use = definition.raw_default;
    // USING c::type is the same as no USING at all.
    const bool plain = use == nullptr || use->node_case == PG_QUERY__NODE__NODE_COLUMN_REF ||
                       (use->node_case == PG_QUERY__NODE__NODE_TYPE_CAST && use->type_cast->arg != nullptr &&
                        use->type_cast->arg->node_case == PG_QUERY__NODE__NODE_COLUMN_REF &&
                        type_name(*use->type_cast->type_name, &work_.ctx.now) == to && catalog::columns_in(use) == std::vector{name});
    lock_indexes_on(name);
    lock_foreign_keys_of(name);
    if (!plain || type_change_rewrites(work_.ctx.now, from, to)) {
        rewrite(name);
        return;
    }
    if (column == nullptr || work_.now == nullptr) {
        return;
    }
    // Checks and foreign keys over the column are proved anew, and another collation builds its indexes anew.
    const bool proved =
        from != to && std::any_of(work_.now->constraints.begin(), work_.now->constraints.end(),
                                  [&](const auto& constraint) { return constraint.type == 'c' && contains(constraint.columns, name); });
    const bool sorted = definition.coll_clause != nullptr && std::any_of(work_.now->indexes.begin(), work_.now->indexes.end(),
                                                                         [&](const auto& index) { return contains(index.keys, name); });
    if (proved || sorted) {
        scan();
    }
}

void Effects::set_expression(const std::string& name) {
    const catalog::Column* column = work_.column(name);
    if (column == nullptr || column->generated != 'v') {
        rewrite(name);
    }
}

void Effects::drop_column(const std::string& column, bool cascade) {
    if (work_.now == nullptr || work_.column(column) == nullptr) {
        return;
    }
    lock_indexes_on(column);
    for (const catalog::Constraint& constraint : work_.now->constraints) {
        if (constraint.references && contains(constraint.columns, column)) {
            lock(*constraint.references, LockMode::access_exclusive);
        }
    }
    if (!cascade) {
        return;
    }
    lock_foreign_keys_of(column);
    lock_dependent_views(column);
}

void Effects::drop_constraint(const std::string& name, bool cascade) {
    const catalog::Constraint* constraint = work_.constraint(name);
    if (constraint == nullptr) {
        return;
    }
    if (constraint->references) {
        lock(*constraint->references, LockMode::access_exclusive);
    }
    if (!constraint->index.empty() && constraint->type != 'f') {
        lock({work_.table.schema, constraint->index}, LockMode::access_exclusive);
    }
    if (!cascade) {
        return;
    }
    for (const catalog::ForeignKeyIn& in : work_.now->referenced_by) {
        lock(in.table, LockMode::access_exclusive);
    }
}

void Effects::partition(const PgQuery__AlterTableCmd& command) {
    const PgQuery__PartitionCmd& part = *command.def->partition_cmd;
    const QualifiedName child = found_name(work_.ctx.now, name_of(part.name));
    const bool attach = command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_AttachPartition;
    if (part.concurrent) {
        facts_.transactional = false;
    }
    const bool weak = part.concurrent || (!attach && work_.ctx.now.server_major == 13);
    lock(child, weak ? LockMode::share_update_exclusive : LockMode::access_exclusive);
    if (work_.now != nullptr && work_.now->kind == 'I') {
        return;  // ALTER INDEX … ATTACH PARTITION reads nothing
    }
    if (attach) {
        for (const QualifiedName& table : storages(work_.ctx, child, true)) {
            add_name(facts_.scans, table);
        }
    }
    if (work_.now == nullptr || part.concurrent) {
        return;
    }
    lock_foreign_keys_of_partition(child, attach);
    for (const QualifiedName& sibling : work_.now->children) {
        const catalog::Relation* found = work_.ctx.now.find(sibling);
        if (found == nullptr || found->partition_bound != "DEFAULT" || sibling == child) {
            continue;
        }
        lock(sibling, LockMode::access_exclusive);
        if (!attach) {
            continue;
        }
        for (const QualifiedName& table : storages(work_.ctx, sibling, true)) {
            add_name(facts_.scans, table);
        }
    }
}

// ATTACH copies the table's foreign keys, or takes in the partition's own: their triggers on the referenced table then go. DETACH gives
// it triggers of its own.
void Effects::lock_foreign_keys_of_partition(const QualifiedName& partition, bool attach) {
    const catalog::Relation* child = work_.ctx.now.find(partition);
    for (const catalog::Constraint& constraint : work_.now->constraints) {
        if (constraint.type != 'f' || !constraint.references) {
            continue;
        }
        const bool taken_in = attach && child != nullptr && std::ranges::any_of(child->constraints, [&](const catalog::Constraint& own) {
                                  return own.type == 'f' && own.definition == constraint.definition;
                              });
        lock(*constraint.references, taken_in ? LockMode::access_exclusive : LockMode::share_row_exclusive);
    }
}

void Effects::inherit(const PgQuery__AlterTableCmd& command) {
    if (command.def == nullptr || command.def->node_case != PG_QUERY__NODE__NODE_RANGE_VAR) {
        return;
    }
    const bool adds = command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_AddInherit;
    lock(found_name(work_.ctx.now, name_of(command.def->range_var)), adds ? LockMode::share_update_exclusive : LockMode::access_share);
}

void Effects::change_owner(const PgQuery__AlterTableCmd& command) {
    if (work_.now == nullptr || command.newowner == nullptr) {
        return;
    }
    const bool named = command.newowner->roletype == PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_CSTRING;
    const std::string owner = named ? text(command.newowner->rolename) : work_.ctx.now.role;
    if (owner == work_.now->owner) {
        return;
    }
    for (const catalog::Index& index : work_.now->indexes) {
        lock(index.name, LockMode::access_exclusive);
    }
}

void Effects::replica_identity(const PgQuery__AlterTableCmd& command) {
    if (command.def == nullptr || command.def->node_case != PG_QUERY__NODE__NODE_REPLICA_IDENTITY_STMT) {
        return;
    }
    const std::string index = text(command.def->replica_identity_stmt->name);
    if (!index.empty()) {
        lock({work_.table.schema, index}, LockMode::share);
    }
}

void Effects::set_persistence(char persistence) {
    if (work_.now == nullptr || work_.now->persistence != persistence) {
        rewrite();
    }
}

void Effects::set_tablespace(const std::string& tablespace) {
    const auto effective = [](const std::string& name) { return name.empty() ? std::string("pg_default") : name; };
    if (work_.now != nullptr && effective(work_.now->tablespace) == effective(tablespace)) {
        return;
    }
    add_name(facts_.rewrites, work_.table);
    add_name(facts_.scans, work_.table);
}

void Effects::set_access_method(const std::string& method) {
    if (work_.now == nullptr || work_.now->access_method != method) {
        rewrite();
    }
}

void add_specific(Effects& effects, const PgQuery__AlterTableCmd& command) {
    const std::string name = text(command.name);
    const bool cascade = command.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
    if (sets_expression(command)) {
        effects.set_expression(name);
    }
    switch (command.subtype) {
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn: effects.add_column(*command.def->column_def); break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AddConstraint: effects.add_constraint(*command.def->constraint); break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ValidateConstraint: effects.validate(name); break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetNotNull: effects.set_not_null(name); break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AlterColumnType: effects.alter_type(name, *command.def->column_def); break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropColumn: effects.drop_column(name, cascade); break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropConstraint: effects.drop_constraint(name, cascade); break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AttachPartition:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DetachPartition:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DetachPartitionFinalize: effects.partition(command); break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_AddInherit:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropInherit: effects.inherit(command); break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ChangeOwner: effects.change_owner(command); break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ReplicaIdentity: effects.replica_identity(command); break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetLogged: effects.set_persistence('p'); break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetUnLogged: effects.set_persistence('u'); break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetTableSpace: effects.set_tablespace(name); break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetAccessMethod: effects.set_access_method(name); break;
        default: break;
    }
}

}  // namespace

std::vector<RelationLock> table_locks(const AlterTable& work, LockMode mode, bool recurses) {
    std::vector<RelationLock> locks = {lock_on(work.ctx, work.table, mode)};
    if (!recurses) {
        return locks;
    }
    for (const QualifiedName& child : descendants(work.ctx, work.table)) {
        add_lock(locks, lock_on(work.ctx, child, mode));
    }
    return locks;
}

void add_effects(const AlterTable& work, const PgQuery__AlterTableCmd& command, Facts& facts) {
    const LockMode mode = lock_level(command);
    const bool foreign_key_by_inheritance = !work.partitioned && command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_AddConstraint &&
                                            command.def->constraint->contype != PG_QUERY__CONSTR_TYPE__CONSTR_CHECK;
    const bool recurses = work.recurses && !stays_on_the_table(command.subtype) && !foreign_key_by_inheritance;
    add_lock(facts.locks, lock_on(work.ctx, work.table, mode));
    if (recurses) {
        const LockMode on_children = child_lock_level(work, command, mode);
        for (const QualifiedName& child : descendants(work.ctx, work.table)) {
            add_lock(facts.locks, lock_on(work.ctx, child, on_children));
        }
    }
    Effects effects(work, facts);
    add_specific(effects, command);
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

std::string rewrite_reason(const AlterTable& work, const PgQuery__ColumnDef& column) {
    if (column.type_name != nullptr) {
        if (is_serial(*column.type_name)) {
            return "a serial column takes a new value for every row";
        }
        const catalog::Type* type = work.ctx.now.find_type(name_of(column.type_name->n_names, column.type_name->names));
        if (type != nullptr && type->kind == 'd' && type->domain_constrained) {
            return "the domain's constraints are checked for every row";
        }
    }
    for (std::size_t i = 0; i < column.n_constraints; ++i) {
        const PgQuery__Constraint& constraint = *column.constraints[i]->constraint;
        if (constraint.contype == PG_QUERY__CONSTR_TYPE__CONSTR_IDENTITY) {
            return "an identity column takes a new value for every row";
        }
        if (constraint.contype == PG_QUERY__CONSTR_TYPE__CONSTR_GENERATED) {
            return "a stored generated column is computed for every row";
        }
        if (constraint.contype != PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT) {
            continue;
        }
        if (const std::string function = volatile_function(constraint.raw_expr, work.ctx.now); !function.empty()) {
            return "the default calls " + function + "(), which gives another value for every row";
        }
    }
    return {};
}

QualifiedName referenced_table(const AlterTable& work, const PgQuery__Constraint& constraint) {
    return constraint.pktable == nullptr ? QualifiedName{} : found_name(work.ctx.now, name_of(constraint.pktable));
}

}  // namespace pgbelay::analysis
