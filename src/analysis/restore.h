// Statements that make objects again as the catalog knew them: definition, owner, grants, comments, options, states.
#pragma once

#include "catalog/catalog.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgbelay::analysis {

using catalog::QualifiedName;

// One entry of an ACL as aclitem prints it: `grantee=privileges/grantor`, a `*` behind a privilege that may be passed on.
struct AclItem {
    std::string grantee;            // "" is PUBLIC
    std::string privileges;         // letters, without stars
    std::string with_grant_option;  // those of them that had a star
    std::string grantor;
};
std::vector<AclItem> parse_acl(std::string_view text);

// "SELECT" for 'r' and so on; "" for a letter that no version up to 18 knows.
std::string_view privilege_name(char letter);
char privilege_letter(std::string_view name);
// PUBLIC, or the role as an identifier.
std::string grantee_sql(const std::string& grantee);

// GRANTs that give an object made anew the ACL that it had; `on` is what stands between ON and TO, such as `TABLE app.t`. The owner's
// and PUBLIC's defaults are taken away first where the ACL had less. Nothing for an ACL that was NULL.
std::vector<std::string> restore_grants(const std::string& on, const std::optional<std::string>& acl, const std::string& owner);
// What gives the object its former owner back. Where the new owner had privileges of his own, they were merged with the owner's.
std::vector<std::string> restore_owner(const std::string& alter, const std::string& on, const std::string& owner,
                                       const std::optional<std::string>& acl, const std::string& new_owner);
// The same for a column's ACL.
std::vector<std::string> restore_column_grants(const QualifiedName& table, const catalog::Column& column);

// `COMMENT ON what IS …`; IS NULL when there was none.
std::string restore_comment(const std::string& what, const std::optional<std::string>& comment);

// A view with everything on it: options, owner, grants, comments, column defaults, triggers, rules.
std::vector<std::string> restore_view(const catalog::Relation& view);
// A materialized view, populated as it was, with its indexes.
std::vector<std::string> restore_matview(const catalog::Relation& view);
std::vector<std::string> restore_function(const catalog::Function& function);
std::vector<std::string> restore_trigger(const QualifiedName& table, const catalog::Trigger& trigger);
std::vector<std::string> restore_rule(const QualifiedName& table, const catalog::Rule& rule);
std::vector<std::string> restore_policy(const QualifiedName& table, const catalog::Policy& policy);
std::vector<std::string> restore_sequence(const catalog::Relation& sequence);
std::vector<std::string> restore_enum(const catalog::Type& type);

// `FUNCTION app.f(integer)`: what ALTER, DROP, COMMENT and GRANT call it.
std::string function_signature(const catalog::Function& function);

}  // namespace pgbelay::analysis
