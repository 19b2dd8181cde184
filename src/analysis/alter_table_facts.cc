#include "analysis/alter_table_parts.h"

#include "analysis/relation_facts.h"
#include "analysis/tree_util.h"
#include "analysis/type_change.h"
#include "catalog/walk.h"
#include "sql/quote.h"

#include <algorithm>

namespace pgbelay::analysis {

namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

bool names(const std::string& expression, const std::string& column) {
    const std::string quoted = sql::quote_identifier(column);
    return std::ranges::any_of(significant_tokens(expression), [&](const sql::Token& token) { return token.text == quoted; });
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
    void lock_attached_indexes(const QualifiedName& partition);
    void lock_above_valid_index(const QualifiedName& attached);
    void change_sequence(const std::string& column);
    void identity(const PgQuery__AlterTableCmd& command);
    void inherit(const PgQuery__AlterTableCmd& command);
    void change_owner(const PgQuery__AlterTableCmd& command);
    void replica_identity(const PgQuery__AlterTableCmd& command);
    void cluster_on(const std::string& index);
    void set_persistence(char persistence);
    void set_tablespace(const std::string& tablespace);
    void set_access_method(const std::string& method);

private:
    void lock(const QualifiedName& relation, LockMode mode, Reason reason) { facts_.locks.add(lock_on(work_.ctx, relation, mode), reason); }
    // Of a partitioned table also everything below it.
    void lock_family(const QualifiedName& relation, LockMode mode, Reason reason);
    void lock_descendants(const QualifiedName& relation, LockMode mode, Reason reason);
    void scan(Reason reason);
    // `except`: indexes on this column, as on those that change their type, are dropped and made again, which is no rewrite of theirs.
    void rewrite(Reason reason, const std::string& except = {});
    bool is_made_anew(const catalog::Index& index) const;
    void lock_indexes_on(const std::string& column, Reason reason);
    void lock_foreign_keys_of(const std::string& column, Reason reason);
    // Those that belong to the column; "" = to any.
    std::vector<QualifiedName> lock_sequences(const std::string& column, Reason reason);
    void lock_dependent_views(const std::string& column);

    const AlterTable& work_;
    Facts& facts_;
};

void Effects::lock_family(const QualifiedName& relation, LockMode mode, Reason reason) {
    lock(relation, mode, reason);
    if (is_partitioned(work_.ctx, relation)) {
        lock_descendants(relation, mode, reason);
    }
}

void Effects::lock_descendants(const QualifiedName& relation, LockMode mode, Reason reason) {
    for (const QualifiedName& below : descendants(work_.ctx, relation)) {
        lock(below, mode, reason);
    }
}

void Effects::scan(Reason reason) {
    for (const QualifiedName& table : storages(work_.ctx, work_.table, work_.recurses)) {
        facts_.scans.add(table, reason);
    }
}

void Effects::rewrite(Reason reason, const std::string& except) {
    for (const QualifiedName& table : storages(work_.ctx, work_.table, work_.recurses)) {
        facts_.rewrites.add(table, reason);
        facts_.scans.add(table, reason);
        const catalog::Relation* found = work_.ctx.now.find(table);
        if (found == nullptr) {
            continue;
        }
        for (const catalog::Index& index : found->indexes) {
            lock(index.name, LockMode::access_exclusive, Reason::index_of_rewritten_table);
            if ((except.empty() || !contains(index.keys, except)) && !is_made_anew(index)) {
                facts_.rewrites.add(index.name, Reason::index_of_rewritten_table);
            }
        }
    }
}

// Or goes for good.
bool Effects::is_made_anew(const catalog::Index& index) const {
    const auto concerns = [&](const std::string& column) { return catalog::mentions(index, column); };
    return std::ranges::any_of(work_.retyped_columns, concerns) || std::ranges::any_of(work_.dropped_columns, concerns) ||
           (!index.constraint.empty() && work_.dropped_constraints.contains(index.constraint));
}

void Effects::lock_indexes_on(const std::string& column, Reason reason) {
    if (work_.now == nullptr) {
        return;
    }
    for (const catalog::Index& index : work_.now->indexes) {
        if (catalog::mentions(index, column)) {
            lock(index.name, LockMode::access_exclusive, reason);
        }
    }
}

// Foreign keys at both ends: dropping and making them again takes the other table's strongest lock.
void Effects::lock_foreign_keys_of(const std::string& column, Reason reason) {
    if (work_.now == nullptr) {
        return;
    }
    for (const catalog::Constraint& constraint : work_.now->constraints) {
        if (constraint.references && contains(constraint.columns, column)) {
            lock(*constraint.references, LockMode::access_exclusive, reason);
        }
    }
    for (const catalog::ForeignKeyIn& in : work_.now->referenced_by) {
        const catalog::Relation* other = work_.ctx.now.find(in.table);
        const catalog::Constraint* key = other == nullptr ? nullptr : other->constraint(in.constraint);
        if (key != nullptr && contains(key->referenced_columns, column)) {
            lock(in.table, LockMode::access_exclusive, reason);
        }
    }
}

std::vector<QualifiedName> Effects::lock_sequences(const std::string& column, Reason reason) {
    auto found = work_.ctx.now.sequences_of(work_.table, column);
    for (const QualifiedName& sequence : found) {
        lock(sequence, LockMode::access_exclusive, reason);
    }
    return found;
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
        if (names(found->view_definition, column)) {
            lock(view, LockMode::access_exclusive, Reason::view_goes_along);
        }
    }
}

void Effects::add_column(const PgQuery__ColumnDef& column) {
    if (work_.column(text(column.colname)) != nullptr && !work_.dropped_columns.contains(text(column.colname))) {
        return;  // IF NOT EXISTS leaves it; without that the server refuses
    }
    if (const auto rewritten = column_rewrite(work_, column)) {
        rewrite(rewritten->reason);
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
        scan(Reason::new_column_not_null);
    }
    for (std::size_t i = 0; i < column.n_constraints; ++i) {
        const PgQuery__Constraint& constraint = *column.constraints[i]->constraint;
        switch (constraint.contype) {
            case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK: scan(Reason::checks_rows); break;
            case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE:
            case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY: scan(Reason::builds_key); break;
            case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN:
                lock_family(referenced_table(work_, constraint), LockMode::share_row_exclusive, Reason::referenced_by_new_key);
                if (!has_default) {
                    break;  // nothing but NULL: the server knows that there is nothing to look up
                }
                scan(Reason::checks_foreign_key);
                facts_.scans.add(referenced_table(work_, constraint), Reason::checks_foreign_key);
                break;
            default: break;
        }
    }
}

void Effects::add_constraint(const PgQuery__Constraint& constraint) {
    switch (constraint.contype) {
        case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN: {
            const QualifiedName references = referenced_table(work_, constraint);
            lock_family(references, LockMode::share_row_exclusive, Reason::referenced_by_new_key);
            if (constraint.skip_validation) {
                break;
            }
            scan(Reason::checks_foreign_key);
            if (!is_partitioned(work_.ctx, references)) {
                facts_.scans.add(references, Reason::checks_foreign_key);
            }
            break;
        }
        case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY:
        case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE: {
            const std::string index = text(constraint.indexname);
            if (index.empty()) {
                scan(Reason::builds_key);
                break;
            }
            if (const std::string name = text(constraint.conname); !name.empty() && name != index) {
                lock({work_.table.schema, index}, LockMode::share_update_exclusive, Reason::index_is_renamed);
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
                scan(Reason::key_is_not_null);
            }
            break;
        }
        case PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION: scan(Reason::builds_key); break;
        default:
            if (!constraint.skip_validation) {
                scan(Reason::checks_rows);
            }
    }
}

void Effects::validate(const std::string& name) {
    const catalog::Constraint* constraint = work_.constraint(name);
    if (constraint != nullptr && constraint->validated) {
        return;
    }
    if (constraint != nullptr && constraint->references) {
        lock(*constraint->references, LockMode::row_share, Reason::looks_up_keys);
    }
    scan(Reason::validates_constraint);
}

void Effects::set_not_null(const std::string& name) {
    const catalog::Column* column = work_.column(name);
    if (column != nullptr && column->not_null) {
        return;
    }
    const catalog::Constraint* proof = not_null_proof(work_, name);
    if (proof == nullptr || work_.dropped_constraints.contains(proof->name)) {
        scan(Reason::looks_for_nulls);
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
    lock_indexes_on(name, Reason::index_of_retyped_column);
    if (column != nullptr && column->identity != 0) {
        change_sequence(name);
    }
    lock_foreign_keys_of(name, Reason::foreign_key_of_retyped_column);
    if (!plain || type_change_rewrites(work_.ctx.now, from, to)) {
        rewrite(Reason::converts_type, name);
        return;
    }
    if (column == nullptr || work_.now == nullptr) {
        return;
    }
    // Checks and foreign keys over the column are proved anew, and another collation builds its indexes anew.
    const bool proved =
        from != to && std::any_of(work_.now->constraints.begin(), work_.now->constraints.end(),
                                  [&](const auto& constraint) { return constraint.type == 'c' && contains(constraint.columns, name); });
    const bool sorted =
        (definition.coll_clause != nullptr || type_change_sorts_anew(from, to)) &&
        std::any_of(work_.now->indexes.begin(), work_.now->indexes.end(), [&](const auto& index) { return contains(index.keys, name); });
    if (proved) {
        scan(Reason::check_of_retyped_column);
    } else if (sorted) {
        scan(Reason::index_of_recollated_column);
    }
}

void Effects::set_expression(const std::string& name) {
    const catalog::Column* column = work_.column(name);
    if (column == nullptr || column->generated != 'v') {
        rewrite(Reason::computes_expression, name);
    }
}

void Effects::drop_column(const std::string& column, bool cascade) {
    if (work_.now == nullptr || work_.column(column) == nullptr) {
        return;
    }
    lock_indexes_on(column, Reason::index_of_dropped_column);
    lock_sequences(column, Reason::sequence_of_dropped_column);
    for (const catalog::Constraint& constraint : work_.now->constraints) {
        if (constraint.references && contains(constraint.columns, column)) {
            lock_family(*constraint.references, LockMode::access_exclusive, Reason::referenced_by_dropped_key);
        }
    }
    if (!cascade) {
        return;
    }
    lock_foreign_keys_of(column, Reason::foreign_key_goes_along);
    lock_dependent_views(column);
}

void Effects::drop_constraint(const std::string& name, bool cascade) {
    const catalog::Constraint* constraint = work_.constraint(name);
    if (constraint == nullptr) {
        return;
    }
    if (constraint->references) {
        lock_family(*constraint->references, LockMode::access_exclusive, Reason::referenced_by_dropped_key);
    }
    if (!constraint->index.empty() && constraint->type != 'f') {
        lock({work_.table.schema, constraint->index}, LockMode::access_exclusive, Reason::index_of_dropped_constraint);
    }
    const catalog::Index* index = cascade ? work_.now->index(constraint->index) : nullptr;
    if (index == nullptr) {
        return;
    }
    const auto keys = work_.ctx.now.foreign_keys_on(*index);
    for (const catalog::ForeignKeyIn& in : keys ? *keys : *work_.now->referenced_by) {
        lock(in.table, LockMode::access_exclusive, Reason::foreign_key_goes_along);
    }
}

void Effects::partition(const PgQuery__AlterTableCmd& command) {
    const PgQuery__PartitionCmd& part = *command.def->partition_cmd;
    const QualifiedName child = found_name(work_.ctx.now, name_of(part.name));
    const bool attach = command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_AttachPartition;
    if (part.concurrent) {
        facts_.transactional = false;
    }
    const bool weak = part.concurrent || (!attach && work_.ctx.now.server_major != 0 && work_.ctx.now.server_major < 14);
    lock(child, weak ? LockMode::share_update_exclusive : LockMode::access_exclusive,
         attach            ? work_.now != nullptr && work_.now->kind == 'I' ? Reason::index_is_attached : Reason::becomes_partition
         : part.concurrent ? Reason::detached_concurrently
                           : Reason::ceases_to_be_partition);
    if (work_.now != nullptr && work_.now->kind == 'I') {
        lock_above_valid_index(child);
        return;  // ALTER INDEX … ATTACH PARTITION reads nothing
    }
    if (!part.concurrent && !attach) {
        lock_attached_indexes(child);
    }
    if (!part.concurrent) {
        lock_descendants(child, LockMode::access_exclusive, attach ? Reason::becomes_partition : Reason::ceases_to_be_partition);
    }
    if (attach) {
        for (const QualifiedName& table : storages(work_.ctx, child, true)) {
            facts_.scans.add(table, Reason::checks_partition_bound);
        }
    }
    if (work_.now == nullptr || part.concurrent) {
        return;
    }
    lock_foreign_keys_of_partition(child, attach);
    if (attach) {
        for (const catalog::Index& index : work_.now->indexes) {
            lock(index.name, LockMode::share_update_exclusive, Reason::index_gets_partition);
        }
        for (const catalog::ForeignKeyIn& in : work_.now->referenced_by) {
            lock(in.table, work_.ctx.now.server_major >= 15 ? LockMode::share_row_exclusive : LockMode::access_share,
                 Reason::refers_to_new_partition);
        }
    }
    for (const QualifiedName& sibling : work_.now->children) {
        const catalog::Relation* found = work_.ctx.now.find(sibling);
        if (found == nullptr || found->partition_bound != "DEFAULT" || sibling == child) {
            continue;
        }
        lock(sibling, LockMode::access_exclusive, Reason::default_partition_changes);
        lock_descendants(sibling, LockMode::access_exclusive, Reason::default_partition_changes);
        if (!attach) {
            continue;
        }
        for (const QualifiedName& table : storages(work_.ctx, sibling, true)) {
            facts_.scans.add(table, Reason::checks_default_partition);
        }
    }
}

// When the last of the partitions has its index, the partitioned one becomes valid; if that is itself a partition's, the one above is
// looked at too, and its table.
void Effects::lock_above_valid_index(const QualifiedName& attached) {
    const catalog::Relation* table = work_.ctx.now.table_of_index(work_.table);
    const catalog::Index* index = work_.ctx.now.find_index(work_.table);
    if (table == nullptr || index == nullptr || !index->parent) {
        return;
    }
    const bool complete = std::ranges::all_of(table->children, [&](const QualifiedName& partition) {
        const catalog::Relation* found = work_.ctx.now.find(partition);
        return found != nullptr && std::ranges::any_of(found->indexes, [&](const catalog::Index& own) {
                   return own.name == attached || own.parent == std::optional(work_.table);
               });
    });
    const catalog::Relation* above = complete ? work_.ctx.now.table_of_index(*index->parent) : nullptr;
    if (above != nullptr) {
        lock(*index->parent, LockMode::access_exclusive, Reason::index_becomes_valid);
        lock(above->name, LockMode::access_exclusive, Reason::index_becomes_valid);
    }
}

void Effects::lock_attached_indexes(const QualifiedName& partition) {
    const catalog::Relation* found = work_.ctx.now.find(partition);
    for (const catalog::Index& index : found == nullptr ? std::vector<catalog::Index>{} : found->indexes) {
        if (index.parent) {
            lock(index.name, LockMode::access_exclusive, Reason::index_of_detached_partition);
        }
    }
}

// The numbers of an identity column are of its type.
void Effects::change_sequence(const std::string& column) {
    for (const QualifiedName& sequence : work_.ctx.now.sequences_of(work_.table, column)) {
        lock(sequence, LockMode::share_row_exclusive, Reason::sequence_of_identity);
        facts_.rewrites.add(sequence, Reason::writes_sequence_anew);
    }
}

void Effects::identity(const PgQuery__AlterTableCmd& command) {
    const auto* options = command.def != nullptr && command.def->node_case == PG_QUERY__NODE__NODE_LIST ? command.def->list : nullptr;
    bool rewrites = false;
    for (std::size_t i = 0; options != nullptr && i < options->n_items; ++i) {
        rewrites = rewrites || text(options->items[i]->def_elem->defname) != "generated";
    }
    const bool drops = command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_DropIdentity;
    for (const QualifiedName& name : work_.ctx.now.sequences_of(work_.table, text(command.name))) {
        lock(name, drops ? LockMode::access_exclusive : LockMode::share_row_exclusive, Reason::sequence_of_identity);
        if (rewrites) {
            facts_.rewrites.add(name, Reason::writes_sequence_anew);
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
        lock(*constraint.references, taken_in ? LockMode::access_exclusive : LockMode::share_row_exclusive,
             taken_in ? Reason::key_of_partition_taken_in
             : attach ? Reason::key_copied_to_partition
                      : Reason::key_of_detached_partition);
    }
}

void Effects::inherit(const PgQuery__AlterTableCmd& command) {
    if (command.def == nullptr || command.def->node_case != PG_QUERY__NODE__NODE_RANGE_VAR) {
        return;
    }
    const bool adds = command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_AddInherit;
    lock(found_name(work_.ctx.now, name_of(command.def->range_var)), adds ? LockMode::share_update_exclusive : LockMode::access_share,
         adds ? Reason::gets_child : Reason::loses_child);
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
        lock(index.name, LockMode::access_exclusive, Reason::index_changes_owner);
    }
    lock_sequences({}, Reason::sequence_changes_owner);
}

void Effects::replica_identity(const PgQuery__AlterTableCmd& command) {
    if (command.def == nullptr || command.def->node_case != PG_QUERY__NODE__NODE_REPLICA_IDENTITY_STMT) {
        return;
    }
    const std::string index = text(command.def->replica_identity_stmt->name);
    if (!index.empty()) {
        lock({work_.table.schema, index}, LockMode::share, Reason::index_of_replica_identity);
    }
}

void Effects::cluster_on(const std::string& index) {
    lock({work_.table.schema, index}, LockMode::share_update_exclusive, Reason::changes_planning);
}

void Effects::set_persistence(char persistence) {
    if (work_.now == nullptr || work_.now->persistence != persistence) {
        rewrite(Reason::copies_for_persistence);
        // Sequences follow their tables from 15 on.
        for (const QualifiedName& sequence :
             work_.ctx.now.server_major >= 15 ? lock_sequences("", Reason::copies_for_persistence) : std::vector<QualifiedName>{}) {
            facts_.rewrites.add(sequence, Reason::copies_for_persistence);
        }
    }
}

void Effects::set_tablespace(const std::string& tablespace) {
    const auto effective = [](const std::string& name) { return name.empty() ? std::string("pg_default") : name; };
    if (work_.now != nullptr && effective(work_.now->tablespace) == effective(tablespace)) {
        return;
    }
    if (work_.partitioned) {
        return;  // it has no storage: only what is made below it later goes there
    }
    facts_.rewrites.add(work_.table, Reason::copies_to_tablespace);
    facts_.scans.add(work_.table, Reason::copies_to_tablespace);
}

void Effects::set_access_method(const std::string& method) {
    if (work_.now == nullptr || work_.now->access_method != method) {
        rewrite(Reason::copies_to_access_method);
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
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetIdentity:
        case PG_QUERY__ALTER_TABLE_TYPE__AT_DropIdentity: effects.identity(command); break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ReplicaIdentity: effects.replica_identity(command); break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_ClusterOn: effects.cluster_on(name); break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetLogged: effects.set_persistence('p'); break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetUnLogged: effects.set_persistence('u'); break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetTableSpace: effects.set_tablespace(name); break;
        case PG_QUERY__ALTER_TABLE_TYPE__AT_SetAccessMethod: effects.set_access_method(name); break;
        default: break;
    }
}

std::vector<QualifiedName> children_of(const AlterTable& work) {
    return work.now == nullptr ? std::vector<QualifiedName>{} : *work.now->children;
}

}  // namespace

void add_effects(const AlterTable& work, const PgQuery__AlterTableCmd& command, Facts& facts) {
    const LockMode mode = lock_level(command);
    facts.locks.add(lock_on(work.ctx, work.table, mode), lock_reason(command));
    const Below below = below_of(work, command);
    const LockMode on_children = child_lock_level(work, command, mode);
    for (const QualifiedName& child : below == Below::all        ? descendants(work.ctx, work.table)
                                      : below == Below::children ? children_of(work)
                                                                 : std::vector<QualifiedName>{}) {
        facts.locks.add(lock_on(work.ctx, child, on_children), Reason::stands_below);
    }
    Effects effects(work, facts);
    add_specific(effects, command);
}

QualifiedName referenced_table(const AlterTable& work, const PgQuery__Constraint& constraint) {
    return constraint.pktable == nullptr ? QualifiedName{} : found_name(work.ctx.now, name_of(constraint.pktable));
}

}  // namespace pgbelay::analysis
