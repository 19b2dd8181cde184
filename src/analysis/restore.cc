#include "analysis/restore.h"

#include "analysis/index_definition.h"
#include "sql/quote.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pgbelay::analysis {

namespace {

struct Privilege {
    char letter;
    std::string_view name;
};

// utils/acl.h, ACL_*_CHR.
constexpr std::array<Privilege, 15> kPrivileges{{{'r', "SELECT"},
                                                 {'a', "INSERT"},
                                                 {'w', "UPDATE"},
                                                 {'d', "DELETE"},
                                                 {'D', "TRUNCATE"},
                                                 {'x', "REFERENCES"},
                                                 {'t', "TRIGGER"},
                                                 {'m', "MAINTAIN"},
                                                 {'X', "EXECUTE"},
                                                 {'U', "USAGE"},
                                                 {'C', "CREATE"},
                                                 {'c', "CONNECT"},
                                                 {'T', "TEMPORARY"},
                                                 {'s', "SET"},
                                                 {'A', "ALTER SYSTEM"}}};

// The elements of `{…}` as array_out prints them: quoted with backslashes where needed.
std::vector<std::string> array_elements(std::string_view text) {
    std::vector<std::string> elements;
    if (text.size() < 2) {
        return elements;
    }
    std::string current;
    bool quoted = false;
    for (std::size_t i = 1; i + 1 < text.size(); ++i) {
        const char c = text[i];
        if (c == '\\' && i + 2 < text.size()) {
            current += text[++i];
        } else if (c == '"') {
            quoted = !quoted;
        } else if (c == ',' && !quoted) {
            elements.push_back(std::exchange(current, {}));
        } else {
            current += c;
        }
    }
    elements.push_back(std::move(current));
    return elements;
}

// A role as aclitem prints it: in double quotes, doubled inside, unless it is plain.
std::string role_at(std::string_view item, std::size_t& at) {
    std::string role;
    bool quoted = false;
    for (; at < item.size(); ++at) {
        const char c = item[at];
        if (c == '"' && quoted && at + 1 < item.size() && item[at + 1] == '"') {
            role += '"';
            ++at;
        } else if (c == '"') {
            quoted = !quoted;
        } else if (!quoted && (c == '=' || c == '/')) {
            break;
        } else {
            role += c;
        }
    }
    return role;
}

AclItem parse_item(std::string_view item) {
    AclItem parsed;
    std::size_t at = 0;
    parsed.grantee = role_at(item, at);
    for (++at; at < item.size() && item[at] != '/'; ++at) {
        if (item[at] == '*') {
            parsed.with_grant_option += parsed.privileges.empty() ? "" : std::string(1, parsed.privileges.back());
        } else {
            parsed.privileges += item[at];
        }
    }
    ++at;
    parsed.grantor = role_at(item, at);
    return parsed;
}

std::string names_of(std::string_view letters, const std::string& column) {
    std::vector<std::string> names;
    for (const char letter : letters) {
        if (const auto name = privilege_name(letter); !name.empty()) {
            names.push_back(column.empty() ? std::string(name) : fmt::format("{} ({})", name, sql::quote_identifier(column)));
        }
    }
    return fmt::format("{}", fmt::join(names, ", "));
}

// GRANTs of one ACL, for a whole object (`column` empty) or one column of it.
void add_grants(std::vector<std::string>& out, const std::string& on, const std::string& acl, const std::string& column) {
    for (const auto& item : parse_acl(acl)) {
        std::string plain;
        for (const char letter : item.privileges) {
            if (item.with_grant_option.find(letter) == std::string::npos) {
                plain += letter;
            }
        }
        if (!plain.empty()) {
            out.push_back(fmt::format("GRANT {} ON {} TO {}", names_of(plain, column), on, grantee_sql(item.grantee)));
        }
        if (!item.with_grant_option.empty()) {
            out.push_back(fmt::format("GRANT {} ON {} TO {} WITH GRANT OPTION", names_of(item.with_grant_option, column), on,
                                      grantee_sql(item.grantee)));
        }
    }
}

void append(std::vector<std::string>& out, const std::vector<std::string>& more) {
    out.insert(out.end(), more.begin(), more.end());
}

std::string without_semicolon(std::string text) {
    while (!text.empty() && (text.back() == ';' || text.back() == '\n' || text.back() == ' ')) {
        text.pop_back();
    }
    return text;
}

std::string with_options(const std::vector<std::string>& options) {
    return options.empty() ? "" : fmt::format(" WITH ({})", fmt::join(options, ", "));
}

void restore_columns(std::vector<std::string>& out, const catalog::Relation& relation, bool defaults) {
    for (const auto& column : relation.columns) {
        const auto name = sql::quote_name(relation.name);
        if (defaults && column.default_expression) {
            out.push_back(fmt::format("ALTER VIEW {} ALTER COLUMN {} SET DEFAULT {}", name, sql::quote_identifier(column.name),
                                      *column.default_expression));
        }
        if (column.comment) {
            out.push_back(restore_comment(fmt::format("COLUMN {}.{}", name, sql::quote_identifier(column.name)), column.comment));
        }
        append(out, restore_column_grants(relation.name, column));
    }
}

}  // namespace

std::vector<AclItem> parse_acl(std::string_view text) {
    std::vector<AclItem> items;
    for (const auto& element : array_elements(text)) {
        if (!element.empty()) {
            items.push_back(parse_item(element));
        }
    }
    return items;
}

std::string_view privilege_name(char letter) {
    const auto found = std::find_if(kPrivileges.begin(), kPrivileges.end(), [&](const Privilege& each) { return each.letter == letter; });
    return found == kPrivileges.end() ? std::string_view() : found->name;
}

char privilege_letter(std::string_view name) {
    const auto found = std::find_if(kPrivileges.begin(), kPrivileges.end(), [&](const Privilege& each) { return each.name == name; });
    return found == kPrivileges.end() ? (name == "TEMP" ? 'T' : '\0') : found->letter;
}

std::string grantee_sql(const std::string& grantee) {
    return grantee.empty() ? "PUBLIC" : sql::quote_identifier(grantee);
}

std::vector<std::string> restore_grants(const std::string& on, const std::optional<std::string>& acl, const std::string& owner) {
    std::vector<std::string> out;
    if (!acl) {
        return out;
    }
    out.push_back(fmt::format("REVOKE ALL ON {} FROM PUBLIC", on));
    if (!owner.empty()) {
        out.push_back(fmt::format("REVOKE ALL ON {} FROM {}", on, sql::quote_identifier(owner)));
    }
    add_grants(out, on, *acl, "");
    return out;
}

std::vector<std::string> restore_owner(const std::string& alter, const std::string& on, const std::string& owner,
                                       const std::optional<std::string>& acl, const std::string& new_owner) {
    std::vector<std::string> out{fmt::format("{} OWNER TO {}", alter, sql::quote_identifier(owner))};
    const std::vector<AclItem> items = parse_acl(acl.value_or("{}"));
    if (std::any_of(items.begin(), items.end(), [&](const AclItem& item) { return item.grantee == new_owner; })) {
        append(out, restore_grants(on, acl, owner));
    }
    return out;
}

std::vector<std::string> restore_column_grants(const QualifiedName& table, const catalog::Column& column) {
    std::vector<std::string> out;
    if (column.acl) {
        add_grants(out, "TABLE " + sql::quote_name(table), *column.acl, column.name);
    }
    return out;
}

std::string restore_comment(const std::string& what, const std::optional<std::string>& comment) {
    return fmt::format("COMMENT ON {} IS {}", what, comment ? sql::quote_literal(*comment) : "NULL");
}

std::vector<std::string> restore_view(const catalog::Relation& view) {
    const auto name = sql::quote_name(view.name);
    std::vector<std::string> out;
    out.push_back(fmt::format("CREATE VIEW {}{} AS {}", name, with_options(view.options), without_semicolon(view.view_definition)));
    if (!view.owner.empty()) {
        out.push_back(fmt::format("ALTER VIEW {} OWNER TO {}", name, sql::quote_identifier(view.owner)));
    }
    append(out, restore_grants("TABLE " + name, view.acl, view.owner));
    if (view.comment) {
        out.push_back(restore_comment("VIEW " + name, view.comment));
    }
    restore_columns(out, view, true);
    for (const auto& rule : view.rules) {
        append(out, restore_rule(view.name, rule));
    }
    for (const auto& trigger : view.triggers) {
        append(out, restore_trigger(view.name, trigger));
    }
    return out;
}

std::vector<std::string> restore_matview(const catalog::Relation& view) {
    const auto name = sql::quote_name(view.name);
    std::vector<std::string> out;
    out.push_back(fmt::format("CREATE MATERIALIZED VIEW {}{}{} AS {} WITH {}DATA", name, with_options(view.options),
                              view.tablespace.empty() ? "" : " TABLESPACE " + sql::quote_identifier(*view.tablespace),
                              without_semicolon(view.view_definition), view.populated ? "" : "NO "));
    for (const auto& index : view.indexes) {
        append(out, recreate_index(index).sql);
    }
    if (!view.owner.empty()) {
        out.push_back(fmt::format("ALTER MATERIALIZED VIEW {} OWNER TO {}", name, sql::quote_identifier(view.owner)));
    }
    append(out, restore_grants("TABLE " + name, view.acl, view.owner));
    if (view.comment) {
        out.push_back(restore_comment("MATERIALIZED VIEW " + name, view.comment));
    }
    restore_columns(out, view, false);
    for (const auto& column : view.columns) {
        if (column.statistics_target >= 0) {
            out.push_back(fmt::format("ALTER MATERIALIZED VIEW {} ALTER COLUMN {} SET STATISTICS {}", name,
                                      sql::quote_identifier(column.name), column.statistics_target));
        }
    }
    return out;
}

std::string function_signature(const catalog::Function& function) {
    const std::string_view kind = function.kind == 'p' ? "PROCEDURE" : function.kind == 'a' ? "AGGREGATE" : "FUNCTION";
    return fmt::format("{} {}({})", kind, sql::quote_name(function.name), function.identity_arguments);
}

std::vector<std::string> restore_function(const catalog::Function& function) {
    const auto signature = function_signature(function);
    std::vector<std::string> out{without_semicolon(function.definition)};
    if (!function.owner.empty()) {
        out.push_back(fmt::format("ALTER {} OWNER TO {}", signature, sql::quote_identifier(function.owner)));
    }
    append(out, restore_grants(signature, function.acl, function.owner));
    if (function.comment) {
        out.push_back(restore_comment(signature, function.comment));
    }
    return out;
}

std::vector<std::string> restore_trigger(const QualifiedName& table, const catalog::Trigger& trigger) {
    const auto on = sql::quote_name(table);
    const auto name = sql::quote_identifier(trigger.name);
    std::vector<std::string> out{without_semicolon(trigger.definition)};
    switch (trigger.enabled) {
        case 'D': out.push_back(fmt::format("ALTER TABLE {} DISABLE TRIGGER {}", on, name)); break;
        case 'R': out.push_back(fmt::format("ALTER TABLE {} ENABLE REPLICA TRIGGER {}", on, name)); break;
        case 'A': out.push_back(fmt::format("ALTER TABLE {} ENABLE ALWAYS TRIGGER {}", on, name)); break;
        default: break;
    }
    if (trigger.comment) {
        out.push_back(restore_comment(fmt::format("TRIGGER {} ON {}", name, on), trigger.comment));
    }
    return out;
}

std::vector<std::string> restore_rule(const QualifiedName& table, const catalog::Rule& rule) {
    const auto on = sql::quote_name(table);
    const auto name = sql::quote_identifier(rule.name);
    std::vector<std::string> out{without_semicolon(rule.definition)};
    switch (rule.enabled) {
        case 'D': out.push_back(fmt::format("ALTER TABLE {} DISABLE RULE {}", on, name)); break;
        case 'R': out.push_back(fmt::format("ALTER TABLE {} ENABLE REPLICA RULE {}", on, name)); break;
        case 'A': out.push_back(fmt::format("ALTER TABLE {} ENABLE ALWAYS RULE {}", on, name)); break;
        default: break;
    }
    if (rule.comment) {
        out.push_back(restore_comment(fmt::format("RULE {} ON {}", name, on), rule.comment));
    }
    return out;
}

std::vector<std::string> restore_policy(const QualifiedName& table, const catalog::Policy& policy) {
    std::vector<std::string> out{without_semicolon(policy.definition)};
    if (policy.comment) {
        out.push_back(
            restore_comment(fmt::format("POLICY {} ON {}", sql::quote_identifier(policy.name), sql::quote_name(table)), policy.comment));
    }
    return out;
}

std::vector<std::string> restore_sequence(const catalog::Relation& sequence) {
    const auto name = sql::quote_name(sequence.name);
    std::vector<std::string> out;
    out.push_back(
        fmt::format("CREATE SEQUENCE {}{}{}", name, sequence.sequence_definition.empty() ? "" : " ", *sequence.sequence_definition));
    if (!sequence.owner.empty()) {
        out.push_back(fmt::format("ALTER SEQUENCE {} OWNER TO {}", name, sql::quote_identifier(sequence.owner)));
    }
    if (!sequence.sequence_owner_column.empty()) {
        out.push_back(fmt::format("ALTER SEQUENCE {} OWNED BY {}", name, *sequence.sequence_owner_column));
    }
    append(out, restore_grants("SEQUENCE " + name, sequence.acl, sequence.owner));
    if (sequence.comment) {
        out.push_back(restore_comment("SEQUENCE " + name, sequence.comment));
    }
    return out;
}

std::vector<std::string> restore_enum(const catalog::Type& type) {
    const auto name = sql::quote_name(type.name);
    std::vector<std::string> labels;
    std::transform(type.labels.begin(), type.labels.end(), std::back_inserter(labels), sql::quote_literal);
    std::vector<std::string> out{fmt::format("CREATE TYPE {} AS ENUM ({})", name, fmt::join(labels, ", "))};
    if (!type.owner.empty()) {
        out.push_back(fmt::format("ALTER TYPE {} OWNER TO {}", name, sql::quote_identifier(type.owner)));
    }
    append(out, restore_grants("TYPE " + name, type.acl, type.owner));
    if (type.comment) {
        out.push_back(restore_comment("TYPE " + name, type.comment));
    }
    return out;
}

}  // namespace pgbelay::analysis
