#include "analysis/create_table.h"

#include "analysis/common.h"
#include "sql/quote.h"

#include <fmt/format.h>
#include <pg_query/pg_query.pb-c.h>

namespace pgbelay::analysis {

namespace {

const PgQuery__CreateStmt& create_of(const sql::Statement& statement) {
    const auto& node = statement.node();
    return node.node_case == PG_QUERY__NODE__NODE_CREATE_STMT ? *node.create_stmt : *node.create_foreign_table_stmt->base_stmt;
}

// A foreign key needs SHARE ROW EXCLUSIVE on the table that it points at, and on every partition of it.
void touch_referenced(Facts& facts, const Context& ctx, const PgQuery__Node& node, const QualifiedName& self) {
    if (node.node_case != PG_QUERY__NODE__NODE_CONSTRAINT || node.constraint->contype != PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN) {
        return;
    }
    const auto written = name_of(node.constraint->pktable);
    if (ctx.now.resolve(written) == self) {
        return;
    }
    touch_family(facts, ctx, written, LockMode::share_row_exclusive, Reason::referenced_by_new_key);
}

// A partition inherits its parent's foreign keys, and the default partition is read to see that nothing in it belongs here.
void touch_parent(Facts& facts, const Context& ctx, const QualifiedName& written, bool partition) {
    const auto* parent = touch(facts, ctx, written, partition ? LockMode::access_exclusive : LockMode::share_update_exclusive,
                               partition ? Reason::gets_partition : Reason::gets_child);
    if (parent == nullptr || !partition) {
        return;
    }
    for (const auto& constraint : parent->constraints) {
        if (constraint.type == 'f' && constraint.references) {
            touch_family(facts, ctx, *constraint.references, LockMode::share_row_exclusive, Reason::key_copied_to_partition);
        }
    }
    for (const auto& reference : parent->referenced_by) {
        touch(facts, ctx, reference.table, ctx.now.server_major >= 15 ? LockMode::share_row_exclusive : LockMode::access_share,
              Reason::refers_to_new_partition);
    }
    touch_indexes(facts, ctx, parent->name, LockMode::share_update_exclusive, Reason::index_gets_partition);
    for (const auto& child : parent->children) {
        const auto* found = ctx.now.find(child);
        if (found != nullptr && found->partition_bound == "DEFAULT") {
            touch_all(facts, ctx, child, LockMode::access_exclusive, Reason::default_partition_changes);
            facts.scans.add(found->name, Reason::checks_default_partition);
        }
    }
}

void touch_elements(Facts& facts, const Context& ctx, const PgQuery__CreateStmt& create, const QualifiedName& self) {
    for (std::size_t i = 0; i < create.n_table_elts; ++i) {
        const auto& element = *create.table_elts[i];
        touch_referenced(facts, ctx, element, self);
        if (element.node_case == PG_QUERY__NODE__NODE_TABLE_LIKE_CLAUSE) {
            touch(facts, ctx, name_of(element.table_like_clause->relation), LockMode::access_share, Reason::copies_definition);
        }
        if (element.node_case == PG_QUERY__NODE__NODE_COLUMN_DEF) {
            for (std::size_t k = 0; k < element.column_def->n_constraints; ++k) {
                touch_referenced(facts, ctx, *element.column_def->constraints[k], self);
            }
        }
    }
    for (std::size_t i = 0; i < create.n_constraints; ++i) {
        touch_referenced(facts, ctx, *create.constraints[i], self);
    }
    for (std::size_t i = 0; i < create.n_inh_relations; ++i) {
        touch_parent(facts, ctx, name_of(create.inh_relations[i]->range_var), create.partbound != nullptr);
    }
}

Analysis& temporary(Analysis& analysis, const sql::Statement& statement, const Context& ctx) {
    if (!ctx.in_group) {
        analysis.refusal = Refusal{"a temporary table cannot outlive its transaction here: later steps run on other connections",
                                   "put it and all that uses it between BEGIN and COMMIT, or make an ordinary table"};
        return analysis;
    }
    analysis.notes.emplace_back("the temporary table is gone for the statements behind this group");
    return run_as_written(analysis, statement, nothing_to_undo());
}

char kind_of(const sql::Statement& statement, const PgQuery__CreateStmt& create) {
    return create.partspec != nullptr ? 'p' : statement.kind == "CreateForeignTableStmt" ? 'f' : 'r';
}

}  // namespace

Analysis analyze_create_table(const sql::Statement& statement, const Context& ctx) {
    const auto& create = create_of(statement);
    const auto name = ctx.now.resolve_new(name_of(create.relation));
    const char kind = kind_of(statement, create);
    Analysis analysis;
    analysis.name = named(kind == 'f' ? "create foreign table" : "create table", name);
    const auto* existing = ctx.now.find(name);
    if (text(create.relation->relpersistence) == "t") {
        touch_elements(analysis.facts, ctx, create, name);
        return temporary(analysis, statement, ctx);
    }
    if (existing != nullptr) {
        const auto what = fmt::format("{} {}", existing->kind == 'v' ? "view" : "table", sql::quote_name(name));
        if (create.if_not_exists) {
            analysis.skip = what + " is already there; its columns were not compared";
        } else {
            analysis.refusal = already_there(what);
        }
        return analysis;
    }
    touch_elements(analysis.facts, ctx, create, name);
    if (text(create.relation->relpersistence) == "u") {
        analysis.notes.push_back(fmt::format("{} is unlogged: it is empty after a crash and on standbys", sql::quote_name(name)));
    }
    auto inverse = undo_with_loss({fmt::format("DROP {} {}", kind == 'f' ? "FOREIGN TABLE" : "TABLE", sql::quote_name(name))},
                                  fmt::format("the rows that {} holds by then", sql::quote_name(name)), name);
    if (kind == 'f') {
        inverse = undo(inverse.sql);
    }
    return run_as_written(analysis, statement, std::move(inverse), {.facts = {catalog::RelationIs{name, kind}}});
}

}  // namespace pgbelay::analysis
