// Names of relations and other objects, unquoted, as the catalog holds them.
#pragma once

#include <compare>
#include <string>
#include <vector>

namespace pgbelay::sql {

// `schema` is empty where the author left it out and nothing has resolved it yet.
struct QualifiedName {
    std::string schema;
    std::string name;

    auto operator<=>(const QualifiedName&) const = default;
    bool empty() const { return name.empty(); }
};

// For people: `schema.name` or `name`, unquoted.
std::string display(const QualifiedName& name);

}  // namespace pgbelay::sql
