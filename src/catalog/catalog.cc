#include "catalog/catalog.h"

#include "sql/quote.h"

#include <algorithm>
#include <utility>

namespace pgbelay::catalog {

namespace {

template <class Items>
auto named(const Items& items, const std::string& name) -> decltype(items.data()) {
    const auto found = std::find_if(items.begin(), items.end(), [&](const auto& item) { return item.name == name; });
    return found == items.end() ? nullptr : &*found;
}

// The schemas that an unqualified name is looked for in; "public" where no path is known.
const std::vector<std::string>& path_of(const Catalog& catalog) {
    static const std::vector<std::string> kPublic{"public"};
    return catalog.search_path.empty() ? kPublic : catalog.search_path;
}

// The first value along the path; pg_catalog comes first unless it is named, but holds nothing that a plan changes: last is enough.
template <class Value>
const Value* along_path(const Catalog& catalog, const Map<QualifiedName, Value>& values, const QualifiedName& name) {
    if (!name.schema.empty()) {
        return values.find(name);
    }
    for (const auto& schema : path_of(catalog)) {
        if (const auto* found = values.find({schema, name.name})) {
            return found;
        }
    }
    return values.find({"pg_catalog", name.name});
}

Relation relation_of(const Index& index, const Relation& table) {
    Relation relation;
    relation.oid = index.oid;
    relation.name = index.name;
    relation.kind = index.partitioned ? 'I' : 'i';
    relation.persistence = table.persistence;
    relation.owner = table.owner;
    relation.owned_by_us = table.owned_by_us;
    relation.bytes = index.bytes;
    relation.index_of = table.name;
    relation.tablespace = index.tablespace;
    relation.access_method = index.method;
    relation.comment = index.comment;
    relation.created_by_plan = table.created_by_plan;
    return relation;
}

void forget(Relation& relation, const QualifiedName& gone) {
    erase_if(relation.referenced_by, [&](const ForeignKeyIn& key) { return key.table == gone; });
    erase(relation.children, gone);
    erase(relation.dependent_views, gone);
    if (relation.parent == gone) {
        relation.parent.reset();
    }
}

bool names(const Relation& relation, const QualifiedName& other) {
    const auto has = [&](const std::vector<QualifiedName>& list) { return std::find(list.begin(), list.end(), other) != list.end(); };
    return has(relation.children) || has(relation.dependent_views) || relation.parent == other;
}

}  // namespace

const Column* Relation::column(const std::string& wanted) const {
    return named(columns, wanted);
}

const Index* Relation::index(const std::string& wanted) const {
    const auto found = std::find_if(indexes.begin(), indexes.end(), [&](const Index& index) { return index.name.name == wanted; });
    return found == indexes.end() ? nullptr : &*found;
}

const Constraint* Relation::constraint(const std::string& wanted) const {
    return named(constraints, wanted);
}

const Trigger* Relation::trigger(const std::string& wanted) const {
    return named(*triggers, wanted);
}

bool mentions(const Index& index, const std::string& column) {
    const auto has = [&](const std::vector<std::string>& columns) {
        return std::find(columns.begin(), columns.end(), column) != columns.end();
    };
    return has(index.keys) || has(index.included) || has(index.mentioned);
}

Catalog Catalog::unknown(int major) {
    Catalog catalog;
    catalog.server_major = major;
    catalog.search_path = {"public"};
    return catalog;
}

const Relation* Catalog::find(const QualifiedName& name) const {
    if (has_temporary_ && name.schema.empty()) {
        if (const auto* temporary = relations.find({kTemporarySchema, name.name})) {
            return temporary;
        }
    }
    return along_path(*this, relations, name);
}

const Relation* Catalog::table_of_index(const QualifiedName& name) const {
    const auto on = [this](const QualifiedName& wanted) -> const Relation* {
        const auto has_it = [&](const Relation& relation) {
            return std::any_of(relation.indexes.begin(), relation.indexes.end(), [&](const Index& index) { return index.name == wanted; });
        };
        const auto* index = relations.find(wanted);
        if (index == nullptr || (index->kind != 'i' && index->kind != 'I')) {
            return nullptr;
        }
        const auto* table = relations.find(index->index_of);
        return table != nullptr && has_it(*table) ? table : nullptr;
    };
    if (!name.schema.empty()) {
        return on(name);
    }
    // A table earlier in the path hides an index of the same name.
    if (const auto* relation = find(name); relation != nullptr) {
        return relation->kind == 'i' || relation->kind == 'I' ? on(relation->name) : nullptr;
    }
    for (const auto& schema : path_of(*this)) {
        if (const auto* table = on({schema, name.name}); table != nullptr) {
            return table;
        }
    }
    return nullptr;
}

std::optional<Catalog::Statistics> Catalog::find_statistics(const QualifiedName& name) const {
    std::vector<QualifiedName> wanted{name};
    if (name.schema.empty()) {
        wanted.clear();
        for (const auto& schema : path_of(*this)) {
            wanted.push_back({schema, name.name});
        }
    }
    std::optional<Statistics> found;
    auto best = wanted.end();
    for (const auto& [table, relation] : relations) {
        for (const auto& one : relation.statistics) {
            if (const auto at = std::find(wanted.begin(), best, one); at != best) {
                best = at;
                found = {table, one};
            }
        }
    }
    return found;
}

const Index* Catalog::find_index(const QualifiedName& name) const {
    const auto* table = table_of_index(name);
    return table == nullptr ? nullptr : table->index(name.name);
}

const Type* Catalog::find_type(const QualifiedName& name) const {
    return along_path(*this, types, name);
}

const std::vector<Function>* Catalog::find_functions(const QualifiedName& name) const {
    return along_path(*this, functions, name);
}

std::optional<std::vector<ForeignKeyIn>> Catalog::foreign_keys_on(const Index& index) const {
    const Relation* table = find(index.table);
    if (table == nullptr) {
        return {};
    }
    std::vector<ForeignKeyIn> keys;
    for (const ForeignKeyIn& in : table->referenced_by) {
        const Relation* other = find(in.table);
        const Constraint* key = other == nullptr ? nullptr : other->constraint(in.constraint);
        if (key == nullptr) {
            return {};
        }
        const bool stands_on_it = key->referenced_index.empty() ? std::ranges::is_permutation(key->referenced_columns, index.keys)
                                                                : key->referenced_index == index.name.name;
        if (stands_on_it) {
            keys.push_back(in);
        }
    }
    return keys;
}

QualifiedName Catalog::resolve(const QualifiedName& name) const {
    const auto* relation = find(name);
    return relation != nullptr ? relation->name : resolve_new(name);
}

QualifiedName Catalog::resolve_new(const QualifiedName& name) const {
    if (!name.schema.empty()) {
        return name;
    }
    const auto& path = path_of(*this);
    const auto there =
        loaded ? std::ranges::find_if(path, [&](const std::string& schema) { return schemas.contains(schema); }) : path.end();
    return {there == path.end() ? path.front() : *there, name.name};
}

Relation& Catalog::add(Relation relation) {
    const auto key = relation.name;
    for (const auto& constraint : relation.constraints) {
        taken_constraint_names.insert({key.schema, constraint.name});
    }
    for (const auto& index : relation.indexes) {
        relations.insert_or_assign(index.name, relation_of(index, relation));
    }
    has_temporary_ = has_temporary_ || key.schema == kTemporarySchema;
    auto& added = relations.insert_or_assign(key, std::move(relation));
    note_owner(key);
    return added;
}

void Catalog::forget_temporary() {
    for (auto first = relations.lower_bound({kTemporarySchema, {}});
         has_temporary_ && first != relations.end() && (*first).first.schema == kTemporarySchema;
         first = relations.lower_bound({kTemporarySchema, {}})) {
        remove(QualifiedName((*first).first));
    }
    has_temporary_ = false;
}

void Catalog::note_owner(const QualifiedName& sequence) {
    const Relation* relation = relations.find(sequence);
    if (relation != nullptr && !relation->sequence_owner_column.empty()) {
        owners_.insert({relation->sequence_owner_column, sequence});
    }
}

std::vector<QualifiedName> Catalog::sequences_of(const QualifiedName& table, const std::string& column) const {
    const std::string owner = sql::quote_name(table) + "." + (column.empty() ? std::string() : sql::quote_identifier(column));
    std::vector<QualifiedName> found;
    for (auto entry = owners_.lower_bound({owner, {}}); entry != owners_.end() && (*entry).first.starts_with(owner); ++entry) {
        const auto& [of, sequence] = *entry;
        const auto* there = relations.find(sequence);
        if (there != nullptr && there->sequence_owner_column == of && (column.empty() || of == owner)) {
            found.push_back(sequence);
        }
    }
    std::sort(found.begin(), found.end());
    return found;
}

std::vector<QualifiedName> Catalog::that_name(const Relation& relation) const {
    std::vector<QualifiedName> found;
    const bool view = relation.kind == 'v' || relation.kind == 'm';
    if (view || (relation.parent && !relation.is_partition)) {
        // A view does not say what it reads, and an entry has room for one parent.
        for (const auto& [name, other] : relations) {
            if (names(other, relation.name)) {
                found.push_back(name);
            }
        }
    } else if (relation.parent) {
        found.push_back(*relation.parent);
    }
    found.insert(found.end(), relation.children.begin(), relation.children.end());
    for (const auto& key : relation.referenced_by) {
        found.push_back(key.table);
    }
    for (const auto& constraint : relation.constraints) {
        if (constraint.references) {
            found.push_back(*constraint.references);
        }
    }
    for (const auto& index : relation.indexes) {
        found.push_back(index.name);
    }
    for (auto& sequence : sequences_of(relation.name)) {
        found.push_back(std::move(sequence));
    }
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    std::erase_if(found, [&](const QualifiedName& name) { return !relations.contains(name); });
    return found;
}

void Catalog::remove(const QualifiedName& name) {
    const auto* found = find(name);
    if (found == nullptr) {
        return;
    }
    const auto key = found->name;
    if (found->kind == 'i' || found->kind == 'I') {
        remove_index(key);
        return;
    }
    const Relation gone = *found;
    const auto others = that_name(gone);
    for (const auto& index : gone.indexes) {
        relations.erase(index.name);
        taken_relation_names.erase(index.name);
    }
    for (const auto& constraint : gone.constraints) {
        taken_constraint_names.erase({key.schema, constraint.name});
    }
    relations.erase(key);
    taken_relation_names.erase(key);
    for (const auto& other : others) {
        if (relations.contains(other)) {
            forget(relations.at(other), key);
        }
    }
}

void Catalog::add_index(const QualifiedName& table, Index index) {
    const auto* found = find(table);
    if (found == nullptr) {
        taken_relation_names.insert(index.name);
        return;
    }
    auto& relation = relations.at(found->name);
    relations.insert_or_assign(index.name, relation_of(index, relation));
    append_exactly(relation.indexes, std::move(index));
}

void Catalog::remove_index(const QualifiedName& name) {
    const auto* table = table_of_index(name);
    const auto* index = find_index(name);
    if (table == nullptr || index == nullptr) {
        return;
    }
    const auto key = index->name;
    std::erase_if(relations.at(table->name).indexes, [&](const Index& candidate) { return candidate.name == key; });
    relations.erase(key);
    taken_relation_names.erase(key);
}

}  // namespace pgbelay::catalog
