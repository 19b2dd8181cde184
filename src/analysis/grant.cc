#include "analysis/grant.h"

#include "analysis/common.h"
#include "analysis/restore.h"
#include "catalog/overload.h"
#include "sql/quote.h"

#include <fmt/format.h>
#include <pg_query/pg_query.pb-c.h>

#include <algorithm>

namespace pgbelay::analysis {

namespace {

// One object as GRANT names it, and its ACL as the catalog has it.
struct Granted {
    std::string on;  // "TABLE app.t"
    std::optional<std::string> acl;
    std::string owner;
    std::string all;        // the letters of ALL PRIVILEGES
    std::string of_public;  // what PUBLIC has while the ACL is NULL
    const catalog::Relation* relation = nullptr;
};

std::string all_of_table(const Context& ctx) {
    return ctx.now.server_major >= 17 ? "arwdDxtm" : "arwdDxt";
}

std::optional<Granted> find_object(const Context& ctx, const PgQuery__GrantStmt& grant, const PgQuery__Node& object) {
    if (grant.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_TABLE || grant.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE) {
        const auto* found = object.node_case == PG_QUERY__NODE__NODE_RANGE_VAR ? ctx.now.find(name_of(object.range_var)) : nullptr;
        if (found == nullptr) {
            return {};
        }
        const bool sequence = found->kind == 'S';
        return Granted{fmt::format("{} {}", sequence ? "SEQUENCE" : "TABLE", sql::quote_name(found->name)),
                       found->acl,
                       found->owner,
                       sequence ? "rwU" : all_of_table(ctx),
                       "",
                       found};
    }
    if (object.node_case == PG_QUERY__NODE__NODE_OBJECT_WITH_ARGS) {
        const auto* function = catalog::find_function(ctx.now, *object.object_with_args);
        if (function == nullptr) {
            return {};
        }
        return Granted{function_signature(*function), function->acl, function->owner, "X", "X"};
    }
    if (grant.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_TYPE || grant.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN) {
        if (const auto* type = ctx.now.find_type(name_of_list(&object))) {
            return Granted{"TYPE " + sql::quote_name(type->name), type->acl, type->owner, "U", "U"};
        }
    }
    return {};
}

std::string letters_of(const PgQuery__AccessPriv& privilege, const std::string& all) {
    auto name = text(privilege.priv_name);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    if (name.empty()) {
        return all;
    }
    const char letter = privilege_letter(name);
    return letter == '\0' ? "" : std::string(1, letter);
}

std::optional<std::string> role_of(const PgQuery__Node& node, const Context& ctx) {
    if (node.node_case != PG_QUERY__NODE__NODE_ROLE_SPEC) {
        return {};
    }
    switch (node.role_spec->roletype) {
        case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_PUBLIC: return "";
        case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_CSTRING: return text(node.role_spec->rolename);
        default: return ctx.now.role.empty() ? std::nullopt : std::optional(ctx.now.role);
    }
}

// What a role had: privileges, and those that it could pass on.
struct Held {
    std::string privileges;
    std::string options;
};

Held held_by(const std::string& role, const std::optional<std::string>& acl, const std::string& of_owner, const std::string& of_public,
             const std::string& owner) {
    if (!acl) {
        return role == owner && !owner.empty() ? Held{of_owner, ""} : role.empty() ? Held{of_public, ""} : Held{};
    }
    Held held;
    for (const auto& item : parse_acl(*acl)) {
        if (item.grantee == role) {
            held.privileges += item.privileges;
            held.options += item.with_grant_option;
        }
    }
    return held;
}

std::string privileges_sql(const std::string& letters, const std::string& column) {
    std::string list;
    for (const char letter : letters) {
        list += (list.empty() ? "" : ", ") + std::string(privilege_name(letter));
        list += column.empty() ? "" : fmt::format(" ({})", sql::quote_identifier(column));
    }
    return list;
}

std::string only(const std::string& letters, const std::string& of, bool inside) {
    std::string left;
    for (const char letter : letters) {
        if ((of.find(letter) != std::string::npos) == inside && left.find(letter) == std::string::npos) {
            left += letter;
        }
    }
    return left;
}

void push(std::vector<std::string>& sql, std::string_view format, const std::string& letters, const std::string& column,
          const std::string& on, const std::string& role) {
    if (!letters.empty()) {
        sql.push_back(fmt::format(fmt::runtime(format), privileges_sql(letters, column), on, grantee_sql(role)));
    }
}

// Takes away what the role did not have, or gives back what it had.
void undo_grant(std::vector<std::string>& sql, const PgQuery__GrantStmt& grant, const Held& before, const std::string& letters,
                const std::string& column, const std::string& on, const std::string& role) {
    if (grant.is_grant) {
        push(sql, "REVOKE {} ON {} FROM {}", only(letters, before.privileges, false), column, on, role);
        if (grant.grant_option) {
            const auto had_plain = only(only(letters, before.privileges, true), before.options, false);
            push(sql, "REVOKE GRANT OPTION FOR {} ON {} FROM {}", had_plain, column, on, role);
        }
        return;
    }
    const auto had = only(letters, before.privileges, true);
    if (!grant.grant_option) {
        push(sql, "GRANT {} ON {} TO {}", only(had, before.options, false), column, on, role);
    }
    push(sql, "GRANT {} ON {} TO {} WITH GRANT OPTION", only(had, before.options, true), column, on, role);
}

void undo_for_role(std::vector<std::string>& sql, const PgQuery__GrantStmt& grant, const Granted& object, const std::string& role) {
    const auto whole = held_by(role, object.acl, object.all, object.of_public, object.owner);
    for (std::size_t i = 0; i < grant.n_privileges || (i == 0 && grant.n_privileges == 0); ++i) {
        static const PgQuery__AccessPriv kAll = PG_QUERY__ACCESS_PRIV__INIT;
        const auto& privilege = grant.n_privileges == 0 ? kAll : *grant.privileges[i]->access_priv;
        const auto columns = strings_of(privilege.n_cols, privilege.cols);
        const auto letters = letters_of(privilege, columns.empty() ? object.all : "arwx");
        if (columns.empty()) {
            undo_grant(sql, grant, whole, letters, "", object.on, role);
        }
        // A privilege on the whole table, when it is revoked, takes those on its columns along.
        for (const auto& column : object.relation == nullptr ? std::vector<catalog::Column>{} : object.relation->columns) {
            const bool named_here = std::find(columns.begin(), columns.end(), column.name) != columns.end();
            if (named_here || (columns.empty() && !grant.is_grant && column.acl)) {
                undo_grant(sql, grant, held_by(role, column.acl, "", "", ""), letters, column.name, object.on, role);
            }
        }
    }
}

// What is granted in a schema that the plan itself made goes with the schema.
bool goes_with_its_schema(const PgQuery__GrantStmt& grant, const Context& ctx) {
    const bool all_in_schema = grant.targtype == PG_QUERY__GRANT_TARGET_TYPE__ACL_TARGET_ALL_IN_SCHEMA;
    if (!all_in_schema && grant.objtype != PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA) {
        return false;
    }
    const auto schemas = strings_of(grant.n_objects, grant.objects);
    return std::ranges::all_of(schemas, [&](const auto& schema) { return ctx.now.schemas_of_plan.contains(schema); });
}

Inverse inverse_of(const PgQuery__GrantStmt& grant, const Context& ctx) {
    if (goes_with_its_schema(grant, ctx)) {
        return nothing_to_undo();
    }
    if (grant.targtype != PG_QUERY__GRANT_TARGET_TYPE__ACL_TARGET_OBJECT) {
        return no_inverse("the former privileges of all objects of a schema are not kept");
    }
    std::vector<std::string> sql;
    for (std::size_t i = 0; i < grant.n_objects; ++i) {
        const auto object = find_object(ctx, grant, *grant.objects[i]);
        if (!object) {
            return no_inverse("the former privileges on the object are not known");
        }
        for (std::size_t k = 0; k < grant.n_grantees; ++k) {
            const auto role = role_of(*grant.grantees[k], ctx);
            if (!role) {
                return no_inverse("whose privileges change is not known without a database");
            }
            undo_for_role(sql, grant, *object, *role);
        }
    }
    return undo(std::move(sql));
}

}  // namespace

Analysis analyze_grant(const sql::Statement& statement, const Context& ctx) {
    const auto& grant = *statement.node().grant_stmt;
    Analysis analysis;
    analysis.name = grant.is_grant ? "grant" : "revoke";
    if (grant.n_objects > 0 && grant.objects[0]->node_case == PG_QUERY__NODE__NODE_RANGE_VAR) {
        analysis.name += " on " + sql::quote_name(found_name(ctx.now, name_of(grant.objects[0]->range_var)));
    }
    return run_as_written(analysis, statement, inverse_of(grant, ctx));
}

Analysis analyze_grant_role(const sql::Statement& statement, const Context& /*ctx*/) {
    Analysis analysis;
    analysis.name = statement.node().grant_role_stmt->is_grant ? "grant a role" : "revoke a role";
    return run_as_written(analysis, statement, no_inverse("who was a member of the role before is not known"));
}

Analysis analyze_default_privileges(const sql::Statement& statement, const Context& /*ctx*/) {
    Analysis analysis;
    analysis.name = "alter default privileges";
    return run_as_written(analysis, statement, no_inverse("the former default privileges are not known"));
}

}  // namespace pgbelay::analysis
