#include "analysis/certain_failure.h"

#include "analysis/alter_table_parts.h"
#include "analysis/relation_facts.h"
#include "analysis/tree_util.h"
#include "catalog/walk.h"
#include "sql/quote.h"

#include <fmt/format.h>
#include <pg_query/pg_query.pb-c.h>

#include <algorithm>
#include <set>

namespace pgbelay::analysis {

namespace {

using Maybe = std::optional<Failure>;

Maybe too_old(const Context& ctx, int since, std::string_view what) {
    const int major = ctx.now.server_major;
    return major == 0 || major >= since ? std::nullopt : Maybe({"42601", fmt::format("{} came with PostgreSQL {}", what, since)});
}

Maybe in_transaction(const Context& ctx, std::string_view what) {
    return ctx.in_group ? Maybe({"25001", fmt::format("{} cannot run inside a transaction block", what)}) : std::nullopt;
}

bool has_word(const sql::Statement& statement, std::initializer_list<std::string_view> words) {
    const auto tokens = significant_tokens(statement.sql);
    for (std::size_t i = 0; i + words.size() <= tokens.size(); ++i) {
        if (std::equal(words.begin(), words.end(), tokens.begin() + static_cast<std::ptrdiff_t>(i),
                       [](std::string_view word, const sql::Token& token) { return lower(token.text) == word; })) {
            return true;
        }
    }
    return false;
}

// ---- what is taken or is not there

Maybe name_taken(const Context& ctx, const QualifiedName& written, bool if_not_exists) {
    const auto name = ctx.now.resolve_new(written);
    const bool there = !written.empty() && ctx.now.relations.contains(name);
    return there && !if_not_exists ? Maybe({"42P07", fmt::format("relation \"{}\" already exists", name.name)}) : std::nullopt;
}

Maybe missing(const Context& ctx, const QualifiedName& written) {
    const bool absent = ctx.now.loaded && !written.empty() && !written.schema.starts_with("pg_") && ctx.now.find(written) == nullptr;
    return absent ? Maybe({"42P01", fmt::format("relation \"{}\" does not exist", sql::display(written))}) : std::nullopt;
}

// ---- ALTER TABLE

class Alter {
public:
    Alter(const Context& ctx, const PgQuery__AlterTableStmt& node) : ctx_(ctx), node_(node), table_(ctx.now.find(name_of(node.relation))) {}

    Maybe find() {
        if (table_ == nullptr) {
            return std::nullopt;  // composite types are no relations of the catalog's, and the plan refuses a table that is not there
        }
        for (std::size_t i = 0; i < node_.n_cmds; ++i) {
            if (auto failure = subcommand(*node_.cmds[i]->alter_table_cmd)) {
                return failure;
            }
        }
        return std::nullopt;
    }

private:
    Maybe subcommand(const PgQuery__AlterTableCmd& command) {
        switch (command.subtype) {
            case PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn: return add_column(command);
            case PG_QUERY__ALTER_TABLE_TYPE__AT_DropColumn: return drop_column(command);
            case PG_QUERY__ALTER_TABLE_TYPE__AT_AlterColumnType: return alter_type(command);
            case PG_QUERY__ALTER_TABLE_TYPE__AT_AddConstraint: return add_constraint(*command.def->constraint);
            case PG_QUERY__ALTER_TABLE_TYPE__AT_DropConstraint: return drop_constraint(command);
            case PG_QUERY__ALTER_TABLE_TYPE__AT_SetCompression: return too_old(ctx_, 14, "SET COMPRESSION");
            case PG_QUERY__ALTER_TABLE_TYPE__AT_SetAccessMethod: return too_old(ctx_, 15, "SET ACCESS METHOD");
            case PG_QUERY__ALTER_TABLE_TYPE__AT_DropExpression: return too_old(ctx_, 13, "DROP EXPRESSION");
            case PG_QUERY__ALTER_TABLE_TYPE__AT_DetachPartition: return detach(*command.def->partition_cmd);
            default: return sets_expression(command) ? too_old(ctx_, 17, "SET EXPRESSION") : std::nullopt;
        }
    }

    Maybe add_column(const PgQuery__AlterTableCmd& command) {
        const auto& column = *command.def->column_def;
        const std::string name = text(column.colname);
        if (table_->column(name) != nullptr && !command.missing_ok && !dropped_here(name)) {
            return Failure{"42701", fmt::format("column \"{}\" of relation \"{}\" already exists", name, table_->name.name)};
        }
        bool fills = column.type_name != nullptr && is_serial(*column.type_name);
        bool not_null = false;
        for (std::size_t i = 0; i < column.n_constraints; ++i) {
            const auto type = column.constraints[i]->constraint->contype;
            fills = fills || type == PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT || type == PG_QUERY__CONSTR_TYPE__CONSTR_GENERATED ||
                    type == PG_QUERY__CONSTR_TYPE__CONSTR_IDENTITY;
            not_null = not_null || type == PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL || type == PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY;
        }
        const bool absent = table_->column(name) == nullptr;
        if (absent && not_null && !fills && surely_holds_rows()) {
            return Failure{"23502", fmt::format("column \"{}\" of relation \"{}\" contains null values", name, table_->name.name)};
        }
        return std::nullopt;
    }

    // Rows that were counted, or that the plan itself puts in, as long as it takes none away.
    bool surely_holds_rows() const {
        return !ctx_.now.rows_may_be_gone &&
               (table_->rows_for_certain || (!table_->created_by_plan && table_->bytes > 0 && table_->row_estimate > 0));
    }

    Maybe missing_column(const std::string& name) const {
        const bool absent = ctx_.now.loaded && table_->column(name) == nullptr && !table_->columns.empty();
        return absent ? Maybe({"42703", fmt::format("column \"{}\" of relation \"{}\" does not exist", name, table_->name.name)})
                      : std::nullopt;
    }

    // Whether the same statement does this, too.
    bool also(PgQuery__AlterTableType what, const std::string& name) const {
        return std::any_of(node_.cmds, node_.cmds + node_.n_cmds, [&](const PgQuery__Node* other) {
            return other->alter_table_cmd->subtype == what && text(other->alter_table_cmd->name) == name;
        });
    }

    bool dropped_here(const std::string& column) const { return also(PG_QUERY__ALTER_TABLE_TYPE__AT_DropColumn, column); }

    bool added_here(const std::string& name) const {
        return std::any_of(node_.cmds, node_.cmds + node_.n_cmds, [&](const PgQuery__Node* other) {
            const auto& command = *other->alter_table_cmd;
            return command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn && text(command.def->column_def->colname) == name;
        });
    }

    Maybe drop_column(const PgQuery__AlterTableCmd& command) {
        const std::string name = text(command.name);
        if (auto failure = command.missing_ok || added_here(name) ? std::nullopt : missing_column(name)) {
            return failure;
        }
        if (table_->column(name) != nullptr && command.behavior != PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE && view_with(name)) {
            return Failure{"2BP01",
                           fmt::format("cannot drop column {} of table {} because other objects depend on it", name, table_->name.name)};
        }
        return std::nullopt;
    }

    // A view that says the column's name, by this name, cannot do without it where it has no other source.
    bool view_with(const std::string& column) const {
        return std::any_of(table_->dependent_views.begin(), table_->dependent_views.end(), [&](const QualifiedName& name) {
            const auto* view = ctx_.now.find(name);
            if (view == nullptr || view->view_definition.empty()) {
                return false;
            }
            const auto read = sql::read_statement(view->view_definition);
            return sql::relations_named(read).size() == 1 && names_column(read, column);
        });
    }

    static bool names_column(const sql::Statement& query, const std::string& column) {
        bool found = false;
        if (!query.opaque()) {
            catalog::walk(query.node().base, [&](const ProtobufCMessage& message) {
                if (message.descriptor == &pg_query__column_ref__descriptor) {
                    const auto& ref = reinterpret_cast<const PgQuery__ColumnRef&>(message);
                    const auto* last = ref.n_fields == 0 ? nullptr : ref.fields[ref.n_fields - 1];
                    found = found || (last != nullptr && string_of(last) == column);
                }
                return true;
            });
        }
        return found;
    }

    Maybe alter_type(const PgQuery__AlterTableCmd& command) {
        const std::string name = text(command.name);
        if (auto failure = added_here(name) ? std::nullopt : missing_column(name)) {
            return failure;
        }
        return view_with(name) ? Maybe({"0A000", "cannot alter type of a column used by a view or rule"}) : std::nullopt;
    }

    Maybe add_constraint(const PgQuery__Constraint& constraint) {
        const std::string name = text(constraint.conname);
        const auto* there = table_->constraint(name);
        const bool goes = also(PG_QUERY__ALTER_TABLE_TYPE__AT_DropConstraint, name);
        const bool goes_along = there != nullptr && std::any_of(there->columns.begin(), there->columns.end(),
                                                                [&](const std::string& column) { return dropped_here(column); });
        if (!name.empty() && there != nullptr && !goes && !goes_along) {
            return Failure{"42710", fmt::format("constraint \"{}\" for relation \"{}\" already exists", name, table_->name.name)};
        }
        const bool key = constraint.contype == PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY;
        const bool other_key = key && std::any_of(table_->constraints.begin(), table_->constraints.end(),
                                                  [](const catalog::Constraint& other) { return other.type == 'p'; });
        const bool drops_some = std::any_of(node_.cmds, node_.cmds + node_.n_cmds, [](const PgQuery__Node* other) {
            return other->alter_table_cmd->subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_DropConstraint ||
                   other->alter_table_cmd->subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_DropColumn;
        });
        if (other_key && !drops_some) {
            return Failure{"42P16", fmt::format("multiple primary keys for table \"{}\" are not allowed", table_->name.name)};
        }
        if (constraint.contype == PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN) {
            if (auto failure = missing(ctx_, name_of(constraint.pktable))) {
                return failure;
            }
        }
        if (table_->kind == 'p' && !text(constraint.indexname).empty()) {
            return Failure{"0A000", "ALTER TABLE / ADD CONSTRAINT USING INDEX is not supported on partitioned tables"};
        }
        return constraint.nulls_not_distinct ? too_old(ctx_, 15, "NULLS NOT DISTINCT") : std::nullopt;
    }

    Maybe drop_constraint(const PgQuery__AlterTableCmd& command) {
        const std::string name = text(command.name);
        const bool absent = ctx_.now.loaded && table_->constraint(name) == nullptr && !command.missing_ok && !table_->columns.empty();
        return absent ? Maybe({"42704", fmt::format("constraint \"{}\" of relation \"{}\" does not exist", name, table_->name.name)})
                      : std::nullopt;
    }

    Maybe detach(const PgQuery__PartitionCmd& part) {
        if (!part.concurrent) {
            return std::nullopt;
        }
        if (auto failure = too_old(ctx_, 14, "DETACH PARTITION CONCURRENTLY")) {
            return failure;
        }
        if (auto failure = in_transaction(ctx_, "ALTER TABLE ... DETACH CONCURRENTLY")) {
            return failure;
        }
        const bool has_default = std::any_of(table_->children.begin(), table_->children.end(), [&](const QualifiedName& child) {
            const auto* found = ctx_.now.find(child);
            return found != nullptr && found->partition_bound == "DEFAULT";
        });
        return has_default ? Maybe({"55000", "cannot detach partitions concurrently when a default partition exists"}) : std::nullopt;
    }

    const Context& ctx_;
    const PgQuery__AlterTableStmt& node_;
    const catalog::Relation* table_;
};

// ---- other kinds

Maybe create_index(const Context& ctx, const PgQuery__IndexStmt& create) {
    const auto* table = ctx.now.find(name_of(create.relation));
    if (create.concurrent) {
        if (auto failure = in_transaction(ctx, "CREATE INDEX CONCURRENTLY")) {
            return failure;
        }
        if (table != nullptr && table->kind == 'p') {
            return Failure{"0A000", fmt::format("cannot create index on partitioned table \"{}\" concurrently", table->name.name)};
        }
    }
    if (auto failure = create.nulls_not_distinct ? too_old(ctx, 15, "NULLS NOT DISTINCT") : std::nullopt) {
        return failure;
    }
    return table == nullptr || text(create.idxname).empty()
               ? std::nullopt
               : name_taken(ctx, {table->name.schema, text(create.idxname)}, create.if_not_exists);
}

Maybe drop_index(const Context& ctx, const PgQuery__DropStmt& drop) {
    for (std::size_t i = 0; i < drop.n_objects; ++i) {
        const auto written = name_of_list(drop.objects[i]);
        const auto* index = ctx.now.find_index(written);
        if (index != nullptr && !index->constraint.empty()) {
            return Failure{"2BP01", fmt::format("cannot drop index {} because constraint {} on table {} requires it", index->name.name,
                                                index->constraint, index->table.name)};
        }
        if (auto failure = index == nullptr && !drop.missing_ok ? missing(ctx, written) : std::nullopt) {
            failure->sqlstate = "42704";
            return failure;
        }
    }
    return drop.concurrent ? in_transaction(ctx, "DROP INDEX CONCURRENTLY") : std::nullopt;
}

// Views that are not dropped along keep a table, or another view, from being dropped without CASCADE.
Maybe drop_relations(const Context& ctx, const PgQuery__DropStmt& drop) {
    std::set<QualifiedName> dropped;
    for (std::size_t i = 0; i < drop.n_objects; ++i) {
        dropped.insert(found_name(ctx.now, name_of_list(drop.objects[i])));
    }
    for (std::size_t i = 0; i < drop.n_objects; ++i) {
        const auto written = name_of_list(drop.objects[i]);
        if (auto failure = drop.missing_ok ? std::nullopt : missing(ctx, written)) {
            return failure;
        }
        const auto* relation = ctx.now.find(written);
        if (relation == nullptr || drop.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE) {
            continue;
        }
        const bool needed =
            std::any_of(relation->dependent_views.begin(), relation->dependent_views.end(),
                        [&](const QualifiedName& view) { return !dropped.contains(view); }) ||
            std::any_of(relation->referenced_by.begin(), relation->referenced_by.end(),
                        [&](const catalog::ForeignKeyIn& key) { return !dropped.contains(key.table) && key.table != relation->name; });
        if (needed && !relation->is_partition) {
            return Failure{"2BP01", fmt::format("cannot drop {} because other objects depend on it", relation->name.name)};
        }
    }
    return std::nullopt;
}

Maybe drop(const Context& ctx, const PgQuery__DropStmt& statement) {
    switch (statement.remove_type) {
        case PG_QUERY__OBJECT_TYPE__OBJECT_INDEX: return drop_index(ctx, statement);
        case PG_QUERY__OBJECT_TYPE__OBJECT_TABLE:
        case PG_QUERY__OBJECT_TYPE__OBJECT_VIEW:
        case PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW: return drop_relations(ctx, statement);
        default: return std::nullopt;
    }
}

// A value that the enum got since the group began may not be used before its commit, unless the type is as new.
Maybe unsafe_value(const sql::Statement& statement, const Context& ctx) {
    if (!ctx.in_group || ctx.now.types.is_copy_of(ctx.base.types)) {
        return std::nullopt;
    }
    for (const auto& [name, type] : ctx.now.types) {
        const auto* before = ctx.base.types.find(name);
        if (type.kind != 'e' || before == nullptr || before->labels == type.labels) {
            continue;
        }
        std::string used;
        catalog::walk(statement.node().base, [&](const ProtobufCMessage& message) {
            if (message.descriptor == &pg_query__a__const__descriptor) {
                const auto& constant = reinterpret_cast<const PgQuery__AConst&>(message);
                const std::string value = constant.val_case == PG_QUERY__A__CONST__VAL_SVAL ? text(constant.sval->sval) : std::string();
                const auto& old = before->labels;
                const bool is_new = std::find(old.begin(), old.end(), value) == old.end() &&
                                    std::find(type.labels.begin(), type.labels.end(), value) != type.labels.end();
                used = is_new ? value : used;
            }
            return true;
        });
        const auto printed = sql::quote_name(name);
        const auto named = sql::relations_named(statement);
        const bool concerned = std::any_of(named.begin(), named.end(), [&](const QualifiedName& relation) {
            const auto* found = ctx.now.find(relation);
            return found != nullptr && std::any_of(found->columns.begin(), found->columns.end(), [&](const catalog::Column& column) {
                       return column.type == printed || column.type == name.name || column.type == sql::display(name);
                   });
        });
        if (!used.empty() && concerned) {
            return Failure{"55P04", fmt::format("unsafe use of new value \"{}\" of enum type {}", used, name.name)};
        }
    }
    return std::nullopt;
}

bool changes_rows(const sql::Statement& statement) {
    return statement.kind == "InsertStmt" || statement.kind == "UpdateStmt" || statement.kind == "AlterTableStmt";
}

// Forms of PostgreSQL 18, which a grammar of 17 refuses: what they are called when the server is older.
Maybe newer_than_server(const sql::Statement& statement, const Context& ctx) {
    if (has_word(statement, {"virtual"})) {
        return too_old(ctx, 18, "VIRTUAL");
    }
    if (has_word(statement, {"not", "enforced"})) {
        return too_old(ctx, 18, "NOT ENFORCED");
    }
    return has_word(statement, {"not", "valid"}) && has_word(statement, {"not", "null"}) ? too_old(ctx, 18, "NOT NULL … NOT VALID")
                                                                                         : std::nullopt;
}

}  // namespace

Maybe certain_failure(const sql::Statement& statement, const Context& ctx) {
    if (statement.opaque()) {
        return newer_than_server(statement, ctx);
    }
    if (ctx.now.server_major == 12 && has_word(statement, {"gen_random_uuid"}) &&
        ctx.now.find_functions({"", "gen_random_uuid"}) == nullptr) {
        return Failure{"42883", "function gen_random_uuid() does not exist"};
    }
    const auto& node = statement.node();
    if (ctx.now.changed_by_code && node.node_case != PG_QUERY__NODE__NODE_VACUUM_STMT) {
        return std::nullopt;  // what is there now depends on which branches it took
    }
    if (auto failure = changes_rows(statement) ? unsafe_value(statement, ctx) : std::nullopt) {
        return failure;
    }
    switch (node.node_case) {
        case PG_QUERY__NODE__NODE_ALTER_TABLE_STMT: return Alter(ctx, *node.alter_table_stmt).find();
        case PG_QUERY__NODE__NODE_INDEX_STMT: return create_index(ctx, *node.index_stmt);
        case PG_QUERY__NODE__NODE_DROP_STMT: return drop(ctx, *node.drop_stmt);
        case PG_QUERY__NODE__NODE_CREATE_STMT:
            // A temporary table hides another one of its name.
            return text(node.create_stmt->relation->relpersistence) == "t"
                       ? std::nullopt
                       : name_taken(ctx, name_of(node.create_stmt->relation), node.create_stmt->if_not_exists);
        case PG_QUERY__NODE__NODE_MERGE_STMT: return too_old(ctx, 15, "MERGE");
        case PG_QUERY__NODE__NODE_VACUUM_STMT: return node.vacuum_stmt->is_vacuumcmd ? in_transaction(ctx, "VACUUM") : std::nullopt;
        case PG_QUERY__NODE__NODE_DROP_OWNED_STMT: {
            const auto& roles = *node.drop_owned_stmt;
            for (std::size_t i = 0; i < roles.n_roles; ++i) {
                const auto& role = *roles.roles[i]->role_spec;
                const std::string name = role.roletype == PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_CSTRING ? text(role.rolename) : ctx.now.role;
                if (!name.empty() && name == ctx.now.bootstrap_role) {
                    return Failure{
                        "2BP01",
                        fmt::format("cannot drop objects owned by role {} because they are required by the database system", name)};
                }
            }
            return std::nullopt;
        }
        default: return std::nullopt;
    }
}

}  // namespace pgbelay::analysis
