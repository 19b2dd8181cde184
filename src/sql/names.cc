// What a statement's tree names: relations, functions and types.
#include "sql/message.h"
#include "sql/opaque_names.h"
#include "sql/statement.h"

#include <pg_query/pg_query.pb-c.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

namespace pgbelay::sql {

namespace {

template <typename T>
const T& as(const ProtobufCMessage& message) {
    return reinterpret_cast<const T&>(message);
}

std::string text(const char* value) {
    return value != nullptr ? value : "";
}

using NameParts = std::vector<std::string>;

// A list of String nodes: the parts of a dotted name. TypeNames within (COMMENT ON CONSTRAINT … ON DOMAIN) are no part.
NameParts parts_of(PgQuery__Node* const* nodes, std::size_t count) {
    NameParts parts;
    for (std::size_t i = 0; i < count; ++i) {
        if (nodes[i] != nullptr && nodes[i]->node_case == PG_QUERY__NODE__NODE_STRING) {
            parts.push_back(text(nodes[i]->string->sval));
        }
    }
    return parts;
}

NameParts parts_of(const PgQuery__Node* node) {
    if (node == nullptr) {
        return {};
    }
    if (node->node_case == PG_QUERY__NODE__NODE_LIST) {
        return parts_of(node->list->items, node->list->n_items);
    }
    return node->node_case == PG_QUERY__NODE__NODE_STRING ? NameParts{text(node->string->sval)} : NameParts{};
}

// The last two parts; a database's name before them means nothing here.
QualifiedName name_of(const NameParts& parts) {
    if (parts.empty()) {
        return {};
    }
    return {parts.size() > 1 ? parts[parts.size() - 2] : "", parts.back()};
}

QualifiedName name_of(const PgQuery__RangeVar& relation) {
    return {text(relation.schemaname), text(relation.relname)};
}

// Of `table.column` or `table.trigger`: the table.
QualifiedName owner_of(NameParts parts) {
    if (parts.empty()) {
        return {};
    }
    parts.pop_back();
    return name_of(parts);
}

bool is_operator(const std::string& name) {
    return name.find_first_not_of("+-*/<>=~!@#%^&|`?") == std::string::npos;
}

// Names in the order in which they stand in the text, as far as the tree knows it.
class NameList {
public:
    void add(QualifiedName name, int location) {
        if (!name.empty()) {
            found_.emplace_back(location, std::move(name));
        }
    }

    std::vector<QualifiedName> in_order() {
        std::stable_sort(found_.begin(), found_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
        std::vector<QualifiedName> names;
        std::set<QualifiedName> seen;
        for (auto& [location, name] : found_) {
            if (seen.insert(name).second) {
                names.push_back(std::move(name));
            }
        }
        return names;
    }

private:
    std::vector<std::pair<int, QualifiedName>> found_;
};

constexpr int kNowhere = -1;

class Collector {
public:
    explicit Collector(const PgQuery__Node& statement) { visit(statement.base); }

    NameList relations;
    NameList functions;
    NameList types;

private:
    // Never inlined into the recursion, which has to be deep on an ordinary stack: their temporaries would stand in every frame.
    [[gnu::noinline]] bool visit_relation_like(std::string_view type, const ProtobufCMessage& message);
    [[gnu::noinline]] void visit_object_statement(std::string_view type, const ProtobufCMessage& message);
    [[gnu::noinline]] void visit_function_like(std::string_view type, const ProtobufCMessage& message);
    [[gnu::noinline]] void visit_type_like(std::string_view type, const ProtobufCMessage& message);
    [[gnu::noinline]] void visit_cte_scope(const ProtobufCMessage& message, const PgQuery__WithClause& with);

    void visit(const ProtobufCMessage& message);
    void visit_children(const ProtobufCMessage& message);
    void add_object(PgQuery__ObjectType kind, const PgQuery__Node* object);
    [[gnu::noinline]] void add_relation(const PgQuery__RangeVar& relation);
    void add_type(const PgQuery__TypeName& type);
    bool is_cte(const PgQuery__RangeVar& relation) const;

    std::vector<std::string> ctes_;  // those that can be seen here
};

bool Collector::is_cte(const PgQuery__RangeVar& relation) const {
    return text(relation.schemaname).empty() && std::find(ctes_.begin(), ctes_.end(), text(relation.relname)) != ctes_.end();
}

void Collector::add_relation(const PgQuery__RangeVar& relation) {
    relations.add(name_of(relation), relation.location);
}

const PgQuery__WithClause* with_clause_of(std::string_view type, const ProtobufCMessage& message) {
    if (type == "SelectStmt") {
        return as<PgQuery__SelectStmt>(message).with_clause;
    }
    if (type == "InsertStmt") {
        return as<PgQuery__InsertStmt>(message).with_clause;
    }
    if (type == "UpdateStmt") {
        return as<PgQuery__UpdateStmt>(message).with_clause;
    }
    if (type == "DeleteStmt") {
        return as<PgQuery__DeleteStmt>(message).with_clause;
    }
    return type == "MergeStmt" ? as<PgQuery__MergeStmt>(message).with_clause : nullptr;
}

// The table that is changed is never a CTE, even when one has its name.
bool is_target(std::string_view type, const ProtobufCFieldDescriptor& field) {
    return (type == "InsertStmt" || type == "UpdateStmt" || type == "DeleteStmt" || type == "MergeStmt") &&
           std::string_view(field.name) == "relation";
}

void Collector::visit_children(const ProtobufCMessage& message) {
    const auto type = type_of(message);
    for_each_child(message, [&](const ProtobufCMessage& child, const ProtobufCFieldDescriptor& field) {
        if (is_target(type, field)) {
            add_relation(as<PgQuery__RangeVar>(child));
        } else if (type_of(child) != "WithClause") {
            visit(child);
        }
    });
}

// The queries of a WITH see those before them, or all of them when it is RECURSIVE; the statement sees all.
void Collector::visit_cte_scope(const ProtobufCMessage& message, const PgQuery__WithClause& with) {
    const std::size_t outer = ctes_.size();
    const auto name = [&](std::size_t i) { return text(with.ctes[i]->common_table_expr->ctename); };
    for (std::size_t i = 0; with.recursive && i < with.n_ctes; ++i) {
        ctes_.push_back(name(i));
    }
    for (std::size_t i = 0; i < with.n_ctes; ++i) {
        visit(with.ctes[i]->base);
        if (!with.recursive) {
            ctes_.push_back(name(i));
        }
    }
    visit_children(message);
    ctes_.resize(outer);
}

void Collector::visit(const ProtobufCMessage& message) {
    const auto type = type_of(message);
    if (visit_relation_like(type, message)) {
        return;
    }
    visit_object_statement(type, message);
    visit_function_like(type, message);
    visit_type_like(type, message);
    if (const auto* with = with_clause_of(type, message)) {
        visit_cte_scope(message, *with);
    } else {
        visit_children(message);
    }
}

// True when nothing inside is left to be seen.
bool Collector::visit_relation_like(std::string_view type, const ProtobufCMessage& message) {
    if (type == "RangeVar") {
        const auto& relation = as<PgQuery__RangeVar>(message);
        if (!is_cte(relation)) {
            add_relation(relation);
        }
        return true;
    }
    if (type == "LockingClause") {
        return true;  // FOR UPDATE OF names aliases of the FROM list
    }
    if (type == "CompositeTypeStmt") {
        const auto& statement = as<PgQuery__CompositeTypeStmt>(message);
        types.add(name_of(*statement.typevar), kNowhere);
        for (std::size_t i = 0; i < statement.n_coldeflist; ++i) {
            visit(statement.coldeflist[i]->base);
        }
        return true;
    }
    if (type == "AlterTableStmt" && as<PgQuery__AlterTableStmt>(message).objtype == PG_QUERY__OBJECT_TYPE__OBJECT_TYPE) {
        const auto& statement = as<PgQuery__AlterTableStmt>(message);
        types.add(name_of(*statement.relation), kNowhere);
        for (std::size_t i = 0; i < statement.n_cmds; ++i) {
            visit(statement.cmds[i]->base);
        }
        return true;
    }
    if (type == "RenameStmt" && as<PgQuery__RenameStmt>(message).relation != nullptr &&
        as<PgQuery__RenameStmt>(message).relation_type == PG_QUERY__OBJECT_TYPE__OBJECT_TYPE) {
        types.add(name_of(*as<PgQuery__RenameStmt>(message).relation), kNowhere);
        return true;
    }
    if (type == "IndexStmt") {
        const auto& index = as<PgQuery__IndexStmt>(message);
        relations.add({text(index.relation->schemaname), text(index.idxname)}, kNowhere);
    }
    return false;
}

void Collector::add_object(PgQuery__ObjectType kind, const PgQuery__Node* object) {
    switch (kind) {
        case PG_QUERY__OBJECT_TYPE__OBJECT_TABLE:
        case PG_QUERY__OBJECT_TYPE__OBJECT_FOREIGN_TABLE:
        case PG_QUERY__OBJECT_TYPE__OBJECT_INDEX:
        case PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE:
        case PG_QUERY__OBJECT_TYPE__OBJECT_VIEW:
        case PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW: relations.add(name_of(parts_of(object)), kNowhere); break;
        case PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN:
        case PG_QUERY__OBJECT_TYPE__OBJECT_TABCONSTRAINT:
        case PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER:
        case PG_QUERY__OBJECT_TYPE__OBJECT_POLICY:
        case PG_QUERY__OBJECT_TYPE__OBJECT_RULE: relations.add(owner_of(parts_of(object)), kNowhere); break;
        case PG_QUERY__OBJECT_TYPE__OBJECT_TYPE:
        case PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN: types.add(name_of(parts_of(object)), kNowhere); break;
        default: break;  // functions and operators come as ObjectWithArgs, which the walk meets by itself
    }
}

void Collector::visit_object_statement(std::string_view type, const ProtobufCMessage& message) {
    if (type == "DropStmt") {
        const auto& drop = as<PgQuery__DropStmt>(message);
        for (std::size_t i = 0; i < drop.n_objects; ++i) {
            add_object(drop.remove_type, drop.objects[i]);
        }
    } else if (type == "GrantStmt") {
        const auto& grant = as<PgQuery__GrantStmt>(message);
        for (std::size_t i = 0; i < grant.n_objects; ++i) {
            add_object(grant.objtype, grant.objects[i]);
        }
    } else if (type == "CommentStmt") {
        add_object(as<PgQuery__CommentStmt>(message).objtype, as<PgQuery__CommentStmt>(message).object);
    } else if (type == "SecLabelStmt") {
        add_object(as<PgQuery__SecLabelStmt>(message).objtype, as<PgQuery__SecLabelStmt>(message).object);
    } else if (type == "RenameStmt") {
        add_object(as<PgQuery__RenameStmt>(message).rename_type, as<PgQuery__RenameStmt>(message).object);
    } else if (type == "AlterObjectSchemaStmt") {
        add_object(as<PgQuery__AlterObjectSchemaStmt>(message).object_type, as<PgQuery__AlterObjectSchemaStmt>(message).object);
    } else if (type == "AlterOwnerStmt") {
        add_object(as<PgQuery__AlterOwnerStmt>(message).object_type, as<PgQuery__AlterOwnerStmt>(message).object);
    } else if (type == "AlterExtensionContentsStmt") {
        const auto& contents = as<PgQuery__AlterExtensionContentsStmt>(message);
        add_object(contents.objtype, contents.object);
    } else if (type == "DefElem" && text(as<PgQuery__DefElem>(message).defname) == "owned_by") {
        relations.add(owner_of(parts_of(as<PgQuery__DefElem>(message).arg)), kNowhere);
    }
}

void Collector::visit_function_like(std::string_view type, const ProtobufCMessage& message) {
    if (type == "FuncCall") {
        const auto& call = as<PgQuery__FuncCall>(message);
        functions.add(name_of(parts_of(call.funcname, call.n_funcname)), call.location);
    } else if (type == "ObjectWithArgs") {
        const auto& object = as<PgQuery__ObjectWithArgs>(message);
        const auto name = name_of(parts_of(object.objname, object.n_objname));
        if (!is_operator(name.name)) {
            functions.add(name, kNowhere);
        }
    } else if (type == "CreateFunctionStmt") {
        const auto& create = as<PgQuery__CreateFunctionStmt>(message);
        functions.add(name_of(parts_of(create.funcname, create.n_funcname)), kNowhere);
    } else if (type == "CreateTrigStmt") {
        const auto& create = as<PgQuery__CreateTrigStmt>(message);
        functions.add(name_of(parts_of(create.funcname, create.n_funcname)), kNowhere);
    } else if (type == "CreateEventTrigStmt") {
        const auto& create = as<PgQuery__CreateEventTrigStmt>(message);
        functions.add(name_of(parts_of(create.funcname, create.n_funcname)), kNowhere);
    } else if (type == "DefineStmt" && as<PgQuery__DefineStmt>(message).kind == PG_QUERY__OBJECT_TYPE__OBJECT_AGGREGATE) {
        const auto& define = as<PgQuery__DefineStmt>(message);
        functions.add(name_of(parts_of(define.defnames, define.n_defnames)), kNowhere);
    }
}

void Collector::add_type(const PgQuery__TypeName& type) {
    const auto parts = parts_of(type.names, type.n_names);
    if (type.pct_type) {
        relations.add(owner_of(parts), type.location);  // table.column%TYPE
        return;
    }
    const auto name = name_of(parts);
    if (name.schema != "pg_catalog") {
        types.add(name, type.location);
    }
}

void Collector::visit_type_like(std::string_view type, const ProtobufCMessage& message) {
    const auto add = [&](PgQuery__Node* const* nodes, std::size_t count) { types.add(name_of(parts_of(nodes, count)), kNowhere); };
    if (type == "TypeName") {
        add_type(as<PgQuery__TypeName>(message));
    } else if (type == "CreateEnumStmt") {
        add(as<PgQuery__CreateEnumStmt>(message).type_name, as<PgQuery__CreateEnumStmt>(message).n_type_name);
    } else if (type == "AlterEnumStmt") {
        add(as<PgQuery__AlterEnumStmt>(message).type_name, as<PgQuery__AlterEnumStmt>(message).n_type_name);
    } else if (type == "CreateRangeStmt") {
        add(as<PgQuery__CreateRangeStmt>(message).type_name, as<PgQuery__CreateRangeStmt>(message).n_type_name);
    } else if (type == "CreateDomainStmt") {
        add(as<PgQuery__CreateDomainStmt>(message).domainname, as<PgQuery__CreateDomainStmt>(message).n_domainname);
    } else if (type == "AlterDomainStmt") {
        add(as<PgQuery__AlterDomainStmt>(message).type_name, as<PgQuery__AlterDomainStmt>(message).n_type_name);
    } else if (type == "AlterTypeStmt") {
        add(as<PgQuery__AlterTypeStmt>(message).type_name, as<PgQuery__AlterTypeStmt>(message).n_type_name);
    } else if (type == "DefineStmt" && as<PgQuery__DefineStmt>(message).kind == PG_QUERY__OBJECT_TYPE__OBJECT_TYPE) {
        add(as<PgQuery__DefineStmt>(message).defnames, as<PgQuery__DefineStmt>(message).n_defnames);
    }
}

}  // namespace

std::vector<QualifiedName> relations_named(const Statement& statement) {
    return statement.opaque() ? relations_in_tokens(statement.sql) : Collector(statement.node()).relations.in_order();
}

std::vector<QualifiedName> functions_named(const Statement& statement) {
    return statement.opaque() ? std::vector<QualifiedName>{} : Collector(statement.node()).functions.in_order();
}

std::vector<QualifiedName> types_named(const Statement& statement) {
    return statement.opaque() ? std::vector<QualifiedName>{} : Collector(statement.node()).types.in_order();
}

QualifiedName read_name(const std::string& text) {
    NameParts parts(1);
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '"') {
            const bool doubled = quoted && i + 1 < text.size() && text[i + 1] == '"';
            parts.back() += doubled ? "\"" : "";
            i += doubled ? 1 : 0;
            quoted = doubled ? quoted : !quoted;
        } else if (text[i] == '.' && !quoted) {
            parts.emplace_back();
        } else {
            const bool upper = !quoted && text[i] >= 'A' && text[i] <= 'Z';
            parts.back() += upper ? static_cast<char>(text[i] - 'A' + 'a') : text[i];
        }
    }
    return name_of(parts);
}

namespace {

const PgQuery__Node* without_cast(const PgQuery__Node* node) {
    while (node != nullptr && node->node_case == PG_QUERY__NODE__NODE_TYPE_CAST) {
        node = node->type_cast->arg;
    }
    return node;
}

void add_sequences(const ProtobufCMessage& message, std::vector<QualifiedName>& found) {
    if (message.descriptor == &pg_query__func_call__descriptor) {
        if (auto called = sequence_called(as<PgQuery__FuncCall>(message))) {
            found.push_back(std::move(called->name));
        }
    }
    for_each_child(message, [&](const ProtobufCMessage& child, const ProtobufCFieldDescriptor&) { add_sequences(child, found); });
}

// The argument where it is a string, cast or not.
std::optional<std::string> string_argument(const PgQuery__FuncCall& call, std::size_t i) {
    const auto* argument = i < call.n_args ? without_cast(call.args[i]) : nullptr;
    const bool constant = argument != nullptr && argument->node_case == PG_QUERY__NODE__NODE_A_CONST &&
                          argument->a_const->val_case == PG_QUERY__A__CONST__VAL_SVAL;
    return constant ? std::optional(text(argument->a_const->sval->sval)) : std::nullopt;
}

std::string function_of(const PgQuery__FuncCall& call) {
    return name_of(parts_of(call.funcname, call.n_funcname)).name;
}

}  // namespace

std::optional<CalledSequence> sequence_called(const PgQuery__FuncCall& call) {
    const std::string function = function_of(call);
    if (call.n_args == 0 || (function != "nextval" && function != "setval" && function != "currval")) {
        return std::nullopt;
    }
    if (const auto name = string_argument(call, 0)) {
        return CalledSequence{read_name(*name), {}};
    }
    const auto* argument = without_cast(call.args[0]);
    if (argument == nullptr || argument->node_case != PG_QUERY__NODE__NODE_FUNC_CALL ||
        function_of(*argument->func_call) != "pg_get_serial_sequence") {
        return std::nullopt;
    }
    const auto table = string_argument(*argument->func_call, 0);
    const auto column = string_argument(*argument->func_call, 1);
    return table && column ? std::optional(CalledSequence{read_name(*table), *column}) : std::nullopt;
}

std::vector<QualifiedName> sequences_called(const Statement& statement) {
    std::vector<QualifiedName> found;
    if (!statement.opaque()) {
        add_sequences(statement.node().base, found);
    }
    return found;
}

}  // namespace pgbelay::sql
