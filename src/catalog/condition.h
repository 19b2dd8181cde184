// A post-condition: what must be true of the catalog once a step is done. Decided from the catalog alone, and kept in the journal.
#pragma once

#include "catalog/catalog.h"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <variant>
#include <vector>

namespace pgbelay::catalog {

struct IndexIs {  // exists on that table, valid
    QualifiedName index;
    QualifiedName table;
    std::string canonical;  // Index::canonical; "" = any definition
    // Of a partition's index: the fact speaks of it only while the table is a partition, at any level, of this one. "" = always.
    QualifiedName partition_of = {};
    bool operator==(const IndexIs&) const = default;
};
struct ConstraintIs {
    QualifiedName table;
    std::string constraint;
    char type = 0;
    std::string definition;  // pg_get_constraintdef() without NOT VALID; "" = any
    bool validated = true;   // false: either will do
    bool operator==(const ConstraintIs&) const = default;
};
struct ColumnIs {
    QualifiedName table;
    std::string column;
    std::string type;       // format_type(); "" = any
    bool not_null = false;  // true: must be; false: either will do
    bool operator==(const ColumnIs&) const = default;
};
struct RelationIs {
    QualifiedName relation;
    char kind = 0;  // 0 = any
    bool operator==(const RelationIs&) const = default;
};
struct PartitionIs {
    QualifiedName table;
    QualifiedName of;
    bool attached = true;  // false: it is not (any more), or not there at all
    bool operator==(const PartitionIs&) const = default;
};
struct Absent {
    enum class What { relation, index, column, constraint } what = What::relation;
    QualifiedName relation;  // the relation or index itself, or the table of the column or constraint
    std::string member;      // column or constraint
    bool operator==(const Absent&) const = default;
};

using Fact = std::variant<IndexIs, ConstraintIs, ColumnIs, RelationIs, PartitionIs, Absent>;

// All facts together; none: nothing to say, holds by default.
struct Condition {
    std::vector<Fact> facts;

    bool empty() const { return facts.empty(); }
    bool holds(const Catalog& catalog) const;
    // The first fact that does not hold, in words: `index public.a is INVALID`. Empty when all hold.
    std::string failure(const Catalog& catalog) const;
    // In words for the plan: `index public.a on public.t is valid`.
    std::string describe() const;
    // The relations that must be loaded to decide it.
    std::vector<QualifiedName> relations() const;

    bool operator==(const Condition&) const = default;
};

void to_json(nlohmann::json& j, const Condition& condition);
void from_json(const nlohmann::json& j, Condition& condition);

}  // namespace pgbelay::catalog
