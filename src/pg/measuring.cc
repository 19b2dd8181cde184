#include "pg/measuring.h"

#include <queries/pg.h>

namespace pgbelay::pg {

std::vector<ColumnType> column_types(Connection& connection, const Result& result) {
    std::vector<std::string> oids;
    for (int column = 0; column < result.columns(); ++column) {
        oids.push_back(std::to_string(result.type_oid(column)));
    }
    const Result r = connection.query(queries::kColumnTypes, {to_array(oids)});
    std::vector<ColumnType> types;
    for (int row = 0; row < r.rows(); ++row) {
        types.push_back({r.text(row, 0), r.boolean(row, 1)});
    }
    return types;
}

std::vector<std::string> relation_family(Connection& connection, const sql::QualifiedName& name) {
    const Result r = connection.query(queries::kRelationFamily, {name.name, name.schema});
    std::vector<std::string> names;
    for (int row = 0; row < r.rows(); ++row) {
        names.push_back(r.text(row, 0));
    }
    return names;
}

}  // namespace pgbelay::pg
