#include "catalog/walk.h"

#include "catalog/tree_util.h"
#include "sql/message.h"

#include <pg_query/pg_query.pb-c.h>

#include <algorithm>

namespace pgbelay::catalog {

void walk(const ProtobufCMessage& root, const std::function<bool(const ProtobufCMessage&)>& visit) {
    if (visit(root)) {
        sql::for_each_child(root, [&](const ProtobufCMessage& child, const ProtobufCFieldDescriptor&) { walk(child, visit); });
    }
}

std::vector<std::string> columns_in(const PgQuery__Node* expression) {
    std::vector<std::string> names;
    if (expression == nullptr) {
        return names;
    }
    walk(expression->base, [&](const ProtobufCMessage& message) {
        if (message.descriptor == &pg_query__sub_link__descriptor) {
            return false;
        }
        if (message.descriptor == &pg_query__column_ref__descriptor) {
            const auto& column = reinterpret_cast<const PgQuery__ColumnRef&>(message);
            auto name = column.n_fields == 0 ? std::string() : string_of(column.fields[column.n_fields - 1]);
            if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) {
                names.push_back(std::move(name));
            }
        }
        return true;
    });
    return names;
}

}  // namespace pgbelay::catalog
