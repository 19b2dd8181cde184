#include "sql/name.h"

namespace pgbelay::sql {

std::string display(const QualifiedName& name) {
    return name.schema.empty() ? name.name : name.schema + "." + name.name;
}

}  // namespace pgbelay::sql
