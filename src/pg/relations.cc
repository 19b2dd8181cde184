#include "pg/relations.h"

#include <fmt/core.h>
#include <queries/pg.h>

namespace pgbelay::pg {

namespace {

Params names_param(const std::vector<catalog::QualifiedName>& names) {
    std::vector<std::string> schemas;
    std::vector<std::string> relations;
    for (const auto& name : names) {
        schemas.push_back(name.schema);
        relations.push_back(name.name);
    }
    return {to_array(schemas), to_array(relations)};
}

catalog::Oid oid(const Result& r, int row, int column) {
    return catalog::Oid{static_cast<std::uint32_t>(r.big(row, column))};
}

}  // namespace

std::vector<RelationNow> relations_now(Connection& connection, const std::vector<catalog::QualifiedName>& names) {
    const Result r = connection.query(queries::kRelationsNow, names_param(names));
    std::vector<RelationNow> relations;
    for (int row = 0; row < r.rows(); ++row) {
        relations.push_back({.name = names.at(static_cast<std::size_t>(row)),
                             .oid = r.is_null(row, 0) ? catalog::Oid{} : oid(r, row, 0),
                             .uses = r.big(row, 1)});
    }
    return relations;
}

std::optional<IndexNow> index_now(Connection& connection, const catalog::QualifiedName& name) {
    const Result r = connection.query(queries::kIndexNow, {name.schema, name.name});
    if (r.rows() == 0) {
        return std::nullopt;
    }
    return IndexNow{.oid = oid(r, 0, 0), .table = oid(r, 0, 1), .table_name = {r.text(0, 3), r.text(0, 4)}, .valid = r.boolean(0, 2)};
}

std::vector<std::uint32_t> index_oids(Connection& connection, const catalog::QualifiedName& relation) {
    const Result r = connection.query(queries::kIndexOids, {relation.schema, relation.name});
    std::vector<std::uint32_t> oids;
    for (int row = 0; row < r.rows(); ++row) {
        oids.push_back(static_cast<std::uint32_t>(r.big(row, 0)));
    }
    return oids;
}

std::vector<catalog::QualifiedName> reindex_leftovers(Connection& connection, const catalog::QualifiedName& table) {
    const Result r = connection.query(queries::kReindexLeftovers, {table.schema, table.name});
    std::vector<catalog::QualifiedName> names;
    for (int row = 0; row < r.rows(); ++row) {
        names.push_back({r.text(row, 0), r.text(row, 1)});
    }
    return names;
}

bool detach_pending(Connection& connection, const catalog::QualifiedName& partition) {
    return connection.query(queries::kDetachPending, {partition.schema, partition.name}).boolean(0, 0);
}

std::vector<std::string> duplicate_keys(Connection& connection, catalog::Oid index) {
    const Result made = connection.query(queries::kDuplicateKeysQuery, {std::to_string(static_cast<std::uint32_t>(index))});
    if (made.rows() == 0) {
        return {};
    }
    const std::string sql = made.text(0, 0);
    const Query query{"duplicate_keys", sql};
    std::vector<std::string> keys;
    // A look that takes too long is given up: the server's own message names one key already.
    const Outcome outcome = connection.try_query(query);
    if (const auto* r = std::get_if<Result>(&outcome); r != nullptr) {
        for (int row = 0; row < r->rows(); ++row) {
            keys.push_back(fmt::format("({}): {} rows", r->text(row, 0), r->text(row, 1)));
        }
    }
    return keys;
}

std::vector<std::string> not_whole(Connection& connection, const std::vector<catalog::QualifiedName>& relations) {
    const Result r = connection.query(queries::kNotWhole, names_param(relations));
    std::vector<std::string> words;
    for (int row = 0; row < r.rows(); ++row) {
        words.push_back(r.text(row, 0));
    }
    return words;
}

}  // namespace pgbelay::pg
