#include "plan/row_use.h"

#include "sql/opaque_names.h"

#include <pg_query/pg_query.pb-c.h>

#include <algorithm>

namespace pgbelay::plan {

namespace {

// Counted before and after: cheap enough to do while the application works.
constexpr double kFewRows = 10'000;
constexpr std::int64_t kFewBytes = 256 * std::int64_t{8192};

bool small(const catalog::Relation& relation) {
    // Rows that a policy may hide from us cannot be counted.
    const bool hidden = relation.force_row_security || (relation.row_security && !relation.owned_by_us);
    return relation.row_estimate <= kFewRows && relation.bytes <= kFewBytes && !hidden;
}

bool is_one_of(const std::string& kind, std::initializer_list<std::string_view> kinds) {
    return std::ranges::find(kinds, kind) != kinds.end();
}

bool effects_unknown(const sql::Statement& statement, const analysis::Facts& facts) {
    return facts.opaque || facts.runs_code || is_one_of(statement.kind, {"DoStmt", "CallStmt"});
}

RowUse use_of(const sql::Statement& statement) {
    if (is_one_of(statement.kind, {"InsertStmt", "CopyStmt"})) {
        return RowUse::added;
    }
    const bool cascades =
        statement.kind == "TruncateStmt" && statement.node().truncate_stmt->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
    return cascades ? RowUse::truncated_with_others : RowUse::changed;
}

bool acts(char action) {
    return action == 'c' || action == 'n' || action == 'd';
}

// Whether a change of the referenced rows changes those of the referencing table, too.
bool carries(const catalog::Catalog& now, const catalog::ForeignKeyIn& key) {
    const auto* table = now.find(key.table);
    const auto* constraint = table == nullptr ? nullptr : table->constraint(key.constraint);
    return constraint != nullptr && (acts(constraint->on_delete) || acts(constraint->on_update));
}

}  // namespace

bool may_change_rows(const sql::Statement& statement, const analysis::Facts& facts) {
    return facts.opaque || !facts.writes.empty() ||
           is_one_of(statement.kind,
                     {"SelectStmt", "DoStmt", "CallStmt", "CreateTableAsStmt", "RefreshMatViewStmt", "CopyStmt", "ExecuteStmt"});
}

// Names change; a table that the plan makes has nothing else.
RowUses::Key RowUses::key_of(const catalog::Relation& relation) {
    return {relation.oid, relation.oid == catalog::Oid{} ? relation.name : catalog::QualifiedName{}};
}

PlannedTable& RowUses::entry(const catalog::Relation& relation) {
    const PlannedTable table{.name = relation.name, .oid = relation.oid, .kind = relation.kind, .small = small(relation)};
    return tables_.try_emplace(key_of(relation), table).first->second;
}

void RowUses::use(const catalog::Catalog& now, const catalog::QualifiedName& name, RowUse how) {
    const auto* relation = now.find(name);
    if (relation == nullptr) {
        return;
    }
    PlannedTable& table = entry(*relation);
    if (table.use >= how) {
        return;
    }
    table.use = how;
    for (const auto& child : relation->children) {
        use(now, child, how);
    }
    for (const auto& key : relation->referenced_by) {
        if (how == RowUse::truncated_with_others || (how == RowUse::changed && carries(now, key))) {
            use(now, key.table, how);
        }
    }
}

void RowUses::take(const sql::Statement& statement, const analysis::Facts& facts, const catalog::Catalog& now) {
    for (const auto& lock : facts.locks) {
        if (const auto* relation = now.find(lock.relation); relation != nullptr) {
            PlannedTable& table = entry(*relation);
            // It was empty, or not there, when the plan began.
            table.use = relation->created_by_plan ? std::max(table.use, RowUse::changed) : table.use;
        }
    }
    for (const auto& name : facts.writes) {
        use(now, name, use_of(statement));
    }
    if (effects_unknown(statement, facts)) {
        mentioned_.merge(sql::identifiers_in(statement.sql));
    }
}

std::vector<PlannedTable> RowUses::tables(const catalog::Catalog& after) const {
    std::set<Key> there;
    for (const auto& [name, relation] : after.relations) {
        there.insert(key_of(relation));
    }
    std::vector<PlannedTable> found;
    for (auto [key, table] : tables_) {
        if (!there.contains(key) || (table.kind == 'r' && mentioned_.contains(table.name.name))) {
            table.use = std::max(table.use, RowUse::changed);
        }
        const bool holds_rows = table.kind == 'r' || table.kind == 'p' || table.kind == 'v';
        const bool users = !table.name.schema.starts_with("pg_") && table.name.schema != "information_schema";
        if (holds_rows && users && (table.kind == 'r' || table.use != RowUse::none)) {
            found.push_back(std::move(table));
        }
    }
    return found;
}

}  // namespace pgbelay::plan
