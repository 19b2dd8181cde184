#include "pg/catalog_rows.h"

#include <cstdlib>

namespace pgbelay::pg {

using catalog::Oid;
using sql::QualifiedName;

namespace {

// A column of type "char": 0 for the empty one.
char letter(const Result& rows, int row, int column) {
    const std::string text = rows.text(row, column);
    return text.empty() ? '\0' : text[0];
}

std::vector<std::string> texts(const Result& rows, int row, int column) {
    return from_array(rows.text(row, column));
}

QualifiedName name(const Result& rows, int row, int column) {
    return {rows.text(row, column), rows.text(row, column + 1)};
}

std::optional<QualifiedName> maybe_name(const Result& rows, int row, int column) {
    return rows.is_null(row, column + 1) ? std::nullopt : std::optional(name(rows, row, column));
}

// "2:500": the statistics target of the second key.
std::map<int, int> statistics_targets(const std::vector<std::string>& items) {
    std::map<int, int> targets;
    for (const std::string& item : items) {
        const std::size_t colon = item.find(':');
        targets[std::atoi(item.c_str())] = std::atoi(item.c_str() + colon + 1);
    }
    return targets;
}

}  // namespace

Oid read_oid(const Result& rows, int row, int column) {
    return Oid(static_cast<std::uint32_t>(rows.big(row, column)));
}

catalog::Relation read_relation(const Result& rows, int row) {
    catalog::Relation relation;
    relation.oid = read_oid(rows, row, 0);
    relation.name = name(rows, row, 1);
    relation.kind = letter(rows, row, 3);
    relation.persistence = letter(rows, row, 4);
    relation.owner = rows.text(row, 5);
    relation.owned_by_us = rows.boolean(row, 6);
    relation.bytes = rows.big(row, 7);
    relation.row_estimate = rows.real(row, 8);
    relation.populated = rows.boolean(row, 9);
    relation.access_method = rows.text(row, 10);
    relation.tablespace = rows.text(row, 11);
    relation.options = texts(rows, row, 12);
    relation.acl = rows.maybe(row, 13);
    relation.comment = rows.maybe(row, 14);
    relation.replica_identity = letter(rows, row, 15);
    relation.row_security = rows.boolean(row, 16);
    relation.force_row_security = rows.boolean(row, 17);
    relation.view_definition = rows.text(row, 18);
    relation.is_partition = rows.boolean(row, 19);
    relation.partition_key = rows.text(row, 20);
    relation.partition_bound = rows.text(row, 21);
    relation.toast_bytes = rows.big(row, 22);
    relation.keys_are_off = rows.boolean(row, 23);
    return relation;
}

catalog::Column read_column(const Result& rows, int row) {
    catalog::Column column;
    column.name = rows.text(row, 1);
    column.attnum = rows.integer(row, 2);
    column.type = rows.text(row, 3);
    column.not_null = rows.boolean(row, 4);
    column.default_expression = rows.maybe(row, 5);
    column.generated = letter(rows, row, 6);
    column.identity = letter(rows, row, 7);
    column.collation = rows.text(row, 8);
    column.statistics_target = rows.integer(row, 9);
    column.storage = letter(rows, row, 10);
    column.compression = rows.text(row, 11);
    column.options = texts(rows, row, 12);
    column.acl = rows.maybe(row, 13);
    column.comment = rows.maybe(row, 14);
    return column;
}

catalog::Index read_index(const Result& rows, int row) {
    catalog::Index index;
    index.oid = read_oid(rows, row, 0);
    index.name = name(rows, row, 2);
    index.unique = rows.boolean(row, 4);
    index.primary = rows.boolean(row, 5);
    index.exclusion = rows.boolean(row, 6);
    index.nulls_not_distinct = rows.boolean(row, 7);
    index.immediate = rows.boolean(row, 8);
    index.valid = rows.boolean(row, 9);
    index.ready = rows.boolean(row, 10);
    index.clustered = rows.boolean(row, 11);
    index.replica_identity = rows.boolean(row, 12);
    index.method = rows.text(row, 13);
    index.keys = texts(rows, row, 14);
    index.included = texts(rows, row, 15);
    index.has_expressions = rows.boolean(row, 16);
    index.has_default_options = rows.boolean(row, 17);
    index.predicate = rows.maybe(row, 18);
    index.definition = rows.text(row, 19);
    index.canonical = rows.text(row, 20);
    index.tablespace = rows.text(row, 21);
    index.constraint = rows.text(row, 22);
    index.statistics = statistics_targets(texts(rows, row, 23));
    index.comment = rows.maybe(row, 24);
    index.bytes = rows.big(row, 25);
    index.parent = maybe_name(rows, row, 26);
    index.partitioned = rows.boolean(row, 28);
    index.mentioned = texts(rows, row, 29);
    return index;
}

catalog::Constraint read_constraint(const Result& rows, int row) {
    catalog::Constraint constraint;
    constraint.oid = read_oid(rows, row, 1);
    constraint.name = rows.text(row, 2);
    constraint.type = letter(rows, row, 3);
    constraint.definition = rows.text(row, 4);
    constraint.validated = rows.boolean(row, 5);
    constraint.deferrable = rows.boolean(row, 6);
    constraint.deferred = rows.boolean(row, 7);
    constraint.no_inherit = rows.boolean(row, 8);
    constraint.inherited = rows.boolean(row, 9);
    constraint.enforced = rows.boolean(row, 10);
    constraint.columns = texts(rows, row, 11);
    constraint.references = maybe_name(rows, row, 12);
    constraint.referenced_columns = texts(rows, row, 14);
    if (constraint.type == 'f') {
        constraint.on_update = letter(rows, row, 15);
        constraint.on_delete = letter(rows, row, 16);
        constraint.match = letter(rows, row, 17);
    }
    constraint.expression = rows.text(row, 18);
    constraint.index = rows.text(row, 19);
    constraint.comment = rows.maybe(row, 20);
    constraint.referenced_index = rows.text(row, 21);
    return constraint;
}

catalog::Function read_function(const Result& rows, int row) {
    catalog::Function function;
    function.oid = read_oid(rows, row, 0);
    function.name = name(rows, row, 1);
    function.identity_arguments = rows.text(row, 3);
    function.definition = rows.text(row, 4);
    function.kind = letter(rows, row, 5);
    function.volatility = letter(rows, row, 6);
    function.owner = rows.text(row, 7);
    function.acl = rows.maybe(row, 8);
    function.comment = rows.maybe(row, 9);
    function.result = rows.text(row, 10);
    function.argument_types = texts(rows, row, 11);
    return function;
}

catalog::Type read_type(const Result& rows, int row) {
    catalog::Type type;
    type.oid = read_oid(rows, row, 0);
    type.name = name(rows, row, 1);
    type.kind = letter(rows, row, 3);
    type.labels = texts(rows, row, 4);
    type.base_type = rows.text(row, 5);
    type.domain_constrained = rows.boolean(row, 6);
    type.owner = rows.text(row, 7);
    type.acl = rows.maybe(row, 8);
    type.comment = rows.maybe(row, 9);
    return type;
}

}  // namespace pgbelay::pg
