#include "catalog/condition.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <string_view>

namespace pgbelay::catalog {

namespace {

constexpr std::string_view kNotValid = " NOT VALID";

std::string without_not_valid(std::string definition) {
    if (definition.ends_with(kNotValid)) {
        definition.resize(definition.size() - kNotValid.size());
    }
    return definition;
}

std::string_view kind_word(char kind) {
    switch (kind) {
        case 'r': return "table";
        case 'p': return "partitioned table";
        case 'v': return "view";
        case 'm': return "materialized view";
        case 'S': return "sequence";
        case 'f': return "foreign table";
        case 'i':
        case 'I': return "index";
        case 'c': return "composite type";
        default: return "relation";
    }
}

// A table that became partitioned, or a partitioned index, is still what was asked for.
bool same_kind(char wanted, char found) {
    const auto plain = [](char kind) { return kind == 'p' ? 'r' : kind == 'I' ? 'i' : kind; };
    return wanted == 0 || plain(wanted) == plain(found);
}

// Each returns why the fact does not hold, "" when it does.
// Partitions come and go by themselves: who keeps old ones drops them on a schedule.
bool is_below(const Catalog& catalog, const QualifiedName& table, const QualifiedName& top) {
    const auto* relation = catalog.find(table);
    while (relation != nullptr && relation->parent) {
        if (*relation->parent == top) {
            return true;
        }
        relation = catalog.find(*relation->parent);
    }
    return false;
}

std::string why_not(const IndexIs& fact, const Catalog& catalog) {
    if (!fact.partition_of.empty() && !is_below(catalog, fact.table, fact.partition_of)) {
        return {};
    }
    const auto name = display(fact.index);
    const auto* index = catalog.find_index(fact.index);
    if (index == nullptr) {
        return fmt::format("index {} is not there", name);
    }
    if (!fact.table.empty() && index->table != catalog.resolve(fact.table)) {
        return fmt::format("index {} is on {}, not on {}", name, display(index->table), display(fact.table));
    }
    if (!index->valid || !index->ready) {
        return fmt::format("index {} is INVALID", name);
    }
    if (!fact.canonical.empty() && !index->canonical.empty() && index->canonical != fact.canonical) {
        return fmt::format("index {} has another definition: {}", name, index->definition);
    }
    return {};
}

std::string why_not(const ConstraintIs& fact, const Catalog& catalog) {
    const auto name = fmt::format("constraint {} on {}", fact.constraint, display(fact.table));
    const auto* table = catalog.find(fact.table);
    const auto* constraint = table == nullptr ? nullptr : table->constraint(fact.constraint);
    if (constraint == nullptr) {
        return name + " is not there";
    }
    if (fact.type != 0 && constraint->type != fact.type) {
        return name + " is of another kind";
    }
    if (fact.validated && !constraint->validated) {
        return name + " is NOT VALID";
    }
    if (!fact.definition.empty() && !constraint->definition.empty() && without_not_valid(constraint->definition) != fact.definition) {
        return fmt::format("{} has another definition: {}", name, constraint->definition);
    }
    return {};
}

std::string why_not(const ColumnIs& fact, const Catalog& catalog) {
    const auto name = fmt::format("column {}.{}", display(fact.table), fact.column);
    const auto* table = catalog.find(fact.table);
    const auto* column = table == nullptr ? nullptr : table->column(fact.column);
    if (column == nullptr) {
        return name + " is not there";
    }
    if (!fact.type.empty() && !column->type.empty() && column->type != fact.type) {
        return fmt::format("{} is of type {}, not {}", name, column->type, fact.type);
    }
    if (fact.not_null && !column->not_null) {
        return name + " is not NOT NULL";
    }
    return {};
}

std::string why_not(const RelationIs& fact, const Catalog& catalog) {
    const auto* relation = catalog.find(fact.relation);
    if (relation == nullptr) {
        return fmt::format("{} {} is not there", kind_word(fact.kind), display(fact.relation));
    }
    if (!same_kind(fact.kind, relation->kind)) {
        return fmt::format("{} is a {}, not a {}", display(fact.relation), kind_word(relation->kind), kind_word(fact.kind));
    }
    return {};
}

std::string why_not(const PartitionIs& fact, const Catalog& catalog) {
    const auto* table = catalog.find(fact.table);
    const bool attached = table != nullptr && table->is_partition && table->parent == fact.of;
    if (attached == fact.attached) {
        return {};
    }
    return fmt::format("{} is {} a partition of {}", display(fact.table), attached ? "still" : "not", display(fact.of));
}

std::string why_not(const Absent& fact, const Catalog& catalog) {
    const auto* relation = catalog.find(fact.relation);
    switch (fact.what) {
        case Absent::What::relation:
            return relation == nullptr ? "" : fmt::format("{} {} is still there", kind_word(relation->kind), display(fact.relation));
        case Absent::What::index:
            return catalog.find_index(fact.relation) == nullptr && relation == nullptr
                       ? ""
                       : fmt::format("index {} is still there", display(fact.relation));
        case Absent::What::column:
            return relation == nullptr || relation->column(fact.member) == nullptr
                       ? ""
                       : fmt::format("column {}.{} is still there", display(fact.relation), fact.member);
        case Absent::What::constraint:
            return relation == nullptr || relation->constraint(fact.member) == nullptr
                       ? ""
                       : fmt::format("constraint {} on {} is still there", fact.member, display(fact.relation));
    }
    return {};
}

std::string words(const IndexIs& fact) {
    return fmt::format("index {} on {} is valid", display(fact.index), display(fact.table));
}

std::string words(const ConstraintIs& fact) {
    return fmt::format("constraint {} on {} is {}", fact.constraint, display(fact.table), fact.validated ? "valid" : "there");
}

std::string words(const ColumnIs& fact) {
    return fmt::format("column {}.{} is {}{}", display(fact.table), fact.column, fact.type.empty() ? "there" : fact.type,
                       fact.not_null ? " NOT NULL" : "");
}

std::string words(const RelationIs& fact) {
    return fmt::format("{} {} is there", kind_word(fact.kind), display(fact.relation));
}

std::string words(const PartitionIs& fact) {
    return fmt::format("{} is {}a partition of {}", display(fact.table), fact.attached ? "" : "not ", display(fact.of));
}

std::string words(const Absent& fact) {
    switch (fact.what) {
        case Absent::What::index: return fmt::format("index {} is gone", display(fact.relation));
        case Absent::What::column: return fmt::format("column {}.{} is gone", display(fact.relation), fact.member);
        case Absent::What::constraint: return fmt::format("constraint {} on {} is gone", fact.member, display(fact.relation));
        case Absent::What::relation: break;
    }
    return fmt::format("{} is gone", display(fact.relation));
}

std::vector<QualifiedName> relations_of(const Fact& fact) {
    if (const auto* index = std::get_if<IndexIs>(&fact)) {
        return {index->table, index->index};
    }
    if (const auto* constraint = std::get_if<ConstraintIs>(&fact)) {
        return {constraint->table};
    }
    if (const auto* column = std::get_if<ColumnIs>(&fact)) {
        return {column->table};
    }
    if (const auto* relation = std::get_if<RelationIs>(&fact)) {
        return {relation->relation};
    }
    if (const auto* partition = std::get_if<PartitionIs>(&fact)) {
        return {partition->table};
    }
    return {std::get<Absent>(fact).relation};
}

nlohmann::json name_json(const QualifiedName& name) {
    return nlohmann::json::array({name.schema, name.name});
}

QualifiedName name_from(const nlohmann::json& j) {
    return {j.at(0).get<std::string>(), j.at(1).get<std::string>()};
}

std::string kind_json(char kind) {
    return kind == 0 ? std::string() : std::string(1, kind);
}

char kind_from(const nlohmann::json& j) {
    const auto text = j.get<std::string>();
    return text.empty() ? '\0' : text.front();
}

constexpr std::array<std::string_view, 4> kAbsentWords{"relation", "index", "column", "constraint"};

nlohmann::json fact_json(const IndexIs& fact) {
    nlohmann::json j{{"fact", "index"}, {"index", name_json(fact.index)}, {"table", name_json(fact.table)}, {"canonical", fact.canonical}};
    if (!fact.partition_of.empty()) {
        j["partition_of"] = name_json(fact.partition_of);
    }
    return j;
}

nlohmann::json fact_json(const ConstraintIs& fact) {
    return {{"fact", "constraint"},         {"table", name_json(fact.table)}, {"constraint", fact.constraint},
            {"type", kind_json(fact.type)}, {"definition", fact.definition},  {"validated", fact.validated}};
}

nlohmann::json fact_json(const ColumnIs& fact) {
    return {
        {"fact", "column"}, {"table", name_json(fact.table)}, {"column", fact.column}, {"type", fact.type}, {"not_null", fact.not_null}};
}

nlohmann::json fact_json(const RelationIs& fact) {
    return {{"fact", "relation"}, {"relation", name_json(fact.relation)}, {"kind", kind_json(fact.kind)}};
}

nlohmann::json fact_json(const PartitionIs& fact) {
    return {{"fact", "partition"}, {"table", name_json(fact.table)}, {"of", name_json(fact.of)}, {"attached", fact.attached}};
}

nlohmann::json fact_json(const Absent& fact) {
    return {{"fact", "absent"},
            {"what", kAbsentWords.at(static_cast<std::size_t>(fact.what))},
            {"relation", name_json(fact.relation)},
            {"member", fact.member}};
}

Absent absent_from(const nlohmann::json& j) {
    const auto what = j.at("what").get<std::string>();
    const auto found = std::find(kAbsentWords.begin(), kAbsentWords.end(), what);
    const auto number = found == kAbsentWords.end() ? 0 : found - kAbsentWords.begin();
    return {static_cast<Absent::What>(number), name_from(j.at("relation")), j.at("member").get<std::string>()};
}

Fact fact_from(const nlohmann::json& j) {
    const auto kind = j.at("fact").get<std::string>();
    if (kind == "index") {
        return IndexIs{name_from(j.at("index")), name_from(j.at("table")), j.at("canonical").get<std::string>(),
                       j.contains("partition_of") ? name_from(j.at("partition_of")) : QualifiedName{}};
    }
    if (kind == "constraint") {
        return ConstraintIs{name_from(j.at("table")), j.at("constraint").get<std::string>(), kind_from(j.at("type")),
                            j.at("definition").get<std::string>(), j.at("validated").get<bool>()};
    }
    if (kind == "column") {
        return ColumnIs{name_from(j.at("table")), j.at("column").get<std::string>(), j.at("type").get<std::string>(),
                        j.at("not_null").get<bool>()};
    }
    if (kind == "relation") {
        return RelationIs{name_from(j.at("relation")), kind_from(j.at("kind"))};
    }
    if (kind == "partition") {
        return PartitionIs{name_from(j.at("table")), name_from(j.at("of")), j.at("attached").get<bool>()};
    }
    return absent_from(j);
}

}  // namespace

bool Condition::holds(const Catalog& catalog) const {
    return failure(catalog).empty();
}

std::string Condition::failure(const Catalog& catalog) const {
    for (const auto& fact : facts) {
        auto reason = std::visit([&](const auto& each) { return why_not(each, catalog); }, fact);
        if (!reason.empty()) {
            return reason;
        }
    }
    return {};
}

std::string Condition::describe() const {
    std::string text;
    for (const auto& fact : facts) {
        text += text.empty() ? "" : "; ";
        text += std::visit([](const auto& each) { return words(each); }, fact);
    }
    return text;
}

std::vector<QualifiedName> Condition::relations() const {
    std::vector<QualifiedName> names;
    for (const auto& fact : facts) {
        for (auto& name : relations_of(fact)) {
            if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) {
                names.push_back(std::move(name));
            }
        }
    }
    return names;
}

void to_json(nlohmann::json& j, const Condition& condition) {
    j = nlohmann::json::array();
    for (const auto& fact : condition.facts) {
        j.push_back(std::visit([](const auto& each) { return fact_json(each); }, fact));
    }
}

void from_json(const nlohmann::json& j, Condition& condition) {
    condition.facts.clear();
    for (const auto& fact : j) {
        condition.facts.push_back(fact_from(fact));
    }
}

}  // namespace pgbelay::catalog
