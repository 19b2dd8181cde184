#include "catalog/catalog.h"

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
template <class Values>
auto along_path(const Catalog& catalog, const Values& values, const QualifiedName& name) -> const typename Values::mapped_type* {
    if (!name.schema.empty()) {
        const auto found = values.find(name);
        return found == values.end() ? nullptr : &found->second;
    }
    for (const auto& schema : path_of(catalog)) {
        if (const auto found = values.find({schema, name.name}); found != values.end()) {
            return &found->second;
        }
    }
    const auto found = values.find({"pg_catalog", name.name});
    return found == values.end() ? nullptr : &found->second;
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
    relation.tablespace = index.tablespace;
    relation.access_method = index.method;
    relation.comment = index.comment;
    relation.created_by_plan = table.created_by_plan;
    return relation;
}

void forget_everywhere(Catalog& catalog, const QualifiedName& gone) {
    for (auto& [name, relation] : catalog.relations) {
        std::erase_if(relation.referenced_by, [&](const ForeignKeyIn& key) { return key.table == gone; });
        std::erase(relation.children, gone);
        std::erase(relation.dependent_views, gone);
        if (relation.parent == gone) {
            relation.parent.reset();
        }
    }
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
    return named(triggers, wanted);
}

Catalog Catalog::unknown(int major) {
    Catalog catalog;
    catalog.server_major = major;
    catalog.search_path = {"public"};
    return catalog;
}

const Relation* Catalog::find(const QualifiedName& name) const {
    return along_path(*this, relations, name);
}

const Relation* Catalog::table_of_index(const QualifiedName& name) const {
    const auto on = [this](const QualifiedName& wanted) -> const Relation* {
        for (const auto& [key, relation] : relations) {
            const auto matches = [&](const Index& index) { return index.name == wanted; };
            if (std::any_of(relation.indexes.begin(), relation.indexes.end(), matches)) {
                return &relation;
            }
        }
        return nullptr;
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
    return name.schema.empty() ? QualifiedName{path_of(*this).front(), name.name} : name;
}

Relation& Catalog::add(Relation relation) {
    const auto key = relation.name;
    taken_relation_names.insert(key);
    for (const auto& constraint : relation.constraints) {
        taken_constraint_names.insert({key.schema, constraint.name});
    }
    for (const auto& index : relation.indexes) {
        taken_relation_names.insert(index.name);
        relations.insert_or_assign(index.name, relation_of(index, relation));
    }
    return relations.insert_or_assign(key, std::move(relation)).first->second;
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
    for (const auto& index : gone.indexes) {
        relations.erase(index.name);
        taken_relation_names.erase(index.name);
    }
    for (const auto& constraint : gone.constraints) {
        taken_constraint_names.erase({key.schema, constraint.name});
    }
    relations.erase(key);
    taken_relation_names.erase(key);
    forget_everywhere(*this, key);
}

void Catalog::add_index(const QualifiedName& table, Index index) {
    const auto* found = find(table);
    taken_relation_names.insert(index.name);
    if (found == nullptr) {
        return;
    }
    auto& relation = relations.at(found->name);
    relations.insert_or_assign(index.name, relation_of(index, relation));
    relation.indexes.push_back(std::move(index));
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
