#include "sql/quote.h"

#include "base/error.h"

#include <algorithm>
#include <iterator>

namespace pgbelay::sql {

namespace {

// Every keyword that PostgreSQL 13 to 18 does not allow bare in all places (src/include/parser/kwlist.h, all classes but
// UNRESERVED_KEYWORD), united over the versions: a name quoted without need is still the same name.
constexpr std::string_view kNeedsQuotes[] = {
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "authorization",
    "between",
    "bigint",
    "binary",
    "bit",
    "boolean",
    "both",
    "case",
    "cast",
    "char",
    "character",
    "check",
    "coalesce",
    "collate",
    "collation",
    "column",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "dec",
    "decimal",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "exists",
    "extract",
    "false",
    "fetch",
    "float",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "grant",
    "greatest",
    "group",
    "grouping",
    "having",
    "ilike",
    "in",
    "initially",
    "inner",
    "inout",
    "int",
    "integer",
    "intersect",
    "interval",
    "into",
    "is",
    "isnull",
    "join",
    "json",
    "json_array",
    "json_arrayagg",
    "json_exists",
    "json_object",
    "json_objectagg",
    "json_query",
    "json_scalar",
    "json_serialize",
    "json_table",
    "json_value",
    "lateral",
    "leading",
    "least",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "merge_action",
    "national",
    "natural",
    "nchar",
    "none",
    "normalize",
    "not",
    "notnull",
    "null",
    "nullif",
    "numeric",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "out",
    "outer",
    "overlaps",
    "overlay",
    "placing",
    "position",
    "precision",
    "primary",
    "real",
    "references",
    "returning",
    "right",
    "row",
    "select",
    "session_user",
    "setof",
    "similar",
    "smallint",
    "some",
    "substring",
    "symmetric",
    "system_user",
    "table",
    "tablesample",
    "then",
    "time",
    "timestamp",
    "to",
    "trailing",
    "treat",
    "trim",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "values",
    "varchar",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
    "xmlattributes",
    "xmlconcat",
    "xmlelement",
    "xmlexists",
    "xmlforest",
    "xmlnamespaces",
    "xmlparse",
    "xmlpi",
    "xmlroot",
    "xmlserialize",
    "xmltable",
};

bool is_plain(std::string_view name) {
    const auto starts = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
    const auto continues = [&](char c) { return starts(c) || (c >= '0' && c <= '9'); };
    return !name.empty() && starts(name.front()) && std::all_of(name.begin(), name.end(), continues);
}

void refuse_nul(std::string_view text) {
    if (text.find('\0') != std::string_view::npos) {
        throw base::Error(base::ErrorCode::input, "a name or value with a NUL byte cannot be written in SQL");
    }
}

}  // namespace

std::string quote_identifier(std::string_view name) {
    refuse_nul(name);
    if (is_plain(name) && !std::binary_search(std::begin(kNeedsQuotes), std::end(kNeedsQuotes), name)) {
        return std::string(name);
    }
    std::string quoted = "\"";
    for (const char c : name) {
        if (c == '"') {
            quoted += '"';
        }
        quoted += c;
    }
    return quoted + '"';
}

std::string quote_name(const QualifiedName& name) {
    return name.schema.empty() ? quote_identifier(name.name) : quote_identifier(name.schema) + "." + quote_identifier(name.name);
}

std::string quote_literal(std::string_view value) {
    refuse_nul(value);
    std::string quoted = value.find('\\') != std::string_view::npos ? "E'" : "'";
    for (const char c : value) {
        if (c == '\'' || c == '\\') {
            quoted += c;
        }
        quoted += c;
    }
    return quoted + '\'';
}

}  // namespace pgbelay::sql
