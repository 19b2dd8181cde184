#include "catalog/tree_util.h"

#include "sql/quote.h"

#include <fmt/format.h>
#include <pg_query/pg_query.pb-c.h>

#include <map>

namespace pgbelay::catalog {

namespace {

// The grammar's and the catalog's names of built-in types, and what format_type() prints for them (utils/adt/format_type.c).
const std::map<std::string, std::string>& printed_names() {
    static const std::map<std::string, std::string> names = {
        {"int2", "smallint"},
        {"int4", "integer"},
        {"int8", "bigint"},
        {"float4", "real"},
        {"float8", "double precision"},
        {"bool", "boolean"},
        {"varchar", "character varying"},
        {"bpchar", "character"},
        {"varbit", "bit varying"},
        {"timestamp", "timestamp without time zone"},
        {"timestamptz", "timestamp with time zone"},
        {"time", "time without time zone"},
        {"timetz", "time with time zone"},
        {"decimal", "numeric"},
        {"serial", "integer"},
        {"serial4", "integer"},
        {"bigserial", "bigint"},
        {"serial8", "bigint"},
        {"smallserial", "smallint"},
        {"serial2", "smallint"},
    };
    return names;
}

// The modifier goes behind the first word of these: `timestamp(3) with time zone`.
bool modifier_inside(const std::string& name) {
    return name == "timestamp" || name == "timestamptz" || name == "time" || name == "timetz";
}

// INTERVAL's field masks (utils/timestamp.h: INTERVAL_MASK of the field numbers).
std::string interval(const std::vector<int>& modifiers) {
    static const std::map<int, std::string> fields = {
        {1 << 2, "year"},
        {1 << 1, "month"},
        {1 << 3, "day"},
        {1 << 10, "hour"},
        {1 << 11, "minute"},
        {1 << 12, "second"},
        {6, "year to month"},
        {(1 << 3) | (1 << 10), "day to hour"},
        {(1 << 3) | (1 << 10) | (1 << 11), "day to minute"},
        {(1 << 3) | (1 << 10) | (1 << 11) | (1 << 12), "day to second"},
        {(1 << 10) | (1 << 11), "hour to minute"},
        {(1 << 10) | (1 << 11) | (1 << 12), "hour to second"},
        {(1 << 11) | (1 << 12), "minute to second"},
    };
    std::string printed = "interval";
    if (!modifiers.empty()) {
        if (const auto field = fields.find(modifiers[0]); field != fields.end()) {
            printed += " " + field->second;
        }
    }
    if (modifiers.size() > 1) {
        printed += fmt::format("({})", modifiers[1]);
    }
    return printed;
}

std::string with_modifiers(const std::string& name, std::vector<int> modifiers) {
    if (name == "interval") {
        return interval(modifiers);
    }
    if (name == "bpchar" && modifiers.empty()) {
        return "bpchar";
    }
    const auto found = printed_names().find(name);
    const std::string printed = found == printed_names().end() ? name : found->second;
    if (modifiers.empty()) {
        return printed;
    }
    if ((name == "numeric" || name == "decimal") && modifiers.size() == 1) {
        modifiers.push_back(0);
    }
    const std::string list = fmt::format("({})", fmt::join(modifiers, ","));
    if (!modifier_inside(name)) {
        return printed + list;
    }
    const std::size_t space = printed.find(' ');
    return printed.substr(0, space) + list + printed.substr(space);
}

// Types of pg_catalog that people write without a schema; a user's type of such a name is not something that people have.
bool is_built_in(const std::string& name) {
    static const std::set<std::string> others = {"text",
                                                 "name",
                                                 "uuid",
                                                 "json",
                                                 "jsonb",
                                                 "bytea",
                                                 "date",
                                                 "numeric",
                                                 "interval",
                                                 "bit",
                                                 "inet",
                                                 "cidr",
                                                 "macaddr",
                                                 "macaddr8",
                                                 "money",
                                                 "xml",
                                                 "oid",
                                                 "point",
                                                 "line",
                                                 "lseg",
                                                 "box",
                                                 "path",
                                                 "polygon",
                                                 "circle",
                                                 "tsvector",
                                                 "tsquery",
                                                 "int4range",
                                                 "int8range",
                                                 "numrange",
                                                 "tsrange",
                                                 "tstzrange",
                                                 "daterange",
                                                 "int4multirange",
                                                 "int8multirange",
                                                 "nummultirange",
                                                 "tsmultirange",
                                                 "tstzmultirange",
                                                 "datemultirange",
                                                 "jsonpath",
                                                 "pg_lsn",
                                                 "regclass",
                                                 "xid",
                                                 "xid8",
                                                 "tid",
                                                 "cid",
                                                 "txid_snapshot",
                                                 "pg_snapshot"};
    return printed_names().contains(name) || others.contains(name);
}

std::string user_type(const QualifiedName& written, const Catalog* catalog) {
    const Type* type = catalog == nullptr ? nullptr : catalog->find_type(written);
    return sql::quote_name(type == nullptr ? written : type->name);
}

}  // namespace

std::string text(const char* value) {
    return value == nullptr ? std::string() : std::string(value);
}

std::string string_of(const PgQuery__Node* node) {
    if (node == nullptr || node->node_case != PG_QUERY__NODE__NODE_STRING) {
        return {};
    }
    return text(node->string->sval);
}

std::vector<std::string> strings_of(std::size_t n, PgQuery__Node* const* nodes) {
    std::vector<std::string> strings;
    for (std::size_t i = 0; i < n; ++i) {
        strings.push_back(string_of(nodes[i]));
    }
    return strings;
}

std::optional<int> integer_of(const PgQuery__Node* node) {
    if (node == nullptr) {
        return {};
    }
    if (node->node_case == PG_QUERY__NODE__NODE_INTEGER) {
        return node->integer->ival;
    }
    if (node->node_case != PG_QUERY__NODE__NODE_A_CONST) {
        return {};
    }
    if (node->a_const->val_case != PG_QUERY__A__CONST__VAL_IVAL) {
        return {};
    }
    return node->a_const->ival->ival;
}

QualifiedName name_of(const PgQuery__RangeVar* relation) {
    if (relation == nullptr) {
        return {};
    }
    return {text(relation->schemaname), text(relation->relname)};
}

QualifiedName name_of(std::size_t n, PgQuery__Node* const* parts) {
    if (n == 0) {
        return {};
    }
    return {n > 1 ? string_of(parts[n - 2]) : std::string(), string_of(parts[n - 1])};
}

QualifiedName name_of_list(const PgQuery__Node* list) {
    if (list == nullptr || list->node_case != PG_QUERY__NODE__NODE_LIST) {
        return {{}, string_of(list)};
    }
    return name_of(list->list->n_items, list->list->items);
}

std::string type_name(const PgQuery__TypeName& type, const Catalog* catalog) {
    const QualifiedName name = name_of(type.n_names, type.names);
    std::vector<int> modifiers;
    for (std::size_t i = 0; i < type.n_typmods; ++i) {
        if (const auto modifier = integer_of(type.typmods[i])) {
            modifiers.push_back(*modifier);
        }
    }
    std::string printed;
    if (name.schema == "pg_catalog" && name.name == "char") {
        printed = "\"char\"";
    } else if (name.schema == "pg_catalog" || (name.schema.empty() && is_built_in(name.name))) {
        printed = with_modifiers(name.name, modifiers);
    } else if (name.schema.empty() && name.name == "char") {
        printed = "\"char\"";
    } else {
        printed = user_type(name, catalog);
        if (!modifiers.empty()) {
            printed += fmt::format("({})", fmt::join(modifiers, ","));
        }
    }
    return type.n_array_bounds > 0 ? printed + "[]" : printed;
}

bool is_known_type(const PgQuery__TypeName& type, const Catalog& catalog) {
    const QualifiedName name = name_of(type.n_names, type.names);
    if (name.schema == "pg_catalog" || (name.schema.empty() && is_built_in(name.name))) {
        return true;
    }
    return catalog.find_type(name) != nullptr;
}

bool is_serial(const PgQuery__TypeName& type) {
    static const std::set<std::string> names = {"serial", "serial2", "serial4", "serial8", "smallserial", "bigserial"};
    return type.n_names == 1 && names.contains(string_of(type.names[0]));
}

}  // namespace pgbelay::catalog
