#include "analysis/volatility.h"

#include "analysis/tree_util.h"
#include "catalog/walk.h"

#include <pg_query/pg_query.pb-c.h>

#include <algorithm>
#include <set>
#include <string_view>

namespace pgbelay::analysis {

namespace {

// Volatile functions of pg_catalog and of the extensions that people draw defaults from (pg_proc.provolatile = 'v').
const std::set<std::string>& known_volatile() {
    static const std::set<std::string> names = {
        "random",           "random_normal",      "setseed",          "gen_random_uuid",  "uuidv4",    "uuidv7",
        "clock_timestamp",  "timeofday",          "nextval",          "currval",          "lastval",   "setval",
        "uuid_generate_v1", "uuid_generate_v1mc", "uuid_generate_v4", "gen_random_bytes", "gen_salt",  "pg_sleep",
        "txid_current",     "pg_current_xact_id", "pg_advisory_lock", "query_to_xml",     "lo_create", "lo_creat"};
    return names;
}

// What defaults are usually made of and is not volatile, so that a catalog without functions need not guess.
const std::set<std::string>& known_stable() {
    static const std::set<std::string> names = {"now",
                                                "statement_timestamp",
                                                "transaction_timestamp",
                                                "current_setting",
                                                "current_schema",
                                                "current_database",
                                                "current_user",
                                                "timezone",
                                                "date_trunc",
                                                "date_part",
                                                "extract",
                                                "to_char",
                                                "to_date",
                                                "to_timestamp",
                                                "to_number",
                                                "make_date",
                                                "make_time",
                                                "make_interval",
                                                "make_timestamp",
                                                "make_timestamptz",
                                                "age",
                                                "date",
                                                "upper",
                                                "lower",
                                                "initcap",
                                                "length",
                                                "char_length",
                                                "trim",
                                                "btrim",
                                                "ltrim",
                                                "rtrim",
                                                "concat",
                                                "concat_ws",
                                                "substr",
                                                "substring",
                                                "replace",
                                                "translate",
                                                "lpad",
                                                "rpad",
                                                "repeat",
                                                "reverse",
                                                "left",
                                                "right",
                                                "split_part",
                                                "format",
                                                "md5",
                                                "sha224",
                                                "sha256",
                                                "sha384",
                                                "sha512",
                                                "encode",
                                                "decode",
                                                "chr",
                                                "ascii",
                                                "to_hex",
                                                "quote_literal",
                                                "quote_ident",
                                                "abs",
                                                "ceil",
                                                "ceiling",
                                                "floor",
                                                "round",
                                                "trunc",
                                                "sqrt",
                                                "power",
                                                "pow",
                                                "mod",
                                                "sign",
                                                "exp",
                                                "ln",
                                                "log",
                                                "pi",
                                                "div",
                                                "json_build_object",
                                                "json_build_array",
                                                "jsonb_build_object",
                                                "jsonb_build_array",
                                                "to_json",
                                                "to_jsonb",
                                                "json_object",
                                                "jsonb_object",
                                                "row_to_json",
                                                "array_to_json",
                                                "array_append",
                                                "array_cat",
                                                "array_fill",
                                                "array_length",
                                                "array_to_string",
                                                "string_to_array",
                                                "regexp_replace",
                                                "int4range",
                                                "int8range",
                                                "numrange",
                                                "tsrange",
                                                "tstzrange",
                                                "daterange",
                                                "to_tsvector",
                                                "to_tsquery",
                                                "inet_client_addr",
                                                "host",
                                                "text",
                                                "int4",
                                                "int8",
                                                "float8",
                                                "numeric",
                                                "pg_backend_pid",
                                                "session_user",
                                                "uuid_nil",
                                                "uuid_ns_dns",
                                                "uuid_ns_url",
                                                "uuid_ns_oid",
                                                "uuid_ns_x500",
                                                "coalesce",
                                                "nullif",
                                                "overlay",
                                                "position",
                                                "strpos",
                                                "num_nulls",
                                                "num_nonnulls",
                                                "justify_days",
                                                "justify_hours",
                                                "justify_interval",
                                                "isfinite",
                                                "hstore",
                                                "st_geomfromtext",
                                                "st_setsrid",
                                                "st_makepoint",
                                                "st_point",
                                                "digest",
                                                "hmac"};
    return names;
}

bool is_volatile(const QualifiedName& function, const catalog::Catalog& catalog) {
    const std::vector<catalog::Function>* found = catalog.find_functions(function);
    if (found != nullptr && !found->empty()) {
        return std::any_of(found->begin(), found->end(), [](const catalog::Function& f) { return f.volatility == 'v'; });
    }
    const bool servers = function.schema.empty() || function.schema == "pg_catalog";
    if (known_volatile().contains(function.name)) {
        return true;
    }
    return !(servers && known_stable().contains(function.name));
}

}  // namespace

std::string volatile_function(const PgQuery__Node* expression, const catalog::Catalog& catalog) {
    std::string found;
    if (expression == nullptr) {
        return found;
    }
    catalog::walk(expression->base, [&](const ProtobufCMessage& message) {
        if (std::string_view(message.descriptor->name) != "pg_query.FuncCall" || !found.empty()) {
            return found.empty();
        }
        const auto& call = reinterpret_cast<const PgQuery__FuncCall&>(message);
        const QualifiedName name = name_of(call.n_funcname, call.funcname);
        if (is_volatile(name, catalog)) {
            found = name.name;
        }
        return found.empty();
    });
    return found;
}

}  // namespace pgbelay::analysis
