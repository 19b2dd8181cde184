#include "analysis/partitioned_index.h"

#include "analysis/index_definition.h"
#include "analysis/relation_facts.h"
#include "analysis/tree_util.h"
#include "catalog/names.h"
#include "sql/quote.h"
#include "sql/statement.h"

#include <fmt/format.h>
#include <pg_query/pg_query.pb-c.h>

#include <algorithm>

namespace pgbelay::analysis {

using sql::quote_identifier;
using sql::quote_name;

namespace {

// Walks down the partitions, and keeps the names that it gave from being given twice.
class Parts {
public:
    Parts(const catalog::Catalog& catalog, const PartedIndex& wanted) : catalog_(catalog), wanted_(wanted) {}

    // The part of one relation that is no partition yet.
    IndexPart of(const catalog::Relation& child) {
        take_names();
        IndexPart part{.table = child.name, .parent = wanted_.index, .partitioned = child.kind == 'p'};
        if (const catalog::Index* there = standing(child, wanted_.index); there != nullptr) {
            part.index = there->name;
            part.there = there->constraint.empty() == (wanted_.constraint == 0) || wanted_.constraint == 0;
        } else {
            choose_name(child, part);
        }
        return part;
    }

    std::vector<IndexPart> all() {
        const catalog::Index* there = catalog_.find_index(wanted_.index);
        take_names();
        parts_.push_back({.table = wanted_.table, .index = wanted_.index, .partitioned = true, .there = there != nullptr});
        below(wanted_.table, wanted_.index);
        return std::move(parts_);
    }

private:
    void take_names() {
        names_.taken_relation_names = catalog_.taken_relation_names;
        names_.taken_constraint_names = catalog_.taken_constraint_names;
        for (const auto& [name, relation] : catalog_.relations) {
            names_.taken_relation_names.insert(name);
        }
        names_.taken_relation_names.insert(wanted_.index);
    }

    void below(const QualifiedName& table, const QualifiedName& parent) {
        const catalog::Relation* relation = catalog_.find(table);
        for (const QualifiedName& child : relation == nullptr ? std::vector<QualifiedName>{} : *relation->children) {
            const catalog::Relation* partition = catalog_.find(child);
            if (partition == nullptr || partition->kind == 'f') {
                continue;
            }
            IndexPart part{.table = child, .parent = parent, .partitioned = partition->kind == 'p'};
            if (const catalog::Index* there = standing(*partition, parent); there != nullptr) {
                part.index = there->name;
                part.there = true;
                part.attached = there->parent.has_value();
            } else {
                choose_name(*partition, part);
            }
            const QualifiedName index = part.index;
            const bool deeper = part.partitioned;
            parts_.push_back(std::move(part));
            if (deeper) {
                below(child, index);
            }
        }
    }

    // Of a partition's own indexes the one that is attached already, else one that can be.
    const catalog::Index* standing(const catalog::Relation& partition, const QualifiedName& parent) const {
        const catalog::Index* found = nullptr;
        for (const catalog::Index& index : partition.indexes) {
            if (index.parent == parent) {
                return &index;
            }
            if (index.parent || !(index.valid || index.partitioned) || !wanted_.fits(index)) {
                continue;
            }
            // An attached index belongs to a constraint where its parent does, and where it does not it need not.
            const bool belongs = !index.constraint.empty();
            const bool right_kind = wanted_.constraint == 0 || !belongs || index.primary == (wanted_.constraint == 'p');
            const bool can_still = belongs || !index.partitioned || wanted_.constraint == 0;
            if (right_kind && can_still && (found == nullptr || (wanted_.constraint != 0 && belongs))) {
                found = &index;
            }
        }
        return found;
    }

    void choose_name(const catalog::Relation& partition, IndexPart& part) {
        const auto kind = wanted_.constraint == 'p'   ? catalog::IndexNameKind::primary_key
                          : wanted_.constraint == 'u' ? catalog::IndexNameKind::unique_constraint
                                                      : catalog::IndexNameKind::plain;
        const catalog::Catalog nothing;
        const QualifiedName first{partition.name.schema, catalog::choose_index_name(nothing, partition.name, wanted_.columns, kind)};
        const catalog::Index* there = partition.index(first.name);
        part.left_over = there != nullptr && !there->valid && !there->partitioned && !there->parent && wanted_.fits(*there);
        part.index = part.left_over
                         ? first
                         : QualifiedName{partition.name.schema, catalog::choose_index_name(names_, partition.name, wanted_.columns, kind)};
        names_.taken_relation_names.insert(part.index);
        if (wanted_.constraint != 0) {
            names_.taken_constraint_names.insert(part.index);
        }
    }

    const catalog::Catalog& catalog_;
    const PartedIndex& wanted_;
    catalog::Catalog names_;  // nothing but the names that are taken
    std::vector<IndexPart> parts_;
};

// Each part behind those that are attached to it.
void bottom_up(const std::vector<IndexPart>& parts, const QualifiedName& top, std::vector<const IndexPart*>& order) {
    for (const IndexPart& part : parts) {
        if (part.parent == top) {
            if (part.partitioned) {
                bottom_up(parts, part.index, order);
            }
            order.push_back(&part);
        }
    }
}

std::vector<const IndexPart*> bottom_up(const std::vector<IndexPart>& parts) {
    std::vector<const IndexPart*> order;
    bottom_up(parts, parts.front().index, order);
    return order;
}

std::string attach_sql(const IndexPart& part) {
    return fmt::format("ALTER INDEX {} ATTACH PARTITION {}", quote_name(part.parent), quote_name(part.index));
}

// What makes a part belong to the one above; where that is a constraint's, its index becomes one first.
std::vector<std::string> attach_statements(const catalog::Catalog& catalog, const PartedIndex& wanted, const IndexPart& part) {
    const catalog::Index* there = part.there ? catalog.find_index(part.index) : nullptr;
    const bool belongs = there != nullptr && !there->constraint.empty();
    std::vector<std::string> sql;
    if (wanted.constraint != 0 && !part.partitioned && !belongs) {
        sql.push_back(fmt::format("ALTER TABLE {} ADD CONSTRAINT {} {} USING INDEX {}{}", quote_name(part.table),
                                  quote_identifier(part.index.name), wanted.constraint == 'p' ? "PRIMARY KEY" : "UNIQUE",
                                  quote_identifier(part.index.name), wanted.timing));
    }
    sql.push_back(attach_sql(part));
    return sql;
}

catalog::Condition stands(const PartedIndex& wanted, const IndexPart& part) {
    if (part.partitioned) {
        return {.facts = {catalog::RelationIs{part.index, 'I'}}};
    }
    return {.facts = {catalog::IndexIs{part.index, part.table, wanted.canonical, wanted.table}}};
}

Run make_parent(const Context& ctx, const PartedIndex& wanted, const IndexPart& part, std::string sql, Phase phase) {
    const LockMode mode = wanted.constraint == 0 ? LockMode::share : LockMode::access_exclusive;
    return {.sql = std::move(sql),
            .name = fmt::format("create {} on only {}", part.index.name, part.table.name),
            .phase = phase,
            .locks = {lock_on(ctx, part.table, mode)},
            .condition = stands(wanted, part),
            .inverse = {.why = "it goes with " + quote_name(wanted.index)},
            .table = part.table};
}

Run build_leaf(const Context& ctx, const PartedIndex& wanted, const IndexPart& part, std::string sql, Phase phase) {
    return {.sql = std::move(sql),
            .name = "build index " + part.index.name,
            .phase = phase,
            .method = Method::build,
            .locks = {lock_on(ctx, part.table, LockMode::share_update_exclusive)},
            .scans = {part.table},
            .condition = stands(wanted, part),
            .inverse = {.why = "it goes with " + quote_name(wanted.index)},
            .index = part.index,
            .table = part.table};
}

// Dropping the parent takes along what is attached to it; what is not yet goes by name; what was there before comes back.
Inverse drop_all(const Context& ctx, const PartedIndex& wanted, const std::vector<IndexPart>& parts) {
    Inverse inverse{.in_parts = true};
    inverse.sql.push_back(wanted.constraint == 0 ? "DROP INDEX " + quote_name(wanted.index)
                                                 : fmt::format("ALTER TABLE {} DROP CONSTRAINT {}", quote_name(wanted.table),
                                                               quote_identifier(wanted.index.name)));
    std::vector<std::string> ours;
    std::vector<std::string> again;
    for (const IndexPart& part : parts) {
        if (part.parent.empty()) {
            continue;
        }
        if (!part.there) {
            ours.push_back(quote_name(part.index));
            continue;
        }
        if (part.attached) {
            continue;  // to one that was there: it comes back with that
        }
        const catalog::Index& there = *ctx.now.find_index(part.index);
        const catalog::Relation& table = *ctx.now.find(part.table);
        std::vector<std::string> sql = there.partitioned          ? recreate_partitioned_index(ctx.now, there)
                                       : there.constraint.empty() ? recreate_index(there).sql
                                                                  : recreate_constraint(table, *table.constraint(there.constraint));
        again.insert(again.end(), sql.begin(), sql.end());
    }
    if (!ours.empty()) {
        inverse.sql.push_back(fmt::format("DROP INDEX IF EXISTS {}", fmt::join(ours, ", ")));
    }
    inverse.sql.insert(inverse.sql.end(), again.begin(), again.end());
    return inverse;
}

Run attach_all(const Context& ctx, const PartedIndex& wanted, const std::vector<IndexPart>& parts, Phase phase) {
    Run run{.name = "attach the partitions' indexes to " + wanted.index.name,
            .phase = phase,
            .method = Method::attach,
            .condition = {.facts = {catalog::IndexIs{wanted.index, wanted.table, wanted.canonical}}},
            .inverse = {.why = "they go with " + quote_name(wanted.index)},
            .index = wanted.index,
            .table = wanted.table};
    std::vector<std::string> statements;
    for (const IndexPart* part : bottom_up(parts)) {
        if (part->attached) {
            continue;
        }
        for (std::string& sql : attach_statements(ctx.now, wanted, *part)) {
            statements.push_back(std::move(sql));
        }
        add_lock(run.locks, lock_on(ctx, part->index, LockMode::access_exclusive));
        if (wanted.constraint != 0 && !part->partitioned) {
            add_lock(run.locks, lock_on(ctx, part->table, LockMode::access_exclusive));
        }
    }
    run.sql = fmt::format("{}", fmt::join(statements, ";\n"));
    return run;
}

// The definition from USING on, for another table and under another name.
std::string on_partition(const catalog::Index& whole, const IndexPart& part) {
    std::string body = whole.canonical;
    if (whole.unique && body.starts_with("UNIQUE ")) {
        body.erase(0, std::string_view("UNIQUE ").size());
    }
    catalog::Index again{.tablespace = whole.tablespace};
    again.definition = fmt::format("CREATE {}INDEX{} {} ON {}{} {}", whole.unique ? "UNIQUE " : "", part.partitioned ? "" : " CONCURRENTLY",
                                   quote_identifier(part.index.name), part.partitioned ? "ONLY " : "", quote_name(part.table), body);
    return create_index_again(again);
}

PartedIndex as_it_stands(const catalog::Catalog& catalog, const catalog::Index& index) {
    PartedIndex whole{.table = index.table, .index = index.name, .canonical = index.canonical};
    whole.fits = [canonical = index.canonical](const catalog::Index& other) { return other.canonical == canonical; };
    const sql::Statement definition = sql::read_statement(index.definition);
    whole.columns = definition.kind == "IndexStmt" ? catalog::index_column_names(*definition.node().index_stmt) : index.keys;
    const catalog::Relation* table = catalog.find(index.table);
    const catalog::Constraint* constraint = table == nullptr || index.constraint.empty() ? nullptr : table->constraint(index.constraint);
    if (constraint != nullptr) {
        whole.constraint = constraint->type;
        whole.timing = !constraint->deferrable ? "" : constraint->deferred ? " DEFERRABLE INITIALLY DEFERRED" : " DEFERRABLE";
    }
    return whole;
}

std::string make_sql(const catalog::Catalog& catalog, const catalog::Index& whole, const IndexPart& part) {
    if (!part.partitioned || whole.constraint.empty()) {
        return on_partition(whole, part);
    }
    return fmt::format("ALTER TABLE ONLY {} ADD CONSTRAINT {} {}", quote_name(part.table), quote_identifier(part.index.name),
                       catalog.find(whole.table)->constraint(whole.constraint)->definition);
}

void add_recreated(const catalog::Catalog& catalog, const catalog::Index& index, std::vector<std::string>& sql) {
    for (const auto& [name, relation] : catalog.relations) {
        for (const catalog::Index& child : relation.indexes) {
            if (child.parent == index.name) {
                add_recreated(catalog, child, sql);
            }
        }
    }
    std::string again = create_index_again(index);
    if (index.partitioned) {
        const auto tokens = significant_tokens(again);
        const std::size_t only = find_keyword(tokens, "only");
        if (only + 1 < tokens.size()) {
            again = sql::splice(again, {{tokens[only].begin, tokens[only + 1].begin, ""}});
        }
    }
    sql.push_back(std::move(again));
    for (std::string& property : index_properties(index)) {
        sql.push_back(std::move(property));
    }
}

}  // namespace

std::vector<IndexPart> index_parts(const catalog::Catalog& catalog, const PartedIndex& wanted) {
    return Parts(catalog, wanted).all();
}

QualifiedName foreign_partition(const catalog::Catalog& catalog, const QualifiedName& table) {
    const catalog::Relation* relation = catalog.find(table);
    for (const QualifiedName& child : relation == nullptr ? std::vector<QualifiedName>{} : *relation->children) {
        const catalog::Relation* partition = catalog.find(child);
        if (partition != nullptr && partition->kind == 'f') {
            return child;
        }
        if (QualifiedName deeper = foreign_partition(catalog, child); !deeper.empty()) {
            return deeper;
        }
    }
    return {};
}

std::vector<Run> runs_in_parts(const Context& ctx, const PartedIndex& wanted, Phase phase,
                               const std::function<std::string(const IndexPart&)>& make) {
    const std::vector<IndexPart> parts = index_parts(ctx.now, wanted);
    std::vector<Run> runs;
    for (const IndexPart& part : parts) {
        if (part.partitioned && !part.there) {
            runs.push_back(make_parent(ctx, wanted, part, make(part), phase));
        }
    }
    const bool whole_is_new = !parts.front().there;
    if (whole_is_new) {
        runs.front().inverse = drop_all(ctx, wanted, parts);
    }
    for (const IndexPart& part : parts) {
        if (!part.partitioned && !part.there) {
            runs.push_back(build_leaf(ctx, wanted, part, make(part), phase));
        }
    }
    runs.push_back(attach_all(ctx, wanted, parts, phase));
    if (!whole_is_new) {
        runs.back().inverse = {
            .possible = false,
            .why = fmt::format("{} was there before, INVALID: what is attached to it cannot be detached", quote_name(wanted.index))};
    }
    return runs;
}

std::vector<Run> runs_for_child(const Context& ctx, const catalog::Index& parent, const QualifiedName& child, Phase phase) {
    const PartedIndex whole = as_it_stands(ctx.now, parent);
    const catalog::Relation* found = ctx.now.find(child);
    const IndexPart part = found == nullptr ? IndexPart{.there = true} : Parts(ctx.now, whole).of(*found);
    if (part.there) {
        return {};
    }
    const auto make = [&](const IndexPart& each) { return make_sql(ctx.now, parent, each); };
    if (part.partitioned) {
        PartedIndex own = whole;
        own.table = child;
        own.index = part.index;
        return runs_in_parts(ctx, own, phase, make);
    }
    std::vector<Run> runs;
    const bool built = ctx.now.find_index(part.index) != nullptr && !part.left_over;
    if (!built) {
        runs.push_back(build_leaf(ctx, whole, part, make(part), phase));
        runs.back().condition = {.facts = {catalog::IndexIs{part.index, child, whole.canonical}}};
        runs.back().inverse = {.sql = {"DROP INDEX IF EXISTS " + quote_name(part.index)}};
    }
    if (whole.constraint != 0) {
        const std::string name = quote_identifier(part.index.name);
        const std::string alter = "ALTER TABLE " + quote_name(child);
        runs.push_back({.sql = attach_statements(ctx.now, whole, part).front(),
                        .name = "add constraint " + part.index.name,
                        .phase = phase,
                        .locks = {lock_on(ctx, child, LockMode::access_exclusive)},
                        .condition = {.facts = {catalog::ConstraintIs{child, part.index.name, whole.constraint, {}, true}}},
                        .inverse = {.sql = {fmt::format("{} DROP CONSTRAINT {}", alter, name)}},
                        .table = child});
        if (built) {
            // The index that was there before goes with the constraint.
            for (std::string& again : recreate_index(*ctx.now.find_index(part.index)).sql) {
                runs.back().inverse.sql.push_back(std::move(again));
            }
        }
    }
    return runs;
}

Completion completion(const catalog::Catalog& catalog, const catalog::Index& index) {
    Completion result;
    if (const QualifiedName foreign = foreign_partition(catalog, index.table); !foreign.empty()) {
        result.obstacle = fmt::format("{} is a foreign table, which can have no index", quote_name(foreign));
        return result;
    }
    const PartedIndex whole = as_it_stands(catalog, index);
    const std::vector<IndexPart> parts = index_parts(catalog, whole);
    for (const IndexPart* part : bottom_up(parts)) {
        if (part->attached) {
            continue;
        }
        PartToDo todo{.part = *part, .made = stands(whole, *part)};
        if (!part->there) {
            todo.make = make_sql(catalog, index, *part);
        }
        todo.attach = attach_statements(catalog, whole, *part);
        result.parts.push_back(std::move(todo));
    }
    return result;
}

std::vector<std::string> recreate_partitioned_index(const catalog::Catalog& catalog, const catalog::Index& index) {
    std::vector<std::string> sql;
    add_recreated(catalog, index, sql);
    return sql;
}

}  // namespace pgbelay::analysis
